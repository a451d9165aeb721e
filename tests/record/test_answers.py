"""Answers for steps done by hand, before anything is written: empty ones, contradictions, files, secrets."""

from __future__ import annotations

from pathlib import Path

import pytest
from offline import make_params

from lyncdr_helpers import answers as module
from lyncdr_helpers.answers import Answers
from lyncdr_helpers.cli.run import answers as from_command_line
from lyncdr_helpers.errors import InputError
from lyncdr_helpers.params.reading import LoadedParams, read_params


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedParams:
    return read_params(make_params(tmp_path_factory.mktemp("answers") / "lab"))


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (Answers(did={"x": " "}), "says nothing"),
        (Answers(skip={"x": ""}), "says nothing"),
        (Answers(did={"x": "a"}, skip={"x": "b"}), "done, and skipped"),
        (Answers(did={"y": "a"}, evidence={"x": "nowhere.png"}), "nobody says what it shows"),
        (Answers(did={"x": "a"}, evidence={"x": "nowhere.png"}), "cannot be read"),
        (Answers(did={"x": "a"}, evidence={"x": "."}), "cannot be read"),
    ],
)
def test_what_is_no_answer(loaded: LoadedParams, answers: Answers, said: str) -> None:
    """Empty, contradictory, evidence of nothing, a file that is not there: bad input, each in its own words."""
    with pytest.raises(InputError, match=said):
        answers.read(loaded)


def test_a_file_that_is_too_large(loaded: LoadedParams, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Evidence is kept for good in every run folder: a whole disk image is not taken."""
    monkeypatch.setattr(module, "LARGEST", 1 << 20)
    (tmp_path / "image").write_bytes(bytes((1 << 20) + 1))
    with pytest.raises(InputError, match="larger than 1 MiB"):
        Answers(did={"x": "a"}, evidence={"x": str(tmp_path / "image")}).read(loaded)


@pytest.mark.parametrize("name", ["directory", "management", "tsig", "signing"])
def test_every_secret_of_the_parameters_is_looked_for(loaded: LoadedParams, tmp_path: Path, name: str) -> None:
    """Passwords, keys, PEM; in text and in files, also in UTF-16. The message names the place, not the secret."""
    secret = max(loaded.locate(f"secrets/{name}").read_text(encoding="utf-8").splitlines(), key=len).strip()
    with pytest.raises(InputError, match=f"file:secrets/{name}, in what is said") as caught:
        Answers(did={"x": f"with {secret}."}).read(loaded)
    assert secret not in str(caught.value)
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        (tmp_path / "log").write_bytes(b"\xff\xfe" + f"<{secret}>".encode(encoding))
        with pytest.raises(InputError, match=f"file:secrets/{name}, in log"):
            Answers(did={"x": "a"}, evidence={"x": str(tmp_path / "log")}).read(loaded)


def test_a_secret_that_is_not_here_is_not_looked_for(loaded: LoadedParams) -> None:
    """A reference that leads nowhere keeps nobody from answering; neither does a very short secret."""
    place = loaded.locate("secrets/management")
    kept = place.read_bytes()
    try:
        for content in (b"", b"a"):
            place.write_bytes(content)
            assert Answers(did={"x": "a lamp"}).read(loaded)["x"].seen == "a lamp"
    finally:
        place.write_bytes(kept)


def test_the_command_line(tmp_path: Path) -> None:
    """An answer may hold `=`; evidence adds up; paths become absolute, because a notebook runs elsewhere."""
    given = from_command_line(["a= TTL=60 now "], ["b=why"], ["a=one.png", "a=two.png"])
    assert given == Answers({"a": "TTL=60 now"}, {"b": "why"}, {"a": ["one.png", "two.png"]})
    assert given.as_parameters()["evidence"]["a"] == [str(Path.cwd() / "one.png"), str(Path.cwd() / "two.png")]
    assert not Answers()


@pytest.mark.parametrize("text", ["a", "a=", "=b", " = ", ""])
def test_a_command_line_without_a_name_or_a_text(text: str) -> None:
    """`--did name` alone says nothing about what was seen: exit 2, with how to write it."""
    with pytest.raises(InputError, match="names no step, or says nothing"):
        from_command_line([text], [], [])
