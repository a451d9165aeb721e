"""A lab whose users live at the DR site, with a primary that is healed, and the phase that takes them home."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dr_scene import Scene, make_scene
from phase_scene import Ended, activated, run

from lyncdr_helpers.answers import Answer
from lyncdr_helpers.lab import edges, group_chat, life, lifecycle
from lyncdr_helpers.lab.blueprint import DR_POOL, PRIMARY_POOL
from lyncdr_helpers.lab.life import Life
from lyncdr_helpers.lab.pools import PoolStore
from lyncdr_helpers.params.generation import Generation
from lyncdr_helpers.phases import activate, failback, group_chat_home
from lyncdr_helpers.phases.failback_exports import Start
from lyncdr_helpers.plan import Plan
from lyncdr_helpers.session import Session

USERS = 30


@dataclass(frozen=True)
class Away:
    """scene: the lab. lived: what its users did to their lists."""

    scene: Scene
    lived: Life

    @property
    def params(self) -> Path:
        return self.scene.params

    def state(self) -> dict[str, Any]:
        """Everything a fail back may change, in one value that two labs of the same seed can be compared by."""
        lab = self.scene.blueprint
        held = {
            pool: {user: _spelled(one) for user, one in self.scene.lists(pool).items()}
            for pool in (PRIMARY_POOL, DR_POOL)
        }
        groups = {}
        for pool in held:
            with PoolStore(lab.pool_store(pool)) as store:
                groups[pool] = [(one.kind, one.name, one.owner) for one in store.response_groups()]
        chat = group_chat.sql_server(lab).rows(group_chat.DATABASE)
        homes, zone = self.scene.homes(), self.scene.zone()
        edge = edges.next_hop(lab.folder)
        return {"homes": homes, "lists": held, "groups": groups, "zone": zone, "chat": chat, "edge": edge}


@contextmanager
def away(folder: Path, generation: Generation = "lync2010", batch: int = 10, users: int = USERS) -> Iterator[Away]:
    """Backed up, lost, activated and healed; users changed their lists before the loss and at the DR site, and Group
    Chat's server there has stopped.
    """
    scene = make_scene(folder / "lab", users=users, batch=batch, generation=generation)
    try:
        lived = life.before_the_loss(scene.blueprint)
        edges.place(scene.blueprint.folder, PRIMARY_POOL)
        scene.lose_primary()
        ended = run(activate.begin(scene.params, "live"), activated)
        assert ended.code == 0, ended.text
        lifecycle.heal(scene.blueprint.folder, "primary")
        group_chat.stopped(scene.blueprint).touch()
        yield Away(scene, life.at_the_dr_site(scene.blueprint, lived))
    finally:
        lifecycle.down(scene.blueprint.folder)


def go_home(
    params: Path, digest: str | None = None, mode: str = "live", meddle: Callable[[Session], None] = lambda _: None
) -> Ended:
    """One run of the phase. digest: what is given to the gate; None gives the right one."""
    session = failback.begin(params, mode, approve=digest or "")
    meddle(session)
    return run(session, lambda session: went_home(session, digest))


def planned(session: Session, pilot: str = "", backup_set: str = "", groups: str = "") -> tuple[Start, Any, Plan]:
    start = failback.look_back(session, backup_set)
    failback.health(session)
    both = failback.back_up(session)
    found = failback.compare(session, start, both)
    return start, both, failback.make_plan(session, start, both, found, pilot, groups)


def went_home(session: Session, digest: str | None = None, pilot: str = "", backup_set: str = "") -> None:
    start, both, plan = planned(session, pilot, backup_set)
    failback.approve(session, plan, plan.digest if digest is None else digest)
    first = failback.move_pilot(session, start, both, plan)
    moved = failback.move_users(session, plan)
    endpoints = failback.move_endpoints(session, plan)
    merged = failback.merge_contacts(session, start, both, plan)
    groups = failback.return_response_groups(session, plan)
    edge = failback.point_edge(session, plan)
    records = failback.restore_dns(session, plan)
    failback.stop_group_chat(session, plan)
    chat = failback.return_group_chat(session, plan)
    failback.start_group_chat(session, plan, chat, {group_chat_home.START: Answer(seen="a message is read")})
    proof = failback.prove(session, start, both, plan)
    failback.finish(session, proof.checks, first, moved, endpoints, merged, groups, edge, records, chat)


def _spelled(found: Any) -> list[tuple[str, tuple[str, ...]]]:
    names = {group.number: group.external_uri or group.name for group in found.groups}
    return sorted((one.buddy, tuple(sorted(names[number] for number in one.groups))) for one in found.contacts)
