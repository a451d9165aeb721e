"""`lyncdr params`: is a parameters file right, and what may it say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Check a parameters file, or print their schema.", no_args_is_help=True)


@app.command()
def check(file: Annotated[Path, typer.Argument(metavar="FILE", help="Such as params/example.yml.")]) -> None:
    """Check a parameters file: every mistake at once, with file, line, key, what is wrong and an example of right.

    Nobody is asked over the network; `lyncdr run prepare` does that.
    """
    from lyncdr_helpers.params.reading import read_params

    params = read_params(file).params
    print(
        f"{file} is right: deployment {params.deployment} ({params.generation}), "
        f"{params.failover.from_pool} to {params.failover.to_pool}, {len(params.dns.records)} DNS records."
    )


@app.command()
def schema() -> None:
    """Print the JSON Schema of parameters files, for completion and checking in an editor.

    \b
    Example:
        lyncdr params schema > params/schema.json
    """
    from lyncdr_helpers.params import reading

    print(json.dumps(reading.schema(), indent=1))
