"""Contact lists brought back in a few imports, however many users there are, and each proven by a whole export."""

from __future__ import annotations

import pytest
from dr_scene import Scene
from phase_scene import planned, run

from lyncdr_helpers.errors import OperationError
from lyncdr_helpers.lab.blueprint import PRIMARY_POOL
from lyncdr_helpers.phases import activate, exchange
from lyncdr_helpers.phases.acts import contacts
from lyncdr_helpers.plan import Change
from lyncdr_helpers.session import Session


@pytest.mark.parametrize(("users", "batch"), [(1, 1000), (1000, 1000), (4000, 1000), (10_000, 2500), (10_001, 2501)])
def test_how_many_users_an_import_brings(users: int, batch: int) -> None:
    """A thousand at least, and all of them in four imports at most: each costs an export of the whole pool."""
    assert contacts.batch_of([Change("import-contacts", "a@lync.test", "", "3 contacts")] * users) == batch


def test_every_import_is_proven(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a large pool, with smaller numbers: four imports, each with its result, and everybody has their list."""
    monkeypatch.setattr(contacts, "BATCH", 3)
    before = scene.lists(PRIMARY_POOL)
    scene.lose_primary()

    def restored(session: Session) -> None:
        chosen, plan = planned(session)
        activate.approve(session, plan, plan.digest)
        activate.finish(session, activate.move_users(session, plan), activate.restore_contacts(session, plan, chosen))

    done = run(activate.begin(scene.params, "live"), restored)
    assert done.code == 0, done.text
    results = [line.facts["done"] for line in done.kinds("result") if line.facts["act"] == contacts.ACT]
    assert len(results) == contacts.IMPORTS
    assert sorted(user for one in results for user in one) == sorted(before)
    after = scene.lists()
    assert {user: after[user].digest for user in before} == {user: one.digest for user, one in before.items()}


@pytest.mark.parametrize("wanted", ["first", "last"])
def test_an_export_that_was_cut_short(standing: Scene, wanted: str) -> None:
    """It proves nobody's list, not even one that stands before the cut."""

    def cut(session: Session) -> None:
        export = exchange.export_contacts(session, session.params.failed_pool, "cut")
        users = sorted(exchange.lists_of(export, {one.user for one in exchange.read(export)}))
        export.write_bytes(export.read_bytes()[:-2000])
        with pytest.raises(OperationError, match="of no use"):
            exchange.lists_of(export, {users[0] if wanted == "first" else users[-1]})
        exchange.tidy(session)

    assert run(activate.begin(standing.params), cut).code == 0
