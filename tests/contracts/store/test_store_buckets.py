"""A store in a bucket: who signs in, who answers there, a service that goes away, and answers that are lost."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from link import Link
from s3_service import BUCKET, ObjectService
from store_places import PARTS, BucketPlace, bucket_store, publish, send

from lyncdr_helpers import files
from lyncdr_helpers.adapters.stores.patience import PAUSES
from lyncdr_helpers.clock import SetClock
from lyncdr_helpers.errors import AccessDenied, OperationError, UnknownOutcome, Unreachable, Untrusted

pytestmark = pytest.mark.real("s3server")

MEGABYTE = 1 << 20
DUMP = 64 * MEGABYTE


def set_clock() -> SetClock:
    return SetClock(dt.datetime(2026, 3, 1, tzinfo=dt.UTC))


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    made = tmp_path / "dump"
    made.write_bytes(os.urandom(DUMP))
    return made


@pytest.fixture
def link(s3: ObjectService) -> Iterator[Link]:
    """The way to the service."""
    made = Link("127.53.71.2", (s3.address, s3.port))
    yield made
    made.down()


@pytest.fixture
def losing(s3: ObjectService) -> Iterator[ObjectService]:
    """A service that can lose its answers, and finds them again."""
    yield s3
    s3.itself("lose", "no")


def behind(link: Link) -> str:
    return f"https://{link.address}:{link.port}"


# -- who we are, what we may, and who they are -------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["a wrong secret", "an unknown key"])
def test_who_may_not_sign_in(bucket_place: BucketPlace, who: str) -> None:
    """AccessDenied, at once, with the service's own word for it, and never the secret."""
    key, secret = bucket_place.service.keys["writer"]
    login = (key, "Not-the-secret") if who == "a wrong secret" else ("AKIDNOBODY", secret)
    with pytest.raises(AccessDenied, match=r"SignatureDoesNotMatch|InvalidAccessKeyId") as caught:
        bucket_store(bucket_place.service, bucket_place.url, login=login).sets()
    said = str(caught.value)
    assert bucket_place.url in said
    assert len(said) < 400
    for one in ("Not-the-secret", secret, "Debug source", "Authorization"):
        assert one not in said


@pytest.mark.parametrize("question", ["send", "publish", "remove"])
def test_who_may_only_read(bucket_place: BucketPlace, source: Path, question: str) -> None:
    """A reader reads; what it may not write is AccessDenied, and nothing changes."""
    writer = bucket_place.open()
    reader = bucket_store(bucket_place.service, bucket_place.url, user="reader")
    publish(writer, source, "yesterday")
    send(writer, source, "tonight")
    before = bucket_place.contents()
    assert reader.read("yesterday", "manifest.json") == b"{}"
    with pytest.raises(AccessDenied, match="Let the access key list, read, write and delete"):
        {
            "send": lambda: reader.send(source / "manifest.json", "tomorrow", "manifest.json"),
            "publish": lambda: reader.publish("tonight"),
            "remove": lambda: reader.remove("yesterday"),
        }[question]()
    assert bucket_place.contents() == before


def test_a_bucket_that_is_not_there(s3: ObjectService, source: Path, tmp_path: Path) -> None:
    """Unreachable to every question: S3 itself says of every object that it is not there."""
    for ask in (
        lambda store: store.sets(),
        lambda store: store.unpublished(),
        lambda store: store.free(),
        lambda store: store.files("tonight"),
        lambda store: store.read("tonight", "manifest.json"),
        lambda store: store.digest("tonight", "manifest.json"),
        lambda store: send(store, source, "tonight"),
        lambda store: store.publish("tonight"),
        lambda store: store.remove("tonight"),
    ):
        with pytest.raises(Unreachable, match="There is no bucket for s3://nowhere/lyncdr"):
            ask(bucket_store(s3, "s3://nowhere/lyncdr"))


def test_a_bucket_and_no_folder(s3: ObjectService, source: Path) -> None:
    """The whole bucket may be the store."""
    store = bucket_store(s3, f"s3://{BUCKET}")
    publish(store, source, "the-whole-bucket")
    assert "the-whole-bucket" in store.sets()
    store.remove("the-whole-bucket")


def test_a_certificate_of_nobody_we_trust(bucket_place: BucketPlace) -> None:
    """Untrusted, at once; and the store is not used in spite of it."""
    for ca in (None, trustme.CA().cert_pem.bytes()):
        clock = set_clock()
        with pytest.raises(Untrusted, match="certificate of s3://"):
            bucket_store(bucket_place.service, bucket_place.url, ca=ca, clock=clock).sets()
        assert clock.monotonic() == 0


def test_a_certificate_of_somebody_else(s3: ObjectService) -> None:
    """The CA is trusted, but the name is not the one that was asked for."""
    link = Link("127.53.71.3", (s3.address, s3.port))
    with pytest.raises(Untrusted, match="NotValidForName"):
        bucket_store(s3, "s3://lyncdr/x", endpoint=behind(link)).sets()
    link.down()


@pytest.mark.parametrize("endpoint", ["https://127.53.71.9:4443", "https://nohost.invalid", "http://127.53.71.9:8080"])
def test_where_nobody_answers(s3: ObjectService, endpoint: str) -> None:
    """Unreachable, and not waited for: nobody ever answered there."""
    clock = set_clock()
    with pytest.raises(Unreachable, match="cannot be reached"):
        bucket_store(s3, "s3://lyncdr/x", endpoint=endpoint, clock=clock).sets()
    assert clock.monotonic() == 0


# -- a service that goes away ------------------------------------------------------------------------------------------
def test_a_service_that_goes_away_in_the_middle_of_a_copy(s3: ObjectService, link: Link, dump: Path) -> None:
    """It is back two seconds later. The parts that were under way are sent again, and no others."""
    store = bucket_store(s3, "s3://lyncdr/away", endpoint=behind(link))
    assert store.sets() == []
    link.when(lambda _: link.sent > DUMP // 2, lambda: link.down(2))
    store.send(dump, "tonight", "dump")
    assert store.digest("tonight", "dump", published=False) == files.digest_file(dump)
    again = link.sent - DUMP
    print(f"sent again, with all that HTTPS says around it: {again:,} of {DUMP:,} bytes")
    assert again < DUMP * 2 // 3


def test_a_service_that_stays_away(s3: ObjectService, link: Link, dump: Path) -> None:
    """The copy is given up after a while, and of the file nothing is to be seen."""
    store = bucket_store(s3, "s3://lyncdr/gone", endpoint=behind(link), seconds=1)
    assert store.sets() == []
    link.when(lambda _: link.sent > DUMP // 2, link.down)
    began = time.monotonic()
    with pytest.raises(Unreachable, match="cannot be reached"):
        store.send(dump, "tonight", "dump")
    assert time.monotonic() - began < 20
    link.up()
    assert (store.sets(), store.unpublished()) == ([], [])


def test_a_service_that_was_away(s3: ObjectService, link: Link, source: Path) -> None:
    """Away between two questions, for three seconds: nobody notices."""
    store = bucket_store(s3, "s3://lyncdr/back", endpoint=behind(link))
    send(store, source, "tonight")
    for ask in (
        lambda: store.publish("tonight"),
        store.sets,
        lambda: store.files("tonight"),
        lambda: store.digest("tonight", "manifest.json"),
        lambda: store.remove("tonight"),
    ):
        link.down(1)
        ask()
    assert store.sets() == []


def test_a_file_that_is_there_already_is_not_sent_again(s3: ObjectService, link: Link, dump: Path) -> None:
    """The next night that finds it reads it and compares; S3 has no half files to go on with."""
    bucket_store(s3, "s3://lyncdr/again").send(dump, "tonight", "dump")
    bucket_store(s3, "s3://lyncdr/again", endpoint=behind(link)).send(dump, "tonight", "dump")
    assert link.answered > DUMP
    assert link.sent < DUMP // 100


def test_a_large_file_goes_in_parts(bucket_place: BucketPlace, dump: Path) -> None:
    """S3 takes at most five gigabytes in one piece, and says of an object how many parts it came in."""
    bucket_place.open().send(dump, "tonight", "dump")
    assert str(bucket_place.bucket.head("tonight/dump")["e_tag"]).strip('"').endswith("-8")


# -- an answer that is lost --------------------------------------------------------------------------------------------
def test_the_answer_to_publish_is_lost(losing: ObjectService, source: Path) -> None:
    """The service published, and nobody heard of it: asked again, the set is there, and it was this one."""
    clock = set_clock()
    store = bucket_store(losing, "s3://lyncdr/lost", clock=clock)
    send(store, source, "tonight")
    losing.itself("lose", "once")
    store.publish("tonight")
    assert clock.monotonic() == PAUSES[0]
    assert store.files("tonight") == sorted(PARTS)


def test_whether_it_was_published_is_unknown(losing: ObjectService, source: Path) -> None:
    """The service published, and then stays away: nobody claims that nothing happened."""
    store = bucket_store(losing, "s3://lyncdr/unknown", clock=set_clock())
    send(store, source, "tonight")
    losing.itself("lose", "ever")
    with pytest.raises(UnknownOutcome, match="it may be there or not"):
        store.publish("tonight")
    losing.itself("lose", "no")
    assert store.sets() == ["tonight"]


def test_its_secret_is_in_no_message(bucket_place: BucketPlace, link: Link) -> None:
    """Neither what goes wrong, down to its first cause, nor the store's own description shows the secret."""
    _, secret = bucket_place.service.keys["writer"]
    store = bucket_store(bucket_place.service, bucket_place.url, endpoint=behind(link), clock=set_clock())
    link.down()
    with pytest.raises(OperationError) as caught:
        store.sets()
    error: BaseException | None = caught.value
    while error:
        assert secret not in f"{error} {error!r}"
        error = error.__cause__ or error.__context__
    assert secret not in f"{store!r} {vars(store)!r}"
