"""Scripts for a host that we cannot reach: what stands in them, who may run them, and which result is an answer."""

from __future__ import annotations

import datetime as dt
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lyncdr_helpers.adapters import script_result, script_text
from lyncdr_helpers.adapters.script_shell import ScriptShell
from lyncdr_helpers.adapters.script_text import Order
from lyncdr_helpers.adapters.scripts import Script
from lyncdr_helpers.clock import SystemClock
from lyncdr_helpers.errors import InputError, LyncdrError, OperationError, UnknownOutcome, Unreachable
from lyncdr_helpers.lab.command_line import parse
from lyncdr_helpers.ports import Command, Program
from lyncdr_helpers.shell import cmdlets

from .conftest import Host

MOVE = cmdlets.move_users("drse01.lync.test", "dc2.lync.test", force=True)
FEED = [f"sip:user{number}@lync.test" for number in range(4)]
READ = cmdlets.get_user("anna@lync.test")
UNTIL = dt.datetime(2026, 3, 1, 2, tzinfo=dt.UTC)


class Hourglass(SystemClock):
    """A clock on which all time is up as soon as `late` is set; before, nobody waits long."""

    def __init__(self) -> None:
        self.late = threading.Event()

    def monotonic(self) -> float:
        return super().monotonic() + (10**6 if self.late.is_set() else 0)

    def sleep(self, seconds: float) -> None:
        self.late.wait(min(seconds, 0.05))


class Slow:
    """A script shell whose folder nobody watches, with what its witness heard. Its time is up when `clock` says so."""

    def __init__(self, host: Host, folder: Path) -> None:
        self.host, self.folder = host, folder
        self.heard: list[tuple[str, Script, dict[str, str]]] = []
        self.clock = Hourglass()
        exchange = {"there": "C:\\lyncdr", "here": str(folder)}
        params = host.params(transport="script", exchange=exchange, timeout_seconds=3600)
        self.shell = ScriptShell(params, host.folder, self.clock, "run", self.hear)

    def hear(self, state: str, script: Script, **facts: str) -> None:
        self.heard.append((state, script, facts))

    def fails(self, command: Command, meanwhile: Callable[[Script], object] = lambda _: None) -> LyncdrError:
        """The error when time is up; meanwhile: what happens once the script lies there, and before."""
        errors: list[LyncdrError] = []

        def ask() -> None:
            try:
                self.shell.invoke(command, FEED)
            except LyncdrError as error:
                errors.append(error)

        asking = threading.Thread(target=ask)
        asking.start()
        while not self.heard and asking.is_alive():
            time.sleep(0.01)
        if self.heard:
            meanwhile(self.script)
        self.clock.late.set()
        asking.join()
        return errors[0]

    @property
    def script(self) -> Script:
        return self.heard[0][1]

    def begin(self, command: Command) -> threading.Thread:
        """Ask in a thread of its own, until the script lies there."""
        asking = threading.Thread(target=lambda: self.answers.append(self.shell.invoke(command, FEED)))
        self.answers: list[Any] = []
        asking.start()
        while not self.heard:
            time.sleep(0.01)
        return asking


@pytest.fixture
def slow(host: Host, tmp_path: Path) -> Slow:
    return Slow(host, tmp_path)


@pytest.fixture
def watched(host: Host, tmp_path: Path) -> Iterator[Slow]:
    made = Slow(host, tmp_path)
    with host.operator(tmp_path) as operator:
        made.faults = operator.faults  # type: ignore[attr-defined]
        yield made


def test_nobody_runs_it(slow: Slow) -> None:
    """A write that nobody answers in time is unknown, for a copy of the folder may lie elsewhere; here it cannot be
    begun any more.
    """
    error = slow.fails(MOVE)
    assert type(error) is UnknownOutcome
    assert "cannot be begun any more" in error.message
    assert [state for state, _, _ in slow.heard] == ["written", "withdrawn"]
    operator = slow.host.operator(slow.folder)
    operator.look()
    assert (operator.runs, slow.host.deployment.moved) == (0, [])


def test_nobody_runs_a_question(slow: Slow) -> None:
    """A question that nobody answers failed."""
    error = slow.fails(READ)
    assert type(error) is OperationError
    assert "Run each script while lyncdr waits" in error.remedy


def test_it_was_begun_and_left_nothing(slow: Slow) -> None:
    """Begun, and no result in time: unknown, and that it was begun is said."""
    error = slow.fails(MOVE, lambda script: script.here.with_suffix(".started").touch())
    assert type(error) is UnknownOutcome
    assert "was begun" in error.message


@pytest.mark.parametrize("fault", ["cut before act", "cut after act", "no answer"])
def test_the_machine_dies_in_the_middle(slow: Slow, host: Host, fault: Any) -> None:
    """Whether it acted or not, a write without a result is unknown, and the script is not begun again."""
    operator = host.operator(slow.folder)
    operator.faults.once(fault, "Move-CsUser")
    assert type(slow.fails(MOVE, lambda _: operator.look())) is UnknownOutcome
    assert host.deployment.moved == ([] if fault == "cut before act" else FEED)
    operator.look()
    assert operator.runs == 1


def test_the_operator_refuses_twice_and_late(slow: Slow, host: Host) -> None:
    """What was run is not run again, also when its result is gone; what is too late is not begun."""
    asking = slow.begin(MOVE)
    operator = host.operator(slow.folder)
    assert operator.run(slow.script.here)
    asking.join()
    slow.script.here.with_suffix(".result").unlink()
    assert not operator.run(slow.script.here)
    assert host.deployment.moved == FEED
    late = script_text.render(Order(MOVE, tuple(FEED)), "C:\\x.ps1", UNTIL)
    (slow.folder / "late.ps1").write_bytes(late)
    assert not operator.run(slow.folder / "late.ps1")


def damage(content: bytes, how: str) -> bytes:
    lines = content.splitlines(keepends=True)
    return {
        "torn": content[: len(content) // 2],
        "without its last line": b"".join(lines[:-1]),
        "a line less": b"".join([*lines[:3], *lines[4:]]),
        "two lines changed places": b"".join([*lines[:3], lines[4], lines[3], *lines[5:]]),
        "edited": content.replace(b"record ", b"record\t", 1),
        "appended": content + b"fault s s s\n",
        "empty": b"",
        "of another script": script_result.spell("0" * 64, [line.decode().strip() for line in lines[2:-1]]),
        "of a program": script_result.spell(lines[1].split()[1].decode(), ["exit i0 s s"]),
        "with a strange line": script_result.spell(lines[1].split()[1].decode(), ["gift s"]),
        "with a bad token": script_result.spell(lines[1].split()[1].decode(), ["value x"]),
        "binary": bytes(range(256)),
    }[how]


@pytest.mark.parametrize(
    "how",
    [
        *("torn", "without its last line", "a line less", "two lines changed places", "edited", "appended", "empty"),
        *("of another script", "of a program", "with a strange line", "with a bad token", "binary"),
    ],
)
def test_what_is_no_answer(slow: Slow, host: Host, how: str) -> None:
    """A result that is not whole, or not of exactly this script, is never taken for an answer: unknown."""

    def answered(script: Script) -> None:
        whole = elsewhere(host, script)
        script.here.with_suffix(".started").touch()
        script.here.with_suffix(".result").write_bytes(damage(whole, how))
        time.sleep(0.2)

    error = slow.fails(MOVE, answered)
    assert type(error) is UnknownOutcome
    assert "no answer" in error.message


def elsewhere(host: Host, script: Script) -> bytes:
    """The result of the same script, run in a copy of the folder."""
    aside = script.here.parent / "aside"
    aside.mkdir()
    (aside / "x.ps1").write_bytes(script.here.read_bytes())
    host.operator(aside).look()
    return (aside / "x.result").read_bytes()


def test_a_result_that_comes_in_pieces(host: Host, tmp_path: Path) -> None:
    """Half a file is waited for until it is whole, as when somebody copies it by hand."""
    slow = Slow(host, tmp_path)
    asking = slow.begin(READ)
    whole = elsewhere(host, slow.script)
    slow.script.here.with_suffix(".result").write_bytes(whole[:50])
    time.sleep(0.3)
    assert slow.answers == []
    slow.script.here.with_suffix(".result").write_bytes(whole)
    asking.join()
    assert len(slow.answers[0].output) == 4


def test_a_script_that_was_edited_is_not_ours(slow: Slow, host: Host) -> None:
    """Its result names the digest of what was run."""

    def edited(script: Script) -> None:
        script.here.write_bytes(script.here.read_bytes().replace(b"sip:user0", b"sip:user9"))
        host.operator(slow.folder).look()
        time.sleep(0.2)

    error = slow.fails(MOVE, edited)
    assert type(error) is UnknownOutcome
    assert "edited" in error.message


def test_whoever_gives_up_withdraws(host: Host, tmp_path: Path) -> None:
    """An interrupt while waiting: the script that lies there cannot be begun any more."""
    slow = Slow(host, tmp_path)

    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    slow.shell._clock = type("Stopped", (SystemClock,), {"sleep": lambda self, seconds: interrupted(seconds)})()
    with pytest.raises(KeyboardInterrupt):
        slow.shell.invoke(MOVE, FEED)
    operator = host.operator(tmp_path)
    operator.look()
    assert operator.runs == 0


def test_the_witness_hears_how_and_by_whom(watched: Slow) -> None:
    """What to run, the digest of the script, and the account and machine that ran it."""
    watched.shell.invoke(READ)
    (written, answered) = watched.heard
    assert written[0] == "written"
    program, _, path = written[2]["how"].partition(" -File ")
    assert program == "powershell.exe -NoProfile -ExecutionPolicy RemoteSigned"
    assert re.fullmatch(r"'C:\\lyncdr\\run-script-001-Get-CsUser-\w{4}\.ps1'", path)
    assert (answered[0], answered[2]["by"]) == ("answered", "LYNC\\svc-lyncdr on mgmt")
    watched.shell.invoke(READ)
    assert watched.heard[2][1].here.name.startswith("run-script-002-")


def test_words_that_a_command_shell_would_change_arrive(watched: Slow, host: Host) -> None:
    """No cmd.exe stands between: quotes and percent signs are words like others."""
    words = ['say "hi"', "%PATH%", "ends in\\", "", "a b"]
    watched.shell.run(Program("dbimpexp.exe", tuple(words)))
    assert host.deployment.arguments == [words]


@pytest.mark.parametrize("word", ["a\nb", "nul\0", "\x1b"])
def test_control_characters_are_no_words(slow: Slow, word: str) -> None:
    """No command line carries them: bad input, and no script is written."""
    with pytest.raises(InputError, match="control character"):
        slow.shell.run(Program("dbimpexp.exe", (word,)))
    assert not list(slow.folder.iterdir())


def test_a_folder_that_takes_nothing(host: Host, tmp_path: Path) -> None:
    """Without the folder nobody can be asked: unreachable, and nothing to read back."""
    (tmp_path / "file").write_text("x")
    slow = Slow(host, tmp_path / "file")
    assert type(slow.fails(MOVE)) is Unreachable


# -- the script itself -------------------------------------------------------------------------------------------------


def rendered(order: Order) -> str:
    return script_text.render(order, "D:\\lyncdr\\x.ps1", UNTIL).decode("utf-8-sig")


def test_a_reader_sees_what_it_does() -> None:
    """The first lines have the command as it would be typed, what it changes, until when, and how to run it."""
    head = "\n".join(rendered(Order(MOVE, tuple(FEED), "ab")).splitlines()[:12])
    assert "powershell.exe -NoProfile -ExecutionPolicy RemoteSigned -File D:\\lyncdr\\x.ps1" in head
    assert "4 objects | Move-CsUser -Target 'drse01.lync.test'" in head
    assert "It changes the deployment." in head
    assert "after 2026-03-01 02:00:00 (UTC)" in head
    assert "It reads" in rendered(Order(READ))


def test_the_file_is_what_old_powershell_reads() -> None:
    """A byte order mark, without which 2.0 takes UTF-8 for the system's code page, and line ends of Windows."""
    content = script_text.render(Order(MOVE), "x", UNTIL)
    assert content.startswith(b"\xef\xbb\xbf#")
    assert content.count(b"\n") == content.count(b"\r\n")


def test_nothing_newer_than_powershell_2(slow: Slow) -> None:
    """None of the words that came after 2.0 stands in the script."""
    text = rendered(Order(MOVE, tuple(FEED)))
    newer = ("ConvertTo-Json", "ConvertFrom-Json", "$PSScriptRoot", "[ordered]", "[pscustomobject]", "::new(", "-in ")
    newer += ("Get-FileHash", "Invoke-RestMethod", "-Raw", "3>&1", "*>", "ForEach-Object Name", "?.", "??", "&&")
    assert [word for word in newer if word.lower() in text.lower()] == []


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=15)
VALUES: Any = st.one_of(st.booleans(), st.integers(0, 2**40), TEXTS, st.lists(TEXTS, max_size=3), st.none())


def evaluated(literal: str) -> Any:
    """What PowerShell makes of a literal of ours, read by the rules of its language for these few forms alone."""
    known = {"$true": True, "$false": False, "$null": None}
    if literal in known:
        return known[literal]
    if literal.startswith("@("):
        inner = literal[2:-1]
        return [evaluated(one) for one in pieces(inner, ", ")] if inner else []
    if literal.startswith("("):
        return "".join(
            chr(int(one.removeprefix("[string][char]"))) if one.startswith("[") else evaluated(one)
            for one in pieces(literal[1:-1], " + ")
        )
    if literal.startswith("'"):
        _, values = parse(f"Do-It -X {literal}")
        return values["X"]
    return int(literal)


def pieces(text: str, between: str) -> list[str]:
    """The text split where the separator stands outside of quotes and parentheses."""
    found, depth, quoted, start, place = [], 0, False, 0, 0
    while place < len(text):
        letter = text[place]
        if letter in "'\u2018\u2019\u201a\u201b":
            quoted = not quoted
        if not quoted:
            depth += (letter == "(") - (letter == ")")
            if not depth and text.startswith(between, place):
                found.append(text[start:place])
                place += len(between)
                start = place
                continue
        place += 1
    return [*found, text[start:]]


@given(VALUES)
def test_a_literal_is_its_value(value: Any) -> None:
    """Whatever a value holds, its literal says that and no more; line breaks and control characters are numbers."""
    literal = script_text.literal(value)
    assert evaluated(literal) == value
    assert "\n" not in literal
    assert "\r" not in literal


@given(
    st.dictionaries(st.from_regex(r"[A-Z][a-z]{1,8}", fullmatch=True), VALUES, max_size=4), st.lists(TEXTS, max_size=3)
)
def test_machines_and_powershell_read_the_same(parameters: dict[str, Any], feed: list[str]) -> None:
    """What stands there for machines is what stands there for PowerShell, so whoever plays it does the same."""
    text = rendered(Order(Command("Do-It", parameters), tuple(feed), "ab"))
    data = script_text.read_data(text.encode())
    rows = text.split("\r\n")
    start, end = rows.index("$parameters = @{"), rows.index("}")
    here = dict(row.strip().split(" = ", 1) for row in rows[start + 1 : end])
    assert {evaluated(name): evaluated(value) for name, value in here.items()} == data["parameters"] == parameters
    start = rows.index("$feed = @(")
    fed = rows[start + 1 : rows.index(")", start)]
    assert [evaluated(row.strip(" ")) for row in fed] == data["feed"] == feed
    assert "$cmdlet = 'Do-It'" in rows


def test_a_program_as_powershell_reads_it() -> None:
    """One command line, quoted as Windows splits it; what is for machines has the words themselves."""
    order = Order(Program("C:\\Program Files\\x.exe", ("/a:b c", "/d")), (), "ab")
    text = rendered(order)
    assert "$program = 'C:\\Program Files\\x.exe'" in text
    assert "$arguments = '\"/a:b c\" /d'" in text
    assert script_text.read_data(text.encode())["arguments"] == ["/a:b c", "/d"]


def test_a_template_that_a_value_names(slow: Slow) -> None:
    """A value that looks like a place of the template stays what it is."""
    text = rendered(Order(Command("Do-It", {"X": "{until} {data}"})))
    assert "'X' = '{until} {data}'" in text


@given(
    st.lists(st.tuples(TEXTS, st.one_of(TEXTS, st.integers(), st.booleans(), st.none(), st.lists(TEXTS))), max_size=4)
)
def test_a_result_is_read_as_it_was_written(properties: list[tuple[str, Any]]) -> None:
    """Names and values of every kind, empty ones too."""
    content = script_result.spell("ab", ["by s", script_result.record(properties)])
    assert script_result.parse(content, "ab").output == [dict(properties)]
