"""Which way contact lists come back from 2013 on: merged into what is there, or in its place. What each costs."""

from __future__ import annotations

from typing import Literal, get_args

from lyncdr_helpers.errors import InputError
from lyncdr_helpers.params.models import Params

Way = Literal["update", "import"]

CONSEQUENCES: dict[Way, str] = {
    "update": "merged by Update-CsUserData: nothing stops, and what people added at the DR pool stays",
    "import": (
        "put in the place of what is there by Import-CsUserData: the services of every server of the DR pool are "
        "stopped and started, whoever is signed in is signed out, and what people added there since is gone"
    ),
}


def chosen(params: Params, way: str) -> Way:
    """The way, where there is one to choose. Raises InputError: Lync 2010 has dbimpexp alone, which merges."""
    for known in get_args(Way):
        if way == known and (known == "update" or params.generation != "lync2010"):
            return known  # type: ignore[no-any-return]  # what get_args gives of a Literal
    if way == "import":
        raise InputError("Lync 2010 has no Import-CsUserData.", "Leave contacts_by as it is: dbimpexp merges.")
    raise InputError(f"There is no way {way!r} to bring contacts back.", f"Give one of: {', '.join(get_args(Way))}.")


def of_basis(text: str) -> Way:
    """The way that a plan rests on, by its consequence."""
    return next((way for way, said in CONSEQUENCES.items() if said == text), "update")
