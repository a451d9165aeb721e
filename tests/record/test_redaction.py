"""Secrets are taken out of what is kept, in every spelling that a program might leave them in; the rest stays."""

from __future__ import annotations

import base64
import html
import json
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from offline import make_params, open_offline

from lyncdr_helpers.errors import Refusal
from lyncdr_helpers.journal import Journal
from lyncdr_helpers.params import secrets
from lyncdr_helpers.params.reading import read_params
from lyncdr_helpers.redaction import REDACTED, Redaction
from lyncdr_helpers.session import Session
from lyncdr_helpers.signatures import SigningKey

SECRET = 'Lab "only" \\ 1-é/+<x>'
KEYS = Redaction.of([SECRET])
SPELLINGS = {
    "plain": SECRET,
    "JSON": json.dumps(SECRET)[1:-1],
    "JSON with letters": json.dumps(SECRET, ensure_ascii=False)[1:-1],
    "URL": quote(SECRET, safe=""),
    "form": quote_plus(SECRET),
    "HTML": html.escape(SECRET),
    "escapes": SECRET.encode("unicode_escape").decode(),
    "UTF-16 read as Latin-1": "".join(f"{char}\0" for char in SECRET)[:-1],
    "base64": base64.b64encode(SECRET.encode()).decode().rstrip("="),
    "base64 of UTF-16": base64.b64encode(SECRET.encode("utf-16-le")).decode().rstrip("="),
    "base64 for URLs": base64.urlsafe_b64encode(SECRET.encode()).decode().rstrip("="),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_is_found(spelling: str) -> None:
    """Wherever it stands in a text; what stands around it stays."""
    made, count = KEYS.text(f"before {SPELLINGS[spelling]} after")
    assert count == 1
    assert made.startswith(f"before {REDACTED}")
    assert made.endswith(" after")


@pytest.mark.parametrize("user", ["a", "ab", "abc", "CONTOSO\\svc"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_a_part_of_something_in_base64(user: str, encoding: str) -> None:
    """As in `Authorization: Basic`, and in PowerShell's -EncodedCommand: it begins wherever it begins."""
    packed = base64.b64encode(f"{user}:{SECRET} and more".encode(encoding)).decode()
    made, count = KEYS.text(packed)
    assert count == 1
    left = made.split(REDACTED)
    assert packed.startswith(left[0]) and packed.endswith(left[1])
    assert len("".join(left)) < len(packed) - len(SECRET)


def test_what_looks_like_a_private_key_goes_though_nobody_knows_it() -> None:
    """Whole, also one that is cut off; a public key stays."""
    key = SigningKey.new().pem()
    public = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2Vw\n-----END PUBLIC KEY-----"
    assert Redaction().text(f"a\n{key}b\n{public}") == (f"a\n{REDACTED}\nb\n{public}", 1)
    assert Redaction().text(key[:60]) == (REDACTED, 1)
    fence = "-----{} OPENSSH " + "PRIVATE KEY-----"
    assert Redaction().text(f"{fence.format('BEGIN')}\nAAAA\n{fence.format('END')}")[1] == 1


def test_a_notebook_is_cleaned_through_and_through() -> None:
    """Lists of lines are one text, so that a key over many lines is found; numbers and what is clean stay."""
    key = SigningKey.new().pem()
    notebook = {
        "cells": [
            {"source": ["a = 1\n", f"b = '{SECRET}'\n"], "outputs": [{"text": key.splitlines(keepends=True)}]},
            {"source": "clean", "execution_count": 3, "metadata": {SECRET: [None, True, 1.5]}},
        ]
    }
    made, count = KEYS.all_of(notebook)
    assert count == 3
    assert made["cells"][0]["source"] == ["a = 1\n", f"b = '{REDACTED}'\n"]
    assert "".join(made["cells"][0]["outputs"][0]["text"]).strip() == REDACTED
    assert made["cells"][1] == {"source": "clean", "execution_count": 3, "metadata": {REDACTED: [None, True, 1.5]}}


def test_what_is_clean_is_the_same_object() -> None:
    facts = {"targets": [f"user{number}@example.org" for number in range(1000)]}
    assert KEYS.facts(facts) is facts
    assert KEYS.all_of([1, None]) == ([1, None], 0)


def test_what_is_too_short_is_left_alone() -> None:
    """A secret of a few letters stands in innocent words: nobody could read what is left."""
    assert Redaction.of(["abc", ""]).text("abcdef") == ("abcdef", 0)


# -- of a deployment ---------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def params(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_params(tmp_path_factory.mktemp("deployment"))


def secret_of(params: Path, name: str) -> str:
    return (params.parent / "secrets" / name).read_text(encoding="utf-8").strip()


def test_every_secret_that_the_parameters_refer_to(params: Path) -> None:
    """Passwords and keys, each with where it is kept; of a key its lines without the fences."""
    found = {str(reference): secret for reference, secret in secrets.of(read_params(params))}
    kept = {path.read_text(encoding="utf-8").strip() for path in (params.parent / "secrets").iterdir()}
    assert len(found) >= 4
    assert not [secret for secret in found.values() if secret.startswith("-----")]
    assert all(any(secret in one for one in kept) for secret in found.values())


def test_a_secret_that_cannot_be_had_is_none(params: Path, tmp_path: Path) -> None:
    """An auditor's machine has none of them: nothing is looked for, and nothing fails."""
    bare = tmp_path / "lab.yml"
    bare.write_text(params.read_text(encoding="utf-8"), encoding="utf-8")
    assert list(secrets.of(read_params(bare))) == []


@pytest.fixture
def session(params: Path) -> Session:
    return open_offline(params)


def password(params: Path) -> str:
    return next(secret for reference, secret in secrets.of(read_params(params)) if "management" in str(reference))


def test_the_journal_never_has_it(session: Session, params: Path) -> None:
    """Not in a fact, not in an error's message; the line says that something was taken out."""
    word = password(params)
    session.fact("said", f"it is {word}")
    with pytest.raises(Refusal), session.step("x"):
        raise Refusal(f"Wrong password {word}.", "Try another.")
    content = session.folder.journal.read_text(encoding="utf-8")
    assert word not in content
    said, ended = session.journal.last("fact"), session.journal.last("end")
    assert said and ended
    assert (said.facts["value"], said.facts["redacted"]) == (f"it is {REDACTED}", 1)
    assert ended.facts["message"] == f"Wrong password {REDACTED}. Try another."
    assert Journal.open(session.folder.journal, session.clock).lines == session.journal.lines


def test_no_table_and_no_line_has_it(session: Session, params: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The table is kept without it, the journal says how often it stood there, and nobody is told."""
    word = password(params)
    session.keep("x", [{"a": 1, "b": word}, {"a": 2, "b": "clean"}])
    session.tell(f"it is {word}")
    assert session.folder.table("x").read_text(encoding="utf-8") == f"a,b\n1,{REDACTED}\n2,clean\n"
    kept = session.journal.last("fact")
    assert kept and kept.facts == {"name": "redacted in tables/x.csv", "value": 1}
    assert capsys.readouterr().out.splitlines()[-1] == f"it is {REDACTED}"


def test_a_waivers_reason_is_cleaned_before_it_is_signed(session: Session, params: Path) -> None:
    """So that its signature is of what stands there."""
    session.waivers = {"age": f"because {password(params)}"}
    session.hold("age", Refusal("It is old."))
    line = session.journal.last("waiver")
    assert line and line.facts["reason"] == f"because {REDACTED}"
    assert "redacted" not in line.facts
