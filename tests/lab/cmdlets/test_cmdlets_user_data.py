"""Users' data from 2013 on: what is exported, what an update adds, what an import replaces, where an export ends."""

from __future__ import annotations

import zipfile
from dataclasses import replace

import pytest

from lyncdr_helpers.contacts.comparison import compare
from lyncdr_helpers.contacts.lists import Contact, Group
from lyncdr_helpers.contacts.userdata import DOCUMENT, read_export, write_import
from lyncdr_helpers.lab import people
from lyncdr_helpers.lab.blueprint import DR_POOL, PRIMARY_POOL
from lyncdr_helpers.lab.contact_lists import render
from lyncdr_helpers.lab.mailboxes import Mailboxes

FILE = r"C:\lyncdr\users.zip"
QUIET = {"Confirm": False}


@pytest.fixture
def later(lab):
    """The lab as Skype for Business Server 2015."""
    return replace(lab, blueprint=replace(lab.blueprint, generation="sfb2015"))


def path(lab, name="users.zip"):
    return lab.blueprint.drive_c / "lyncdr" / name


def export(lab, pool=PRIMARY_POOL, **more):
    return lab.call("Export-CsUserData", PoolFqdn=pool, FileName=FILE, **more)


def update(lab, **more):
    return lab.call("Update-CsUserData", **{"FileName": FILE, "TargetPoolFqdn": DR_POOL, **QUIET, **more})


def import_(lab, pool=DR_POOL, **more):
    return lab.call("Import-CsUserData", PoolFqdn=pool, FileName=FILE, **more)


def move_all(lab):
    feed = [f"sip:{user}" for user in lab.users()]
    assert not lab.call("Move-CsUser", feed=feed, Target=DR_POOL, Force=True, Confirm=False).errors


def with_slash(lab, user):
    """Give the user a contact that ends an export."""
    with lab.store(PRIMARY_POOL) as store:
        store.add(render(user, [Group(1, "~")], [Contact("test/one@fabrikam.test")]))


def test_export(later):
    """An export holds what the pool keeps, beside a second document."""
    said = export(later)
    assert (said.ended, said.errors) == (None, [])
    expected = sorted(later.deployment.contact_lists(PRIMARY_POOL), key=lambda found: found.user)
    assert list(read_export(path(later))) == expected
    with zipfile.ZipFile(path(later)) as archive:
        assert archive.namelist()[0] == DOCUMENT
        assert len(archive.namelist()) == 2


def test_export_of_one(later):
    """-UserFilter exports one user."""
    assert export(later, UserFilter="O'Brien@lync.test").ended is None
    assert [found.user for found in read_export(path(later))] == [people.APOSTROPHE]


def test_a_slash_ends_an_export(later):
    """A contact whose address holds a slash ends it: an error, and a sound zip with the users before that one."""
    users = sorted(later.users())
    with_slash(later, users[20])
    said = export(later)
    assert said.ended is not None
    assert said.ended.message == '"urn:hcd:test/one@fabrikam.test" is not a valid uniform resource name'
    assert [found.user for found in read_export(path(later))] == users[:20]


@pytest.mark.parametrize(("part", "pool"), [("primary", PRIMARY_POOL), ("wan", PRIMARY_POOL), ("dr", DR_POOL)])
def test_a_lost_pool_exports_nothing(later, part, pool):
    """A pool that is down gives an error, and no file."""
    later.fail(part)
    said = export(later, pool)
    assert said.ended is not None
    assert pool in said.ended.message
    assert not path(later).exists()


def test_the_whole_way(later):
    """Export, lose the site, force everybody over, update: nothing of any list is missing on the other pool."""
    export(later)
    later.fail("primary")
    move_all(later)
    said = update(later)
    assert (said.ended, said.errors) == (None, [])
    before = {found.user: found for found in later.deployment.contact_lists(PRIMARY_POOL)}
    export(later, DR_POOL)
    after = {found.user: found for found in read_export(path(later))}
    assert all(one.whole for one in compare(before, after))
    assert update(later).errors == []
    export(later, DR_POOL)
    assert {found.user: found for found in read_export(path(later))} == after


def test_an_update_adds(later):
    """What the user has on the pool stays."""
    user = later.users(DR_POOL)[0]
    buddies = later.buddies(DR_POOL, user)
    give(later, render(user, [Group(1, "~")], [Contact("new@fabrikam.test")]))
    assert update(later).errors == []
    assert later.buddies(DR_POOL, user) == [*buddies, "new@fabrikam.test"]


def give(lab, *lists):
    """Put a zip of these lists where the cmdlets find it."""
    items = "".join(
        f'<DocItem Name="urn:lcd:{found.user}"><Data>{found.element.decode()}</Data></DocItem>' for found in lists
    )
    with zipfile.ZipFile(path(lab), "w") as archive:
        archive.writestr(DOCUMENT, f"<DocItemSet>{items}</DocItemSet>")


def test_users_who_are_elsewhere_are_named(later):
    """A user who is not homed on the target, or nowhere, is an error of their own; the others are updated."""
    here, elsewhere = later.users(DR_POOL)[0], later.users()[0]
    give(later, *(render(user, [Group(1, "~")], [Contact("n@x.test")]) for user in (elsewhere, "no@x.test", here)))
    said = update(later)
    assert said.ended is None
    assert [error.target for error in said.errors] == [elsewhere, "no@x.test"]
    assert PRIMARY_POOL in said.errors[0].message
    assert "n@x.test" in later.buddies(DR_POOL, here)
    assert "n@x.test" not in later.buddies(PRIMARY_POOL, elsewhere)


def test_one_user_of_a_file(later):
    """-UserFilter updates one user of many."""
    first, second = later.users(DR_POOL)
    give(later, *(render(user, [Group(1, "~")], [Contact("n@x.test")]) for user in (first, second)))
    assert update(later, UserFilter=second).errors == []
    assert "n@x.test" not in later.buddies(DR_POOL, first)
    assert "n@x.test" in later.buddies(DR_POOL, second)


def test_an_update_asks(later):
    """Without -Confirm:$false it asks, and nobody answers; -WhatIf asks nothing and does nothing."""
    user = later.users(DR_POOL)[0]
    give(later, render(user, [Group(1, "~")], [Contact("n@x.test")]))
    asked = later.call("Update-CsUserData", FileName=FILE)
    assert "NonInteractive" in asked.ended.message
    assert update(later, WhatIf=True).errors == []
    assert "n@x.test" not in later.buddies(DR_POOL, user)


def test_a_damaged_zip(later):
    """Of a zip that is cut short not one user is updated."""
    export(later)
    move_all(later)
    path(later).write_bytes(path(later).read_bytes()[:-50])
    assert "not a whole zip" in update(later).ended.message
    assert later.buddies(DR_POOL, later.users()[0]) is None


def test_an_import_wants_the_services_stopped(later):
    """It is refused while the Front End services run, then it takes the place of what is there."""
    user = later.users(DR_POOL)[0]
    give(later, render(user, [Group(1, "~")], [Contact("n@x.test")]))
    assert "Front End services" in import_(later).ended.message
    with later.store(DR_POOL) as store:
        store.stop_front_end()
        assert import_(later).ended is None
        assert later.buddies(DR_POOL, user) == ["n@x.test"]
        store.start_front_end()
    assert import_(later).ended is not None


@pytest.mark.parametrize("merge", [True, False])
def test_what_is_imported_over_exchange_corrupts(later, merge):
    """A list that reaches Lync for somebody whose contacts are in Exchange corrupts them: the lab remembers who."""
    user, other = later.users(DR_POOL)
    give(later, *(render(one, [Group(1, "~")], [Contact("n@x.test")]) for one in (user, other)))
    with Mailboxes(later.blueprint.mailboxes) as mailboxes, later.store(DR_POOL) as store:
        mailboxes.take(render(user, [Group(1, "~")], []))
        assert mailboxes.corrupt() == []
        store.stop_front_end()
        assert (update(later) if merge else import_(later)).ended is None
        assert mailboxes.corrupt() == [user]


def test_a_rebuilt_zip_is_taken(later):
    """What the product rebuilds from an export, the cmdlet takes."""
    export(later)
    move_all(later)
    some = sorted(later.users())[:5]
    write_import(path(later, "some.zip"), path(later), some)
    assert update(later, FileName=r"C:\lyncdr\some.zip").errors == []
    with later.store(DR_POOL) as store:
        assert {found.user for found in store.lists()} == {*some, *later.users(DR_POOL)}


@pytest.mark.parametrize(
    ("cmdlet", "parameters"),
    [
        ("Export-CsUserData", {"PoolFqdn": PRIMARY_POOL}),
        ("Export-CsUserData", {"FileName": FILE}),
        ("Export-CsUserData", {"PoolFqdn": "nowhere.lync.test", "FileName": FILE}),
        ("Export-CsUserData", {"PoolFqdn": PRIMARY_POOL, "FileName": r"D:\users.zip"}),
        ("Export-CsUserData", {"PoolFqdn": PRIMARY_POOL, "FileName": FILE, "LegacyFormat": True}),
        ("Update-CsUserData", {"FileName": FILE, **QUIET}),
        ("Update-CsUserData", {"FileName": FILE, "TargetPoolFqdn": "nowhere.lync.test", **QUIET}),
        ("Update-CsUserData", {"FileName": FILE, "PoolFqdn": DR_POOL, **QUIET}),
        ("Import-CsUserData", {"FileName": FILE}),
        ("Import-CsUserData", {"PoolFqdn": DR_POOL, "FileName": FILE, "DomainController": "dc9.lync.test"}),
    ],
)
def test_bad_calls(later, cmdlet, parameters):
    """What is missing, unknown, or not acted on ends the call."""
    assert later.call(cmdlet, **parameters).ended is not None


@pytest.mark.parametrize("cmdlet", ["Export-CsUserData", "Update-CsUserData", "Import-CsUserData"])
def test_2010_does_not_have_them(lab, cmdlet):
    """To Lync 2010 they are no cmdlets."""
    assert "is not recognized" in lab.call(cmdlet, FileName=FILE).ended.message


def test_2013_has_no_target_pool(lab):
    """-TargetPoolFqdn came with 2015; without it each user's own pool is updated."""
    older = replace(lab, blueprint=replace(lab.blueprint, generation="lync2013"))
    user = older.users(DR_POOL)[0]
    give(older, render(user, [Group(1, "~")], [Contact("n@x.test")]))
    assert "'targetpoolfqdn'" in update(older).ended.message
    assert older.call("Update-CsUserData", FileName=FILE, **QUIET).errors == []
    assert "n@x.test" in older.buddies(DR_POOL, user)
