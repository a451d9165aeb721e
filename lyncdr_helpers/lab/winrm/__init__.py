"""A Windows management host on loopback: WinRM and PSRP as real clients speak them, with cmdlets of our own."""

from lyncdr_helpers.lab.winrm.call import Call, Category, Cmdlet, CmdletError, Executable, ProgramCall
from lyncdr_helpers.lab.winrm.checked import check_parameters
from lyncdr_helpers.lab.winrm.server import WinrmServer

__all__ = [
    "Call",
    "Category",
    "Cmdlet",
    "CmdletError",
    "Executable",
    "ProgramCall",
    "WinrmServer",
    "check_parameters",
]
