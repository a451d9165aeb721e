"""New-Object of the lab: it connects from the management host, or says in PowerShell's words why not."""

from __future__ import annotations

import pytest

from lyncdr_helpers.lab.cmdlets.sockets import WHERE
from lyncdr_helpers.shell.sockets import CONNECTOR


def new_object(lab, *arguments, type_name=CONNECTOR):
    return lab.call("New-Object", TypeName=type_name, ArgumentList=list(arguments))


def test_a_port_that_listens(lab):
    """The object that comes back is connected."""
    said = new_object(lab, lab.blueprint.dr_server, lab.blueprint.sip_port)
    assert said.ended is None
    assert said.rows[0]["Connected"] is True


def test_a_port_where_nobody_listens(lab):
    """The constructor's exception ends the pipeline, with the id that tells it from a session that may not try."""
    said = new_object(lab, lab.blueprint.dr_server, 444)
    assert said.rows == []
    assert said.ended.error_id == f"ConstructorInvokedThrowException,{WHERE}"
    assert f"actively refused it {lab.blueprint.dr_server}:444" in said.ended.message


@pytest.mark.parametrize("type_name", ["System.Net.WebClient", "system"])
def test_another_class(lab, type_name):
    """The lab has no other class, and says so."""
    assert new_object(lab, "127.0.0.1", 1, type_name=type_name).ended.error_id == f"TypeNotFound,{WHERE}"
