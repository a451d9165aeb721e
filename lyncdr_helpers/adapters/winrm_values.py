"""What PowerShell sends back, as plain values: str, int, bool, None, or a list of these."""

from __future__ import annotations

from typing import Any

from pypsrp.complex_objects import GenericComplexObject
from pypsrp.serializer import TaggedValue

from lyncdr_helpers.ports import CmdletFault, Record

LARGEST_INT32 = 2**31 - 1


def to_record(found: Any) -> Record:
    """One output object: its properties by name. A bare value, as of Get-CsTopology -AsXml, is `{"Value": ...}`."""
    if isinstance(found, GenericComplexObject) and (found.adapted_properties or found.extended_properties):
        properties = {**found.extended_properties, **found.adapted_properties}
        return {name: plain(value) for name, value in properties.items()}
    return {"Value": plain(found)}


def plain(value: Any) -> Any:
    """A value as the rest of the package takes it.

    An enumeration becomes its name, and any other object its own text, as PowerShell would print it. Dates already are
    text: PSRP writes them as RFC 3339 does.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, GenericComplexObject):
        return value.to_string or ""
    return str(value)


def to_parameter(value: Any) -> Any:
    """A parameter's value as pypsrp sends it: it would squeeze a large number into 32 bits."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > LARGEST_INT32:
        return TaggedValue("I64", str(value))
    return value


def to_fault(record: Any) -> CmdletFault:
    """One error record, terminating or not."""
    exception = record.exception
    properties = (
        {**exception.extended_properties, **exception.adapted_properties}
        if isinstance(exception, GenericComplexObject)
        else {}
    )
    message = record.details_message or properties.get("Message") or str(record)
    target = plain(record.target_object)
    return CmdletFault(str(message), record.fq_error or "", "" if target is None else str(target))
