"""Which generation of the product the lab plays."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import lyncdr

from lyncdr_helpers.adapters.dialer import SocketDialer
from lyncdr_helpers.lab import lifecycle
from lyncdr_helpers.lab.blueprint import DR_POOL, Blueprint
from lyncdr_helpers.params.reading import read_params

SUBNET = "127.53.84"


@pytest.mark.parametrize("verb", [("drill",), ("lab", "up")])
def test_a_generation_that_never_was(verb: tuple[str, ...], tmp_path: Path) -> None:
    """Bad input, with those there are; nothing is started."""
    found = lyncdr(*verb, "--generation", "lync2007")
    assert found.returncode == 2
    assert "sfb2019" in found.stderr


@pytest.mark.slow
def test_a_lab_of_2019(tmp_path: Path) -> None:
    """The lab, its parameters and its servers are of the generation that was asked for."""
    folder = tmp_path / "lab"
    found = lyncdr("lab", "up", "--folder", folder, "--users", "20", "--generation", "sfb2019", "--subnet", SUBNET)
    try:
        assert found.returncode == 0, found.stderr
        blueprint = Blueprint.load(folder)
        assert blueprint.generation == "sfb2019"
        assert read_params(blueprint.params_file).params.generation == "sfb2019"
        dialer = SocketDialer(10, blueprint.ca_file)
        said = dialer.sip(blueprint.dr_server, blueprint.sip_port, "lync.test", DR_POOL)
        assert {answer.server for answer in said} == {"RTC/7.0"}
    finally:
        lifecycle.down(folder)
