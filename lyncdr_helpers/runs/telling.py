"""Telling people how a backup ended. Whether that works changes nothing about how it ended."""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence

from lyncdr_helpers import files, runfolder
from lyncdr_helpers.clock import SystemClock, stamp
from lyncdr_helpers.credentials import SecretReference
from lyncdr_helpers.errors import LyncdrError
from lyncdr_helpers.journal import Line
from lyncdr_helpers.params.reading import LoadedParams
from lyncdr_helpers.runfolder import RunFolder
from lyncdr_helpers.runs import notices
from lyncdr_helpers.runs.notices import Ended, Message

KEPT = "notices.jsonl"
"""In the run's folder, beside its journal, which has ended by then: who was told what, and what became of it."""

How = tuple[str, int, str]
"""Outcome, exit code and message, as `runner.judge` has them."""


def tell(loaded: LoadedParams, folder: RunFolder | None, how: How, seconds: float, lines: Sequence[Line] = ()) -> None:
    """Tell those whom the parameters name. folder: None where no run began. seconds: how long it took. lines: of its
    journal. What does not work is said on stderr, and kept in the run's folder where it has one.
    """
    wanted = loaded.params.notices
    if wanted is None:
        return
    try:
        ended = _ended(loaded, folder, how, seconds, lines)
        if ended.endings & set(wanted.on):
            targets = [SecretReference.parse(text, loaded.folder) for text in wanted.to]
            _send(targets, notices.compose(ended), folder)
    except (LyncdrError, OSError) as error:
        print(f"lyncdr: the notice of this backup is not sent or not kept: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("lyncdr: a signal cut the notice of this backup short.", file=sys.stderr)


def _ended(loaded: LoadedParams, folder: RunFolder | None, how: How, seconds: float, lines: Sequence[Line]) -> Ended:
    outcome, exit_code, message = how
    params = loaded.params
    runs = runfolder.all_runs(loaded.locate(params.runs_folder))
    return Ended(
        deployment=params.deployment,
        params_file=str(loaded.path),
        host=platform.node(),
        run=folder.run if folder else "",
        outcome=outcome,
        exit_code=exit_code,
        message=message,
        seconds=seconds,
        ended=SystemClock().now(),
        newest=notices.newest_complete(runs, params.deployment),
        limit=params.thresholds.export_age_hours,
        facts=notices.facts_of(lines),
    )


def _send(targets: Sequence[SecretReference], message: Message, folder: RunFolder | None) -> None:
    from lyncdr_helpers.adapters import notify  # its import takes a second, which only a night with a message costs

    deliveries = notify.deliver(targets, message.subject, message.body, message.tone)
    for one in deliveries:
        if not one.sent:
            print(f"lyncdr: a notice was not delivered: {one}", file=sys.stderr)
    if folder and folder.path.is_dir():
        at = stamp(SystemClock().now())
        rows = [{"at": at, "subject": message.subject, **vars(one)} for one in deliveries]
        with (folder.path / KEPT).open("ab") as file:
            file.writelines(files.canonical(row) + b"\n" for row in rows)
