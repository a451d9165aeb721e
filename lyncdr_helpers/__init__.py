"""lyncdr: the disaster recovery playbook of a Lync / Skype for Business site, as notebooks and one command."""

__version__ = "0.1.0"
