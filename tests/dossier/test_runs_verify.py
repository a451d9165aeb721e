"""`lyncdr runs verify`, `show` and `export`, as an auditor types them."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest
from journal_scene import end, run
from sealed_runs import NAME
from test_proof import changed
from typer.testing import CliRunner, Result

from lyncdr_helpers import files
from lyncdr_helpers.cli.app import app
from lyncdr_helpers.errors import InputError
from lyncdr_helpers.runfolder import RunFolder
from lyncdr_helpers.verifier.spoken import is_spoken, spoken

LAB = Path(__file__).resolve().parents[2] / "params" / "lab.yml"


@pytest.fixture
def params(model: RunFolder, tmp_path: Path) -> Path:
    """A deployment with the sealed run, and with its head at the DR site; nobody has a key."""
    text = (
        LAB.read_text(encoding="utf-8").replace("../.lab/", "../lab/").replace("deployment: lab", "deployment: contoso")
    )
    lines = [line for line in text.splitlines(keepends=True) if "signing_key" not in line]
    path = tmp_path / "params" / "contoso.yml"
    path.parent.mkdir()
    path.write_text("".join(lines), encoding="utf-8")
    shutil.copytree(model.path.parent, tmp_path / "lab" / "runs")
    shutil.copytree(model.path.parents[1] / "store", tmp_path / "lab" / "dr-store")
    return path


def runs(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["runs", *map(str, arguments)])


def test_a_record_that_holds(params: Path) -> None:
    """Exit 0; each point is a line, and the head is there to be read over the phone."""
    said = runs("verify", NAME, "--params", params)
    assert said.exit_code == 0, said.output
    first, *points = said.stdout.splitlines()
    head = first.rpartition(" ")[2]
    assert first == f"{NAME}  holds  head {head}"
    assert all(point.startswith("  ✓ pass") for point in points)
    shown = runs("show", NAME, "--params", params).stdout
    assert f"Head: {head}" in shown


def test_a_record_that_does_not(params: Path, tmp_path: Path) -> None:
    """Exit 3; the line is named, also to programs, and the runs beside it are proven all the same."""
    folder = RunFolder(tmp_path / "lab" / "runs" / NAME)
    run(tmp_path / "lab" / "runs", "backup", ("step", {"name": "x", "state": "started"}, 0.0), days=1)
    changed(folder, "journal.jsonl", '"sip A"', '"sip B"')
    said = runs("verify", "--all", "--params", params)
    assert said.exit_code == 3
    assert "✗ fail     journal: line 3: edited" in said.stdout
    assert f"1 of 2 records do not hold: {NAME}." in said.stderr
    found = json.loads(runs("verify", "--all", "--json", "--params", params).stdout)
    assert (found["outcome"], found["exit_code"], found["spoiled"]) == ("check failed", 3, [NAME])
    points = {one["run"]: {row["name"]: row["verdict"] for row in one["checks"]} for one in found["runs"]}
    beside = points.pop(next(name for name in points if name != NAME))
    assert beside == {"journal": "pass", "manifest": "warn", "copy at the DR site": "unknown"}


def test_a_record_that_is_gone(params: Path, tmp_path: Path) -> None:
    """Whoever removes a run's folder does not reach its copy at the DR site; named alone, it is an input error."""
    shutil.rmtree(tmp_path / "lab" / "runs" / NAME)
    said = runs("verify", "--all", "--params", params)
    assert f"{NAME}  is not here  head none" in said.stdout
    assert "? unknown" in said.stdout
    assert "somebody removed it" in said.stdout
    assert "There is no run" in str(runs("verify", NAME, "--params", params).exception)


def test_a_store_that_is_away(params: Path, tmp_path: Path) -> None:
    """It is said, and the rest is proven."""
    shutil.rmtree(tmp_path / "lab" / "dr-store")
    said = runs("verify", NAME, "--params", params)
    assert said.exit_code == 0
    assert "? unknown  copy at the DR site: The backup store" in said.stdout


def test_show_leaves_a_sealed_report_alone(params: Path, tmp_path: Path) -> None:
    """Whoever looks at a sealed run changes nothing in it; of another one the report is written."""
    other = run(tmp_path / "lab" / "runs", "backup", end(), days=1)
    for name in (NAME, other.name):
        assert runs("show", name, "--params", params).exit_code == 0
    assert (other / "report.html").exists()
    assert runs("verify", NAME, "--params", params).exit_code == 0
    assert f"Report: lyncdr runs report {NAME} --html FILE" in runs("show", NAME, "--params", params).stdout


def test_a_bundle_is_handed_over(params: Path, tmp_path: Path) -> None:
    """One zip, in full unless something else is said, and never over another file."""
    for level in ([], ["--level", "external"]):
        to = tmp_path / f"evidence{len(level)}.zip"
        said = runs("export", NAME, "--to", to, "--params", params, "--json", *level)
        assert said.exit_code == 0, said.output
        found = json.loads(said.stdout)
        with zipfile.ZipFile(to) as archive:
            about = json.loads(archive.read("bundle.json"))
            assert is_spoken(found["digest"])
            assert spoken(files.digest(archive.read("bundle.json"))) == found["digest"]
        assert about["level"] == (level or ["full"])[-1] == found["level"]
        before = to.read_bytes()
        assert isinstance(runs("export", NAME, "--to", to, "--params", params).exception, InputError)
        assert to.read_bytes() == before
    blocked = runs("export", NAME, "--to", params / "x.zip", "--params", params).exception
    assert isinstance(blocked, InputError)
    assert "cannot be written" in str(blocked)


def test_which_runs(params: Path) -> None:
    """Neither and both are no question; a run that is not there is named."""
    for wrong in ([], [NAME, "--all"], ["20990101-000000-activate-0000"]):
        assert isinstance(runs("verify", *wrong, "--params", params).exception, InputError)
