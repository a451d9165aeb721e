"""The lab's directory server, embedded: LDAP with TLS, binds, pages and a schema, kept in SQLite."""

from lyncdr_helpers.lab.directory.server import DirectoryServer

__all__ = ["DirectoryServer"]
