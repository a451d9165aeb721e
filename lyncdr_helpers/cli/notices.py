"""`lyncdr notices`: would people hear how a backup ended?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from lyncdr_helpers.cli.options import AsJson, Params
from lyncdr_helpers.cli.output import answer, explain, note
from lyncdr_helpers.errors import OUTCOMES, InputError, LyncdrError, OperationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lyncdr_helpers.adapters.notify import Delivery

HELP = """Try whether people would hear how a backup ended.

Whom a backup tells, and of which endings, stands in the parameters under `notices`. Each target is a URL of apprise,
which holds a password or a token and so is kept where secrets are:

\b
    mailtos://user:password@example.org?smtp=smtp.example.org&to=oncall@example.org
    json://hooks.example.org/path        any webhook; Teams, Slack and a hundred more have URLs of their own
    keyring set lyncdr mail              then: notices: {to: [keyring:lyncdr/mail]}

\b
    lyncdr notices test --params params/contoso.yml
"""

app = typer.Typer(help=HELP, short_help="Try whether people would hear of a backup.", no_args_is_help=True)


@app.callback()
def notices() -> None:
    pass


notices.__doc__ = None


@app.command()
def test(params: Params, as_json: AsJson = False) -> None:
    """Send a test message to every target, and say of each what became of it.

    Exit code 0 when all were sent, 2 when a URL or its reference is of no use, 1 when a server did not take the
    message. Sent means that the server took it: look whether it arrived.

    \b
    Example:
        lyncdr notices test --params params/contoso.yml
    """
    from lyncdr_helpers import files
    from lyncdr_helpers.adapters import notify
    from lyncdr_helpers.credentials import SecretReference
    from lyncdr_helpers.params.reading import read_params

    loaded = read_params(params)
    wanted = loaded.params.notices
    if wanted is None:
        raise InputError(
            f"{params} names nobody to tell: it has no section notices.",
            "Add it, as params/example.yml shows: notices: {to: [keyring:lyncdr/mail]}",
        )
    who = "{user}@{host}".format(**files.whoami())
    name = loaded.params.deployment
    body = f"This is a test, sent by {who}. Backups of {name} are told here when they end: {', '.join(wanted.on)}.\n"
    targets = [SecretReference.parse(text, loaded.folder) for text in wanted.to]
    note(f"Telling {len(targets)} targets, for {notify.WHOLE_SECONDS:g} seconds at most ...")
    found = notify.deliver(targets, f"lyncdr {name}: test", body, "info")
    trouble = _trouble(found)
    code = trouble.exit_code if trouble else 0
    if as_json:
        outcome = OUTCOMES[code] if code else "done"
        answer({"outcome": outcome, "exit_code": code, "targets": [vars(one) for one in found]})
    else:
        for one in found:
            print(one)
    if trouble:
        explain(trouble)
    raise typer.Exit(code)


def _trouble(found: Sequence[Delivery]) -> LyncdrError | None:
    useless = [one.target for one in found if one.outcome == "bad input"]
    unsent = [one.target for one in found if not one.sent]
    if useless:
        return InputError(f"Of no use: {', '.join(useless)}.", "Correct what is kept there, then try again.")
    if unsent:
        return OperationError(f"Not told: {', '.join(unsent)}.", "See above why; then try again.")
    return None
