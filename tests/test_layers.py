"""The layers: a file imports only from its own row and the rows above, and I/O libraries stay at the edge."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = "lyncdr_helpers"
ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / PACKAGE).rglob("*.py"))

ROWS = (
    ("errors", "clock", "concurrency", "credentials", "files", "redaction", "signatures", "verifier"),
    ("params", "answers", "checks", "plan", "journal", "runfolder"),
    ("ports",),
    ("directory", "contacts", "topology", "dns", "probes", "shell", "backups"),
    ("adapters",),
    ("dossier",),
    ("connections",),
    ("session",),
    ("phases",),
    ("views",),
    ("runs",),
    ("lab",),
    ("drill", "drill_score"),
    ("cli", "__main__"),
)
"""From the ground up: what stands in a row knows nothing of the rows after it."""

IO_LIBRARIES = {
    *("socket", "ssl", "requests", "apprise", "OpenSSL", "trustme", "twisted"),
    *("fsspec", "smbclient", "smbprotocol", "obstore"),
    *("ldap3", "ldaptor", "pypsrp", "psrpcore", "spnego", "gssapi"),
    *("dns.query", "dns.update", "dns.resolver", "dns.asyncquery", "dns.message", "dns.tsigkeyring"),
}
"""Only adapters/ and the lab speak to the outside world. dnspython's names and records are values and free to use."""

MAY_USE_IO = ("adapters", "lab")
MAY_KNOW_THE_LAB = ("lab", "drill", "cli", "__main__")


def module_of(path: Path) -> str:
    """lyncdr_helpers/dns/records.py -> lyncdr_helpers.dns.records; a package is its `__init__`."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


MODULES = {module_of(path): path for path in FILES}


def imports_of(path: Path) -> Iterator[str]:
    """Every module that the file imports, inside functions and for type checking too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES or inner in IO_LIBRARIES else str(node.module)


OWN = {module: {found for found in imports_of(path) if found in MODULES} for module, path in MODULES.items()}


def part_of(module: str) -> str:
    """The folder or file directly below the package: `dns` for lyncdr_helpers.dns.records."""
    return [*module.split("."), ""][1]


def row_of(module: str) -> int:
    """The number of the module's row; the package itself is the ground."""
    part = part_of(module)
    return next((number for number, row in enumerate(ROWS) if part in row), -1)


def test_every_part_has_a_row() -> None:
    """A new folder or file is given its place in the layers before it is used."""
    parts = {part_of(module) for module in MODULES} - {""}
    assert parts <= {part for row in ROWS for part in row}


@pytest.mark.parametrize("module", MODULES)
def test_a_file_imports_from_above_only(module: str) -> None:
    """What a file builds on does not build on it."""
    below = {found for found in OWN[module] if row_of(found) > row_of(module)}
    assert not below, f"{module} imports {', '.join(sorted(below))} from a row below its own"


def test_nothing_imports_in_a_circle() -> None:
    """No file imports itself by way of others, and no folder does."""
    folders: dict[str, set[str]] = {}
    for module, found in OWN.items():
        folders.setdefault(part_of(module), set()).update(part_of(one) for one in found - {module})
    for graph in (OWN, {part: found - {part, ""} for part, found in folders.items() if part}):
        try:
            TopologicalSorter({name: found - {name} for name, found in graph.items()}).prepare()
        except CycleError as error:
            pytest.fail(f"imported in a circle: {' -> '.join(error.args[1])}")


@pytest.mark.parametrize("module", [module for module in MODULES if part_of(module) not in MAY_USE_IO])
def test_io_libraries_stay_at_the_edge(module: str) -> None:
    """Concepts, phases and views can be run without a network, because they cannot reach one."""
    used = {
        found
        for found in imports_of(MODULES[module])
        if any(found == library or found.startswith(f"{library}.") for library in IO_LIBRARIES)
    }
    assert not used, f"{module} imports {', '.join(sorted(used))}: that belongs into adapters/ or lab/"


@pytest.mark.parametrize("module", [module for module in MODULES if part_of(module) not in MAY_KNOW_THE_LAB])
def test_the_product_knows_nothing_of_the_lab(module: str) -> None:
    """The lab is just another deployment; only the drill and the command line start it."""
    assert not {found for found in OWN[module] if part_of(found) == "lab"}


def test_the_reader_of_imports_sees_them(tmp_path: Path) -> None:
    """Imports in functions, several at once and under another name are all found."""
    path = tmp_path / "x.py"
    path.write_text(
        f"import socket as s, os\nfrom {PACKAGE} import files\n"
        f"def f():\n    from {PACKAGE}.params.reading import read_params\n    from dns import query\n",
        encoding="utf-8",
    )
    assert set(imports_of(path)) == {
        "socket",
        "os",
        f"{PACKAGE}.files",
        f"{PACKAGE}.params.reading",
        "dns.query",
    }
