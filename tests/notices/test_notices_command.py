"""`lyncdr notices test`: a message to every target, and what became of each."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from servers import NOBODY, MailServer, Webhook, serving

LAB = Path(__file__).resolve().parents[2] / "params" / "lab.yml"


def command(params: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    full = [sys.executable, "-m", "lyncdr_helpers", "notices", "test", "--params", str(params), *arguments]
    return subprocess.run(full, capture_output=True, text=True, check=False)


@pytest.fixture
def params(tmp_path: Path) -> Path:
    path = tmp_path / "lab.yml"
    path.write_text(LAB.read_text(encoding="utf-8"), encoding="utf-8")
    return path


def tell(params: Path, *urls: str) -> None:
    """Name these targets in the parameters."""
    for number, url in enumerate(urls):
        (params.parent / f"url{number}").write_text(url)
    names = ", ".join(f"file:url{number}" for number in range(len(urls)))
    with params.open("a", encoding="utf-8") as file:
        file.write(f"\nnotices: {{to: [{names}], on: [failed]}}\n")


def test_everybody_hears(params: Path) -> None:
    """Exit 0, a line for each target, and the message says what it is and by whom."""
    mail, hook = MailServer(), Webhook()
    with serving(mail, hook):
        tell(params, mail.url(), hook.url())
        said = command(params)
    assert (said.returncode, said.stdout) == (0, "file:url0 (E-Mail): sent\nfile:url1 (JSON): sent\n")
    assert mail.mails[0]["Subject"] == hook.told[0]["title"] == "lyncdr lab: test"
    assert "This is a test, sent by " in hook.told[0]["message"]
    assert "failed" in mail.mails[0].get_content()


def test_not_everybody_hears(params: Path) -> None:
    """Exit 1, the one that was not told by name with the reason, and the other all the same."""
    hook = Webhook()
    with serving(hook):
        tell(params, hook.url(), f"json://user:hunter2@{NOBODY}:9/")
        said = command(params, "--json")
    found = json.loads(said.stdout)
    assert (said.returncode, found["outcome"], len(hook.told)) == (1, "failed", 1)
    assert [one["outcome"] for one in found["targets"]] == ["sent", "failed"]
    assert "Not told: file:url1." in said.stderr
    assert "hunter2" not in said.stdout + said.stderr


def test_a_url_that_is_none(params: Path) -> None:
    """Exit 2, with the reference and not with what is kept there, and no traceback."""
    tell(params, "json://127.53.95.9:9/", "mailtoo://oncall:hunter2@lync.test")
    (params.parent / "url0").unlink()
    said = command(params)
    assert said.returncode == 2
    assert "file:url0: bad input: The secret file:url0 cannot be read" in said.stdout
    assert "file:url1: bad input: What is kept under file:url1 is no mailtoo:// URL" in said.stdout
    assert "Of no use: file:url0, file:url1." in said.stderr
    assert "hunter2" not in said.stdout + said.stderr
    assert "Traceback" not in said.stderr


def test_nobody_is_named(params: Path) -> None:
    """Parameters without notices are bad input to this command, with what to write."""
    said = command(params, "--json")
    assert (said.returncode, json.loads(said.stdout)["outcome"]) == (2, "bad input")
    assert "notices: {to:" in said.stderr
