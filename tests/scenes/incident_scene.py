"""An incident made by hand: a night before, a loss, an activation of three users, its proof and the way home."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from journal_scene import FAILED, SCOPE, START, TARGET, WHO, Entry, end, fact, refused, run, step

from lyncdr_helpers.adapters.stores import open_path
from lyncdr_helpers.backups.signed import Keys
from lyncdr_helpers.clock import SetClock
from lyncdr_helpers.dossier import sealing
from lyncdr_helpers.phases.incidents import incident, told
from lyncdr_helpers.phases.incidents.incident import Incident
from lyncdr_helpers.phases.incidents.service import Outage, outage
from lyncdr_helpers.plan import Change, Plan
from lyncdr_helpers.runfolder import RunFolder

USERS = ("ada@example.org", "bob@example.org", "eve@example.org")
RECORD = "sip.example.org A"
HOUR, MINUTE = 1 / 24, 1 / 1440


def backup(folder: Path, days: float = -HOUR, **how: Any) -> Path:
    """A night in which the primary's lists were exported, five seconds after it began."""
    return run(
        folder, "backup", *step("contact export", 5.0), fact(f"contacts on {FAILED}", 300), end(), days=days, **how
    )


def declared(because: str = "the building burns") -> list[Entry]:
    return [("declaration", {"because": because, "pool": FAILED, "by": WHO}, 0.0)]


def look(seen: str = "no answer", verdict: str = "pass", severity: str = "must") -> Entry:
    """One look at the primary's SIP port."""
    check = {"area": "primary", "name": "fe01 port 5061 from here", "verdict": verdict, "severity": severity}
    return ("check", {**check, "seen": seen, "expected": "no answer", "remedy": ""}, 0.0)


def acted(act: str, targets: Iterable[str], seconds: float = 10.0, failed: Iterable[str] = ()) -> list[Entry]:
    """An act that takes so long and comes to its end for all targets but the failed ones."""
    wanted, bad = list(targets), list(failed)
    done = [one for one in wanted if one not in bad]
    return [
        ("found", {"act": act, "count": 0, "of": len(wanted)}, 0.0),
        ("intent", {"act": act, "targets": wanted}, seconds),
        ("result", {"act": act, "intent": 0, "done": done, "failed": dict.fromkeys(bad, "no")}, 0.0),
    ]


def made(users: Iterable[str] = USERS, lists: Iterable[str] = USERS, records: Iterable[str] = (RECORD,)) -> Plan:
    """The plan of an activation."""
    changes = [Change("move-user", one, FAILED, TARGET) for one in users]
    changes += [Change("import-contacts", one, "", "ab" * 32) for one in lists]
    changes += [Change("dns-record", one, "60 192.0.2.1", "60 192.0.2.2") for one in records]
    return Plan.of("r", "contoso", SCOPE, {"backup": "20260301-010000-backup-0000"}, changes)


def planned(plan: Plan) -> Entry:
    return (
        "plan",
        {"digest": plan.digest, "scope": plan.scope, "counts": plan.counts(), "basis": dict(plan.basis)},
        0.0,
    )


def approved(plan: Plan) -> Entry:
    return ("approval", {"digest": plan.digest, "by": WHO}, 0.0)


def activation(
    folder: Path, *inside: Entry, days: float = 0.0, plan: Plan | None = None, ending: Entry | None = None, **how: Any
) -> Path:
    """Declared after 0 s, silent after 2 s, stopped at the gate, approved after 60 s; then what is inside."""
    plan = plan or made()
    path = run(
        folder,
        "activate",
        *declared(),
        *step("evidence", 2.0, look()),
        fact("backup", plan.basis["backup"]),
        planned(plan),
        *refused(60.0),
        approved(plan),
        *inside,
        ending or end(),
        days=days,
        **how,
    )
    (path / "plan.json").write_text(json.dumps(plan.as_json()), encoding="utf-8")
    return path


def everybody() -> list[Entry]:
    """Moved after 10 s, lists after 20 s more, DNS 5 s later."""
    return [
        *step("move users", 0.0, *acted("move users", USERS)),
        *step("restore contacts", 0.0, *acted("restore contacts", USERS, 20.0)),
        *step("repoint DNS", 0.0, *acted("repoint DNS", [RECORD], 5.0)),
    ]


def verification(
    folder: Path, days: float = 10 * MINUTE, ending: Entry | None = None, users: int = 3, **how: Any
) -> Path:
    counted = [fact("users_rehomed", users), fact("users_on_failed_pool", 3), fact("lost", 3 - users)]
    return run(folder, "verify", *step("users", 4.0), *counted, ending or end(), days=days, **how)


def failback(folder: Path, days: float, ending: Entry | None = None, **how: Any) -> Path:
    """The way home: everybody moves in ten seconds."""
    moved = step("move users", 0.0, *acted("move users", USERS))
    return run(folder, "failback", *moved, fact("failback_lost", 0), ending or end(), days=days, **how)


def drill(folder: Path, days: float, seconds: float = 46.7, ending: Entry | None = None) -> Path:
    """A drill of 40 users, of a deployment of its own."""
    came_to = [fact("rto_seconds", seconds), fact("lost", 0)]
    return run(folder, "drill", *came_to, ending or end(), days=days, deployment="lab")


def edit(path: Path) -> Path:
    """Somebody writes a 9 over the first number of a run's journal."""
    journal = path / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b'"value":3', b'"value":9', 1))
    return path


def sealed(path: Path, keys: Keys) -> Path:
    """The run's folder with its manifest, as the session leaves it; its head is copied nowhere."""
    list(sealing.seal(RunFolder(path), SetClock(START), keys, lambda: open_path(path.parent / "no-store")))
    return path


def story(folder: Path, keys: Keys | None = None, **how: Any) -> dict[str, Path]:
    """All of it, by phase: a night, an activation, its proof, and the way home a day later; each is sealed."""
    made = {
        "backup": backup(folder, **how),
        "activate": activation(folder, *everybody(), **how),
        "verify": verification(folder, **how),
        "failback": failback(folder, 1.0, **how),
    }
    return {phase: sealed(path, keys or Keys()) for phase, path in made.items()}


def incidents(folder: Path) -> tuple[Incident, ...]:
    return incident.incidents(told.read(folder, "contoso"))


def outage_of(folder: Path, lost_at: str = "") -> Outage:
    runs = told.read(folder, "contoso")
    (found,) = incident.incidents(runs)
    return outage(found, runs, FAILED, lost_at)
