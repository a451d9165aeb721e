"""Names that a store takes from nobody: they lead out of it, or mean something else on Windows."""

from __future__ import annotations

from pathlib import Path

import pytest
from store_places import Place, publish

from lyncdr_helpers.adapters.stores import names
from lyncdr_helpers.errors import OperationError
from lyncdr_helpers.ports import Store

OUT = ["..", "../outside", "tonight/../../outside", "..\\outside", "tonight\\..\\..\\outside"]


def test_no_path_leads_out(store: Store, place: Place, source: Path) -> None:
    """A path with `..` in it is refused, spelled with either slash: a manifest that holds one is not trustworthy."""
    publish(store, source, "tonight")
    before = place.contents()
    for path in OUT:
        for ask in (
            lambda path: store.read("tonight", path),
            lambda path: store.read(path, "manifest.json"),
            lambda path: store.files(path),
            lambda path: store.download("tonight", path, source / "stolen"),
            lambda path: store.digest("tonight", path),
            lambda path: store.send(source / "manifest.json", path, "manifest.json"),
            lambda path: store.send(source / "manifest.json", "tomorrow", path),
            lambda path: store.publish(path),
            lambda path: store.remove(path),
        ):
            with pytest.raises(OperationError, match="leads out"):
                ask(path)
    assert place.contents() == before
    assert not (source / "stolen").exists()


NOWHERE_ON_WINDOWS = [
    *("a:b", "a?", "a*b", 'a"b', "a<b", "a>b", "a|b", "a\tb", "a\x00b", "a.", "a ", "a\\b"),
    *("con", "NUL", "aux.txt", "Com1", "lpt9.tar.gz"),
]


def test_what_windows_cannot_hold(store: Store, place: Place, source: Path) -> None:
    """A set is worth nothing that the management host cannot fetch: such a name is refused wherever the store is."""
    for name in NOWHERE_ON_WINDOWS:
        with pytest.raises(OperationError, match="Windows"):
            store.send(source / "manifest.json", "tonight", f"repository/{name}")
        with pytest.raises(OperationError, match="not the name of a set"):
            store.send(source / "manifest.json", name, "manifest.json")
    assert place.contents() == {}


def test_a_path_is_relative_and_plain(store: Store, place: Place, source: Path) -> None:
    """Nothing absolute, nothing empty between two slashes, and never none at all."""
    for file in ("", "/etc/passwd", "a//b", "a/", "./a", "C:/a"):
        with pytest.raises(OperationError):
            store.send(source / "manifest.json", "tonight", file)
    assert place.contents() == {}


def test_a_set_has_a_plain_name(store: Store, place: Place, source: Path) -> None:
    """A folder within a set is none, and names with a dot in front are the stores' own."""
    for name in ("", ".", ".incoming-tonight", ".published", "a/b", "/"):
        for ask in (lambda name: store.send(source / "manifest.json", name, "manifest.json"), store.publish):
            with pytest.raises(OperationError, match="not the name of a set"):
                ask(name)
    assert place.contents() == {}


@pytest.mark.parametrize("name", ["console", "nul1", "com", "com10", "lpt", ".hidden", "a.b", "a b", "ä", "$x$", "..a"])
def test_what_only_looks_forbidden(name: str) -> None:
    """Names that Windows takes are taken."""
    assert names.file_path(f"repository/{name}") == f"repository/{name}"
