"""Homes as the directory has them now: what every move is read back from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lyncdr_helpers.directory.inventory import read_homes
from lyncdr_helpers.plan import Change
from lyncdr_helpers.session import Session


def see(session: Session, some: Sequence[Change]) -> Mapping[str, str]:
    """The pool of each change's target, empty where it has none or is gone. The change's detail holds its DN."""
    homes = read_homes(session.directory, session.params.directory.base, [one.detail["dn"] for one in some])
    return {one.target: homes.get(one.detail["dn"], "") for one in some}
