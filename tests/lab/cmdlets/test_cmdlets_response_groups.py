"""Response Groups: exported, imported, owned, and never doubled."""

from __future__ import annotations

import zipfile
from dataclasses import replace

import pytest

from lyncdr_helpers.lab.blueprint import DR_POOL, PRIMARY_POOL
from lyncdr_helpers.lab.response_groups import ResponseGroup

FILE = r"C:\lyncdr\rgs.zip"
SOURCE, DESTINATION = (f"service:ApplicationServer:{pool}" for pool in (PRIMARY_POOL, DR_POOL))


@pytest.fixture
def lab2013(lab):
    """The same lab as Lync 2013, where Response Groups have owners."""
    return replace(lab, blueprint=replace(lab.blueprint, generation="lync2013"))


def export(lab, **more):
    said = lab.call("Export-CsRgsConfiguration", Source=SOURCE, FileName=FILE, **more)
    assert said.ended is None
    return said


def import_(lab, **more):
    return lab.call("Import-CsRgsConfiguration", Destination=DESTINATION, FileName=FILE, **more)


def groups(lab, pool):
    with lab.store(pool) as store:
        return store.response_groups()


def workflows(lab, **parameters):
    return [(row["OwnerPool"], row["Name"]) for row in lab.call("Get-CsRgsWorkflow", **parameters).rows]


def test_workflows(lab):
    """The workflows of a pool carry its name as owner and an address each."""
    rows = lab.call("Get-CsRgsWorkflow").rows
    assert [(row["Name"], row["OwnerPool"]) for row in rows] == [
        (name, PRIMARY_POOL) for name in ("Help Desk", "Reception", "Sales Hotline")
    ]
    assert rows[0]["PrimaryUri"] == "sip:help-desk@lync.test"
    assert workflows(lab, Identity=SOURCE, Name="Reception") == [(PRIMARY_POOL, "Reception")]
    assert workflows(lab, Identity=DESTINATION) == []


def test_there(lab):
    """In 2010, what is imported belongs to the pool that took it; nothing is left out."""
    before = groups(lab, PRIMARY_POOL)
    export(lab)
    lab.fail("primary")
    assert import_(lab, ReplaceExistingRgsSettings=True).ended is None
    assert groups(lab, DR_POOL) == [replace(group, owner=DR_POOL) for group in before]
    said = lab.call("Get-CsRgsWorkflow")
    assert {row["OwnerPool"] for row in said.rows} == {DR_POOL}
    assert said.errors == []
    assert PRIMARY_POOL in said.warnings[0]


def test_import_twice(lab):
    """Importing the same file again doubles nothing."""
    export(lab)
    for _ in range(2):
        assert import_(lab).ended is None
    assert len(groups(lab, DR_POOL)) == 9


def test_owner_stays(lab2013):
    """From 2013 an import keeps the owner, and such a group is shown with -ShowAll or -Owner alone."""
    export(lab2013)
    assert import_(lab2013).ended is None
    assert {group.owner for group in groups(lab2013, DR_POOL)} == {PRIMARY_POOL}
    assert workflows(lab2013, Identity=DESTINATION) == []
    assert len(workflows(lab2013, Identity=DESTINATION, ShowAll=True)) == 3
    assert len(workflows(lab2013, Identity=DESTINATION, Owner=SOURCE)) == 3


def test_overwrite_owner(lab2013):
    """-OverwriteOwner hands the groups to the pool that took them."""
    export(lab2013)
    assert import_(lab2013, OverwriteOwner=True).ended is None
    assert len(workflows(lab2013, Identity=DESTINATION)) == 3


def test_home_again(lab2013):
    """Groups that a pool runs for another go home with -Owner and keep what was changed meanwhile."""
    export(lab2013)
    import_(lab2013)
    with lab2013.store(DR_POOL) as store:
        changed = next(group for group in store.response_groups() if group.name == "Reception")
        store.replace_response_groups([replace(changed, name="Front Desk")], {})
    home = r"C:\lyncdr\home.zip"
    empty = r"C:\lyncdr\empty.zip"
    for file, owner in ((empty, {}), (home, {"Owner": SOURCE})):
        said = lab2013.call("Export-CsRgsConfiguration", Source=DESTINATION, FileName=file, **owner)
        assert said.ended is None
    lab2013.call("Import-CsRgsConfiguration", Destination=SOURCE, FileName=home, OverwriteOwner=True)
    assert [name for _, name in workflows(lab2013, Identity=SOURCE)] == ["Front Desk", "Help Desk", "Sales Hotline"]
    assert (lab2013.blueprint.drive_c / "lyncdr" / "empty.zip").stat().st_size < 400


def test_settings(lab):
    """The service's own settings stay, unless -ReplaceExistingRgsSettings."""
    export(lab)
    import_(lab)
    with lab.store(DR_POOL) as store:
        assert store.response_group_settings() == {"DefaultMusicOnHold": f"{DR_POOL}.wma"}
    import_(lab, ReplaceExistingRgsSettings=True)
    with lab.store(DR_POOL) as store:
        assert store.response_group_settings() == {"DefaultMusicOnHold": f"{PRIMARY_POOL}.wma"}


def test_name_conflict(lab):
    """Another object of the same kind and name stops the import, whole; -ResolveNameConflicts renames what arrives."""
    own = ResponseGroup("own", "Workflow", "Reception", DR_POOL)
    with lab.store(DR_POOL) as store:
        store.replace_response_groups([own, replace(own, number="queue", kind="Queue", name="Help Desk")], {})
    export(lab)
    said = import_(lab, ReplaceExistingRgsSettings=True)
    assert said.ended is not None
    assert '"Reception"' in said.ended.message
    assert len(groups(lab, DR_POOL)) == 2
    assert import_(lab, ResolveNameConflicts=True).ended is None
    assert [name for _, name in workflows(lab, Identity=DESTINATION)] == [
        "Help Desk", "Reception", "Reception (2)", "Sales Hotline",
    ]  # fmt: skip
    assert own in groups(lab, DR_POOL)


def test_existing_file(lab):
    """An export never overwrites."""
    path = lab.blueprint.drive_c / "lyncdr" / "rgs.zip"
    path.write_text("mine")
    said = lab.call("Export-CsRgsConfiguration", Source=SOURCE, FileName=FILE)
    assert said.ended is not None
    assert "already exists" in said.ended.message
    assert path.read_text() == "mine"


def test_removed_after_export(lab):
    """-RemoveExportedConfiguration deletes what was exported."""
    export(lab, RemoveExportedConfiguration=True)
    assert groups(lab, PRIMARY_POOL) == []


def test_lost_pool(lab):
    """A pool that is down exports nothing, takes nothing, and shows nothing when it is asked by name."""
    export(lab)
    lab.fail("primary")
    other = r"C:\lyncdr\other.zip"
    for cmdlet, parameters in (
        ("Export-CsRgsConfiguration", {"Source": SOURCE, "FileName": other}),
        ("Import-CsRgsConfiguration", {"Destination": SOURCE, "FileName": FILE}),
        ("Get-CsRgsWorkflow", {"Identity": SOURCE}),
    ):
        assert PRIMARY_POOL in lab.call(cmdlet, **parameters).ended.message
    assert not (lab.blueprint.drive_c / "lyncdr" / "other.zip").exists()


def test_what_if(lab):
    """-WhatIf imports nothing, and still finds conflicts."""
    export(lab)
    assert import_(lab, WhatIf=True).ended is None
    assert groups(lab, DR_POOL) == []


@pytest.mark.parametrize(
    "content", [None, b"", b"PK\x03\x04 and then nothing", {"Other.json": "{}"}, {"ResponseGroups.json": "{"}]
)
def test_not_an_export(lab, content):
    """A file that is not there, or not an export, is refused."""
    path = lab.blueprint.drive_c / "lyncdr" / "rgs.zip"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in content.items():
                archive.writestr(name, text)
    said = import_(lab)
    assert said.ended is not None
    assert "not a Response Group export" in said.ended.message


@pytest.mark.parametrize("missing", ["Source", "FileName"])
def test_mandatory(lab, missing):
    """A cmdlet that lacks what it needs says so."""
    given = {"Source": SOURCE, "FileName": FILE}
    del given[missing]
    assert missing in lab.call("Export-CsRgsConfiguration", **given).ended.message
