"""What goes wrong during an activation, one by one: how it comes about, and what the run must say of it.

docs/under-fire.md shows this table; tests/disasters/test_matrix.py brings each of it about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from fire import Fire
from rewind import signed_in

from lyncdr_helpers.adapters.dns import authoritative
from lyncdr_helpers.contacts.dbimpexp import read_export, write_import
from lyncdr_helpers.lab import lifecycle
from lyncdr_helpers.lab.blueprint import BASE_DN, BRANCH_POOL, PRIMARY_POOL
from lyncdr_helpers.lab.forest import POOLS
from lyncdr_helpers.lab.winrm import Call, Category, Cmdlet, CmdletError, Executable, ProgramCall
from lyncdr_helpers.lab.winrm.faults import FaultKind, act_with
from lyncdr_helpers.params.reading import read_params
from lyncdr_helpers.ports import RecordChange

Bring = Callable[[Fire], "Met"]


@dataclass(frozen=True)
class Met:
    """A fault that waits for the activation. end: takes its cause away. meanwhile: what happens while the run waits."""

    end: Callable[[], object] = lambda: None
    meanwhile: Callable[[], object] = lambda: None
    params: Path | None = None


@dataclass(frozen=True)
class Fault:
    """code, outcome, says: of the run that meets it; `says` is part of its words, and empty where it goes on."""

    what: str
    when: str
    bring: Bring
    code: int
    outcome: str
    says: str


# -- the management host ---------------------------------------------------------------------------------------------
def meets(kind: FaultKind, cmdlet: str) -> Bring:
    """The next run of the cmdlet meets one of the lab's faults."""

    def bring(fire: Fire) -> Met:
        fire.meddling.once(cmdlet, lambda call, act: act_with(kind, act, call))
        return Met()

    return bring


def too_slow(fire: Fire) -> Met:
    """The move is done, and its answer does not come in time."""
    fire.meddling.once("Move-CsUser", lambda call, act: act_with("no answer", act, call))
    hasty = fire.scene.params.with_name("hasty.yml")
    text = fire.scene.params.read_text(encoding="utf-8")
    hasty.write_text(text.replace("  auth: ntlm", "  timeout_seconds: 2\n  auth: ntlm", 1), encoding="utf-8")
    return Met(params=hasty)


def half(fire: Fire) -> Met:
    """The cmdlet ends in the middle of a batch."""

    def act_on_half(call: Call, act: Cmdlet) -> None:
        act(_fed(call, call.feed[: len(call.feed) // 2]))
        raise CmdletError("The pipeline has been stopped.", "PipelineStopped", Category.OperationStopped)

    fire.meddling.once("Move-CsUser", act_on_half)
    return Met()


def restarting(name: str) -> Bring:
    """The DR pool goes down when the command comes, and is up again before the next run."""

    def bring(fire: Fire) -> Met:
        lab = fire.scene.blueprint.folder

        def act_without_pool(call: Any, act: Callable[[Any], Any]) -> Any:
            lifecycle.fail(lab, "dr")
            return act(call)

        fire.meddling.once(name, act_without_pool)
        return Met(lambda: lifecycle.heal(lab, "dr"))

    return bring


# -- the directory ---------------------------------------------------------------------------------------------------
def stale(fire: Fire) -> Met:
    """The management host writes to another domain controller; what it wrote comes to ours while the run waits."""
    late: list[Callable[[], None]] = []

    def act_elsewhere(call: Call, act: Cmdlet) -> None:
        late.append(partial(act, Call(call.name, call.parameters, call.feed, call.user, _Nobody())))

    def replicate() -> None:
        while late:
            late.pop()()

    fire.meddling.once("Move-CsUser", act_elsewhere)
    return Met(end=replicate, meanwhile=replicate)


def controller_gone(fire: Fire) -> Met:
    """It goes in the middle of a batch, for the management host and for us."""

    def act_and_go(call: Call, act: Cmdlet) -> None:
        act(_fed(call, call.feed[: len(call.feed) // 2]))
        fire.controller.cut()
        raise CmdletError("The domain controller dc1.lync.test does not answer.", "ADOperationException")

    fire.meddling.once("Move-CsUser", act_and_go)
    return Met(end=fire.controller.join)


ELSEWHERE = {"PrimaryHomeServer": POOLS[BRANCH_POOL].service, "UserPolicies": f"0={POOLS[BRANCH_POOL].tag}"}
NOBODY: Mapping[str, Any] = {
    name: [] for name in ("PrimaryUserAddress", "UserEnabled", "PrimaryHomeServer", "UserPolicies")
}
"""What makes an account a user of the branch office, and what makes it nobody."""


def moved_meanwhile(fire: Fire) -> Met:
    """While the first batch moves, somebody moves a user of the last one to the branch office."""
    stray = sorted(user for user, home in fire.scene.homes().items() if home == "pool01.lync.test")[-1]
    before = of_first_day(fire, stray)

    def act_with_company(call: Call, act: Cmdlet) -> None:
        act(call)
        change(fire, stray, ELSEWHERE)

    fire.meddling.once("Move-CsUser", act_with_company)
    return Met(end=partial(change, fire, stray, before))


def change(fire: Fire, user: str, values: Mapping[str, Any]) -> None:
    """Attributes of one user, as somebody else writes them: each one value, or a list of them."""
    wanted = {name: some if isinstance(some, list) else [some] for name, some in values.items()}
    with signed_in(fire.scene) as connection:
        connection.modify(
            dn_of(fire, user), {f"msRTCSIP-{name}": [("MODIFY_REPLACE", some)] for name, some in wanted.items()}
        )


NEWCOMER = "brand.new@lync.test"


def enable_newcomer(fire: Fire) -> None:
    """An account that never had a SIP address gets one, on the pool that is lost."""
    with signed_in(fire.scene) as connection:
        values = {"PrimaryUserAddress": f"sip:{NEWCOMER}", "UserEnabled": "TRUE", "DeploymentLocator": "SRV:"}
        home = {"PrimaryHomeServer": POOLS[PRIMARY_POOL].service, "UserPolicies": f"0={POOLS[PRIMARY_POOL].tag}"}
        changes = {f"msRTCSIP-{name}": [("MODIFY_REPLACE", [value])] for name, value in {**values, **home}.items()}
        connection.modify(f"CN=svc-lyncdr,CN=Users,{BASE_DN}", changes)


def of_first_day(fire: Fire, user: str) -> dict[str, Any]:
    """What the user's account was."""
    return {name: fire.begun.entries[dn_of(fire, user)][f"msRTCSIP-{name}"] for name in NOBODY}


def dn_of(fire: Fire, user: str) -> str:
    address = f"sip:{user}".encode()
    return next(dn for dn, one in fire.begun.entries.items() if one["msRTCSIP-PrimaryUserAddress"] == [address])


# -- names -----------------------------------------------------------------------------------------------------------
def names_refused(fire: Fire) -> Met:
    fire.meddling.once("update", fire.names.refuse)
    return Met()


def names_changed(fire: Fire) -> Met:
    """Between our last look at a record and the update, somebody else changes it."""
    loaded, lab = read_params(fire.scene.params), fire.scene.blueprint
    own = loaded.params.dns.servers[0].model_copy(update={"address": lab.nameserver})
    server = authoritative(own, loaded.folder)
    old = server.ask("sip.lync.test", "A")
    assert old is not None
    new = type(old)(old.name, old.type, old.ttl, ("192.0.2.9",))

    def act_too_late(wire: bytes, act: Callable[[bytes], bytes]) -> bytes:
        assert server.update("lync.test", [RecordChange(old, new)])
        return act(wire)

    fire.meddling.once("update", act_too_late)
    return Met(end=lambda: server.update("lync.test", [RecordChange(new, old)]))


# -- contact lists ---------------------------------------------------------------------------------------------------
def imports(share: float) -> Bring:
    """dbimpexp imports that share of the users, says nothing of the others, and ends with 0."""

    def bring(fire: Fire) -> Met:
        def act_on_some(call: ProgramCall, act: Executable) -> int:
            if "/import" not in call.arguments:
                fire.meddling.once("dbimpexp.exe", act_on_some)
                return act(call)
            place = fire.scene.blueprint.exchange / call.arguments[1].rpartition("\\")[2].strip('"')
            lists = list(read_export(place))
            write_import(place, lists[: int(len(lists) * share)])
            act(ProgramCall(call.arguments, call.user, lambda _: None, lambda _: None))
            call.out(f"Imported {len(lists)} of {len(lists)} users.\r\n")
            return 0

        fire.meddling.once("dbimpexp.exe", act_on_some)
        return Met()

    return bring


def restore_refused(fire: Fire) -> Met:
    """SQL Server has no room for Group Chat's database."""

    def act_without_room(call: ProgramCall, act: Executable) -> int:
        if "RESTORE DATABASE" not in " ".join(call.arguments):
            fire.meddling.once("sqlcmd.exe", act_without_room)
            return act(call)
        call.err("Msg 3257, Level 16\r\nThere is insufficient free space on disk volume 'D:\\'.\r\n")
        return 1

    fire.meddling.once("sqlcmd.exe", act_without_room)
    return Met()


# -- folders ---------------------------------------------------------------------------------------------------------
def share_gone(fire: Fire) -> Met:
    """The exchange folder cannot be reached when contact lists are to pass through it."""
    share = fire.scene.blueprint.exchange
    aside = share.with_name("aside")

    def act_and_lose(call: Call, act: Cmdlet) -> None:
        act(call)
        share.rename(aside)
        share.write_bytes(b"")

    def back() -> None:
        share.unlink()
        aside.rename(share)

    fire.meddling.once("Update-CsUserDatabase", act_and_lose)
    return Met(end=back)


def store_gone(fire: Fire) -> Met:
    """The backup store cannot be reached any more once people are being moved."""
    store = fire.scene.blueprint.store
    aside = store.with_name("aside")

    def act_and_lose(call: Call, act: Cmdlet) -> None:
        act(call)
        store.rename(aside)

    fire.meddling.once("Update-CsUserDatabase", act_and_lose)
    return Met(end=lambda: aside.rename(store))


# -- helpers of the above --------------------------------------------------------------------------------------------
class _Nobody:
    """Streams that nobody hears."""

    def output(self, value: object) -> None: ...

    def error(self, error: CmdletError) -> None: ...

    def warning(self, text: str) -> None: ...


def _fed(call: Call, feed: list[Any]) -> Call:
    return Call(call.name, call.parameters, feed, call.user, call.streams)


FAULTS = (
    Fault(
        "The WinRM connection is cut while the command is sent",
        "first batch of the move",
        meets("cut before act", "Move-CsUser"),
        6,
        "unknown",
        "Move-CsUser was sent, and its answer is lost.",
    ),
    Fault(
        "The WinRM connection is cut while the answer is received",
        "first batch of the move",
        meets("cut after act", "Move-CsUser"),
        6,
        "unknown",
        "Move-CsUser was sent, and its answer is lost.",
    ),
    Fault(
        "The cmdlet does all, and its answer does not come in time",
        "first batch of the move",
        too_slow,
        6,
        "unknown",
        "Move-CsUser was not done within 2 seconds.",
    ),
    Fault(
        "The cmdlet ends with a terminating error, nothing done",
        "first batch of the move",
        meets("terminating error", "Move-CsUser"),
        1,
        "failed",
        "all 8 of a batch failed.",
    ),
    Fault(
        "The cmdlet reports an error for one user, and moves the others",
        "first batch of the move",
        meets("error for one", "Move-CsUser"),
        4,
        "incomplete",
        "changes of the plan failed.",
    ),
    Fault(
        "The cmdlet stops with half a batch done",
        "first batch of the move",
        half,
        4,
        "incomplete",
        "changes of the plan failed.",
    ),
    Fault(
        "The cmdlet does all, and half of its answers come before an error",
        "first batch of the move",
        meets("half answer", "Move-CsUser"),
        0,
        "done",
        "",
    ),
    Fault(
        "The directory still gives the old homes when it is read back, and the new ones a moment later",
        "first batch of the move",
        stale,
        0,
        "done",
        "",
    ),
    Fault(
        "The domain controller goes with half a batch done",
        "first batch of the move",
        controller_gone,
        1,
        "failed",
        "No answer from the domain controller",
    ),
    Fault(
        "Somebody moves a user of the plan to a third pool",
        "while the first batch moves",
        moved_meanwhile,
        5,
        "refused",
        "neither as the plan saw them nor as it wants them",
    ),
    Fault(
        "The DR pool restarts",
        "first batch of the move",
        restarting("Move-CsUser"),
        1,
        "failed",
        "Cannot open a connection to SQL Server",
    ),
    Fault(
        "The DR pool restarts",
        "import of Response Groups",
        restarting("Import-CsRgsConfiguration"),
        1,
        "failed",
        "Cannot open a connection to SQL Server",
    ),
    Fault(
        "The exchange folder is gone",
        "after the move, before the contact lists",
        share_gone,
        1,
        "failed",
        "exchange folder",
    ),
    Fault(
        "The backup store is gone",
        "after the move",
        store_gone,
        1,
        "failed",
        "store",
    ),
    Fault(
        "dbimpexp imports half of the lists, and says that it imported all",
        "import of contact lists",
        imports(0.5),
        4,
        "incomplete",
        "changes of the plan failed.",
    ),
    Fault(
        "dbimpexp imports nothing, says that it imported all, and ends with 0",
        "import of contact lists",
        imports(0),
        1,
        "failed",
        "no error was reported, and it is not there",
    ),
    Fault(
        "A cmdlet's connection is cut, everything done",
        "import of Response Groups",
        meets("cut after act", "Import-CsRgsConfiguration"),
        6,
        "unknown",
        "Import-CsRgsConfiguration was sent, and its answer is lost.",
    ),
    Fault(
        "SQL Server refuses to restore Group Chat's database",
        "restore of Group Chat",
        restore_refused,
        4,
        "incomplete",
        "Msg 3257",
    ),
    Fault(
        "The nameserver refuses the update",
        "cutover of names",
        names_refused,
        1,
        "failed",
        "refuses an update of lync.test",
    ),
    Fault(
        "Somebody changes a record between our last look and the update",
        "cutover of names",
        names_changed,
        5,
        "refused",
        "The record changed since the plan: sip.lync.test A",
    ),
)

STAGES = (
    "first batch of the move",
    "while the first batch moves",
    "after the move, before the contact lists",
    "after the move",
    "import of contact lists",
    "import of Response Groups",
    "restore of Group Chat",
    "cutover of names",
)
"""When a fault comes, in the order of an activation."""


@dataclass(frozen=True)
class Story:
    """What takes more than one fault to tell. says: part of the words of the run; after: what becomes of it."""

    what: str
    when: str
    code: int
    says: str
    after: str


SAME = "the same as after an undisturbed activation"
AGAIN = f"once the cause is gone, with the same command again: {SAME}"

KILLED = Story(
    "The process is killed",
    "at every intent and every result in its journal, between the two, and at every other kind of line",
    -9,
    "",
    AGAIN,
)
KILLED_MEANWHILE = Story(
    "The process is killed while any of the above is the case",
    "before a line of it is in the journal, and after the first one; all of them in one activation",
    -9,
    "",
    AGAIN,
)
CUT_AND_BACK = Story(
    "The line between the sites is cut, comes back, and is cut again",
    "after the first batch of the move",
    5,
    "it accepts connections",
    f"nobody is moved while the primary answers; once it is silent again, the same command ends: {SAME}",
)
SECOND_OPERATOR = Story(
    "A second operator starts the same activation",
    "while the first one is at work",
    7,
    "holds the lock",
    "the first one goes on; the second is told who it is",
)
PLANNED_ANEW = "nothing is done; the new plan is shown, with a digest of its own"
BEFORE, AFTER = "after the plan, before its approval", "after the approval, before the move"
MEANWHILE = {
    ("enabled", BEFORE): Story("A user is enabled", BEFORE, 5, "--approve", PLANNED_ANEW),
    ("disabled", BEFORE): Story("A user is disabled", BEFORE, 5, "--approve", PLANNED_ANEW),
    ("moved", BEFORE): Story("A user is moved to a third pool", BEFORE, 5, "--approve", PLANNED_ANEW),
    ("renamed", BEFORE): Story(
        "A user gets another address", BEFORE, 5, "new.name@lync.test", "nothing is done; the backup has no such user"
    ),
    ("enabled", AFTER): Story(
        "A user is enabled",
        AFTER,
        4,
        "changes of the plan failed.",
        "everybody else is back; the run and the verification name the user",
    ),
    ("disabled", AFTER): Story(
        "A user is disabled", AFTER, 5, "is gone", "nothing is done; --run new makes a new plan"
    ),
    ("moved", AFTER): Story(
        "A user is moved to a third pool", AFTER, 5, "is sba01.lync.test", "nothing is done; --run new makes a new plan"
    ),
    ("renamed", AFTER): Story(
        "A user gets another address",
        AFTER,
        4,
        "new.name@lync.test (in the plan as ",
        "everybody else is back; the run and the verification name the user, by both addresses",
    ),
    ("new", AFTER): Story(
        "A user is enabled for the first time",
        AFTER,
        4,
        f"1 came to {PRIMARY_POOL} since the plan was made, and stay there: {NEWCOMER}.",
        "everybody else is back; the run and the verification name the user; --run new makes a plan that has them",
    ),
}
"""What happens to one user between the plan and the move."""


# -- the document ----------------------------------------------------------------------------------------------------
HEAD = ("What goes wrong", "When", "What the run says", "Exit code", "What is true afterwards")
BEGIN, END = "<!-- the matrix -->", "<!-- end of the matrix -->"


def table() -> str:
    """The matrix as docs/under-fire.md shows it, between its two marks."""
    rows = [
        *((one.what, one.when, f"{one.outcome}{_quoted(one.says)}", str(one.code), _after(one)) for one in FAULTS),
        *(
            (one.what, one.when, _quoted(one.says).removeprefix(": ") or "nothing more", _code(one.code), one.after)
            for one in (KILLED, KILLED_MEANWHILE, CUT_AND_BACK, SECOND_OPERATOR, *MEANWHILE.values())
        ),
    ]
    lines = [HEAD, ("---",) * len(HEAD), *rows]
    return "\n".join([BEGIN, *(f"| {' | '.join(cells)} |" for cells in lines), END])


def _quoted(says: str) -> str:
    return f': "{says}"' if says else ""


def _code(code: int) -> str:
    return str(code) if code >= 0 else "none"


def _after(fault: Fault) -> str:
    return AGAIN if fault.code else SAME


def write(document: Path) -> None:
    """Put the matrix into the document, in the place of the one that is there."""
    text = document.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    document.write_text(head + table() + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    write(Path(__file__).parents[2] / "docs" / "under-fire.md")
