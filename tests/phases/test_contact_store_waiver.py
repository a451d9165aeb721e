"""Contacts that went to Exchange while people were being moved: left as they are, by name, or the run does not end."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
from phase_scene import Ended, planned, run
from rewind import Moment

from lyncdr_helpers.lab import seed
from lyncdr_helpers.lab.blueprint import DR_POOL, PRIMARY_POOL, Blueprint
from lyncdr_helpers.lab.contact_lists import render
from lyncdr_helpers.lab.mailboxes import Mailboxes
from lyncdr_helpers.phases import activate
from lyncdr_helpers.phases.acts.contacts import STORES
from lyncdr_helpers.session import Session

WHY, OTHERS = "Exchange has it", "Exchange has both"


@pytest.fixture
def lost(begun_2019: Moment) -> Iterator[Moment]:
    begun_2019.scene.lose_primary()
    yield begun_2019
    begun_2019.rewind()


def restored(session: Session, gone: str = "", *, ending: bool = True) -> None:
    """The lists, and who has them; what else an activation does is left out. gone: whose contacts go meanwhile.

    Without its ending the run is cut short after them.
    """
    chosen, plan = planned(session)
    activate.approve(session, plan, plan.digest)
    moved = activate.move_users(session, plan)
    if gone:
        with Mailboxes(Blueprint.load(session.loaded.folder).mailboxes) as mailboxes:
            mailboxes.take(render(gone, [], []))
    contacts = activate.restore_contacts(session, plan, chosen)
    if ending:
        activate.finish(session, moved, contacts)


def test_a_waiver_stands_for_whom_it_names(lost: Moment) -> None:
    """Without one the run ends incomplete and names the user. With one it goes on, and the reason stands for that user
    alone: the next one whose contacts go is named again, until a reason is given that has both.
    """
    scene = lost.scene
    first, second, *_ = sorted(
        set(seed.generate(scene.blueprint).homed(PRIMARY_POOL)) - seed.generate(scene.blueprint).in_exchange
    )

    def ask(why: str = "", gone: str = "", *, ending: bool = True) -> Ended:
        session = activate.begin(scene.params, "live", waive={STORES: why} if why else {})
        return run(session, partial(restored, gone=gone, ending=ending))

    try:
        named = ask(gone=first)
        assert named.code == 4
        assert f"1 changes of the plan failed. {first}: " in named.text
        assert f'--waive {STORES}="..."' in named.text
        assert ask(WHY, ending=False).code == 0
        again = ask(WHY, gone=second)
        assert (again.code, f"1 changes of the plan failed. {second}: " in again.text) == (4, True)
        done = ask(OTHERS)
        assert (done.code, done.folder) == (0, named.folder), done.text
        waived = [(line.facts["reason"], line.facts["names"]) for line in done.kinds("waiver")]
        assert waived == [(WHY, [first]), (OTHERS, [first, second])]
        assert first not in {user for user, one in scene.lists(DR_POOL).items() if one.contacts}
    finally:
        with Mailboxes(scene.blueprint.mailboxes) as mailboxes:
            corrupt = mailboxes.corrupt()
            for user in (first, second):
                mailboxes.give_up(user)
    assert corrupt == []
