"""Values on their way between Python and PowerShell's serialisation (MS-PSRP 2.2.5)."""

from __future__ import annotations

from typing import Any

from psrpcore.types import (
    ErrorCategoryInfo,
    ErrorRecord,
    NETException,
    PSCustomObject,
    PSInt64,
    PSObject,
    PSString,
)

from lyncdr_helpers.lab.winrm.call import CmdletError, Typed

LARGEST_INT32 = 2**31 - 1


def to_powershell(value: Typed | str) -> PSObject:
    """What a cmdlet hands to the pipeline, as the client's PowerShell sees it."""
    if not isinstance(value, Typed):
        return PSString(value)
    found = PSCustomObject(**{name: _property(each) for name, each in value.properties.items()})
    found.PSObject.type_names = [f"Deserialized.{value.type_name}", "Deserialized.System.Object"]
    return found


def from_powershell(value: Any) -> Any:
    """A parameter or a fed object as plain str, int, bool, None or a list of these; anything else as its text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, list):
        return [from_powershell(each) for each in value]
    return str(value)


def error_record(error: CmdletError, cmdlet: str) -> ErrorRecord:
    """An error as PowerShell records it."""
    return ErrorRecord(
        Exception=exception(error),
        CategoryInfo=category(error, cmdlet),
        TargetObject=error.target,
        FullyQualifiedErrorId=error.error_id,
    )


def exception(error: CmdletError) -> NETException:
    """The .NET exception of an error."""
    return NETException(Message=error.message, HResult=-2146233088)


def category(error: CmdletError, cmdlet: str) -> ErrorCategoryInfo:
    """How PowerShell files an error."""
    return ErrorCategoryInfo(
        Category=error.category, Activity=cmdlet, Reason=type(error).__name__, TargetName=error.target or ""
    )


def _property(value: Any) -> Any:
    """Only large numbers need help: psrpcore knows the rest, also that an enum.Enum is a number with a name."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > LARGEST_INT32:
        return PSInt64(value)
    return value
