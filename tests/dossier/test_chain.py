"""A journal that somebody changed: the change is found, and named by its line."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lyncdr_helpers.runfolder import RunFolder
from lyncdr_helpers.verifier import chain

Lines = list[bytes]


def texts_of(folder: RunFolder) -> Lines:
    return folder.journal.read_bytes().splitlines(keepends=True)


def digests_of(folder: RunFolder) -> list[str]:
    return [str(json.loads(text)["digest"]) for text in texts_of(folder)]


def faults(texts: Lines, sealed: list[str] | None = None) -> list[tuple[str, int, int]]:
    lines, _ = chain.read(b"".join(texts))
    return [(fault.kind, fault.line, fault.last) for fault in chain.check(lines, sealed or ())]


def edited(text: bytes, digest: bool = False, **changes: object) -> bytes:
    """A line that says something else, its own digest made to fit or not."""
    said = {**json.loads(text), **changes}
    if digest:
        rest = {name: value for name, value in said.items() if name != "digest"}
        said["digest"] = chain.digest_of(chain.canonical(rest))
    return chain.canonical(said) + b"\n"


def rechained(texts: Lines, start: int) -> Lines:
    """The chain made anew from that line on, as somebody would who knows how it is made."""
    made = texts[:start]
    previous = json.loads(made[-1])["digest"] if made else chain.FIRST
    for number, text in enumerate(texts[start:], start=start + 1):
        made.append(edited(text, digest=True, n=number, previous=previous))
        previous = json.loads(made[-1])["digest"]
    return made


def edit(at: int, *, digest: bool = False) -> Callable[[Lines], Lines]:
    return lambda texts: [*texts[: at - 1], edited(texts[at - 1], digest, kind="fact"), *texts[at:]]


def remove(at: int, last: int = 0) -> Callable[[Lines], Lines]:
    return lambda texts: [*texts[: at - 1], *texts[max(at, last) :]]


def move(at: int, to: int) -> Callable[[Lines], Lines]:
    def moved(texts: Lines) -> Lines:
        rest = texts[: at - 1] + texts[at:]
        return [*rest[: to - 1], texts[at - 1], *rest[to - 1 :]]

    return moved


def insert(at: int) -> Callable[[Lines], Lines]:
    def with_one_more(texts: Lines) -> Lines:
        before = json.loads(texts[at - 2])["digest"]
        forged = edited(texts[at - 1], digest=True, n=at, previous=before, kind="approval")
        return [*texts[: at - 1], forged, *texts[at - 1 :]]

    return with_one_more


TAMPERINGS: dict[str, tuple[Callable[[Lines], Lines], list[tuple[str, int, int]]]] = {
    "one edited": (edit(5), [("edited", 5, 5)]),
    "one edited, with a digest that fits": (edit(5, digest=True), [("edited", 5, 5)]),
    "the first edited": (edit(1), [("edited", 1, 1)]),
    "the first edited, with a digest": (edit(1, digest=True), [("edited", 1, 1)]),
    "two edited": (lambda texts: edit(9)(edit(5)(texts)), [("edited", 5, 5), ("edited", 9, 9)]),
    "one removed": (remove(6), [("removed", 6, 6)]),
    "three removed": (remove(6, 8), [("removed", 6, 8)]),
    "the first removed": (remove(1), [("removed", 1, 1)]),
    "two exchanged": (move(6, 7), [("reordered", 7, 7)]),
    "one moved down": (move(5, 9), [("reordered", 5, 5)]),
    "one moved up": (move(9, 5), [("reordered", 9, 9)]),
    "one inserted": (insert(7), [("inserted", 7, 7)]),
    "a copy inserted": (lambda texts: [*texts[:6], texts[5], *texts[6:]], [("inserted", 6, 6)]),
    "two joined": (
        lambda texts: [*texts[:4], texts[4][:-1] + texts[5], *texts[6:]],
        [("edited", 5, 5), ("removed", 6, 6)],
    ),
    "an empty line": (lambda texts: [*texts[:4], b"\n", *texts[4:]], [("inserted", 5, 5)]),
    "one spelled otherwise": (
        lambda texts: [*texts[:4], texts[4].replace(b'","', b'", "', 1), *texts[5:]],
        [("edited", 5, 5)],
    ),
    "one with another end": (lambda texts: [*texts[:4], texts[4][:-1] + b"\r\n", *texts[5:]], [("edited", 5, 5)]),
}


@pytest.mark.parametrize("sealed", [False, True], ids=["by its chain alone", "beside its manifest"])
@pytest.mark.parametrize("name", TAMPERINGS)
def test_a_change_is_named(model: RunFolder, name: str, sealed: bool) -> None:
    """Which line, and what became of it; the lines around it are not accused."""
    tamper, expected = TAMPERINGS[name]
    assert faults(tamper(texts_of(model)), digests_of(model) if sealed else None) == expected


def test_a_whole_journal_has_no_fault(model: RunFolder) -> None:
    """With and without its manifest."""
    assert faults(texts_of(model)) == faults(texts_of(model), digests_of(model)) == []


def test_what_is_missing_at_the_end(model: RunFolder) -> None:
    """Only what vouches for the end can tell, and does so by number."""
    texts, sealed = texts_of(model), digests_of(model)
    assert faults(texts[:-2]) == []
    assert faults(texts[:-2], sealed) == [("truncated", len(texts) - 1, len(texts))]
    assert faults([], sealed) == [("truncated", 1, len(texts))]
    lines, _ = chain.read(b"".join(texts[:-2]))
    found = chain.check(lines, heads={len(texts): sealed[-1]})
    assert [str(one) for one in found] == [
        f"lines {len(texts) - 1} to {len(texts)}: truncated (the journal ends before)"
    ]


def test_a_chain_that_was_made_anew(model: RunFolder) -> None:
    """Whoever knows how the chain is made deceives the chain, and not the manifest."""
    texts = texts_of(model)
    forged = rechained(edit(5)(texts), 4)
    assert faults(forged) == []
    found = faults(forged, digests_of(model))
    assert found[0] == ("edited", 5, 5)
    assert len(found) == len(texts) - 4


def test_lines_that_are_no_lines(model: RunFolder) -> None:
    """Whatever stands there is named, and nothing makes the reader fail."""
    texts = texts_of(model)
    for bad in (
        b"null",
        b"[1]",
        b"{}",
        b'{"n":1e999}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"n":true,"digest":1}',
        b'"\\ud800"',
    ):
        assert faults([*texts[:4], bad + b"\n", *texts[5:]], digests_of(model)) == [("edited", 5, 5)]
    huge = edited(texts[4], digest=True, n=10**15)
    assert faults([*texts[:4], huge, *texts[5:]], digests_of(model)) == [("edited", 5, 5)]


@st.composite
def tampering(draw: st.DrawFn, content: bytes) -> bytes:
    """One byte, one line or the end: anything but what it was."""
    texts = content.splitlines(keepends=True)
    at = draw(st.integers(0, len(texts) - 1))
    match draw(st.sampled_from(["byte", "drop byte", "add byte", "remove", "swap", "truncate", "cut"])):
        case "byte":
            place = draw(st.integers(0, len(content) - 1))
            other = draw(st.integers(1, 255)) ^ content[place]
            return content[:place] + bytes([other]) + content[place + 1 :]
        case "drop byte":
            place = draw(st.integers(0, len(content) - 1))
            return content[:place] + content[place + 1 :]
        case "add byte":
            place = draw(st.integers(0, len(content)))
            return content[:place] + bytes([draw(st.integers(0, 255))]) + content[place:]
        case "remove":
            return b"".join(texts[:at] + texts[at + 1 :])
        case "swap":
            other = draw(st.integers(0, len(texts) - 1).filter(lambda one: one != at))
            texts[at], texts[other] = texts[other], texts[at]
            return b"".join(texts)
        case "truncate":
            return b"".join(texts[:at])
    return content[: draw(st.integers(0, len(content) - 1))]


@given(data=st.data())
def test_any_change_is_found(model: RunFolder, data: st.DataObject) -> None:
    """A byte changed, lost or added, a line removed, two exchanged, the end cut off: a sealed journal never stands."""
    content = model.journal.read_bytes()
    changed = data.draw(tampering(content))
    lines, torn = chain.read(changed)
    found = chain.check(lines, digests_of(model))
    if changed == content:
        assert not found
    else:
        assert found or torn
        assert all(1 <= fault.line <= len(lines) + len(digests_of(model)) for fault in found)
