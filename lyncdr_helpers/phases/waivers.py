"""Waivers that stand for what they name, and for nothing else: users, mostly.

The same words are given again with every resumed command; so words that stood for some do not stand for others.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lyncdr_helpers.checks import some_of
from lyncdr_helpers.errors import Refusal
from lyncdr_helpers.session import Session


def hold_for(session: Session, gate: str, names: Iterable[str], refusal: Refusal, **about: object) -> None:
    """A closed gate that a waiver opens for exactly these names, which are on record with it.

    Passed without a word where each of them was waived earlier in this run. Somebody new closes it again, until a
    reason is given that was not given before. about: what else the waiver stands for. Raises Refusal in a live run.
    """
    wanted = sorted(set(names))
    fresh = sorted(set(wanted) - waived(session, gate))
    if not fresh:
        return
    if _reason(session, gate) in _reasons(session, gate):
        new = some_of(fresh)
        session.stop_at(
            gate,
            Refusal(
                f"{refusal.message} The waiver that was given does not name {new}.",
                f'Look at them, then give the reason for all of them, in other words: --waive {gate}="..."',
            ),
            tuple(wanted),
        )
        return
    session.hold(gate, refusal, names=wanted, **about)


def waived(session: Session, gate: str) -> set[str]:
    """Everybody whom a waiver of that gate names, in this run."""
    return {name for line in _lines(session, gate) for name in line.get("names", ())}


def accept(session: Session, gate: str, names: Iterable[str], why: str) -> set[str]:
    """Those of the names that are waived: earlier, or now, by a reason not given before. Holds nothing back."""
    wanted = sorted(set(names))
    reason = _reason(session, gate)
    if reason and reason not in _reasons(session, gate) and set(wanted) - waived(session, gate):
        session.hold(gate, Refusal(why), names=wanted)
    return waived(session, gate) & set(wanted)


def _lines(session: Session, gate: str) -> list[dict[str, Any]]:
    return [dict(line.facts) for line in session.journal.of_kind("waiver") if line.facts["gate"] == gate]


def _reason(session: Session, gate: str) -> str:
    return session.waivers.get(gate, "").strip()


def _reasons(session: Session, gate: str) -> set[str]:
    return {str(line["reason"]) for line in _lines(session, gate)}
