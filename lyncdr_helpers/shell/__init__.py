"""Typed builders of the cmdlets and programs the playbook uses, checked against Microsoft's help."""
