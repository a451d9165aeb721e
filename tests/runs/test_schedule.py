"""What a scheduler is given says the same to it as it does here, whatever the paths are called."""

from __future__ import annotations

import codecs
import datetime as dt
import re
import shlex
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lyncdr_helpers.errors import InputError
from lyncdr_helpers.params.reading import read_params
from lyncdr_helpers.runs import schedule
from lyncdr_helpers.runs.schedule import Nightly

LAB = Path(__file__).resolve().parents[2] / "params" / "lab.yml"
TASK = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
NOON = dt.datetime(2026, 3, 1, 12, 0)

ODD = 'Zürich & Söhne\'s "α" 100% $HOME ${HOME} `x` \\ \\\\ %h%% !1 #;*日本 '
SPEAKABLE = st.characters(exclude_categories=["Cc", "Cs"]).filter(lambda one: not schedule.UNSPEAKABLE.match(one))
MEANT = st.sampled_from(" '\"\\%$&;#`{}!<>|*~ü")
NAMES = st.text(SPEAKABLE | MEANT, min_size=1, max_size=40) | st.text(st.sampled_from("a '\"\\%$"), min_size=1)
PATHS = NAMES.map("/srv/{}".format)


def night(path: str = "/srv/params.yml", program: str = sys.executable, ticket: bool = False) -> Nightly:
    command = (program, "-m", "lyncdr_helpers", "run", "backup", "--params", path, "--json")
    return Nightly("lab", dt.time(2, 5), "svc-lyncdr", command, (path, "/srv/runs"), ticket)


# -- how each scheduler reads ------------------------------------------------------------------------------------------
def systemd_words(text: str) -> list[str]:
    """Words in double quotes, as systemd.syntax(7) and systemd.unit(5) read them; anything else is no such text."""
    words = re.findall(r'"((?:[^"\\]|\\["\\])*)"', text)
    assert text == " ".join(f'"{word}"' for word in words)
    unquoted = [re.sub(r"\\(.)", r"\1", word) for word in words]
    assert not any(re.search(r"(?<!%)(%%)*%(?!%)", word) for word in unquoted), "a lone % begins a specifier"
    return [word.replace("%%", "%") for word in unquoted]


def systemd_command(text: str) -> list[str]:
    """ExecStart=, as systemd.service(5) reads it: variables are replaced in every word but the program."""
    program, *arguments = systemd_words(text)
    assert not any(re.search(r"(?<!\$)(\$\$)*\$(?!\$)", word) for word in arguments), "a lone $ begins a variable"
    return [program, *(word.replace("$$", "$") for word in arguments)]


def setting(unit: str, name: str) -> str:
    """The one value of a setting."""
    (value,) = re.findall(rf"(?m)^{name}=(.*)$", unit)
    return str(value)


def cron_command(line: str, both: bool) -> list[str]:
    """What the shell is told by cron; `both`: a backslash hides another one too, as Vixie's cron has it."""
    assert line.count("\n") == 1
    command = line.removesuffix("\n").split(" ", 5)[5]
    read, rest = "", list(command)
    while rest:
        one = rest.pop(0)
        assert one != "%", "a lone % ends the command"
        if one == "\\" and rest:
            following = rest.pop(0)
            read += following if following == "%" or (both and following == "\\") else one + following
        else:
            read += one
    return shlex.split(read)


def windows_arguments(text: str) -> list[str]:
    """CommandLineToArgvW: backslashes count only before a quote, and quotes toggle."""
    found, word, quoted, i = [], None, False, 0
    while i < len(text):
        slashes = len(text[i:]) - len(text[i:].lstrip("\\"))
        i += slashes
        following = text[i : i + 1]
        if slashes:
            word = (word or "") + "\\" * (slashes // 2 if following == '"' else slashes)
        if following == '"' and slashes % 2:
            word = (word or "") + '"'
        elif following == '"':
            word, quoted = word or "", not quoted
        elif following in (" ", "\t") and following and not quoted:
            found += [word] if word is not None else []
            word = None
        else:
            word = (word or "") + following if following or word is not None else None
        i += 1
    return found + ([word] if word is not None else [])


def task_of(content: bytes) -> ET.Element:
    return ET.fromstring(content)


def at(task: ET.Element, path: str) -> str:
    found = task.find("/".join(TASK + step for step in path.split("/")))
    assert found is not None
    assert found.text
    return found.text


# -- quoting -----------------------------------------------------------------------------------------------------------
@given(PATHS)
def test_systemd_reads_what_was_meant(path: str) -> None:
    """Words, specifiers, variables: the command and the folders come out as they went in."""
    service = schedule.systemd(night(path))["lyncdr-backup-lab.service"]
    assert systemd_command(setting(service, "ExecStart")) == list(night(path).command)
    assert systemd_words(setting(service, "ReadWritePaths")) == [path, "/srv/runs"]
    assert systemd_words(setting(service, "RequiresMountsFor")) == [path, "/srv/runs"]


@given(PATHS, PATHS, st.booleans())
def test_cron_and_the_shell_read_what_was_meant(path: str, program: str, both: bool) -> None:
    """Neither the percent sign nor anything that a shell knows changes the command, in either kind of cron."""
    line = schedule.cron(night(path, program))
    assert line.startswith("5 2 * * * ")
    assert cron_command(line, both) == list(night(path, program).command)


@given(NAMES.map("D:\\{}".format), NAMES.map("C:\\{}\\python.exe".format))
def test_windows_reads_what_was_meant(path: str, program: str) -> None:
    """Through UTF-16, XML and the rules of a Windows command line, and also where it is printed as ASCII."""
    assume(not any(re.search(r"%[^%]+%|\$\(", text) for text in (path, program)))
    xml = schedule.windows(night(path, program), NOON)
    for content in (schedule.utf16(xml), xml.encode("ascii", "xmlcharrefreplace")):
        task = task_of(content)
        assert at(task, "Actions/Exec/Command") == program
        assert windows_arguments(at(task, "Actions/Exec/Arguments")) == list(night(path).command[1:])


@pytest.mark.skipif(sys.platform == "win32", reason="cron has a POSIX shell")
def test_a_real_shell_reads_what_was_meant() -> None:
    """The shell that cron starts agrees with how this test reads."""
    odd = "/srv/" + ODD
    line = schedule.cron(night(odd)).split(" ", 5)[5].replace("\\%", "%")
    words = line.replace(shlex.quote(sys.executable), "printf '%s\\n'", 1)
    said = subprocess.run(["/bin/sh", "-c", words], capture_output=True, text=True, check=True, encoding="utf-8").stdout
    assert said.splitlines() == list(night(odd).command[1:])


@pytest.mark.parametrize("character", ["\n", "\r", "\0", "\x1b", "\x85", "\udcff", "\ufffe"])
def test_what_no_scheduler_can_be_told(character: str) -> None:
    """A line break would begin another setting or another job: it is refused before anything is rendered."""
    with pytest.raises(InputError, match="cannot be given to a scheduler"):
        night(f"/srv/a{character}b")


def test_what_one_scheduler_cannot_be_told() -> None:
    """Refused, where a path would silently become another one."""
    for character in "$'\"\\":
        with pytest.raises(InputError, match="its path holds"):
            schedule.systemd(night(program=f"/srv/{character}/python"))
    for path in ("D:\\%TEMP%\\x.yml", "D:\\$(Arg0)\\x.yml"):
        with pytest.raises(InputError, match="it replaces"):
            schedule.windows(night(path), NOON)
    with pytest.raises(InputError, match="998 bytes"):
        schedule.cron(night("/srv/" + "ü" * 500))


# -- what is asked for -------------------------------------------------------------------------------------------------
def test_the_service_and_its_timer() -> None:
    """Once a day, made up for when missed, ended in order after a limit, and no failure is called a success."""
    units = schedule.systemd(night())
    service, timer = units["lyncdr-backup-lab.service"], units["lyncdr-backup-lab.timer"]
    assert setting(service, "Type") == "oneshot"
    assert setting(service, "User") == "svc-lyncdr"
    assert setting(service, "TimeoutStartSec") == "8h"
    assert setting(service, "PrivateTmp") == "yes"
    assert "SuccessExitStatus" not in service
    assert setting(timer, "OnCalendar") == "*-*-* 02:05:00"
    assert (setting(timer, "Persistent"), setting(timer, "RandomizedDelaySec")) == ("true", "5min")


def test_a_ticket_stays_in_reach() -> None:
    """With Kerberos the machine's own temporary folder stays visible, for tickets are kept there."""
    service = schedule.systemd(night(ticket=True))["lyncdr-backup-lab.service"]
    assert setting(service, "PrivateTmp") == "no"
    assert "ReadWritePaths=%T" in service


def test_the_task() -> None:
    """Daily, whether logged on or not, made up for when missed, never twice at once, ended after a limit."""
    content = schedule.utf16(schedule.windows(night(), NOON))
    assert content.startswith(codecs.BOM_UTF16_LE + '<?xml version="1.0" encoding="UTF-16"?>'.encode("utf-16-le"))
    task = task_of(content)
    assert (task.tag, task.get("version")) == (f"{TASK}Task", "1.2")
    assert at(task, "Triggers/CalendarTrigger/ScheduleByDay/DaysInterval") == "1"
    assert at(task, "Principals/Principal/LogonType") == "Password"
    assert at(task, "Principals/Principal/UserId") == "svc-lyncdr"
    assert at(task, "Settings/MultipleInstancesPolicy") == "IgnoreNew"
    assert at(task, "Settings/StartWhenAvailable") == "true"
    assert at(task, "Settings/ExecutionTimeLimit") == "PT8H"
    principal, actions = task.find(f"{TASK}Principals/{TASK}Principal"), task.find(f"{TASK}Actions")
    assert principal is not None
    assert actions is not None
    assert principal.get("id") == actions.get("Context")


@pytest.mark.parametrize(
    ("now", "first"),
    [
        (dt.datetime(2026, 3, 1, 2, 4), "2026-03-01T02:05:00"),
        (dt.datetime(2026, 3, 1, 2, 5), "2026-03-02T02:05:00"),
        (dt.datetime(2026, 12, 31, 23, 0), "2027-01-01T02:05:00"),
    ],
)
def test_the_first_night_is_the_next(now: dt.datetime, first: str) -> None:
    """Registering a task does not start it, and tonight is not left out."""
    task = task_of(schedule.utf16(schedule.windows(night(), now)))
    assert at(task, "Triggers/CalendarTrigger/StartBoundary") == first


@pytest.mark.parametrize(
    "text", ["25:00", "24:00", "02:60", "2:00", "0200", "02:00:00", "", "٠٢:٠٠", "02:00\n", "noon"]
)
def test_no_time_of_day(text: str) -> None:
    """Only hours and minutes of a day."""
    with pytest.raises(InputError, match="no time of day"):
        schedule.time_of_day(text)


@pytest.fixture
def params_file(tmp_path: Path) -> Path:
    """The lab's parameters in a folder with an odd name, with a metrics file, and their folders beside it."""
    path = tmp_path / "R&D 50% $x 'ü'" / "lab.yml"
    path.parent.mkdir()
    text = LAB.read_text(encoding="utf-8").replace("../.lab/", "../lab/")
    path.write_text(text.replace("backup:\n", "backup:\n  metrics_file: ../m/a.prom\n", 1), encoding="utf-8")
    return path


def test_what_a_backup_writes_to(params_file: Path) -> None:
    """Every local folder that the parameters name for writing is writable, and no share or URL is among them."""
    root = params_file.parents[1]
    wanted = [root / "lab" / name for name in ("runs", "work", "mgmt/c/lyncdr", "dr-store")]
    made = schedule.nightly(read_params(params_file), "02:05", "svc", sys.executable)
    assert made.writable == tuple(map(str, [*wanted, root / "m", root / "lab/sql/gcsql01/d/dumps"]))
    assert made.command[-2] == str(params_file.resolve())

    text = params_file.read_text(encoding="utf-8")
    for store in (r"\\drfs01\lyncdr", "s3://bucket/lyncdr"):
        params_file.write_text(re.sub(r"store: .*", lambda _: f"store: {store}", text), encoding="utf-8")  # noqa: B023
        made = schedule.nightly(read_params(params_file), "02:05", "svc", sys.executable)
        assert str(wanted[-1]) not in made.writable
        assert len(made.writable) == 5


# -- the command line --------------------------------------------------------------------------------------------------
def lyncdr(*arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "lyncdr_helpers", *map(str, arguments)], capture_output=True, timeout=60
    )


def verify(*units: Path) -> str:
    """What systemd says of the units; nothing, if there is nothing to say."""
    finished = subprocess.run(
        ["systemd-analyze", "verify", *map(str, units)], capture_output=True, text=True, timeout=60
    )
    said = finished.stdout + finished.stderr
    assert bool(finished.returncode) <= bool(said)
    return said


@pytest.mark.real("systemd")
def test_systemd_accepts_the_units(params_file: Path, tmp_path: Path) -> None:
    """The written units pass systemd's own check, and the printed ones are the same."""
    to = tmp_path / "units"
    written = lyncdr("schedule", "systemd", "--params", params_file, "--to", to, "--at", "23:59", "--user", "root")
    assert (written.returncode, written.stdout) == (0, b"")
    units = [to / "lyncdr-backup-lab.service", to / "lyncdr-backup-lab.timer"]
    assert sorted(to.iterdir()) == units
    assert f"{tmp_path / 'lab' / 'runs'} is no folder yet" in written.stderr.decode()

    printed = lyncdr("schedule", "systemd", "--params", params_file, "--at", "23:59", "--user", "root").stdout.decode()
    assert printed == "\n".join(f"# {unit.name}\n{unit.read_text(encoding='utf-8')}" for unit in units)
    assert verify(*units) == ""


@pytest.mark.real("systemd")
def test_systemd_finds_an_oddly_named_program(tmp_path: Path) -> None:
    """systemd itself reads the quoted path as it was meant: it looks whether the program is there."""
    program = tmp_path / ODD.translate(dict.fromkeys(map(ord, "$'\\\""))).strip() / "python"
    program.parent.mkdir()
    program.symlink_to(sys.executable)
    unit = tmp_path / "odd.service"
    made = schedule.systemd(night(str(tmp_path / ODD), str(program)))["lyncdr-backup-lab.service"]
    unit.write_text(made.replace("User=svc-lyncdr", "User=root"), encoding="utf-8")
    assert verify(unit) == ""
    program.unlink()
    assert "not executable" in verify(unit)


def test_a_crontab_line(params_file: Path) -> None:
    """One line on stdout, ready to be added to a crontab."""
    finished = lyncdr("schedule", "cron", "--params", params_file)
    assert (finished.returncode, finished.stderr) == (0, b"")
    words = cron_command(finished.stdout.decode(), both=False)
    assert words == [sys.executable, *night(str(params_file.resolve())).command[1:]]


def test_a_task_file(params_file: Path, tmp_path: Path) -> None:
    """UTF-16 in the file, ASCII on stdout, and both are the same task."""
    written = lyncdr("schedule", "windows", "--params", params_file, "--to", tmp_path, "--user", "LYNC\\svc")
    printed = lyncdr("schedule", "windows", "--params", params_file, "--user", "LYNC\\svc").stdout
    assert (written.returncode, written.stdout, printed.isascii()) == (0, b"", True)
    tasks = [task_of((tmp_path / "lyncdr-backup-lab.xml").read_bytes()), task_of(printed)]
    for task in tasks:
        assert at(task, "Principals/Principal/UserId") == "LYNC\\svc"
        assert str(params_file.resolve()) in windows_arguments(at(task, "Actions/Exec/Arguments"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["systemd", "--params", "{params}", "--at", "25:00"], "no time of day"),
        (["cron", "--params", "nowhere.yml"], "nowhere.yml cannot be read"),
        (["windows", "--params", "{params}", "--to", "{params}"], "cannot be written"),
        (["launchd", "--params", "{params}"], "No such command"),
    ],
)
def test_bad_input(arguments: list[str], said: str, params_file: Path) -> None:
    """Exit code 2, said plainly on stderr, nothing on stdout."""
    finished = lyncdr("schedule", *(one.format(params=params_file) for one in arguments))
    assert (finished.returncode, finished.stdout) == (2, b"")
    assert said in finished.stderr.decode()
    assert b"Traceback" not in finished.stderr
