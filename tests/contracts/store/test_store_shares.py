"""A store on a real file server: sign-in, rights, a server that dies, hangs or fills up, and answers that are lost."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from link import Link
from smb_server import PASSWORD, READER, READER_PASSWORD, USER, SmbServer
from store_places import PARTS, SharePlace, publish, send, share_store

from lyncdr_helpers import files
from lyncdr_helpers.adapters.stores import patience, share
from lyncdr_helpers.adapters.stores.folders import FolderStore
from lyncdr_helpers.adapters.stores.patience import PAUSES, Patience
from lyncdr_helpers.adapters.stores.share import Share
from lyncdr_helpers.clock import SetClock
from lyncdr_helpers.errors import AccessDenied, OperationError, UnknownOutcome, Unreachable
from lyncdr_helpers.ports import Store

pytestmark = pytest.mark.real("samba")

MEGABYTE = 1 << 20
DUMP = 24 * MEGABYTE


def set_clock() -> SetClock:
    return SetClock(dt.datetime(2026, 3, 1, tzinfo=dt.UTC))


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    """A large file to send."""
    made = tmp_path / "dump"
    made.write_bytes(os.urandom(DUMP))
    return made


@pytest.fixture
def mortal() -> Iterator[SmbServer]:
    """A server that a test may kill."""
    server = SmbServer("127.53.70.2", {"dr": "strict rename = yes"})  # as Windows: no open file below what is renamed
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def link(mortal: SmbServer) -> Iterator[Link]:
    """The way to that server."""
    made = Link("127.53.70.3", (mortal.address, mortal.port))
    yield made
    made.down()


def behind(link: Link) -> str:
    return f"smb://{link.address}:{link.port}/dr"


# -- who we are, and what we may ---------------------------------------------------------------------------------------
STRANGERS = {
    "a wrong password": (USER, "Not-the-password!"),
    "an unknown user": ("nobody-knows-me", PASSWORD),
    "no account at all": (None, None),
}


@pytest.mark.parametrize("who", STRANGERS)
def test_who_may_not_sign_in(share_place: SharePlace, who: str) -> None:
    """AccessDenied, at once, naming the store and the account, and never the password."""
    user, password = STRANGERS[who]
    with pytest.raises(AccessDenied, match="does not accept") as caught:
        share_store(share_place.url, user, password).sets()
    said = str(caught.value)
    assert share_place.url in said
    assert (user or "the signed-in account") in said
    assert PASSWORD not in said
    assert "Not-the-password!" not in said


@pytest.mark.parametrize("question", ["send", "publish", "remove"])
def test_who_may_only_read(share_place: SharePlace, source: Path, question: str) -> None:
    """A reader reads; what it may not write is AccessDenied, and nothing changes."""
    writer, reader = share_place.open(), share_store(share_place.url, READER, READER_PASSWORD)
    publish(writer, source, "yesterday")
    send(writer, source, "tonight")
    before = share_place.contents()
    assert reader.read("yesterday", "manifest.json") == b"{}"
    with pytest.raises(AccessDenied, match=f"Let {READER} read and write there"):
        {
            "send": lambda: reader.send(source / "manifest.json", "tomorrow", "manifest.json"),
            "publish": lambda: reader.publish("tonight"),
            "remove": lambda: reader.remove("yesterday"),
        }[question]()
    assert share_place.contents() == before


def test_two_accounts_in_one_process(share_place: SharePlace, source: Path) -> None:
    """Each store asks as itself, though both speak to the same server."""
    reader, writer = share_store(share_place.url, READER, READER_PASSWORD), share_place.open()
    assert reader.sets() == []
    publish(writer, source, "tonight")
    with pytest.raises(AccessDenied):
        reader.remove("tonight")
    assert reader.sets() == ["tonight"]


@pytest.mark.parametrize("path", ["dr/nowhere", "dr/READ ME", "nowhere/lyncdr", "closed"])
def test_what_is_not_there(smbd: SmbServer, source: Path, path: str) -> None:
    """A folder, a share, a share that is closed: Unreachable, and nothing is made in its place."""
    (smbd.shares["dr"] / "READ ME").write_bytes(b"a file")
    store = share_store(f"smb://{smbd.address}/{path}")
    for ask in (store.sets, store.free, lambda: send(store, source, "tonight")):
        with pytest.raises(Unreachable):
            ask()
    assert not (smbd.shares["dr"] / "nowhere").exists()


@pytest.mark.parametrize("place", ["smb://127.53.70.9/dr", "smb://nohost.invalid/dr"])
def test_where_nobody_answers(place: str) -> None:
    """Unreachable, and not waited for: nobody ever answered there."""
    clock = set_clock()
    with pytest.raises(Unreachable, match="cannot be reached"):
        share_store(place, clock=clock).sets()
    assert clock.monotonic() == 0


def test_a_folder_with_a_space(smbd: SmbServer, source: Path) -> None:
    """A URL may spell a space as %20; the folder is the same."""
    (smbd.shares["dr"] / "a b").mkdir(exist_ok=True)
    publish(share_store(smbd.url("dr", "a%20b")), source, "tonight")
    assert share_store(smbd.url("dr", "a b")).sets() == ["tonight"]


# -- a server that goes away -------------------------------------------------------------------------------------------
def test_a_server_that_is_killed_in_the_middle_of_a_copy(mortal: SmbServer, link: Link, dump: Path) -> None:
    """It is back two seconds later, and the copy goes on: less than a quarter of the file is sent again."""
    store = share_store(behind(link))
    assert store.sets() == []
    target = mortal.shares["dr"] / ".incoming-tonight" / "dump"

    def power_cut() -> None:
        _wait(lambda: target.exists() and target.stat().st_size > DUMP // 2)
        mortal.kill()
        time.sleep(2)
        mortal.start()

    cutter = threading.Thread(target=power_cut)
    cutter.start()
    store.send(dump, "tonight", "dump")
    cutter.join()
    assert store.digest("tonight", "dump", published=False) == files.digest_file(dump)
    again = link.sent - DUMP
    print(f"sent again, with all that SMB says around it: {again:,} of {DUMP:,} bytes")
    assert again < DUMP // 4


def test_a_server_that_stays_away(mortal: SmbServer, dump: Path) -> None:
    """After a minute of patience the copy is given up; what was there is not lost, and is no set."""
    clock = set_clock()
    store = share_store(mortal.url("dr"), clock=clock)
    assert store.sets() == []
    target = mortal.shares["dr"] / ".incoming-tonight" / "dump"

    def power_cut() -> None:
        _wait(lambda: target.exists() and target.stat().st_size > DUMP // 2)
        mortal.kill()

    cutter = threading.Thread(target=power_cut)
    cutter.start()
    with pytest.raises(Unreachable, match="cannot be reached"):
        store.send(dump, "tonight", "dump")
    cutter.join()
    assert clock.monotonic() == sum(PAUSES)
    mortal.start()
    assert (store.sets(), store.unpublished()) == ([], ["tonight"])
    assert target.stat().st_size > DUMP // 2


def test_a_next_run_goes_on(mortal: SmbServer, link: Link, dump: Path) -> None:
    """Another process, another night: what is there already is read and compared, and only the rest is sent."""
    target = mortal.shares["dr"] / ".incoming-tonight" / "dump"
    files.replace(target, dump.read_bytes()[: DUMP - 3 * MEGABYTE - 5])
    store = share_store(behind(link))
    store.send(dump, "tonight", "dump")
    assert target.read_bytes() == dump.read_bytes()
    print(f"sent: {link.sent:,} of {DUMP:,} bytes")
    assert 3 * MEGABYTE < link.sent < 5 * MEGABYTE


@pytest.mark.parametrize("question", ["sets", "files", "read", "digest", "send", "remove"])
def test_a_connection_that_breaks(link: Link, source: Path, question: str) -> None:
    """A firewall drops the connection between two questions: nobody notices."""
    store = share_store(behind(link))
    publish(store, source, "tonight")
    link.cut()
    {
        "sets": store.sets,
        "files": lambda: store.files("tonight"),
        "read": lambda: store.read("tonight", "manifest.json"),
        "digest": lambda: store.digest("tonight", "manifest.json"),
        "send": lambda: send(store, source, "tomorrow"),
        "remove": lambda: store.remove("tonight"),
    }[question]()
    assert store.sets() == ([] if question == "remove" else ["tonight"])


def test_a_server_that_did_not_notice(mortal: SmbServer, link: Link, dump: Path) -> None:
    """The network broke, and the server still has the first connection's file open: the second one may publish."""
    store = share_store(behind(link))
    assert store.sets() == []
    link.when(lambda _: link.sent > DUMP // 2, link.strand)
    store.send(dump, "tonight", "dump")
    store.publish("tonight")
    assert store.digest("tonight", "dump") == files.digest_file(dump)


def test_a_server_that_hangs(mortal: SmbServer, dump: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes connections and says nothing: that ends too, in Unreachable, and not with the night."""
    monkeypatch.setattr(share, "SILENCE_SECONDS", 1)
    monkeypatch.setattr(share, "CONNECT_SECONDS", 1)
    monkeypatch.setattr(patience, "PAUSES", PAUSES[:1])
    store = share_store(mortal.url("dr"), clock=set_clock())
    assert store.sets() == []
    mortal.signal(signal.SIGSTOP)
    began = time.monotonic()
    try:
        for ask in (store.sets, lambda: store.send(dump, "tonight", "dump")):
            with pytest.raises(Unreachable):
                ask()
    finally:
        mortal.signal(signal.SIGCONT)
    assert time.monotonic() - began < 60
    assert store.sets() == []


def test_a_server_that_hangs_in_the_middle_of_a_copy(
    mortal: SmbServer, dump: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A send that is stuck in the network's buffers is given up as well, and goes on when the server does."""
    monkeypatch.setattr(share, "SILENCE_SECONDS", 1)
    store = share_store(mortal.url("dr"))
    assert store.sets() == []
    target = mortal.shares["dr"] / ".incoming-tonight" / "dump"

    def hang() -> None:
        _wait(lambda: target.exists() and target.stat().st_size > DUMP // 2)
        mortal.signal(signal.SIGSTOP)
        time.sleep(4)
        mortal.signal(signal.SIGCONT)

    hanging = threading.Thread(target=hang)
    hanging.start()
    store.send(dump, "tonight", "dump")
    hanging.join()
    assert store.digest("tonight", "dump", published=False) == files.digest_file(dump)


def test_a_file_that_a_dead_connection_holds_open(share_place: SharePlace, dump: Path) -> None:
    """The server has not noticed yet that the first attempt is gone: the second one is not kept out by it."""
    first = Share(share_place.url, USER, PASSWORD)
    first.makedirs(f"{first.root}/.incoming-tonight", exist_ok=True)
    with first.open(f"{first.root}/.incoming-tonight/dump", "wb") as held:
        held.write(dump.read_bytes()[:MEGABYTE])
        store = share_place.open()
        store.send(dump, "tonight", "dump")
        assert store.digest("tonight", "dump", published=False) == files.digest_file(dump)


# -- an answer that is lost --------------------------------------------------------------------------------------------
def _renames(sent: bytes) -> bool:
    """Whether that is an SMB2 SET_INFO: [MS-SMB2] 2.2.1, the command is in bytes 12 and 13 of the header."""
    return sent[4:8] == b"\xfeSMB" and sent[16:18] == b"\x11\x00"


def test_the_answer_to_publish_is_lost(link: Link, source: Path) -> None:
    """The server renamed, and nobody heard of it: asked again, the set is there, and it was this one."""
    store = share_store(behind(link))
    send(store, source, "tonight")
    link.when(_renames, link.lose_the_answer)
    store.publish("tonight")
    assert (store.sets(), store.unpublished()) == (["tonight"], [])
    assert store.files("tonight") == sorted(PARTS)


def test_whether_it_was_published_is_unknown(link: Link, source: Path) -> None:
    """The server renamed, and then stays away: nobody claims that nothing happened."""
    store = share_store(behind(link), clock=set_clock())
    send(store, source, "tonight")
    link.when(_renames, lambda: link.lose_the_answer(for_good=True))
    with pytest.raises(UnknownOutcome, match="it may be there or not"):
        store.publish("tonight")
    link.up()
    assert store.sets() == ["tonight"]


def test_the_answer_to_remove_is_lost(link: Link, source: Path) -> None:
    """The server renamed what is to go, and nobody heard of it: asked again, it is deleted."""
    store = share_store(behind(link))
    publish(store, source, "tonight")
    link.when(_renames, link.lose_the_answer)
    store.remove("tonight")
    assert store.sets() == []


# -- a disk that is full -----------------------------------------------------------------------------------------------
@pytest.fixture
def small(mortal: SmbServer) -> Iterator[Store]:
    """The same share, on a disk of eight megabytes."""
    disk = mortal.shares["dr"]
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"root may not mount a small disk here: {done.stderr.strip()}")
    try:
        yield share_store(mortal.url("dr"))
    finally:
        mortal.kill()
        subprocess.run(["umount", "--lazy", str(disk)], check=True)  # the last child of smbd may still be dying


def test_a_full_disk_is_known_beforehand(small: Store, mortal: SmbServer, dump: Path) -> None:
    """The server says how much is free, and a file that is larger is not begun."""
    assert small.free() == 8 * MEGABYTE
    with pytest.raises(OperationError, match=r"tonight/dump needs 25,165,824 more bytes, and 8,388,608 are free"):
        small.send(dump, "tonight", "dump")
    assert not list(mortal.shares["dr"].rglob("dump"))


def test_a_disk_that_fills_up_during_a_copy(small: Store, mortal: SmbServer, dump: Path, tmp_path: Path) -> None:
    """Somebody else takes the space: the copy ends with what it needs and what is free, and goes on when there is room.

    Other sets stay as they are.
    """
    (tmp_path / "part").write_bytes(dump.read_bytes()[: 6 * MEGABYTE])
    (tmp_path / "manifest").write_bytes(b"{}")
    small.send(tmp_path / "manifest", "yesterday", "manifest.json")
    small.publish("yesterday")
    target, hog = mortal.shares["dr"] / ".incoming-tonight" / "part", mortal.shares["dr"] / "hog"

    def fill() -> None:
        _wait(lambda: target.exists() and target.stat().st_size > 0)
        with contextlib.suppress(OSError), hog.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))

    filler = threading.Thread(target=fill)
    filler.start()
    with pytest.raises(OperationError, match=r"is full: tonight/part needs 6,291,456 more bytes, and [\d,]+ are free"):
        small.send(tmp_path / "part", "tonight", "part")
    filler.join()
    assert (small.sets(), small.unpublished()) == (["yesterday"], ["tonight"])
    assert small.read("yesterday", "manifest.json") == b"{}"
    hog.unlink()
    small.send(tmp_path / "part", "tonight", "part")
    assert small.digest("tonight", "part", published=False) == files.digest_file(tmp_path / "part")


def test_a_quota(mortal: SmbServer, dump: Path) -> None:
    """A limit that shows only when it is met: the server's own disk has room, and takes no more of this file."""
    store = share_store(mortal.url("dr"))
    assert store.sets() == []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.name() == "smbd" and str(mortal.folder) in " ".join(process.cmdline()):
                resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (5 * MEGABYTE, resource.RLIM_INFINITY))
    with pytest.raises(OperationError, match="is full: tonight/dump needs 25,165,824 more bytes"):
        store.send(dump, "tonight", "dump")


def _wait(until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not until():
        assert time.monotonic() < deadline, "it never came so far"
        time.sleep(0.001)


def test_its_account_is_in_no_message(mortal: SmbServer) -> None:
    """Neither what goes wrong nor the store's own description shows the password."""
    place = Share(mortal.url("dr"), USER, PASSWORD)
    store = FolderStore(place, Patience(set_clock()))
    mortal.kill()
    with pytest.raises(Unreachable) as caught:
        store.sets()
    error: BaseException | None = caught.value
    while error:
        assert PASSWORD not in f"{error} {error!r}"
        error = error.__cause__ or error.__context__
    assert PASSWORD not in f"{place} {place!r} {store!r}"
