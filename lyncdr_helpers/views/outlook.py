"""If it died now, in tables: what is a fact is said to be one, and an estimate is never shown without its grounds."""

from __future__ import annotations

from lyncdr_helpers.backups.risk import Night
from lyncdr_helpers.clock import spell
from lyncdr_helpers.phases.earlier.durations import Estimate, RecoveryTime
from lyncdr_helpers.phases.if_it_died import IfItDied
from lyncdr_helpers.views.frame import Frame
from lyncdr_helpers.views.grid import Grid

UNKNOWN = "? unknown"
WHY = {
    "not in the set": "✗ not in the set",
    "nothing to restore": "✗ nothing to restore",
    "held back": "! held back",
    "no set": "✗ no set",
}


def summary(found: IfItDied) -> Frame:
    """Columns: what, now, known (fact or estimate), from. The answer in a few lines."""
    newest = found.newest
    age = f", {found.changed.age_hours:.1f} h old" if found.changed else ""
    beside = f"beside set {newest.name}{age}" if newest else "there is no COMPLETE set"
    changed, time = found.changed, found.time
    rows = [
        ("users homed on the pool", _count(found.users), "fact", "the directory, now"),
        ("users whose contacts would not come back", _at_risk(found), "fact", beside),
        (
            "users whose list changed since the set",
            UNKNOWN if changed is None or changed.typical is None else changed.text,
            "estimate",
            changed.how if changed else beside,
        ),
        ("recovery time", _together(time), "estimate", _grounds(time)),
        ("promised", spell(time.target), "fact", "thresholds.rto_minutes"),
    ]
    return Frame.of(rows, ["what", "now", "known", "from"])


def at_risk(found: IfItDied) -> Grid:
    """Columns: user, why, in_words, contacts (in the set, where it has any). Empty when nobody is at risk."""
    none = "Unknown: nobody could tell; the checks say why."
    if found.at_risk is not None:
        none = (
            f"Nobody: all {_count(found.users)} can be brought back." if found.users else "Nobody is homed on the pool."
        )
    return Grid.of(
        [(one.address, WHY[one.why], one.text, one.contacts) for one in found.at_risk or ()],
        ["user", "why", "in_words", "contacts"],
        rest="all are in tables/users-at-risk.csv of the run",
        none=none,
    )


def nights(found: IfItDied) -> Frame:
    """Columns: from_set, to_set, hours, users, changed, percent. How many records differed from night to night."""
    seen = found.changed.nights if found.changed else ()
    rows = [(one.before, one.after, round(one.hours, 1), one.users, one.changed, _percent(one)) for one in seen]
    return Frame.of(
        rows,
        ["from_set", "to_set", "hours", "users", "changed", "percent"],
        none="There are no two nights to compare yet: how many lists change is unknown.",
    )


def recovery(time: RecoveryTime) -> Frame:
    """Columns: stage, what, typical, low_to_high (as people say durations), from. The sum of what is known is last."""
    rows = [_stage(one) for one in time.stages]
    if time.is_known:
        lacking = f"without {', '.join(time.unknown)}" if time.unknown else ""
        sign = "! " if time.left < 0 else ""
        rows.append(("together", lacking, f"{sign}{spell(time.typical)}", _spread(time.low, time.high), _verdict(time)))
    return Frame.of(rows, ["stage", "what", "typical", "low_to_high", "from"])


def never_back(found: IfItDied) -> Frame:
    """Columns: what, how_many, comes_back, meanwhile, source. What an activation does not bring back."""
    return Frame.of(
        [(one.what, one.how_many, one.comes_back, one.meanwhile, one.source) for one in found.gone],
        ["what", "how_many", "comes_back", "meanwhile", "source"],
    )


def _count(number: int | None) -> str:
    return UNKNOWN if number is None else f"{number:,}"


def _percent(one: Night) -> float:
    return round(100 * one.changed / one.users, 1)


def _at_risk(found: IfItDied) -> str:
    if found.at_risk is None:
        return UNKNOWN
    return f"✗ {len(found.at_risk):,}" if found.at_risk else "✓ none"


def _together(time: RecoveryTime) -> str:
    if time.unmeasured:
        return UNKNOWN
    spread = _spread(time.low, time.high)
    return f"about {spell(time.typical)}{f', {spread}' if spread else ''}"


def _grounds(time: RecoveryTime) -> str:
    if time.unmeasured:
        return f"no earlier run has {', '.join(time.unmeasured)}"
    people = f", without {' and '.join(time.unknown)}" if time.unknown else ""
    return f"earlier runs of this deployment, stage by stage{people}"


def _stage(one: Estimate) -> tuple[str, str, str, str, str]:
    if one.typical is None or one.low is None or one.high is None:
        return (one.stage, one.what, UNKNOWN, "", one.how)
    return (one.stage, one.what, spell(one.typical), _spread(one.low, one.high), one.how)


def _spread(low: float, high: float) -> str:
    least, most = spell(low), spell(high)
    return f"{least} to {most}" if least != most else ""


def _verdict(time: RecoveryTime) -> str:
    """Against the target, at the slowest."""
    target = spell(time.target)
    if time.left < 0:
        return f"{target} are promised: at its slowest it takes {spell(-time.left)} longer"
    for_whom = f" for {', '.join(time.unknown)}" if time.unknown else ""
    return f"{target} are promised: at its slowest it leaves {spell(time.left)}{for_whom}"
