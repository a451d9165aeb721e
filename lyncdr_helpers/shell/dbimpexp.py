"""dbimpexp.exe, the 2010 tool that reads and writes the contact lists and conference directories of a pool.

Its exit codes are undocumented: the caller judges by exit code, output and the file itself. Paths are those of the
management host.
"""

from __future__ import annotations

from lyncdr_helpers.ports import Program


def usage(program: str) -> Program:
    """Without arguments it says how it is called, and does nothing."""
    return Program(program)


def export_contacts(program: str, file: str, sql: str = "", user: str = "") -> Program:
    """Write the users' contact lists and their kin of one pool to `file`, as XML (contacts/ reads it).

    program: where dbimpexp.exe is. sql: `fqdn\\instance` of an Enterprise pool's back end; empty on a Standard Edition
    server. user: `user@domain` for one user alone.
    """
    return Program(program, _arguments(file, sql, user))


def export_conference_directories(program: str, file: str, sql: str = "") -> Program:
    """Write the conference directories of one pool to `file`, as XML. program, sql: as for `export_contacts`."""
    return Program(program, (f"/hrxmlfile:{file}", *_server(sql), "/restype:confdir"))


def import_contacts(program: str, file: str, sql: str = "", user: str = "") -> Program:
    """Add the contact lists in `file` to those of the pool. What is there stays, so it may be run again."""
    return Program(program, ("/import", *_arguments(file, sql, user)), writes=True)


def _arguments(file: str, sql: str, user: str) -> tuple[str, ...]:
    one = (f"/user:{user}",) if user else ()
    return (f"/hrxmlfile:{file}", *_server(sql), "/restype:user", *one)


def _server(sql: str) -> tuple[str, ...]:
    return (f"/sqlserver:{sql}",) if sql else ()
