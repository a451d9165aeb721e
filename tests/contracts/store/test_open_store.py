"""Which store the parameters name, whose account it uses, and what is missing on this machine."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Any

import pytest
from s3_service import BUCKET, ObjectService
from smb_server import PASSWORD, USER
from store_places import PARTS, SharePlace, bucket_store, publish

from lyncdr_helpers.adapters.stores import open_store
from lyncdr_helpers.errors import AccessDenied, InputError, Untrusted
from lyncdr_helpers.params.reading import LoadedParams, read_params
from lyncdr_helpers.ports import Store

EXAMPLE = Path(__file__).parents[3] / "params" / "example.yml"
NOTHING: dict[str, Any] = {"store_login": None, "s3_endpoint": None, "store_ca_file": None}


@pytest.fixture
def loaded(tmp_path: Path) -> LoadedParams:
    """The example's parameters, as if they lay in a folder of this test."""
    return dataclasses.replace(read_params(EXAMPLE), folder=tmp_path)


def opened(loaded: LoadedParams, **backup: Any) -> Store:
    written = loaded.params.backup.model_dump(mode="json") | NOTHING | backup
    return open_store(type(loaded.params.backup).model_validate(written), loaded)


def test_a_path(loaded: LoadedParams, source: Path) -> None:
    """A relative path begins at the parameters."""
    (loaded.folder / "dr").mkdir()
    publish(opened(loaded, store="dr"), source, "tonight")
    assert sorted(path.name for path in (loaded.folder / "dr" / "tonight").iterdir()) == [
        *("contacts", "manifest.json", "settings")
    ]


@pytest.mark.real("samba")
def test_a_share(loaded: LoadedParams, share_place: SharePlace, source: Path) -> None:
    """smb:// with the account of store_login, whose password is kept elsewhere."""
    (loaded.folder / "password").write_text(PASSWORD, encoding="utf-8")
    login = {"user": USER, "password": "file:password"}
    publish(opened(loaded, store=share_place.url, store_login=login), source, "tonight")
    assert share_place.open().files("tonight") == sorted(PARTS)


@pytest.mark.real("s3server")
def test_a_bucket(loaded: LoadedParams, s3: ObjectService, source: Path) -> None:
    """s3:// with the key of store_login, at an endpoint that the CA file proves."""
    key, secret = s3.keys["writer"]
    (loaded.folder / "secret").write_text(secret, encoding="utf-8")
    (loaded.folder / "ca.pem").write_bytes(s3.ca)
    wanted = {
        "store": f"s3://{BUCKET}/by-parameters",
        "store_login": {"user": key, "password": "file:secret"},
        "s3_endpoint": s3.endpoint,
    }
    publish(opened(loaded, **wanted, store_ca_file="ca.pem"), source, "tonight")
    with pytest.raises(Untrusted):
        opened(loaded, **wanted).sets()


@pytest.mark.real("s3server")
def test_the_keys_of_this_machine(loaded: LoadedParams, s3: ObjectService, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without store_login, what Amazon's own tools would use is used: here the environment."""
    key, secret = s3.keys["writer"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    (loaded.folder / "ca.pem").write_bytes(s3.ca)
    store = opened(loaded, store=f"s3://{BUCKET}/mine", s3_endpoint=s3.endpoint, store_ca_file="ca.pem")
    assert store.sets() == []


@pytest.mark.real("s3server")
def test_the_keys_of_the_parameters_alone(
    loaded: LoadedParams, s3: ObjectService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With store_login, what the environment holds for other tools is left alone, also the token of a session."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDOTHER")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-another-account")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of-another-session")
    store = bucket_store(s3, f"s3://{BUCKET}/alone")
    assert store.sets() == []


@pytest.mark.real("s3server")
def test_no_keys_at_all(s3: ObjectService, monkeypatch: pytest.MonkeyPatch) -> None:
    """AccessDenied says where a key can come from."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.53.71.9:1")  # the machine of this test may have a role
    with pytest.raises(AccessDenied, match="There is no access key for"):
        bucket_store(s3, f"s3://{BUCKET}/x", login=None).sets()


def test_the_extra_is_missing(loaded: LoadedParams, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says what to install."""
    monkeypatch.setitem(sys.modules, "obstore", None)
    monkeypatch.delitem(sys.modules, "lyncdr_helpers.adapters.stores.objects", raising=False)
    with pytest.raises(InputError) as caught:
        opened(loaded, store="s3://bucket/folder")
    assert str(caught.value) == ("A store at s3:// needs the package obstore. Run: pip install lyncdr-helpers[s3]")


@pytest.mark.parametrize("store", ["smb://drfs01.example.org/lyncdr", "s3://bucket/folder"])
def test_the_password_is_missing(loaded: LoadedParams, store: str) -> None:
    """It is asked for before anything else happens, by its reference."""
    with pytest.raises(InputError, match="file:nowhere"):
        opened(loaded, store=store, store_login={"user": "svc", "password": "file:nowhere"})


def test_the_ca_file_is_missing(loaded: LoadedParams) -> None:
    """It is named."""
    with pytest.raises(InputError, match=r"store_ca_file cannot be read: .*nowhere\.pem"):
        opened(loaded, store="s3://bucket/folder", store_ca_file="nowhere.pem")


def test_a_ca_file_that_is_none(loaded: LoadedParams) -> None:
    """What is not a certificate is no reason to trust the system's instead."""
    (loaded.folder / "ca.pem").write_text("not a certificate", encoding="utf-8")
    with pytest.raises(InputError, match="store_ca_file"):
        opened(loaded, store="s3://bucket/folder", store_ca_file="ca.pem")
