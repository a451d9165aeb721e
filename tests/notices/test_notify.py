"""Messages reach real servers, in time, and what does not reach them says why without any secret."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from servers import NOBODY, MailServer, Silent, Webhook, serving

from lyncdr_helpers.adapters.notify import Delivery, deliver, open_target, without
from lyncdr_helpers.credentials import SecretReference
from lyncdr_helpers.errors import InputError

Kept = Callable[[str], SecretReference]

SECRET = "hunter2/Geheimnis"
SUBJECT, BODY = "lyncdr lab: backup FAILED", "First line.\n\nNext:\n  lyncdr runs list --params <a> & b\n"


def told(*targets: SecretReference, seconds: float = 10) -> list[Delivery]:
    return deliver(targets, SUBJECT, BODY, "failure", seconds)


def test_a_mail(kept: Kept) -> None:
    """It is one plain text mail, whose subject and lines are as they were given, markup and all."""
    server = MailServer()
    with serving(server):
        (one,) = told(kept(server.url()))
    assert (one.sent, one.service) == (True, "E-Mail")
    (mail,) = server.mails
    assert (mail["Subject"], mail["To"]) == (SUBJECT, "oncall@lync.test")
    assert [part.get_content_type() for part in mail.walk()] == ["text/plain"]
    assert mail.get_content().replace("\r\n", "\n").strip() == BODY.strip()


def test_a_mail_server_that_wants_a_password(kept: Kept) -> None:
    """The password in the URL signs in."""
    server = MailServer(password="hunter2")
    with serving(server):
        (one,) = told(kept(server.url("hunter2")))
    assert one.sent, one
    assert len(server.mails) == 1


def test_a_webhook(kept: Kept) -> None:
    """It gets subject, text and urgency as JSON."""
    server = Webhook()
    with serving(server):
        (one,) = told(kept(server.url()))
    assert (one.outcome, one.target) == ("sent", "file:url1")
    assert [(said["title"], said["message"].strip(), said["type"]) for said in server.told] == [
        (SUBJECT, BODY.strip(), "failure")
    ]


def test_each_target_by_itself(kept: Kept, tmp_path: Path) -> None:
    """One that is dead, one that is of no use and one without a URL keep nobody from the others; all are answered for,
    in their order.
    """
    mail, hook = MailServer(), Webhook()
    absent = SecretReference.parse("file:absent", tmp_path)
    with serving(mail, hook):
        found = told(kept(f"json://{NOBODY}:9/"), kept(mail.url()), kept("nonsense"), absent, kept(hook.url()))
    assert [one.outcome for one in found] == ["failed", "sent", "bad input", "bad input", "sent"]
    assert "refused" in found[0].said
    assert "file:absent cannot be read" in found[3].said


def test_a_server_that_never_answers(kept: Kept) -> None:
    """Several of them hold everybody up for the time that was given, all together, and then nobody knows."""
    silent, hook = Silent(), Webhook()
    mute = f"127.53.95.1:{silent.port}"
    with serving(silent, hook):
        began = time.monotonic()
        found = told(
            kept(f"mailto://{mute}?from=a@lync.test&to=b@lync.test"),
            kept(f"json://{mute}/"),
            kept(f"json://{mute}/?cto=600&rto=600"),
            kept(hook.url()),
            seconds=1.5,
        )
        assert 1.4 < time.monotonic() - began < 4
    assert [one.outcome for one in found] == ["no answer", "no answer", "no answer", "sent"]
    assert "may have arrived" in found[0].said


def test_a_url_cannot_ask_for_more_patience(kept: Kept) -> None:
    """Timeouts written into a URL may be shorter than lyncdr's own, and never longer."""
    patient = open_target(kept("json://127.53.95.9/?cto=600&rto=600"))
    hasty = open_target(kept("json://127.53.95.9/?cto=1&rto=1"))
    assert (patient.socket_connect_timeout, patient.socket_read_timeout) == (5, 8)
    assert (hasty.socket_connect_timeout, hasty.socket_read_timeout) == (1, 1)


def test_a_silent_server_does_not_keep_the_process(tmp_path: Path) -> None:
    """When nobody waits any longer the process ends at once, whatever the server does."""
    silent = Silent()
    (tmp_path / "url").write_text(f"json://127.53.95.1:{silent.port}/?rto=60")
    program = (
        "import sys, time; from pathlib import Path; from lyncdr_helpers.adapters.notify import *\n"
        "one = SecretReference.parse('file:url', Path(sys.argv[1]))\n"
        "print(deliver([one], 's', 'b', 'info', 0.5)[0].outcome, time.time(), flush=True)"
    )
    with serving(silent):
        done = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, timeout=60, check=True
        )
        ended = time.time()
    outcome, at = done.stdout.rsplit(maxsplit=1)
    assert (outcome, done.stderr) == ("no answer", "")
    assert ended - float(at) < 2


# -- secrets -----------------------------------------------------------------------------------------------------------
def test_a_password_that_the_server_repeats(kept: Kept) -> None:
    """A refused sign-in says so, and not with which password, though the server says it."""
    server = MailServer(password="another")
    with serving(server):
        (one,) = told(kept(server.url("hunter2")))
    assert one.outcome == "failed"
    assert "535" in one.said
    assert "hunter2" not in str(one)


@pytest.mark.parametrize("status", [401, 404, 500, 302])
def test_a_webhook_that_refuses(kept: Kept, status: int) -> None:
    """The status is told, and the token in the path is not."""
    server = Webhook(status)
    with serving(server):
        (one,) = told(kept(server.url("hooks/T0K3N-x9")))
    assert one.outcome == "failed"
    assert str(status) in one.said
    assert "T0K3N" not in str(one)


@pytest.mark.parametrize(
    "url",
    [
        f"json://user:hunter2@{NOBODY}:9/T0K3N/x?-key=hunter2&+X-Token=hunter2",
        f"json://user:hunter%32@{NOBODY}:9/T0K3N",
        f"mailto://user:hunter2@{NOBODY}:9?from=a@lync.test&to=b@lync.test",
        "jsons://hunter2-T0K3N.invalid/T0K3N?x=hunter2",
    ],
)
def test_nothing_of_a_url_is_told(kept: Kept, url: str, caplog: pytest.LogCaptureFixture) -> None:
    """Why a server cannot be reached is told without user, password, path or query; nothing of it is logged."""
    caplog.set_level(logging.DEBUG)
    (one,) = told(kept(url))
    assert one.outcome == "failed"
    told_of = f"{one.said}{caplog.text}".replace("hunter2-t0k3n.invalid", "")
    assert "hunter2" not in told_of
    assert "T0K3N" not in told_of


def test_what_a_secret_leaves() -> None:
    """Every part of a URL goes, as it is written and as it is meant; its host may stay; short ones go as words."""
    url = "tgram://123:ABCdef/x%40y?silent=no&to=z"
    text = "bot123:ABCdef x@y x%40y host.test no zebra z"
    assert without(url, text, ["host.test"]) == "bot123:... ... ... host.test ... zebra ..."


@pytest.mark.parametrize(
    "url",
    ["", "nonsense", "hunter2", "slack://hunter2/b", "mailto://", "xyz://hunter2", "https://hunter2 x/", "json://"],
)
def test_what_is_no_url(tmp_path: Path, url: str) -> None:
    """Bad input, with the reference and a way out; not the URL, which may be a secret in the wrong place."""
    (tmp_path / "url").write_text(url)
    with pytest.raises(InputError, match="file:url") as caught:
        open_target(SecretReference.parse("file:url", tmp_path))
    assert "hunter2" not in str(caught.value)
    assert caught.value.remedy
