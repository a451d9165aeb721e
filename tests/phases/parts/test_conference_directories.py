"""Conference directories in a set: those of the pool, listed from the topology and exported from the pool."""

from __future__ import annotations

import json

import pytest
from lxml import etree

from lyncdr_helpers.errors import InputError, OperationError
from lyncdr_helpers.lab.blueprint import PRIMARY_POOL
from lyncdr_helpers.phases import conference_directories as phase


def pool(session):
    return session.params.failed_pool


def says(scene, *rows):
    """Get-CsConferenceDirectory answers with these rows."""
    scene.replaced["Get-CsConferenceDirectory"] = lambda call: [call.output("X", **row) for row in rows]


def writes(scene, content, code=0):
    """A dbimpexp that writes these bytes and ends with that code."""

    def dbimpexp(call):
        name = call.arguments[0].rpartition("\\")[2]
        if content is not None:
            (scene.blueprint.drive_c / "lyncdr" / name).write_bytes(content)
        return code

    scene.replaced["dbimpexp.exe"] = dbimpexp


# -- the list --------------------------------------------------------------------------------------------------------


def test_the_list(scene):
    """The directories at home on the pool, by number; those of other pools are not among them."""
    session = scene.session()
    found = json.loads(phase.list_directories(session, pool(session)).read_bytes())
    assert found == [{"id": 1, "home_pool": PRIMARY_POOL}, {"id": 3, "home_pool": PRIMARY_POOL}]


def test_a_pool_without_any(scene):
    """An empty list is what a deployment says that was asked and has none there."""
    says(scene, {"Identity": 2, "ServiceId": "UserServer:drse01.lync.test"})
    session = scene.session()
    assert json.loads(phase.list_directories(session, pool(session)).read_bytes()) == []


def test_spellings(scene):
    """A service may be spelled with `service:` before it and in any case, a number may be a text."""
    says(scene, {"Identity": "12", "ServiceId": f"service:userserver:{PRIMARY_POOL.upper()}"})
    session = scene.session()
    found = json.loads(phase.list_directories(session, pool(session)).read_bytes())
    assert found == [{"id": 12, "home_pool": PRIMARY_POOL}]


@pytest.mark.parametrize(
    "row",
    [
        {"Identity": 1},
        {"ServiceId": f"UserServer:{PRIMARY_POOL}"},
        {"Identity": "one", "ServiceId": f"UserServer:{PRIMARY_POOL}"},
        {"Identity": -1, "ServiceId": f"UserServer:{PRIMARY_POOL}"},
        {"Identity": 1, "ServiceId": f"Registrar:{PRIMARY_POOL}"},
        {"Identity": 1, "ServiceId": None},
    ],
)
def test_rows_that_say_nothing(scene, row):
    """A directory without a number or a home fails the part; it is not left out."""
    says(scene, {"Identity": 2, "ServiceId": "UserServer:drse01.lync.test"}, row)
    session = scene.session()
    with pytest.raises(OperationError, match="wrote a directory"):
        phase.list_directories(session, pool(session))
    assert scene.left_behind() == []


def test_without_the_central_store(scene):
    """A deployment that cannot be asked is not one without directories."""
    scene.fail("dr")
    session = scene.session()
    with pytest.raises(OperationError, match="Cannot open a connection"):
        phase.list_directories(session, pool(session))


# -- the export ------------------------------------------------------------------------------------------------------


def test_the_export(scene):
    """The file is what dbimpexp wrote for /restype:confdir of that pool's back end."""
    session = scene.session()
    path = phase.export(session, pool(session))
    root = etree.parse(path).getroot()
    assert [one.get("Id") for one in root.iter("{*}ConferenceDirectory")] == ["1", "3"]
    (_, arguments), *_ = scene.calls
    assert arguments[1:] == [f"/sqlserver:{PRIMARY_POOL}\\rtc", "/restype:confdir"]


def test_the_pool_is_lost(scene):
    """A pool that is down exports nothing, and the part says what dbimpexp said."""
    scene.fail("primary")
    session = scene.session()
    with pytest.raises(OperationError, match="Cannot open a connection to SQL Server"):
        phase.export(session, pool(session))


WHOLE = b'<HomedResources xmlns="http://schemas.microsoft.com/RtcServer/2002/11/dbimpexp"><X/></HomedResources>'


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (None, 0, "exit code 0, it said nothing"),
        (WHOLE, 1, "exit code 1"),
        (b"", 0, "not a whole XML document"),
        (WHOLE[:-5], 0, "not a whole XML document"),
        (WHOLE.replace(b"HomedResources", b"Resources"), 0, "root is"),
        (b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + WHOLE, 0, "document type"),
    ],
    ids=["0 without a file", "1 with a whole one", "empty", "cut short", "another root", "external entity"],
)
def test_bad_exports(scene, content, code, said):
    """An export counts when exit code and document both say so."""
    writes(scene, content, code)
    session = scene.session()
    with pytest.raises(OperationError, match=said):
        phase.export(session, pool(session))


def test_unknown_content_is_kept(scene):
    """What stands below the root is nobody's business: it is taken as it is."""
    writes(scene, WHOLE)
    session = scene.session()
    assert phase.export(session, pool(session)).read_bytes() == WHOLE


def test_a_leftover(scene):
    """The file of an attempt that was cut short is not taken for this one's."""
    session = scene.session()
    phase.export(session, pool(session))
    writes(scene, None)
    with pytest.raises(OperationError, match="it said nothing"):
        phase.export(session, pool(session))


@pytest.mark.parametrize("generation", ["lync2013", "sfb2015", "sfb2019"])
def test_later_generations(scene, generation):
    """From 2013 on there is no dbimpexp: the list is all there is, and the export says so."""
    session = scene.session(("generation: lync2010", f"generation: {generation}"))
    assert json.loads(phase.list_directories(session, pool(session)).read_bytes())
    with pytest.raises(InputError, match="Export-CsUserData"):
        phase.export(session, pool(session))
    assert scene.calls == []
