"""What must work again after an activation: defaults, mistakes, and what an editor sees of them."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from params_sample import GONE, Changes, Read, changed

from lyncdr_helpers.params.reading import read_params, schema
from lyncdr_helpers.params.requirements import Requirements


def test_left_out_it_is_what_standard_edition_brings(tmp_path: Path) -> None:
    """Without the section, or with an empty one, and in the example: the same defaults."""
    path = tmp_path / "mine.yml"
    for changes in ({"requirements": GONE}, {"requirements": {}}, {}):
        path.write_text(changed(changes), encoding="utf-8")
        assert read_params(path).params.requirements == Requirements()
    on = {key for key, value in Requirements().model_dump().items() if value is True}
    assert on == {"im_presence", "conferencing", "response_groups", "web"}
    assert Requirements().archiving.needed is False


def test_each_answer_is_kept(tmp_path: Path) -> None:
    """What the file says is what is read."""
    path = tmp_path / "mine.yml"
    wanted = {"conferencing": False, "federation": True, "archiving": {"needed": True, "must_be_up_to_sign_in": True}}
    path.write_text(changed({"requirements": wanted}), encoding="utf-8")
    found = read_params(path).params.requirements
    assert (found.conferencing, found.federation, found.monitoring) == (False, True, False)
    assert (found.archiving.needed, found.archiving.must_be_up_to_sign_in) == (True, True)


WRONG: list[tuple[Changes, str, str]] = [
    ({"requirements": []}, "requirements", "must be a section with keys of its own"),
    ({"requirements": None}, "requirements", "must be a section with keys of its own"),
    ({"requirements.im_presence": False}, "requirements.im_presence", "is always true"),
    ({"requirements.im_presence": "no"}, "requirements.im_presence", "must be true or false"),
    ({"requirements.web": 1}, "requirements.web", "must be true or false"),
    ({"requirements.monitoring": None}, "requirements.monitoring", "must be true or false"),
    ({"requirements.archiving": True}, "requirements.archiving", "must be a section with keys of its own"),
    ({"requirements.archiving.needed": "yes"}, "requirements.archiving.needed", "must be true or false"),
    ({"requirements.voice": True}, "requirements.voice", "is not a key"),
    ({"requirements.enterprise_voce": True}, "requirements.enterprise_voce", "perhaps enterprise_voice"),
]


@pytest.mark.parametrize(("changes", "key", "said"), WRONG, ids=lambda value: str(value)[:50])
def test_an_answer_that_is_none(changes: Changes, key: str, said: str, mistakes_of: Read) -> None:
    """One mistake, at its key, in plain words, with a line that would be right."""
    (mistake,) = mistakes_of(changed(changes))
    assert mistake.key == key
    assert said in mistake.wrong
    assert mistake.example or key == "requirements.voice"


@pytest.mark.parametrize(("changes", "key", "said"), WRONG, ids=lambda value: str(value)[:50])
def test_an_editor_sees_it_too(changes: Changes, key: str, said: str) -> None:
    """The schema refuses what reading refuses by form."""
    assert list(jsonschema.Draft202012Validator(schema()).iter_errors(json.loads(changed(changes))))


def test_group_chat_is_fine_with_its_section(mistakes_of: Read) -> None:
    """The example names where Group Chat is: then it may be required."""
    assert mistakes_of(changed({"requirements.group_chat": True})) == ()
