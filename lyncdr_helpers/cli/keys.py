"""`lyncdr keys`: the Ed25519 key that signs backup sets, waivers and the records of runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lyncdr_helpers.cli.options import AsJson
from lyncdr_helpers.cli.output import answer
from lyncdr_helpers.errors import InputError

if TYPE_CHECKING:
    from lyncdr_helpers.signatures import PublicKey

HELP = """Make and show the key that signs backup sets, the waivers of an activation, and the record of each run.

A signature shows weeks later that a set is the one that the nightly backup made, who passed a gate, and that a run's
folder is what it was when the run ended. Whoever can read the private key can sign in your name: keep it where only the
backup's account can read it, never in the backup store, and never in the parameters. The parameters say where it is
(backup.signing_key):

\b
    file:PATH              a file that only that account can read; the path starts at the parameters' folder
    keyring:lyncdr/signing the Windows Credential Manager, or the desktop's keyring. Put it there, then remove the file:
                               keyring set lyncdr signing < lyncdr-signing.pem
    env:NAME               an environment variable; a scheduler usually has none

Whoever proves sets elsewhere needs the public half alone, in backup.trusted_keys. Keep an earlier public key there for
as long as a set that it signed may be restored. Compare fingerprints over the phone before you trust a key.

\b
    lyncdr keys new  --out lyncdr-signing.pem
    lyncdr keys show lyncdr-signing.pem
"""

app = typer.Typer(
    help=HELP, short_help="Make and show the key that signs sets, waivers and records.", no_args_is_help=True
)

DEFAULT = Path("lyncdr-signing.pem")


@app.command()
def new(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the private key is written.")] = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Make a key: the private half into a file that only you can read, the public half on the screen.

    A file that exists is never overwritten: sets that its key signed could not be proven any more.

    \b
    Example:
        lyncdr keys new --out lyncdr-signing.pem
    """
    from lyncdr_helpers.signatures import SigningKey

    made = SigningKey.new()
    _write_once(out, made.pem().encode())
    if as_json:
        answer(_facts(made.public) | {"file": str(out)})
        return
    _print(made.public)
    print(f"Private key: {out}\n\nIn the parameters:\n")
    print(f"backup:\n  signing_key: file:{out.resolve()}\n  trusted_keys: ['{made.public}']")


@app.command()
def show(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The private key, as `lyncdr keys new` wrote it.")],
    as_json: AsJson = False,
) -> None:
    """Show the fingerprint and the public half of a private key.

    \b
    Example:
        lyncdr keys show lyncdr-signing.pem
    """
    from lyncdr_helpers.signatures import SigningKey

    try:
        text = file.read_text(encoding="utf-8")
    except OSError as cause:
        raise InputError(f"{file} cannot be read: {cause.strerror}.", "Name the file of a private key.") from cause
    except UnicodeDecodeError as cause:
        raise InputError(f"{file} is no text, and so no key in PEM.", "Name the file of a private key.") from cause
    public = SigningKey.from_pem(text, str(file)).public
    if as_json:
        answer(_facts(public))
    else:
        _print(public)


def _write_once(path: Path, content: bytes) -> None:
    """A new file for its owner alone. Raises InputError where there is one already, or nobody may write."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    except FileExistsError as cause:
        raise InputError(f"{path} exists, and is not overwritten.", "Give another file with --out.") from cause
    except OSError as cause:
        raise InputError(f"{path} cannot be written: {cause.strerror}.", "Give another file with --out.") from cause
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def _facts(public: PublicKey) -> dict[str, str]:
    return {"fingerprint": public.fingerprint, "public_key": str(public)}


def _print(public: PublicKey) -> None:
    print(f"Fingerprint: {public.fingerprint}\nPublic key:  {public}")
