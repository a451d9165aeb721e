"""The DNS snapshot in a set: every watched record on every server, absences and silences by name."""

from __future__ import annotations

import json
import socket
import time
from contextlib import closing

import pytest

from lyncdr_helpers.adapters.dns import DnsNameserver, authoritative
from lyncdr_helpers.errors import InputError, OperationError
from lyncdr_helpers.params.reading import read_params
from lyncdr_helpers.phases import dns_snapshot as phase
from lyncdr_helpers.ports import RecordChange

PATIENCE = 0.5
"""Seconds that a silent server gets here, where nothing is far away."""


@pytest.fixture
def silent():
    """A port that takes every question and answers none."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as listening:
        listening.bind(("127.0.0.1", 0))
        yield listening.getsockname()[1]


def watch(scene, name):
    """One more record under dns.records."""
    return (
        "  records:\n",
        f"  records:\n    - {{name: {name}, type: A, to: [{scene.blueprint.dr_server}], ttl: 60}}\n",
    )


def test_every_record_on_every_server(scene):
    """Each record is there once, in the order of the parameters, as the zone has it, on both servers."""
    session = scene.session()
    snapshot = phase.read(phase.export(session))
    assert (snapshot.deployment, snapshot.run) == ("lab", session.folder.run)
    assert [(one.name, one.type) for one in snapshot.records] == [
        (one.name, one.type) for one in session.params.dns.records
    ]
    for entry in snapshot.records:
        assert [(one.server, one.role, one.state) for one in entry.answers] == [
            ("ns", "authoritative", "found"),
            ("office", "resolver", "found"),
        ]
        assert entry.record == session.nameservers["ns"].ask(entry.name, entry.type)
    srv = next(one for one in snapshot.records if one.type == "SRV")
    assert srv.record.values == ("0 0 5061 pool01.lync.test.",)
    assert srv.record.ttl == 60


def test_what_was_there_before(scene):
    """The snapshot is of tonight: after the cutover it still says what was before it."""
    session = scene.session()
    path = phase.export(session)
    before = phase.read(path).records[0].record
    loaded = read_params(scene.params)
    server = authoritative(loaded.params.dns.servers[0], loaded.folder)
    after = type(before)(before.name, before.type, 30, ("127.53.9.9",))
    assert server.update("lync.test", [RecordChange(before, after)])
    try:
        assert phase.read(phase.export(scene.session())).records[0].record == after
        assert phase.read(path).records[0].record == before
    finally:
        assert server.update("lync.test", [RecordChange(after, before)])


def test_no_such_record(scene):
    """A record that is to come into being with the cutover is absent, which is an answer."""
    snapshot = phase.read(phase.export(scene.session(watch(scene, "new.lync.test"))))
    assert [one.state for one in snapshot.records[0].answers] == ["absent", "absent"]
    assert snapshot.records[0].record is None


def test_a_silent_resolver(scene, silent):
    """A resolver that does not answer is a row with its error; the others are asked meanwhile."""
    session = scene.session()
    session.resolvers["branch"] = DnsNameserver("branch", "127.0.0.1", silent, recursive=True, timeout=PATIENCE)
    began = time.monotonic()
    snapshot = phase.read(phase.export(session))
    assert time.monotonic() - began < 2 * 2 * PATIENCE, "six questions, each asked twice, side by side"
    for entry in snapshot.records:
        by_server = {one.server: one for one in entry.answers}
        assert by_server["branch"].state == "error"
        assert by_server["branch"].error == "Unreachable"
        assert "branch" in by_server["branch"].message
        assert by_server["ns"].state == by_server["office"].state == "found"


def test_a_silent_authoritative_server(scene, silent):
    """Without the authoritative server there is no snapshot: server and records are named, and no file is written."""
    session = scene.session()
    session.nameservers["ns"] = DnsNameserver("ns", "127.0.0.1", silent, timeout=PATIENCE)
    with pytest.raises(OperationError) as caught:
        phase.export(session)
    assert "ns did not say what sip.lync.test A, sipinternal.lync.test A" in caught.value.message
    assert scene.left_behind() == []


def test_no_room(scene):
    """A work folder that cannot be is a failure of this part, in words."""
    with pytest.raises(OperationError, match="cannot be written"):
        phase.export(scene.session(("work_folder: work", "work_folder: ca.pem/work")))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: "",
        lambda text: text[:-3],
        lambda text: "[]",
        lambda text: text.replace('"format": 1', '"format": 2'),
        lambda text: text.replace('"state": "found"', '"state": "guessed"', 1),
        lambda text: text.replace('"ttl": 60', '"ttl": "soon"', 1),
        lambda text: text.replace('"deployment"', '"deploiment"'),
        lambda text: text.replace('"answers": [', '"answers": [], "x": [', 1),
        lambda text: text.replace('"values": [', '"values": [7, ', 1),
    ],
)
def test_bad_snapshots(scene, spoil):
    """What is not whole and exactly a snapshot is not read as one."""
    path = phase.export(scene.session())
    text = spoil(path.read_text(encoding="utf-8"))
    assert text != path.read_text(encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="no snapshot of DNS"):
        phase.read(path)


def test_no_snapshot_at_all(tmp_path):
    """A file that is not there is named."""
    with pytest.raises(InputError, match="none"):
        phase.read(tmp_path / "none.json")


def test_it_is_json(scene):
    """Whoever restores DNS by hand can read it: names, values and times to live stand in plain words."""
    rows = json.loads(phase.export(scene.session()).read_bytes())["records"]
    assert rows[0]["name"] == "sip.lync.test"
    assert rows[0]["answers"][0] == {
        "server": "ns",
        "role": "authoritative",
        "state": "found",
        "ttl": 60,
        "values": [scene.blueprint.primary_server],
        "error": "",
        "message": "",
    }
