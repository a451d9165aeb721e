"""A generation whose contact lists nobody carries yet is said before anything is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from lyncdr_helpers.errors import InputError
from lyncdr_helpers.lab import params as lab_params
from lyncdr_helpers.lab import pki
from lyncdr_helpers.lab.blueprint import Blueprint
from lyncdr_helpers.phases import exchange
from lyncdr_helpers.session import open_session


@pytest.mark.parametrize("generation", ["lync2013", "sfb2015", "sfb2019"])
def test_2013_and_later_have_no_dbimpexp(tmp_path: Path, generation: str) -> None:
    """Exporting contact lists of 2013 or later is bad input, in plain words; nobody is dialled: there is no lab."""
    blueprint = Blueprint(tmp_path / "lab")
    pki.issue(blueprint)
    pki.make_secrets(blueprint)
    text = lab_params.render(blueprint, blueprint.folder).replace("generation: lync2010", f"generation: {generation}")
    blueprint.params_file.write_text(text, encoding="utf-8")
    session = open_session("verify", blueprint.params_file, run="new", locked=False)
    with pytest.raises(InputError, match="Export-CsUserData"):
        exchange.export_contacts(session, session.params.failed_pool, "contacts.xml")
    session.close()
