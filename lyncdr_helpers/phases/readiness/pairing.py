"""Pool pairing, from Lync 2013 on: whether the pools are paired, and if so whether it is supported and healthy.

This playbook does not rest on it: no pairing is a fact, not a fault.
"""

from __future__ import annotations

from lyncdr_helpers.checks import Check, Checklist, Verdict, judge, unknown
from lyncdr_helpers.params.sites import Pool
from lyncdr_helpers.ports import Record, Reply
from lyncdr_helpers.session import Session
from lyncdr_helpers.shell import pairing, preparation, script

AREA = "pairing"
PAIR, STATUS = "pool pairing", "backup service"
EXPORT, IMPORT = ("finalstate", "steadystate"), ("normalstate",)
"""States of a backup service that keeps up (Microsoft, "What does the status reported by Get-CsBackupServiceStatus
mean?"); case does not count.
"""


def check(session: Session) -> Checklist:
    """Nothing of Lync 2010, which has no pairing."""
    checks, lost = Checklist(), session.params.failed_pool
    if session.params.generation == "lync2010":
        return checks
    expected = f"{lost.fqdn} and {session.params.target_pool.fqdn}, or none"
    with checks.asking(AREA, PAIR, expected, soft=True):
        reply = session.shell.invoke(pairing.get_backup_relationship(lost.fqdn))
        pair = _pair(reply, lost)
        checks.add(_judge_pair(session, reply, pair, expected))
        if pair:
            checks.add(_status(session.shell.invoke(pairing.get_backup_status(lost.fqdn))))
    return checks


OFFER = """\
{lost} and {target} are paired; {copy}. Instead of this activation, in the shell of a server of {target}:
    {line}
It takes about half an hour, loses what was not copied yet, and needs no backup set: contact lists and meetings are
there at once. Users keep their home, and go back by Invoke-CsPoolFailBack. It moves no Response Groups, endpoints,
conference directories, Group Chat, next hop of an Edge or DNS record, and leaves the Central Management Store where it
is: that takes Invoke-CsManagementServerFailover. Choose one of the two: after it, run nothing below the gate."""
"""Source: Microsoft, "Failing over a pool", and the help of these cmdlets. Nobody here runs it."""

COPIES = {Verdict.PASS: "the copy keeps up", Verdict.UNKNOWN: "how far the copy goes nobody can say now"}


def offer(session: Session) -> str:
    """What pairing offers instead of an activation, for people to read; empty where the pools are no sound pair."""
    made = {one.name: one for one in check(session)}
    session.record(*made.values())
    pair, status = made.get(PAIR), made.get(STATUS)
    if not pair or not status or pair.verdict is not Verdict.PASS or status.verdict not in COPIES:
        return ""
    lost, target = session.params.failed_pool.fqdn, session.params.target_pool.fqdn
    line = script.line(preparation.fail_over_pool(lost))
    return OFFER.format(lost=lost, target=target, copy=COPIES[status.verdict], line=line)


def is_paired(session: Session) -> bool | None:
    """Whether the pools are a pair; None where nobody can say, as when the Central Management Store is lost."""
    made = {one.name: one for one in check(session)}
    pair = made.get(PAIR)
    if pair and pair.verdict is Verdict.UNKNOWN:
        return None
    return pair is not None and pair.verdict is Verdict.PASS and STATUS in made


def _pair(reply: Reply, pool: Pool) -> str:
    """The other pool: the one value that is a name and not this pool's, as nobody says what the property is called."""
    values = (str(value).lower() for row in reply.output for value in row.values() if isinstance(value, str))
    names = {value.rpartition(":")[2] for value in values}
    return next((name for name in sorted(names) if "." in name and " " not in name and name != pool.fqdn), "")


def _judge_pair(session: Session, reply: Reply, pair: str, expected: str) -> Check:
    params = session.params
    lost, target = params.failed_pool, params.target_pool
    if reply.faults:
        remedy = "Look there: Get-CsPoolBackupRelationship"
        return unknown(AREA, PAIR, seen=reply.faults[0].message, expected=expected, remedy=remedy, soft=True)
    if not pair:
        return judge(AREA, PAIR, True, seen="not paired", expected=expected, soft=True)
    if pair != target.fqdn:
        remedy = "Users who are failed over by pairing land on another pool than this playbook's."
        return judge(AREA, PAIR, False, seen=f"paired with {pair}", expected=expected, remedy=remedy, soft=True)
    same = lost.edition == target.edition
    seen = f"paired with {pair}" if same else f"{lost.edition} edition is paired with {target.edition} edition"
    remedy = "Only pools of one edition may be paired: Standard with Standard, Enterprise with Enterprise."
    return judge(AREA, PAIR, same, seen=seen, expected=expected, remedy=remedy, soft=True)


def _status(reply: Reply) -> Check:
    expected = "FinalState or SteadyState, and NormalState"
    if reply.faults or not reply.output:
        seen = reply.faults[0].message if reply.faults else "it does not say"
        remedy = "Run Get-CsBackupServiceStatus as a member of RTCUniversalServerAdmins."
        return unknown(AREA, STATUS, seen=seen, expected=expected, remedy=remedy, soft=True)
    sound = all(_sound(row) for row in reply.output)
    seen = "; ".join(_in_words(row) for row in reply.output)
    remedy = "Look at its modules: (Get-CsBackupServiceStatus -PoolFqdn ...).BackupModules"
    return judge(AREA, STATUS, sound, seen=seen, expected=expected, remedy=remedy, soft=True)


def _sound(row: Record) -> bool:
    return (
        str(row.get("OverallExportStatus")).lower() in EXPORT and str(row.get("OverallImportStatus")).lower() in IMPORT
    )


def _in_words(row: Record) -> str:
    return f"export {row.get('OverallExportStatus')}, import {row.get('OverallImportStatus')}"
