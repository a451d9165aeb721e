"""The status bar: what it says of a run, in text and in HTML, on an ordinary day and in a disaster."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from incident_scene import HOUR, MINUTE, USERS, acted, activation, backup, everybody, verification
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from journal_scene import FAILED, START, fact, step
from lxml import html

from lyncdr_helpers.lab import params as lab_params
from lyncdr_helpers.lab import pki
from lyncdr_helpers.lab.blueprint import Blueprint
from lyncdr_helpers.params.models import Params
from lyncdr_helpers.params.reading import LoadedParams, read_params
from lyncdr_helpers.phases import rto, steps
from lyncdr_helpers.phases.incidents import told
from lyncdr_helpers.phases.incidents.incident import incidents
from lyncdr_helpers.phases.progress import Forecast
from lyncdr_helpers.phases.rto import RtoClock
from lyncdr_helpers.session import Session, open_session
from lyncdr_helpers.views import status
from lyncdr_helpers.views.bar import Bar

NOW = START + dt.timedelta(minutes=30)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedParams:
    """A lab's parameters, certificates and secrets, and no lab."""
    blueprint = Blueprint(tmp_path_factory.mktemp("status") / "lab")
    pki.issue(blueprint)
    pki.make_secrets(blueprint)
    blueprint.params_file.write_text(lab_params.render(blueprint, blueprint.folder), encoding="utf-8")
    return read_params(blueprint.params_file)


@pytest.fixture
def session(loaded: LoadedParams) -> Iterator[Session]:
    made = open_session("verify", Blueprint(loaded.folder).params_file, run="new", locked=False)
    yield made
    made.close()


def bar(params: Params, folder: Path, phase: str = "activate", mode: str = "live", **more: object) -> Bar:
    runs = told.read(folder, "contoso")
    clock: RtoClock | None = rto.clock(incidents(runs)[-1], runs, FAILED)
    return Bar(params, phase, mode, NOW, "a-run", clock, steps=steps.of(runs[-1].lines), **more)  # type: ignore[arg-type]


def texts(shown: Bar, path: str) -> list[str]:
    return [one.text_content() for one in html.fromstring(shown._repr_html_()).xpath(path)]


@pytest.mark.parametrize(
    ("phase", "mode", "colour", "words"),
    [
        ("activate", "live", "live", "LIVE: "),
        ("activate", "rehearse", "rehearsal", "REHEARSAL: "),
        ("failback", "live", "live", "LIVE: "),
        ("failback", "rehearse", "rehearsal", "REHEARSAL: "),
        ("prepare", "live", "reads", "READS ONLY: "),
        ("verify", "live", "reads", "READS ONLY: "),
        ("backup", "live", "reads", "BACKUP: "),
        ("", "", "reads", "READS ONLY: "),
    ],
)
def test_what_it_may_change(loaded: LoadedParams, phase: str, mode: str, colour: str, words: str) -> None:
    """A colour and a word say whether the deployment changes; a phase that reads is never called live."""
    shown = Bar(loaded.params, phase, mode, NOW)
    (head,) = html.fromstring(shown._repr_html_()).xpath("//*[contains(@class, 'mode')]")
    assert head.get("class") == f"mode {colour}"
    assert head.text_content().startswith(words)
    assert repr(shown).startswith(words)


def test_a_disaster(loaded: LoadedParams, tmp_path: Path) -> None:
    """Every part of the clock, who is back, what is promised and foreseen; the same in the page and in plain text."""
    backup(tmp_path, days=-HOUR)
    activation(tmp_path, *step("move users", 0.0, *acted("move users", USERS)), ending=fact("x", 1))
    shown = bar(loaded.params, tmp_path, forecast=Forecast(5000.0, 3600.0, ("restore contacts",)))
    plain = repr(shown)
    assert "detect ✓ at most 59 min 55 s | decide ✓ 1 min 02 s | act ▶ 28 min 58 s so far | verify · to come" in plain
    assert "users back: 3 of 3 moved, 0 with contacts and DNS, the last after 1 min 12 s" in plain
    assert "▶ so far 30 min of 60 min promised, from the first command" in plain
    assert "forecast: ✗ service proven 1 h 23 min after the first command, and longer: no earlier run has" in plain
    assert texts(shown, "//*[contains(@class, 'parts')]/div/b") == ["detect", "decide", "act", "verify", "users back"]
    assert texts(shown, "//*[contains(@class, 'parts')]/div/span")[-1] == "✓ 3 of 3 moved"
    for line in plain.split("\n")[3:6]:
        assert line in texts(shown, "//p")
    assert "last sign of life 2026-03-01 01:00:05 UTC: its contact lists were exported" in texts(shown, "//p")[-1]


def test_a_disaster_that_is_over(loaded: LoadedParams, tmp_path: Path) -> None:
    """The clock stands where service was proven, however much later somebody looks."""
    activation(tmp_path, *everybody())
    verification(tmp_path, days=10 * MINUTE)
    shown = bar(loaded.params, tmp_path, phase="verify")
    assert "✓ service was proven after 10 min 04 s of 60 min promised" in repr(shown)
    assert "detect ? unknown" in repr(shown)


def test_beyond_what_was_promised(loaded: LoadedParams, tmp_path: Path) -> None:
    """The part at work is marked, with a sign beside the colour."""
    activation(tmp_path, ending=fact("x", 1))
    shown = bar(loaded.params, tmp_path)
    late = Bar(shown.params, "activate", "live", START + dt.timedelta(hours=2), "r", shown.clock)
    assert "✗ so far 2 h 00 min of 60 min" in repr(late)
    assert len(html.fromstring(late._repr_html_()).xpath("//*[@class='part late']")) == 1


def test_an_export_needs_nothing_else(loaded: LoadedParams, tmp_path: Path) -> None:
    """No script, nothing from elsewhere; what somebody wrote into a message stays text."""
    activation(tmp_path)
    evil = "<script>alert(1)</script>"
    said = [steps.Step("users", steps.State.FAILED, NOW, "me", None, evil)]
    page = Bar(loaded.params, "verify", "live", NOW, steps=said)._repr_html_()
    assert "<script" not in page
    assert "http" not in page
    assert evil in html.fromstring(page).text_content()


def test_it_follows_its_run(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    """Shown after the beginning and at the end: what was done meanwhile is in the second."""
    status.show(session)
    assert "· to come: expectation, users" in capsys.readouterr().out
    with session.step("expectation"):
        pass
    status.show(session)
    told_now = capsys.readouterr().out
    assert "✓ done: expectation" in told_now
    assert session.folder.run in told_now


def test_a_strange_record_stops_no_run(
    loaded: LoadedParams, session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another run's journal that nobody can make sense of costs the clock, and is said; the bar stands."""
    runs = loaded.locate(loaded.params.runs_folder)
    path = activation(runs, deployment=loaded.params.deployment)
    (path / "plan.json").write_text('{"changes": 7}', encoding="utf-8")
    status.show(session)
    assert "READS ONLY" in capsys.readouterr().out
    assert "READS ONLY" in repr(status.of_deployment(loaded))


@pytest.fixture
def notebook() -> Iterator[InteractiveShell]:
    """What displays come to, as in a kernel."""
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def test_drawing_is_a_small_part_of_a_run(session: Session, notebook: InteractiveShell) -> None:
    """However often a long step says how far it is, the bar is drawn once a second at most, and never in a hurry; the
    step's own line says each time how far it is.
    """
    watch, said = status.Watch(session), 200
    with capture_output() as shown:
        began = time.monotonic()
        watch.show()
        for number in range(said):
            watch.paced("move users", f"move users: {number} of {said}")
        took = time.monotonic() - began
    texts = [one.data["text/plain"] for one in shown.outputs]
    bars = [text for text in texts if text.startswith("READS ONLY")]
    assert 1 <= len(bars) <= 2 + took / status.EVERY_SECONDS
    assert len(texts) - len(bars) == said
