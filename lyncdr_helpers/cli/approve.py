"""`lyncdr approve`: the second person's word on a plan, from an account of their own."""

from __future__ import annotations

from typing import Annotated

import typer

from lyncdr_helpers.cli.options import AsJson, Params
from lyncdr_helpers.cli.output import answer


def approve(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Its name, as `lyncdr runs list` shows it.")],
    digest: Annotated[str, typer.Argument(metavar="DIGEST", help="The plan you have read: 12 digits or more.")],
    params: Params,
    as_json: AsJson = False,
) -> None:
    """Approve a plan that waits for a second person. Nothing is done by it: whoever runs the phase goes on.

    Where the parameters say approval.second_approver, two accounts of different names must approve each plan: the one
    that runs the phase, and another. Run this as yourself, on any machine that reaches the folder of the runs; read the
    plan there first (plan.json, or `lyncdr runs show`). That proves an account, and no person.

    \b
    Example:
        lyncdr approve 20260301-021409-activate-3f2a 3f2a9c81d07b --params params/contoso.yml
    """
    from lyncdr_helpers.phases import approval

    plan, standing = approval.give(params, run, digest)
    by = [one.name for one in standing.given]
    if as_json:
        answer({"run": run, "plan": plan.digest, "needed": standing.needed, "by": by})
    else:
        print(f"Approved by {standing.text}, {len(by)} of {standing.needed}: {plan.scope}, digest {plan.short}.")
