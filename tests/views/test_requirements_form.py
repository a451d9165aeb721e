"""The form of what must work again: it shows at once what other answers come to, and changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from deployments import DOMAIN, PoolPlan, SitePlan, deployment, published

from lyncdr_helpers.lab.blueprint import Blueprint
from lyncdr_helpers.lab.params import render
from lyncdr_helpers.params.reading import read_params
from lyncdr_helpers.params.requirements import Archiving, Requirements
from lyncdr_helpers.phases.readiness.requirements import Requirements as Found
from lyncdr_helpers.topology.gaps import Failover, State, gaps
from lyncdr_helpers.topology.reading import parse
from lyncdr_helpers.topology.requirements import Part, components
from lyncdr_helpers.views import requirements_form
from lyncdr_helpers.views.requirements_form import ALWAYS, NO_TOPOLOGY, SIGN_IN, RequirementsForm

LOST, STANDBY = f"pool01.{DOMAIN}", f"drse01.{DOMAIN}"
KEYS = list(Requirements().answers)


def failover(name: str = "Standby site") -> Failover:
    """Two Standard Edition servers, the store in DR, and nothing besides."""
    dr = SitePlan(name, (PoolPlan("drse01"),), cms=True)
    return Failover(
        parse(published(deployment(SitePlan("Head office", (PoolPlan("pool01"),)), dr)), "x"), LOST, STANDBY
    )


def found(asked: Requirements | None = None, of: Failover | None = None) -> Found:
    return Found(asked=asked or Requirements(), generation="lync2010", failover=of or failover())


@pytest.fixture
def form() -> RequirementsForm:
    return requirements_form.form(found())


def test_it_begins_with_the_recorded_answers() -> None:
    """Each answer has its box, which says what the parameters say; the sentence says that these are recorded."""
    asked = Requirements(federation=True, web=False, archiving=Archiving(needed=True))
    form = requirements_form.form(found(asked))
    assert {key: box.value for key, box in form.boxes.items()} == asked.answers
    assert form.answers == asked
    assert form.state.endswith("These answers are the recorded ones.")
    assert "requirements:" not in form.shown.value


def test_another_answer_shows_at_once_what_is_missing(form: RequirementsForm) -> None:
    """A box that is ticked puts its rows into the table and its gaps into the sentence; taken back, they are gone."""
    before = form.shown.value
    form.boxes["enterprise_voice"].value = True
    assert form.state == ("✗ The DR site lacks Mediation Server, PSTN gateway. These answers are tried, and not kept.")
    assert "Calls to the telephone network" not in form.shown.value
    assert "Mediation Server" in form.shown.value
    assert "✗ FAIL" in form.shown.value
    form.boxes["enterprise_voice"].value = False
    assert form.shown.value == before


@pytest.mark.parametrize("key", [key for key in KEYS if key not in (ALWAYS, SIGN_IN)])
def test_its_table_is_that_of_the_phase(form: RequirementsForm, key: str) -> None:
    """Whatever is answered, the form says what the phase would say for these answers."""
    form.boxes[key].value = not form.boxes[key].value
    answers = form.answers
    assert answers.answers == {**Requirements().answers, key: not Requirements().answers[key]}
    assert form.gaps == gaps(failover(), components(answers, "lync2010"))


def test_nothing_that_is_recorded_changes(form: RequirementsForm) -> None:
    """The recorded answers, and the table of them, stay what they were."""
    asked, table = form._found.asked, repr(form.table())
    for key in KEYS[1:]:
        form.boxes[key].value = not form.boxes[key].value
    assert form._found.asked == asked == Requirements()
    assert repr(form.table()) == table


def test_the_lines_keep_the_answers(form: RequirementsForm, tmp_path: Path) -> None:
    """Put into a file of parameters they are read as what the boxes say."""
    for key in ("monitoring", "archiving.needed", SIGN_IN):
        form.boxes[key].value = True
    assert form.answers.lines in form.shown.value
    path = tmp_path / "lab.yml"
    path.write_text(render(Blueprint(tmp_path), tmp_path) + form.answers.lines, encoding="utf-8")
    kept = read_params(path).params.requirements
    assert kept == form.answers
    assert kept.archiving.must_be_up_to_sign_in
    assert list(yaml.safe_load(form.answers.lines)) == ["requirements"]


def test_what_cannot_be_answered_otherwise(form: RequirementsForm) -> None:
    """Sign-in always must come back; archiving that is not needed holds no sign-in back, whatever its box says."""
    assert form.boxes[ALWAYS].disabled
    assert form.boxes[SIGN_IN].disabled
    form.boxes["archiving.needed"].value = True
    form.boxes[SIGN_IN].value = True
    assert not form.boxes[SIGN_IN].disabled
    assert "✗ The DR site lacks Archiving." in form.state
    form.boxes["archiving.needed"].value = False
    assert form.boxes[SIGN_IN].disabled
    assert form.answers == Requirements()


def test_each_box_says_what_it_asks_for(form: RequirementsForm) -> None:
    """With a word for what is there and what is not, before anybody ticks it; the words are the parameters' own."""
    told = {row.children[0].description: row.children[1].value for row in form.rows()}
    assert told["Calls to and from the telephone network"] == "Mediation Server: missing; PSTN gateway: missing"
    assert told["New meetings"] == "conferencing service: there; web services: there"
    assert told["Call detail and quality records"] == "Monitoring: missing, and may follow"
    assert told["Voice mail in Exchange"] == "Exchange UM: look on site"
    assert told["Nobody may sign in before archiving works"].startswith("Archiving becomes a must")
    assert len(told) == len(KEYS)
    assert all(told.values())


def test_a_page_without_widgets(form: RequirementsForm) -> None:
    """An export has the recorded answers with what they ask for as a table, and what they come to in words."""
    table = form.table()._repr_html_()
    assert table.count("<tr") == len(KEYS) + 1
    assert "Mediation Server: missing" in table
    assert repr(form.widget()) == form.state


def test_without_a_topology() -> None:
    """Nobody claims to know what is missing; the lines to keep are still told."""
    form = requirements_form.form(Found(asked=Requirements(), generation="lync2010"))
    assert form.state == NO_TOPOLOGY
    assert form.gaps == ()
    form.boxes["federation"].value = True
    assert "  federation: true" in form.shown.value
    assert "<table" not in form.shown.value


def test_names_are_text() -> None:
    """What a topology calls a site is shown, not interpreted."""
    form = requirements_form.form(found(of=failover("&lt;b&gt;x&lt;/b&gt;")))
    (row,) = [gap for gap in form.gaps if gap.component.part is Part.CENTRAL_SITE]
    assert row.state is State.THERE
    assert "<b>x</b>" in row.seen
    assert "&lt;b&gt;x" in form.shown.value
    assert "<b>x" not in form.shown.value
