"""A ticket of the lab's own domain, kept in the lab's folder: what changing Samba's DNS takes."""

from __future__ import annotations

import os
import shutil
import subprocess

from lyncdr_helpers.errors import OperationError
from lyncdr_helpers.lab.blueprint import DIRECTORY_USER, Blueprint


def sign_in(blueprint: Blueprint) -> dict[str, str]:
    """Get the service account a fresh ticket; what a process must have in its environment to use it.

    Raises OperationError when there is no kinit here, or the domain gives no ticket.
    """
    from lyncdr_helpers.lab.samba import SambaDomain

    ticket = {
        "KRB5_CONFIG": str(SambaDomain(blueprint).krb5_config),
        "KRB5CCNAME": f"FILE:{blueprint.folder.resolve() / 'ticket'}",
    }
    kinit = shutil.which("kinit")
    if not kinit:
        raise OperationError("There is no kinit here.", "Install krb5-user, or use --dns bind.")
    account, _, realm = DIRECTORY_USER.partition("@")
    done = subprocess.run(
        [kinit, f"{account}@{realm.upper()}"],
        input=blueprint.secret("directory").read_bytes(),
        capture_output=True,
        env={**os.environ, **ticket},
        check=False,
    )
    if done.returncode:
        raise OperationError(
            f"The lab's domain gives no ticket: {done.stderr.decode(errors='replace').strip()}.",
            "Look at: lyncdr lab status",
        )
    return ticket
