"""The journal: chained, durable, and honest about what a crash or a person did to it."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import sys
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lyncdr_helpers.clock import SetClock
from lyncdr_helpers.errors import InputError
from lyncdr_helpers.journal import FIRST, Journal, read

CLOCK = SetClock(dt.datetime(2026, 3, 1, 2, 14, 9, tzinfo=dt.UTC))


def written(path: Path, count: int = 5) -> Journal:
    journal = Journal.open(path, CLOCK)
    for number in range(count):
        journal.write("fact", name=f"n{number}", value=number)
    return journal


def test_lines_are_chained_and_read_back(tmp_path: Path) -> None:
    """What was written is read back, each line carrying the digest of the one before."""
    journal = written(tmp_path / "journal.jsonl")
    lines, torn = read(journal.path)
    assert tuple(lines) == journal.lines
    assert not torn
    assert [line.previous for line in lines] == [FIRST, *[line.digest for line in lines[:-1]]]
    assert journal.head == lines[-1].digest


def test_a_reopened_journal_goes_on(tmp_path: Path) -> None:
    """A second process continues the chain of the first."""
    written(tmp_path / "journal.jsonl", 2)
    again = Journal.open(tmp_path / "journal.jsonl", CLOCK)
    again.write("end", outcome="done", exit_code=0)
    assert [line.n for line in read(again.path)[0]] == [1, 2, 3]


@pytest.mark.parametrize("damage", ["edit", "remove", "swap", "empty line", "not json", "no digest"])
def test_any_tampering_is_found_and_named(tmp_path: Path, damage: str) -> None:
    """An edited, removed or reordered line raises, and the message names the line where the chain breaks."""
    path = written(tmp_path / "journal.jsonl").path
    lines = path.read_bytes().splitlines()
    if damage == "edit":
        lines[2] = lines[2].replace(b'"n2"', b'"nX"')
    elif damage == "remove":
        del lines[2]
    elif damage == "swap":
        lines[2], lines[3] = lines[3], lines[2]
    elif damage == "empty line":
        lines.insert(2, b"")
    elif damage == "not json":
        lines[2] = b"{"
    else:
        kept = json.loads(lines[2])
        del kept["digest"]
        lines[2] = json.dumps(kept).encode()
    path.write_bytes(b"\n".join(lines) + b"\n")
    with pytest.raises(InputError, match="line 3"):
        Journal.open(path, CLOCK)


@given(cut=st.integers(min_value=1, max_value=40))
def test_a_line_cut_by_a_crash_is_set_aside(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    """A torn last line is kept in journal.torn, and the journal goes on from the last whole line."""
    path = written(tmp_path_factory.mktemp("torn") / "journal.jsonl", 3).path
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    kept = whole[:-cut].splitlines()[2]
    journal = Journal.open(path, CLOCK)
    assert [line.n for line in journal.lines] == [1, 2]
    assert path.with_suffix(".torn").read_bytes() == kept + b"\n"
    journal.write("resume", who={})
    assert [line.kind for line in read(path)[0]] == ["fact", "fact", "resume"]


def test_open_intents_are_those_without_a_result(tmp_path: Path) -> None:
    """An intent is open until a result names it; an `unknown` line is not a result."""
    journal = Journal.open(tmp_path / "journal.jsonl", CLOCK)
    first = journal.write("intent", act="move users", targets=["a"])
    second = journal.write("intent", act="move users", targets=["b"])
    journal.write("result", intent=first.n, act="move users", done=["a"], failed={})
    journal.write("unknown", intent=second.n, act="move users", message="lost")
    journal.write("intent", act="repoint DNS", targets=["c"])
    assert journal.open_intents("move users") == [second]


def test_a_fact_that_is_no_json_leaves_no_line(tmp_path: Path) -> None:
    """A value that cannot be written raises before anything is on disk, and the chain stays whole."""
    journal = written(tmp_path / "journal.jsonl", 1)
    with pytest.raises(TypeError):
        journal.write("fact", name="bad", value=object())
    with pytest.raises(ValueError, match="JSON"):
        journal.write("fact", name="bad", value=float("nan"))
    journal.write("fact", name="good", value=1)
    assert len(read(journal.path)[0]) == 2


class Interruption:
    """Raises KeyboardInterrupt at the n-th line that runs inside Journal.write, and in what it calls of ours."""

    def __init__(self, moment: int) -> None:
        self.left = moment
        self.happened = False

    def __call__(self, frame: FrameType, event: str, _: object) -> Interruption | None:
        if "lyncdr_helpers" not in frame.f_code.co_filename:
            return None
        if event == "line":
            self.left -= 1
            if not self.left:
                self.happened = True
                sys.settrace(None)
                raise KeyboardInterrupt
        return self


def test_an_interrupt_at_any_moment_of_a_line(tmp_path: Path) -> None:
    """Ctrl-C before, in the middle of or after a line's way to the disk: the next line joins on to what is there."""
    traced, moment = sys.gettrace(), 0
    while True:
        journal = written(tmp_path / f"{moment}.jsonl", 2)
        interruption = Interruption(moment := moment + 1)
        sys.settrace(interruption)
        try:
            journal.write("fact", name="interrupted", value=moment)
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(traced)
        journal.write("end", outcome="interrupted", exit_code=130)
        lines, torn = read(journal.path)
        assert (tuple(lines), torn) == (journal.lines, b"")
        assert [line.kind for line in lines][-1] == "end"
        assert len(lines) in (3, 4)
        if not interruption.happened:
            break
    assert moment > 10, "the interrupt has met many moments"
    assert len(lines) == 4


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such limit")
def test_a_disk_that_takes_half_a_line(tmp_path: Path) -> None:
    """A line that the disk takes in part raises; once there is room, the next one joins on to the last whole line."""
    resource = pytest.importorskip("resource")
    journal = written(tmp_path / "journal.jsonl", 2)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (journal.path.stat().st_size + 20, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            journal.write("fact", name="half", value=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    journal.write("end", outcome="failed", exit_code=1)
    assert [line.kind for line in read(journal.path)[0]] == ["fact", "fact", "end"]
    assert len(journal.path.with_suffix(".torn").read_bytes()) == 21
