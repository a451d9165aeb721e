"""Exports that are not what they should be: contact lists end the night, any other part is missed by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PureWindowsPath

import pytest
from dr_scene import Scene
from night_scene import ask, chosen, left_aside, manifest_of, nothing_published, store_of
from phase_scene import Ended, management_host, variant

from lyncdr_helpers.backups.signed import keys_of
from lyncdr_helpers.backups.stored import read
from lyncdr_helpers.backups.verification import verify
from lyncdr_helpers.contacts.dbimpexp import write_import
from lyncdr_helpers.lab import lifecycle
from lyncdr_helpers.lab.blueprint import PRIMARY_POOL
from lyncdr_helpers.lab.cmdlets import cmdlets, programs
from lyncdr_helpers.lab.winrm import Call, CmdletError, Executable, ProgramCall
from lyncdr_helpers.lab.winrm.faults import FaultKind
from lyncdr_helpers.params.reading import read_params

# -- an export that is not what it should be -------------------------------------------------------------------------


def spoiling(scene: Scene, spoil: Callable[[Path], None]) -> dict[str, Executable]:
    """A dbimpexp that reports success, and whose file is then spoiled."""
    real = programs(scene.blueprint)["dbimpexp.exe"]

    def program(call: ProgramCall) -> int:
        code = real(call)
        written = next(one.partition(":")[2] for one in call.arguments if one.lower().startswith("/hrxmlfile:"))
        spoil(scene.blueprint.drive_c.joinpath(*PureWindowsPath(written.strip('"')).parts[1:]))
        return code

    return {"dbimpexp.exe": program}


def cut_in_half(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 4 * 2])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def another_document(path: Path) -> None:
    path.write_text("<html><body>Service unavailable</body></html>", encoding="utf-16")


def one_user_twice(path: Path) -> None:
    content = path.read_text(encoding="utf-16")
    start, end = content.index("<HomedResource "), content.index("</HomedResource>") + len("</HomedResource>")
    path.write_text(content[:end] + content[start:end] + content[end:], encoding="utf-16")


@pytest.mark.parametrize("spoil", [cut_in_half, emptied, another_document, one_user_twice, Path.unlink])
def test_an_export_that_is_damaged(
    standing: Scene, kept: dict[str, str], tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    """dbimpexp says it went well and its file is cut, empty, not its own or gone: FAILED, exit 1."""
    with management_host(standing, tmp_path, some_programs=spoiling(standing, spoil)) as params:
        found = ask(params)
    assert (found.code, found.summary.outcome) == (1, "failed")
    assert "dbimpexp" in found.text
    left_aside(standing, found, kept, "dbimpexp")


def broken_name(path: Path) -> None:
    """The first contact's display name of the second user is no base64 any more."""
    content = path.read_text(encoding="utf-16")
    user = content.index("<HomedResource ", content.index("<HomedResource ") + 1)
    name = content.index('DisplayName="', content.index("<Contact ", user)) + len('DisplayName="')
    path.write_text(content[:name] + "!" + content[name:], encoding="utf-16")


def test_one_record_is_broken(standing: Scene, kept: dict[str, str], tmp_path: Path) -> None:
    """A user whose record cannot be decoded makes the set INCOMPLETE, by name and with the reason; nobody else is hurt,
    and the set can be verified and feed the others.
    """
    with management_host(standing, tmp_path, some_programs=spoiling(standing, broken_name)) as params:
        found = ask(params)
    said = manifest_of(standing, found)
    assert (found.code, said["state"]) == (4, "INCOMPLETE")
    ((user, reason),) = [(one["address"], one["reason"]) for one in said["differences"]]
    assert reason.startswith("broken record: ")
    assert "is not base64 of UTF-8" in reason
    assert f"{user}: {reason}" in found.text
    assert len(said["users"]) == found.fact(f"users homed on {PRIMARY_POOL}") - 1
    assert user not in [one["address"] for one in said["users"]]
    manifest = read(store_of(standing), found.folder.run)
    proven = verify(store_of(standing), manifest, tmp_path / "proof", keys_of(read_params(standing.params)))
    assert (proven.faults, proven.users) == ((), len(said["users"]))
    assert kept


def test_an_export_without_anybody(standing: Scene, kept: dict[str, str], tmp_path: Path) -> None:
    """A well-formed document that holds nobody is INCOMPLETE by everybody, not an empty success."""
    nobody = spoiling(standing, lambda path: write_import(path, []))
    with management_host(standing, tmp_path, some_programs=nobody) as params:
        found = ask(params)
    assert (found.code, found.summary.outcome) == (4, "incomplete")
    said = manifest_of(standing, found)
    assert (said["state"], len(said["differences"])) == ("INCOMPLETE", found.fact(f"users homed on {PRIMARY_POOL}"))
    assert kept


def test_dbimpexp_fails_and_leaves_a_file(standing: Scene, kept: dict[str, str], tmp_path: Path) -> None:
    """A whole file does not make up for an exit code that is not zero."""
    real = programs(standing.blueprint)["dbimpexp.exe"]

    def program(call: ProgramCall) -> int:
        real(call)
        call.err("Error: the connection was lost.\r\n")
        return 3

    with management_host(standing, tmp_path, some_programs={"dbimpexp.exe": program}) as params:
        found = ask(params)
    assert found.code == 1
    left_aside(standing, found, kept, "exit code 3, Error: the connection was lost.")


SETTINGS = {
    "Export-CsRgsConfiguration": "response-groups",
    "Get-CsRgsWorkflow": "response-groups",
    "Export-CsConfiguration": "configuration",
    "Export-CsLisConfiguration": "lis",
    "Get-CsTopology": "topology",
    "Get-CsConferenceDirectory": "conference-directories",
}
"""Cmdlet -> the part that it makes."""


def lacking(standing: Scene, found: Ended) -> list[tuple[str, str, str]]:
    """What the set says it lacks and should not: kind, pool, reason."""
    said = manifest_of(standing, found)
    assert (found.code, found.summary.outcome, said["state"]) == (4, "incomplete", "INCOMPLETE")
    assert chosen(standing).manifest.name != found.folder.run
    return [(one["kind"], one["pool"], one["reason"]) for one in said["absent"] if one["why"] == "failed"]


@pytest.mark.parametrize("cmdlet", SETTINGS)
def test_settings_that_cannot_be_had(standing: Scene, kept: dict[str, str], tmp_path: Path, cmdlet: str) -> None:
    """A cmdlet that fails costs its part alone: the set is stored, INCOMPLETE, and says what it lacks and why."""

    def refuse(_: Call) -> None:
        raise CmdletError("The database is locked.")

    with management_host(standing, tmp_path, {cmdlet: refuse}) as params:
        found = ask(params)
    ((kind, pool, reason),) = lacking(standing, found)
    assert (kind, pool) == (SETTINGS[cmdlet], PRIMARY_POOL if "Rgs" in cmdlet or "Conference" in cmdlet else "")
    assert "The database is locked." in reason
    assert reason in found.text
    assert SETTINGS[cmdlet] not in [part["kind"] for part in manifest_of(standing, found)["parts"]]
    assert kept


EXPORTS = ("Export-CsRgsConfiguration", "Export-CsConfiguration", "Export-CsLisConfiguration")


@pytest.mark.parametrize(("cmdlet", "writes"), [*((one, False) for one in EXPORTS), ("Export-CsConfiguration", True)])
def test_settings_that_are_empty(
    standing: Scene, kept: dict[str, str], tmp_path: Path, cmdlet: str, writes: bool
) -> None:
    """A cmdlet that reports no error and writes no file, or an empty one, has exported nothing."""
    real = cmdlets(standing.blueprint)[cmdlet]

    def nothing(call: Call) -> None:
        if writes:
            real(call)
            emptied(standing.blueprint.drive_c.joinpath(*PureWindowsPath(call.get("FileName")).parts[1:]))

    with management_host(standing, tmp_path, {cmdlet: nothing}) as params:
        found = ask(params)
    ((kind, _, reason),) = lacking(standing, found)
    assert kind == SETTINGS[cmdlet]
    assert f"{cmdlet} failed: it reported no error" in reason
    assert kept


@pytest.mark.parametrize("fault", ["cut before act", "cut after act"])
def test_the_line_breaks_during_the_contact_export(
    standing: Scene, kept: dict[str, str], tmp_path: Path, fault: FaultKind
) -> None:
    """WinRM is cut before dbimpexp ran, or when it was done: nobody takes its file on trust. FAILED."""
    with management_host(standing, tmp_path, faults={"dbimpexp.exe": fault}) as params:
        found = ask(params)
    assert found.code in (1, 6)
    left_aside(standing, found, kept)


@pytest.mark.parametrize("fault", ["cut before act", "cut after act", "terminating error"])
def test_the_line_breaks_during_the_settings(
    standing: Scene, kept: dict[str, str], tmp_path: Path, fault: FaultKind
) -> None:
    """WinRM is cut in the middle of one part: that part is missed by name, the others are in the set."""
    with management_host(standing, tmp_path, faults={"Export-CsLisConfiguration": fault}) as params:
        found = ask(params)
    ((kind, _, reason),) = lacking(standing, found)
    assert kind == "lis"
    assert reason
    assert kept


def test_everything_else_fails(standing: Scene, kept: dict[str, str], tmp_path: Path) -> None:
    """A management host that has nothing but dbimpexp: users can be restored, and each part is missed by name."""

    def refuse(_: Call) -> None:
        raise CmdletError("Access is denied.")

    with management_host(standing, tmp_path, dict.fromkeys(SETTINGS, refuse)) as params:
        found = ask(params)
    assert {kind for kind, _, _ in lacking(standing, found)} == set(SETTINGS.values())
    assert manifest_of(standing, found)["differences"] == []
    assert kept


PARTS = {
    "conference_directories": {"conference-directories", "conferences"},
    "response_groups": {"response-groups"},
    "configuration": {"configuration"},
    "lis": {"lis"},
    "topology": {"topology"},
    "dns": {"dns"},
}


def test_parts_that_are_switched_off(standing: Scene, kept: dict[str, str]) -> None:
    """What the parameters do not want is listed as off, by its key, and the set is COMPLETE without it."""
    unwanted = "".join(f"    {name}: false\n" for name in PARTS)
    found = ask(variant(standing, ("  work_folder:", f"  parts:\n{unwanted}  work_folder:")))
    said = manifest_of(standing, found)
    assert (found.code, said["state"]) == (0, "COMPLETE")
    off = {one["kind"]: one["reason"] for one in said["absent"] if one["why"] == "off"}
    wanted_off = {kind: f"backup.parts.{name} in the parameters" for name, kinds in PARTS.items() for kind in kinds}
    assert {kind: reason for kind, reason in off.items() if kind in wanted_off} == wanted_off
    assert not {part["kind"] for part in said["parts"]} & set(wanted_off)
    assert kept


def test_a_nameserver_is_silent(standing: Scene, kept: dict[str, str]) -> None:
    """Without its authoritative server there is no snapshot of DNS: the part is missed, with the server's name."""
    text = standing.params.read_text(encoding="utf-8")
    server = next(line for line in text.splitlines() if line.strip().startswith("address:"))
    found = ask(variant(standing, (server, server.replace(".53", ".54"))))
    ((kind, _, reason),) = lacking(standing, found)
    assert kind == "dns"
    assert "ns" in reason
    assert kept


def test_the_primary_is_down(standing: Scene, kept: dict[str, str]) -> None:
    """A pool that is lost exports nothing: exit 1, FAILED, and the sets of the nights before stay chosen."""
    before = chosen(standing).manifest.name
    lifecycle.fail(standing.blueprint.folder, "primary")
    try:
        found = ask(standing.params)
    finally:
        lifecycle.heal(standing.blueprint.folder, "primary")
    assert (found.code, found.summary.outcome) == (1, "failed")
    left_aside(standing, found, kept, f"dbimpexp exported nothing of {PRIMARY_POOL}")
    assert chosen(standing).manifest.name == before


def test_nobody_is_homed_there(standing: Scene, kept: dict[str, str]) -> None:
    """A pool without users makes no set that would be complete by being empty."""
    found = ask(
        variant(standing, ("fqdn: pool01.lync.test", "fqdn: pool02.lync.test"), ("from: pool01", "from: pool02"))
    )
    assert found.code == 1
    assert "worth nothing" in found.text
    nothing_published(standing, found, kept)
