"""dbimpexp.exe of the lab: what it exports, that an import adds, and whom it leaves out."""

from __future__ import annotations

import pytest
from lxml import etree

from lyncdr_helpers.contacts.comparison import compare
from lyncdr_helpers.contacts.dbimpexp import NAMESPACE, read_export, write_import
from lyncdr_helpers.contacts.lists import Contact, Group
from lyncdr_helpers.lab import people
from lyncdr_helpers.lab.blueprint import BRANCH_POOL, DR_POOL, PRIMARY_POOL
from lyncdr_helpers.lab.cmdlets import programs
from lyncdr_helpers.lab.contact_lists import render

FILE = r"C:\lyncdr\users.xml"


def export(lab, pool=PRIMARY_POOL, *more):
    return lab.program(f"/hrxmlfile:{FILE}", rf"/sqlserver:{pool}\rtc", "/restype:user", *more)


def import_(lab, pool=DR_POOL, *more):
    return lab.program("/import", f"/hrxmlfile:{FILE}", rf"/sqlserver:{pool}\rtc", "/restype:user", *more)


def exported(lab):
    return list(read_export(lab.blueprint.drive_c / "lyncdr" / "users.xml"))


def give(lab, *lists):
    """Put an import document where dbimpexp finds it."""
    write_import(lab.blueprint.drive_c / "lyncdr" / "users.xml", lists)


def move_all(lab):
    feed = [f"sip:{user}" for user in lab.users()]
    assert not lab.call("Move-CsUser", feed=feed, Target=DR_POOL, Force=True, Confirm=False).errors


def test_export(lab):
    """An export holds exactly what the pool keeps, in the product's format."""
    code, out, errors = export(lab)
    assert (code, errors) == (0, "")
    assert "Exported 40 users" in out
    assert exported(lab) == sorted(lab.deployment.contact_lists(PRIMARY_POOL), key=lambda found: found.user)


def test_export_of_one(lab):
    """/user: exports one user, whatever the spelling; an unknown one is an error and no file."""
    assert export(lab, PRIMARY_POOL, "/user:O'Brien@lync.test")[0] == 0
    assert [found.user for found in exported(lab)] == [people.APOSTROPHE]
    code, _, errors = lab.program(
        r"/hrxmlfile:C:\lyncdr\no.xml", f"/sqlserver:{PRIMARY_POOL}", "/user:nobody@lync.test"
    )
    assert code == 1
    assert "nobody@lync.test does not exist" in errors
    assert not (lab.blueprint.drive_c / "lyncdr" / "no.xml").exists()


def test_export_of_conference_directories(lab):
    """/restype:confdir holds the directories of that pool, and no users."""
    for pool, numbers in ((PRIMARY_POOL, ["1", "3"]), (DR_POOL, ["2"]), (BRANCH_POOL, [])):
        code, out, _ = lab.program(f"/hrxmlfile:{FILE}", f"/sqlserver:{pool}", "/restype:confdir")
        assert (code, f"Exported {len(numbers)} conference directories" in out) == (0, True)
        root = etree.parse(lab.blueprint.drive_c / "lyncdr" / "users.xml").getroot()
        assert [one.get("Id") for one in root.iter(f"{{{NAMESPACE}}}ConferenceDirectory")] == numbers
        assert {one.get("HomePool") for one in root.iter(f"{{{NAMESPACE}}}ConferenceDirectory")} <= {pool}
        assert exported(lab) == []


def test_conference_directories_of_a_lost_pool(lab):
    """Directories, too, come out of the pool's own database."""
    lab.fail("primary")
    assert lab.program(f"/hrxmlfile:{FILE}", f"/sqlserver:{PRIMARY_POOL}", "/restype:confdir")[0] == 1
    assert not (lab.blueprint.drive_c / "lyncdr" / "users.xml").exists()


@pytest.mark.parametrize(("part", "pool"), [("primary", PRIMARY_POOL), ("wan", PRIMARY_POOL), ("dr", DR_POOL)])
def test_a_lost_pool_exports_nothing(lab, part, pool):
    """A pool that is down gives an error and exit code 1, and no file."""
    lab.fail(part)
    code, out, errors = export(lab, pool)
    assert (code, out) == (1, "")
    assert pool in errors
    assert not (lab.blueprint.drive_c / "lyncdr" / "users.xml").exists()


def test_a_lost_pool_imports_nothing(lab):
    """Nor does it take an import."""
    give(lab, render(lab.users(DR_POOL)[0], [Group(1, "~")], []))
    lab.fail("dr")
    assert import_(lab)[0] == 1


def test_the_whole_way(lab):
    """Export, lose the site, force everybody over, import: nothing of any list is missing on the other pool."""
    export(lab)
    lab.fail("primary")
    move_all(lab)
    code, out, _ = import_(lab)
    assert code == 0
    assert "Imported 40 of 40 users" in out
    before = {found.user: found for found in lab.deployment.contact_lists(PRIMARY_POOL)}
    assert export(lab, DR_POOL)[0] == 0
    after = {found.user: found for found in exported(lab)}
    assert all(one.whole for one in compare(before, after))
    assert {user: after[user].element for user in before} == {user: one.element for user, one in before.items()}


def test_import_twice(lab):
    """Importing again changes nothing."""
    export(lab)
    move_all(lab)
    for _ in range(2):
        assert import_(lab)[0] == 0
    export(lab, DR_POOL)
    assert {found.user: found for found in lab.deployment.contact_lists(PRIMARY_POOL)}.items() <= {
        found.user: found for found in exported(lab)
    }.items()


def test_import_adds(lab):
    """What the user has on the pool stays when a list is imported."""
    user = lab.users(DR_POOL)[0]
    buddies = lab.buddies(DR_POOL, user)
    give(lab, render(user, [Group(1, "~")], [Contact("new@fabrikam.test")]))
    assert import_(lab)[0] == 0
    assert lab.buddies(DR_POOL, user) == [*buddies, "new@fabrikam.test"]


def test_not_homed_here(lab):
    """Users who are not homed on the pool are skipped and named; the others are imported."""
    here, elsewhere = lab.users(DR_POOL)[0], lab.users()[0]
    give(lab, *(render(user, [Group(1, "~")], [Contact("n@x.test")]) for user in (here, elsewhere, "nobody@lync.test")))
    code, out, _ = import_(lab)
    assert code == 0
    assert f"Skipped {elsewhere}: the user is not homed on this pool." in out
    assert "Skipped nobody@lync.test" in out
    assert "Imported 1 of 3 users" in out
    assert lab.buddies(DR_POOL, elsewhere) is None
    assert "n@x.test" in lab.buddies(DR_POOL, here)


def test_one_user_of_a_file(lab):
    """/user: imports one user of many."""
    first, second = lab.users(DR_POOL)
    give(lab, *(render(user, [Group(1, "~")], [Contact("n@x.test")]) for user in (first, second)))
    assert "Imported 1 of 1 users" in import_(lab, DR_POOL, f"/user:{second}")[1]
    assert "n@x.test" not in lab.buddies(DR_POOL, first)
    assert "n@x.test" in lab.buddies(DR_POOL, second)


def test_themself(lab):
    """A user who is a contact of themself is skipped and named."""
    user = lab.users(DR_POOL)[0]
    path = lab.blueprint.drive_c / "lyncdr" / "users.xml"
    give(lab, render(user, [Group(1, "~")], [Contact("placeholder@lync.test")]))
    path.write_text(path.read_text("utf-16").replace("placeholder@lync.test", user), "utf-16")
    assert "cannot be a contact of themself" in import_(lab)[1]
    assert user not in lab.buddies(DR_POOL, user)


def test_a_damaged_file(lab):
    """Of a file that is cut short not one user is imported."""
    path = lab.blueprint.drive_c / "lyncdr" / "users.xml"
    export(lab)
    move_all(lab)
    path.write_bytes(path.read_bytes()[:-50])
    code, _, errors = import_(lab)
    assert code == 1
    assert "not a whole XML document" in errors
    assert lab.buddies(DR_POOL, lab.users()[0]) is None


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["/hrxmlfile:"],
        ["/hrxmlfile:C:\\lyncdr\\a.xml", "/restype:everything"],
        ["/hrxmlfile:C:\\lyncdr\\a.xml", "/unknown:x"],
        ["/hrxmlfile:C:\\lyncdr\\a.xml", "/hrxmlfile:C:\\lyncdr\\b.xml"],
        ["/hrxmlfile:C:\\lyncdr\\a.xml", "/sqlserver:nowhere.lync.test"],
        ["/hrxmlfile:C:\\lyncdr\\a.xml", f"/sqlserver:{PRIMARY_POOL}\\other"],
        ["/hrxmlfile:C:\\lyncdr\\a.xml"],
        ["/hrxmlfile:C:\\none\\a.xml", f"/sqlserver:{PRIMARY_POOL}"],
        ["/hrxmlfile:C:\\lyncdr\\..\\..\\a.xml", f"/sqlserver:{PRIMARY_POOL}"],
        ["/hrxmlfile:D:\\a.xml", f"/sqlserver:{PRIMARY_POOL}"],
        ["/import", "/hrxmlfile:C:\\lyncdr\\none.xml", f"/sqlserver:{PRIMARY_POOL}"],
    ],
)
def test_bad_arguments(lab, arguments):
    """Arguments that mean nothing, a back end that is no pool's, a place that is not there: exit code 1, and why."""
    code, out, errors = lab.program(*arguments)
    assert (code, out) == (1, "")
    assert errors.startswith("Error: ")


def test_branch(lab):
    """The branch appliance's store can be exported like any pool's."""
    assert export(lab, BRANCH_POOL)[0] == 0
    assert [found.user for found in exported(lab)] == [people.BRANCH_USER]


def test_later_generations(lab):
    """dbimpexp is a program of Lync 2010; later generations do not have it."""
    assert set(programs(lab.blueprint)) == {"dbimpexp.exe", "sqlcmd.exe"}
    assert set(programs(type(lab.blueprint)(lab.blueprint.folder, generation="lync2013"))) == {"sqlcmd.exe"}
