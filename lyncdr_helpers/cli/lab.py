"""`lyncdr lab`: the training deployment on this machine."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from lyncdr_helpers.cli.options import AsJson, Cms, Directory, Dns, Generation, LabFolder, Subnet, Users
from lyncdr_helpers.cli.output import answer, note
from lyncdr_helpers.errors import InputError
from lyncdr_helpers.lab.blueprint import Blueprint
from lyncdr_helpers.lab.sites import Part

HERE = Path(".lab")

app = typer.Typer(
    help="A training deployment on loopback: two sites and 250 users, on this machine alone.",
    short_help="A training deployment on this machine.",
    no_args_is_help=True,
)


@app.command()
def up(
    folder: LabFolder = HERE,
    users: Users = 250,
    generation: Generation = "lync2010",
    directory: Directory = "embedded",
    dns: Dns = "embedded",
    cms: Cms = "dr",
    subnet: Subnet = "127.53.0",
    as_json: AsJson = False,
) -> None:
    """Bring the lab up. It stays until `lyncdr lab down`.

    \b
    Then walk through the phases with it:
        lyncdr run prepare --params .lab/lab.yml
    """
    blueprint = Blueprint(
        folder.resolve(), subnet, users=users, generation=generation, directory=directory, dns=dns, cms=cms
    )
    lifecycle().up(blueprint, on_progress=note)
    if as_json:
        answer({"outcome": "done", "folder": str(blueprint.folder), "params": str(blueprint.params_file)})
    else:
        print(f"The lab is up, with {users} users. Its parameters: {folder / 'lab.yml'}")


@app.command()
def down(folder: LabFolder = HERE) -> None:
    """End the lab and remove its files. The record of runs stays."""
    lifecycle().down(folder.resolve())
    print(f"The lab in {folder} is down.")


@app.command()
def status(folder: LabFolder = HERE, as_json: AsJson = False) -> None:
    """Show every server of the lab, where it listens and whether it answers."""
    rows = [asdict(row) for row in lifecycle().status(folder.resolve())]
    if as_json:
        answer({"servers": rows})
        return
    for row in rows:
        print(f"{row['server']:<20} {row['address']}:{row['port']:<6} {row['state']}")


@app.command()
def fail(part: Part, folder: LabFolder = HERE) -> None:
    """Lose a site, or the link between the sites.

    \b
    Example:
        lyncdr lab fail primary
    """
    lifecycle().fail(folder.resolve(), part)
    print(f"{part} is lost.")


@app.command()
def heal(part: Part, folder: LabFolder = HERE) -> None:
    """Give a site, or the link between the sites, back."""
    lifecycle().heal(folder.resolve(), part)
    print(f"{part} is back.")


@app.command()
def local(
    command: Annotated[str, typer.Argument(metavar="COMMAND", help="One line of PowerShell, in quotes, as printed.")],
    folder: LabFolder = HERE,
) -> None:
    """Run a command in the management shell of the DR pool's server.

    Some cmdlets are refused in a remote session, and are for a person in front of the machine.

    \b
    Example:
        lyncdr lab local "Enable-CsTopology"
    """
    lifecycle()
    from lyncdr_helpers.lab import local_shell

    said = local_shell.run(local_shell.lab_in(folder.resolve()), command)
    for row in said.output:
        print("\n".join(f"{name} : {value}" for name, value in row.items()))
    for text in [*said.warnings, *(error.message for error in said.errors)]:
        note(text)
    raise typer.Exit(1 if said.errors else 0)


@app.command()
def operator(folder: LabFolder = HERE) -> None:
    """Run the scripts of transport: script, as a person at the management host would, until Ctrl+C.

    There is no PowerShell in the lab: what a script says of itself for machines is carried out.
    """
    lifecycle()
    from lyncdr_helpers.lab import local_shell, script_operator

    blueprint = local_shell.lab_in(folder.resolve())
    note(f"Waiting for scripts in {blueprint.exchange}.")
    script_operator.of(blueprint).wait(on_run=lambda name: print(name, flush=True))


def lifecycle() -> ModuleType:
    """The lab's own packages are an extra; a management host at a DR site has no use for them."""
    try:
        from lyncdr_helpers.lab import lifecycle
    except ModuleNotFoundError as cause:
        raise InputError(
            f"The lab needs the package {cause.name}.", "Install the lab's packages: pip install -e '.[lab]'"
        ) from cause
    return lifecycle
