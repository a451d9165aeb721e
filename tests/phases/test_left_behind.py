"""What a forced move of users leaves behind is brought along by its own cmdlets, whatever one of them says."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from dr_scene import Scene
from phase_scene import Ended, activated, management_host, run

from lyncdr_helpers.lab import people
from lyncdr_helpers.lab.blueprint import DR_POOL, PRIMARY_POOL
from lyncdr_helpers.lab.cmdlets import conference_directories, response_groups
from lyncdr_helpers.lab.cmdlets.state import State
from lyncdr_helpers.lab.winrm import Call, Cmdlet, CmdletError
from lyncdr_helpers.phases import activate

EVERYTHING = {address for address, _, _ in people.APPLICATIONS}
FAX = "fax@lync.test"


def still_there(scene: Scene) -> set[str]:
    return {address for address, home in scene.homes().items() if home == PRIMARY_POOL}


def stubborn(call: Call) -> None:
    """A Move-CsAnalogDevice that moves nothing."""
    for identity in call.feed:
        call.error(CmdletError("The device is in use.", "MoveEndpointFailed", target=str(identity)))


def forgetful(scene: Scene) -> Cmdlet:
    """An Import-CsRgsConfiguration that leaves the contacts of the workflows where they are."""

    def cmdlet(call: Call) -> None:
        with State(scene.blueprint) as state:
            state.accounts.endpoints = lambda identities=(): []  # type: ignore[method-assign]
            response_groups.import_(call, state)

    return cmdlet


def only(scene: Scene, number: str) -> Cmdlet:
    """A Move-CsConferenceDirectory that moves one of them alone."""

    def cmdlet(call: Call) -> None:
        if str(call.get("Identity")) != number:
            raise CmdletError("It is locked.", "MoveFailed")
        with State(scene.blueprint) as state:
            conference_directories.move(call, state)

    return cmdlet


def acts(found: Ended) -> Counter[str]:
    """How many targets each act has done."""
    return Counter(line.facts["act"] for line in found.kinds("result") for _ in line.facts.get("done", ()))


def test_each_kind_comes_along(scene: Scene, tmp_path: Path) -> None:
    """A device and a conference directory that stay are named, exit 4, with all else done; the same command moves them,
    and nothing twice. A contact that the import of Response Groups forgot is moved by its own cmdlet.
    """
    scene.lose_primary()
    odd = {
        "Move-CsAnalogDevice": stubborn,
        "Import-CsRgsConfiguration": forgetful(scene),
        "Move-CsConferenceDirectory": only(scene, "1"),
    }
    with management_host(scene, tmp_path, odd) as params:
        first = run(activate.begin(params, "live"), activated)
    assert first.code == 4, first.text
    assert f"2 changes of the plan failed. {FAX}: The device is in use.; 3: It is locked." in first.text
    assert still_there(scene) == {FAX}
    done = acts(first)
    assert done["move Response Group contacts"] == 3
    again = run(activate.begin(scene.params, "live"), activated)
    assert (again.code, again.folder) == (0, first.folder)
    assert still_there(scene) == set()
    assert acts(again) - done == {"move analog devices": 1, "move conference directories": 1}
    undo = [one["target"] for one in json.loads(again.folder.undo.read_text(encoding="utf-8"))]
    assert Counter(one for one in undo if one in EVERYTHING) == Counter(EVERYTHING)


def test_a_withheld_move(standing: Scene) -> None:
    """A rehearsal names every cmdlet that it withholds, each with as many objects as it would move."""
    found = run(activate.begin(standing.params), lambda session: activated(session, digest=""))
    moves = {line.facts["what"].split()[0]: line.facts["objects"] for line in found.kinds("withheld")}
    assert found.code == 0
    assert {cmdlet: count for cmdlet, count in moves.items() if cmdlet.startswith("Move-") and count < 10} == {
        "Move-CsApplicationEndpoint": 3,
        "Move-CsCommonAreaPhone": 2,
        "Move-CsAnalogDevice": 1,
        "Move-CsExUmContact": 1,
        "Move-CsConferenceDirectory": 0,
    }
    assert DR_POOL not in {home for address, home in standing.homes().items() if address in EVERYTHING}
