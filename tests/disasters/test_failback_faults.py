"""A way home under fire: killed again and again, a move that loses a list, somebody who moves users meanwhile."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fork_server
import forked
import pytest
from moments import is_act, is_step
from phase_scene import Ended, directory_changed, management_host, run
from rewind import Moment, remember
from way_home import Away, away, go_home, went_home

from lyncdr_helpers.lab import life
from lyncdr_helpers.lab.blueprint import BRANCH_POOL, DR_POOL, PRIMARY_POOL
from lyncdr_helpers.lab.cmdlets import cmdlets
from lyncdr_helpers.lab.forest import POOLS
from lyncdr_helpers.lab.winrm import Call, Cmdlet, CmdletError
from lyncdr_helpers.phases import failback
from lyncdr_helpers.phases.group_chat_home import START

pytestmark = [
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kill -9 is POSIX"),
    pytest.mark.timeout(300),
]

MOMENTS = {
    "at the approval": lambda: is_step("approval"),
    "between the pilot's move and its result": lambda: is_act("intent", "move the pilot"),
    "between the first batch and its result": lambda: is_act("intent", "move users"),
    "after the second batch": lambda: is_act("result", "move users"),
    "between the merge and its result": lambda: is_act("intent", "merge contacts"),
    "between the Response Groups and their result": lambda: is_act("intent", "return response groups"),
    "between the Edge and its result": lambda: is_act("intent", "point the Edge home"),
    "between the DNS update and its result": lambda: is_act("intent", "repoint DNS"),
    "between Group Chat's restore and its result": lambda: is_act("intent", "restore Group Chat"),
}


@dataclass(frozen=True)
class Living:
    """One lab for every way home, put back to before it in between."""

    lab: Away
    begun: Moment


@pytest.fixture(scope="module")
def living(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Living]:
    folder = tmp_path_factory.mktemp("living")
    with away(folder, users=20, batch=8) as lab:
        yield Living(lab, remember(lab.scene, folder / "kept"))


@pytest.fixture(scope="module")
def uninterrupted(living: Living) -> dict[str, Any]:
    """What a fail back that nobody disturbs leaves behind."""
    ended = go_home(living.lab.params)
    assert ended.code == 0, ended.text
    return living.lab.state()


@pytest.fixture
def lab(living: Living, uninterrupted: dict[str, Any]) -> Away:
    """The lab as it was, once it is known where a way home ends."""
    assert uninterrupted
    living.begun.rewind()
    return living.lab


def test_killed_again_and_again(lab: Away, uninterrupted: dict[str, Any]) -> None:
    """Killed at every moment of the list, one after the other: the last run ends it, exactly as if nobody had disturbed
    it; every user was moved once, every intent has its result, and no contact is lost or doubled.
    """
    digest = go_home(lab.params, digest="").summary.plan
    killed_at = [kill_at(lab, digest, moment) for moment in MOMENTS]
    ended = go_home(lab.params, digest)
    assert ended.code == 0, ended.text
    assert {line.digest for line in ended.lines}.issuperset(killed_at)
    assert lab.state() == uninterrupted
    assert moved_twice(ended) == []
    results = {line.facts["intent"] for line in ended.kinds("result")}
    assert {line.n for line in ended.kinds("intent")} == results
    counted = life.count(lab.scene.blueprint, lab.lived)
    assert [counted[f"{name}_kept"] for name in ("added_in_dr", "removed_in_dr", "only_on_primary")] == [
        len(some) for some in (lab.lived.added, lab.lived.removed, lab.lived.late)
    ]


def test_on_the_command_line(lab: Away, uninterrupted: dict[str, Any]) -> None:
    """Approved by its digest, it takes everybody home and stops for whoever starts Group Chat's server; said by --did,
    the same command ends it, and what was said is on record.
    """
    digest = go_home(lab.params, digest="").summary.plan
    approved = ("failback", "--mode", "live", "--approve", digest)
    code, stopped, errors = lab.scene.run(*approved)
    assert (code, stopped["outcome"]) == (5, "refused")
    assert f'--did {START}="what was seen"' in errors
    assert done_by(lab, stopped["run"]) >= {"move the pilot", "move users", "repoint DNS", "restore Group Chat"}
    code, done, errors = lab.scene.run(*approved, "--did", f"{START}=a message is read")
    assert (code, done["outcome"], done["run"]) == (0, "done", stopped["run"]), errors
    (answered,) = [
        line.facts
        for line in lab.scene.lines(done["run"])
        if line.kind == "guided" and (line.facts["step"], line.facts["state"]) == (START, "done")
    ]
    assert answered["said"] == "a message is read"
    assert lab.state() == uninterrupted


def done_by(lab: Away, run_name: str) -> set[str]:
    """The acts that have done something."""
    return {
        line.facts["act"]
        for line in lab.scene.lines(run_name)
        if line.kind == "result" and (line.facts.get("done") or line.facts.get("faults") == [])
    }


def test_a_move_that_loses_the_list(lab: Away, uninterrupted: dict[str, Any], tmp_path: Path) -> None:
    """The pilot's list does not come along: nobody else moves, whatever is tried again. Somebody who signs for it goes
    on, the list is imported from what the DR pool had, and everything ends as it should.

    A user whom somebody else moves to a third pool meanwhile is refused by name; put back, they go home.
    """
    with management_host(lab.scene, tmp_path / "host", {"Move-CsUser": forced(lab)}) as params:
        found = go_home(params)
    assert (found.code, [line.facts["gate"] for line in found.kinds("gate")]) == (5, ["pilot-not-whole"]), found.text
    pilot = found.kinds("plan")[0].facts["basis"]["pilot"]
    assert f"The pilot {pilot} did not come home whole, and nobody else was moved. lacking" in found.text
    assert [line.facts["act"] for line in found.kinds("intent")] == ["move the pilot", "update user database"]
    homes = lab.scene.homes()
    assert [user for user, home in homes.items() if home == PRIMARY_POOL] == [pilot]

    again = go_home(lab.params, found.summary.plan)
    assert (again.code, again.folder) == (5, found.folder)

    stray = next(user for user, home in sorted(homes.items()) if home == DR_POOL and user in lab.lived.added)
    waive = {"pilot-not-whole": "looked at it with the vendor"}
    with directory_changed(lab.scene, dn_of(lab, stray), "msRTCSIP-PrimaryHomeServer", POOLS[BRANCH_POOL].service):
        session = failback.begin(lab.params, "live", approve=found.summary.plan, waive=waive)
        refused = run(session, lambda session: went_home(session, found.summary.plan))
    assert refused.code == 5
    assert f"{stray} is {BRANCH_POOL}" in refused.text
    session = failback.begin(lab.params, "live", approve=found.summary.plan, waive=waive)
    ended = run(session, lambda session: went_home(session, found.summary.plan))
    assert ended.code == 0, ended.text
    assert contacts_of(lab.state()) == contacts_of(uninterrupted)
    assert lab.scene.homes() == uninterrupted["homes"]


def test_a_pilot_whom_the_host_does_not_move(lab: Away, tmp_path: Path) -> None:
    """Move-CsUser fails for the pilot: nobody is moved, and the error says why."""
    with management_host(lab.scene, tmp_path / "host", {"Move-CsUser": failing}) as params:
        found = go_home(params)
    assert found.code == 1
    assert "the move of users is not for today" in found.text
    assert PRIMARY_POOL not in lab.scene.homes().values()
    assert [line.facts["act"] for line in found.kinds("intent")] == ["move the pilot"]


def forced(lab: Away) -> Cmdlet:
    """A Move-CsUser that forces whatever it is told, and so leaves every list behind."""
    move = cmdlets(lab.scene.blueprint)["Move-CsUser"]

    def cmdlet(call: Call) -> None:
        call.parameters["force"] = True
        move(call)

    return cmdlet


def failing(call: Call) -> None:
    for user in call.feed:
        call.error(CmdletError("the move of users is not for today", "MoveUserFailed", target=str(user)))


def dn_of(lab: Away, user: str) -> str:
    session = failback.begin(lab.params)
    try:
        (entry,) = session.directory.search(
            session.params.directory.base, f"(msRTCSIP-PrimaryUserAddress=sip:{user})", ["objectClass"]
        )
    finally:
        session.close()
    return entry.dn


def contacts_of(state: dict[str, Any]) -> dict[str, set[str]]:
    return {user: {buddy for buddy, _ in held} for user, held in state["lists"][PRIMARY_POOL].items()}


def moved_twice(ended: Ended) -> list[str]:
    """Users whom two results claim to have moved."""
    acts = ("move the pilot", "move users")
    results = [line.facts for line in ended.kinds("result") if line.facts["act"] in acts]
    moved = Counter(target for facts in results for target in facts["done"])
    return [target for target, times in moved.items() if times > 1]


def kill_at(lab: Away, digest: str, moment: str) -> str:
    """Go home in a process of its own until the journal gets such a line, then kill -9; the line's digest."""
    with fork_server.apart(_quietly, lab.params, digest) as process:
        return forked.wait_for(lab.scene, MOMENTS[moment](), process.is_alive)


def _quietly(params: Path, digest: str) -> None:
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        go_home(params, digest)
