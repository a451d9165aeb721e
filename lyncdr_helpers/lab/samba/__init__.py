"""The lab's directory on a real Active Directory domain controller: Samba, on Linux as root, in a folder of its own."""

from lyncdr_helpers.lab.samba.domain import SambaDomain

__all__ = ["SambaDomain"]
