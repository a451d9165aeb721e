"""A notebook that shows a secret: what the runner keeps of it has none, and the run says so."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from offline import make_params

from lyncdr_helpers.params import secrets
from lyncdr_helpers.params.reading import read_params
from lyncdr_helpers.redaction import REDACTED
from lyncdr_helpers.runs.runner import Outcome, run_phase
from lyncdr_helpers.signatures import SigningKey

LEAK = """
import base64
from lyncdr_helpers.params import secrets
from lyncdr_helpers.phases import audit
session = audit.begin(params_file, run)
word = dict((str(where), what) for where, what in secrets.of(session.loaded))["WHERE"]
print(word)
print(base64.b64encode(("svc:" + word).encode()).decode())
word.encode("utf-16-le")
"""
FAIL = "raise RuntimeError(f'the password {word} is wrong')"


def leaking(folder: Path, *cells: str) -> Path:
    notebook = new_notebook(cells=[new_code_cell(source) for source in cells])
    notebook.cells[0].metadata["tags"] = ["parameters"]
    nbformat.write(notebook, folder / "1_audit.ipynb")
    return folder


@pytest.fixture(scope="module")
def params(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_params(tmp_path_factory.mktemp("deployment"))


@pytest.fixture(scope="module")
def word(params: Path) -> tuple[str, str]:
    """(where a password is kept, the password)."""
    return next((str(where), what) for where, what in secrets.of(read_params(params)) if "management" in str(where))


@pytest.fixture(scope="module")
def leaked(params: Path, word: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    folder = tmp_path_factory.mktemp("notebooks")
    given, show = 'params_file = ""\nrun = ""', LEAK.replace("WHERE", word[0])
    key = f"print({SigningKey.new().pem()!r})"
    return run_phase("audit", params, notebooks=leaking(folder, given, show, key, FAIL))


def test_nothing_of_it_is_kept(leaked: Outcome, word: tuple[str, str]) -> None:
    """Plain, in base64, in UTF-16, in a traceback, in the message; nor the key that nobody knew."""
    secret = word[1]
    assert leaked.folder.notebook.exists() and leaked.folder.report.exists()
    packed = base64.b64encode(("svc:" + secret).encode()).decode()
    for path in (one for one in leaked.folder.path.rglob("*") if one.is_file()):
        content = path.read_bytes()
        for spelling in (secret.encode(), packed[8:-8].encode(), secret.encode("utf-16-le"), b"PRIVATE KEY"):
            assert spelling not in content, path.name
    assert secret not in leaked.message


def test_the_run_says_so(leaked: Outcome) -> None:
    """In the notebook's metadata, with what stands in its place, and in how it ended."""
    notebook = json.loads(leaked.folder.notebook.read_text(encoding="utf-8"))
    assert leaked.redacted >= 4
    assert notebook["metadata"]["lyncdr"]["redacted"] >= 4
    said = ["".join(one["text"]) for cell in notebook["cells"] for one in cell.get("outputs", ()) if "text" in one]
    assert [text.splitlines()[0] for text in said] == [REDACTED, REDACTED]
    assert leaked.message.startswith(f"RuntimeError: the password {REDACTED} is wrong")


def test_a_run_without_any_says_nothing(params: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    quiet = 'session.end("done", 0)'
    begin = "from lyncdr_helpers.phases import audit\nsession = audit.begin(params_file, run)"
    outcome = run_phase("audit", params, notebooks=leaking(tmp_path, 'params_file = ""\nrun = ""', begin, quiet))
    assert (outcome.outcome, outcome.redacted) == ("done", 0)
    notebook = json.loads(outcome.folder.notebook.read_text(encoding="utf-8"))
    assert "redacted" not in notebook["metadata"]["lyncdr"]
    assert "secret" not in capsys.readouterr().err
