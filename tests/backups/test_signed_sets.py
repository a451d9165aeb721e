"""Signed sets: who vouches for a set is shown, proven, and asked for before anybody restores from it."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from backup_store import CONTACTS, Deployment, Said

from lyncdr_helpers import files
from lyncdr_helpers.adapters.stores import open_path
from lyncdr_helpers.backups import manifest as manifests
from lyncdr_helpers.backups import sets, signed
from lyncdr_helpers.backups.signed import Keys
from lyncdr_helpers.errors import InputError, Refusal
from lyncdr_helpers.params.reading import read_params
from lyncdr_helpers.signatures import SigningKey, Standing

Lyncdr = Callable[..., Said]

OWN, EARLIER, STRANGER = SigningKey.new(), SigningKey.new(), SigningKey.new()


@pytest.fixture
def signing(deployment: Deployment) -> Deployment:
    """The deployment with a key of its own, and one that it had before."""
    (deployment.params.parent / "key.pem").write_text(OWN.pem())
    deployment.say("signing_key: file:key.pem")
    deployment.say(f"trusted_keys: ['{EARLIER.public}']")
    return deployment


def keys_of(deployment: Deployment) -> Keys:
    return signed.keys_of(read_params(deployment.params))


def chosen(deployment: Deployment, wanted: str = "") -> str:
    store = open_path(deployment.store)
    return sets.choose(store, "lab", keys_of(deployment), wanted).manifest.name


# -- ways to spoil a signed set ----------------------------------------------------------------------------------------
def edited(deployment: Deployment, name: str) -> None:
    path = deployment.store / name / manifests.NAME
    files.replace_json(path, json.loads(path.read_bytes()) | {"made_by": "mallory@elsewhere"})


def reformatted(deployment: Deployment, name: str) -> None:
    path = deployment.store / name / manifests.NAME
    path.write_bytes(path.read_bytes() + b"\n")


def of_another_night(deployment: Deployment, name: str) -> None:
    other = deployment.night(9, key=OWN)
    shutil.copy(deployment.store / other / signed.NAME, deployment.store / name / signed.NAME)


def cut(deployment: Deployment, name: str) -> None:
    path = deployment.store / name / signed.NAME
    path.write_bytes(path.read_bytes()[:-20])


def emptied(deployment: Deployment, name: str) -> None:
    (deployment.store / name / signed.NAME).write_bytes(b"")


def taken_away(deployment: Deployment, name: str) -> None:
    (deployment.store / name / signed.NAME).unlink()


def signed_by_a_stranger(deployment: Deployment, name: str) -> None:
    folder = deployment.store / name
    document = signed.sign_manifest(
        STRANGER, (folder / manifests.NAME).read_bytes(), name, "svc-lyncdr@mgmt02", dt.datetime.now(dt.UTC)
    )
    (folder / signed.NAME).write_bytes(document)


BAD = (edited, reformatted, of_another_night, cut, emptied)
"""What is wrong whomever the deployment trusts."""

UNVOUCHED = (taken_away, signed_by_a_stranger)
"""What is wrong where it says whom it trusts."""

Spoil = Callable[[Deployment, str], None]


# -- choosing ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("key", [OWN, EARLIER])
def test_a_trusted_signature(signing: Deployment, key: SigningKey) -> None:
    """A set signed by the deployment's own key, or by one that it trusts, may be restored from."""
    name = signing.night(1, key=key)
    assert chosen(signing) == name


@pytest.mark.parametrize("spoil", [*BAD, *UNVOUCHED])
def test_a_set_that_nobody_vouches_for(signing: Deployment, spoil: Spoil) -> None:
    """It is refused by name, with a remedy, though all of its files are whole; an older set can be named."""
    older, newest = signing.night(2, key=OWN), signing.night(1, key=OWN)
    spoil(signing, newest)
    with pytest.raises(Refusal, match=newest) as refused:
        chosen(signing)
    assert signed.NAME in refused.value.message
    assert "--backup-set" in refused.value.remedy
    assert chosen(signing, older) == older


@pytest.mark.parametrize("spoil", BAD)
def test_a_bad_signature_counts_without_any_key(deployment: Deployment, spoil: Spoil) -> None:
    """A deployment without keys takes unsigned sets, and not one whose signature is broken."""
    name = deployment.night(1, key=STRANGER)
    assert chosen(deployment) == name
    spoil(deployment, name)
    with pytest.raises(Refusal, match="Nobody vouches"):
        chosen(deployment, name)


@pytest.mark.parametrize("spoil", UNVOUCHED)
def test_without_keys_a_signature_is_not_asked_for(deployment: Deployment, spoil: Spoil) -> None:
    """Who says nothing about keys restores from any whole set."""
    name = deployment.night(1, key=OWN)
    spoil(deployment, name)
    assert chosen(deployment) == name


def test_the_private_key_is_elsewhere(signing: Deployment) -> None:
    """Without its own private key a machine still takes what a trusted key signed; what only the missing key could
    vouch for is refused, and the message says why.
    """
    earlier, own = signing.night(2, key=EARLIER), signing.night(1, key=OWN)
    (signing.params.parent / "key.pem").unlink()
    assert chosen(signing, earlier) == earlier
    with pytest.raises(Refusal, match=r"file:key\.pem cannot be read"):
        chosen(signing, own)
    with pytest.raises(InputError, match=r"file:key\.pem"):
        keys_of(signing).to_sign()


def test_a_signing_key_that_is_none(signing: Deployment) -> None:
    """Something else in the key's place is bad input to whoever wants to sign, and is not quoted."""
    (signing.params.parent / "key.pem").write_text("hunter2")
    with pytest.raises(InputError, match=r"file:key\.pem is no private key") as caught:
        keys_of(signing).to_sign()
    assert "hunter2" not in str(caught.value)


def test_an_incomplete_set_is_never_chosen_by_itself(deployment: Deployment) -> None:
    """The newest COMPLETE set is taken although an INCOMPLETE one is newer; naming that one gives it, as it is."""
    older, newer = deployment.night(2), deployment.night(1, complete=False)
    assert chosen(deployment) == older
    assert chosen(deployment, newer) == newer
    shutil.rmtree(deployment.store / older)
    with pytest.raises(Refusal, match=f"{newer}, is INCOMPLETE"):
        chosen(deployment)


def test_a_failed_set_is_never_chosen(deployment: Deployment) -> None:
    """A set that was never published is refused by name, also when somebody knows its name."""
    name = deployment.night(1)
    (deployment.store / name).rename(deployment.store / f".incoming-{name}")
    for wanted, said in ((name, "is FAILED"), ("", "No complete backup"), ("20200101-000000-backup-0000", "no set")):
        with pytest.raises(Refusal, match=said):
            chosen(deployment, wanted)


# -- what people are shown ---------------------------------------------------------------------------------------------
def test_list_and_show_say_who_signed(signing: Deployment, lyncdr: Lyncdr) -> None:
    """Each set with who signed it and what that is worth, for people and as JSON."""
    names = [signing.night(5 - number, key=key) for number, key in enumerate((OWN, STRANGER, OWN, None))]
    edited(signing, names[2])
    said = ["svc-lyncdr@mgmt02", "svc-lyncdr@mgmt02, unknown key", "badly signed", "not signed"]
    rows = lyncdr("list").out.splitlines()[1:]
    assert [words in row for words, row in zip(said, rows, strict=True)] == [True] * 4
    found = [one["signature"] for one in lyncdr("list", "--json").json["sets"]]
    assert [one["standing"] for one in found] == [
        Standing.TRUSTED,
        Standing.UNKNOWN_KEY,
        Standing.BAD,
        Standing.MISSING,
    ]
    assert [one.get("key") for one in found] == [OWN.public.fingerprint, STRANGER.public.fingerprint, None, None]
    assert f"{OWN.public.fingerprint}, by svc-lyncdr@mgmt02 at" in lyncdr("show", names[0]).out
    assert "changed after it was signed" in lyncdr("show", names[2]).out
    assert lyncdr("show", names[1], "--json").json["signature"]["standing"] == Standing.UNKNOWN_KEY


def test_a_set_that_cannot_be_read_has_no_signature(signing: Deployment, lyncdr: Lyncdr) -> None:
    """Nobody says who signed what cannot be read."""
    name = signing.night(1, key=OWN)
    (signing.store / name / manifests.NAME).write_text("{")
    assert lyncdr("list", "--json").json["sets"][0]["signature"] is None
    assert name in lyncdr("list").out


def test_verify_takes_a_signed_set_for_whole(signing: Deployment, lyncdr: Lyncdr) -> None:
    """Signed by a trusted key, every file as it was: exit 0, and the signature is no foreign file."""
    signing.night(1, key=OWN)
    said = lyncdr("verify", "--json")
    assert (said.code, said.json["sets"][0]["beside"]) == (0, [])


@pytest.mark.parametrize("spoil", [*BAD, *UNVOUCHED])
def test_verify_finds_what_nobody_vouches_for(signing: Deployment, lyncdr: Lyncdr, spoil: Spoil) -> None:
    """A signature that is bad, a stranger's or missing is a fault by name, exit 3, though every file is whole."""
    name = signing.night(1, key=OWN)
    spoil(signing, name)
    said = lyncdr("verify", name, "--json")
    fault, *_ = said.json["sets"][0]["faults"]
    assert (said.code, said.json["damaged"]) == (3, [name])
    assert fault.startswith(signed.NAME)


def test_a_forged_set(signing: Deployment, lyncdr: Lyncdr) -> None:
    """Whoever can write to the store can fit the manifest to a changed file, and not its signature."""
    name = signing.night(1, key=OWN)
    path = signing.store / name / CONTACTS
    path.write_bytes(path.read_bytes().replace("buddy1".encode("utf-16-le"), "friend".encode("utf-16-le")))
    manifest = json.loads((signing.store / name / manifests.NAME).read_bytes())
    manifest["parts"][0]["sha256"] = files.digest_file(path)
    files.replace_json(signing.store / name / manifests.NAME, manifest)
    assert f"{signed.NAME}: badly signed" in lyncdr("verify").out
    with pytest.raises(Refusal, match="badly signed"):
        chosen(signing)


def test_prune_does_not_trust_a_forged_newest_set(signing: Deployment, lyncdr: Lyncdr) -> None:
    """A set that a stranger put there, newest and COMPLETE, is no reason to remove the others."""
    for days in (300, 200, 100, 2):
        signing.night(days, key=OWN)
    signing.night(1, key=STRANGER)
    said = lyncdr("prune")
    assert (said.code, "unknown key" in said.err) == (5, True)
    assert len(signing.names()) == 5


# -- waivers -----------------------------------------------------------------------------------------------------------
def test_a_waivers_signature(tmp_path: Path) -> None:
    """It stands for every word of the waiver and for one run; another word, run or kind of thing makes it bad."""
    keys = Keys(OWN, frozenset({OWN.public}))
    facts = {"gate": "incomplete-backup", "reason": "all there is", "set": "s", "by": {"user": "u", "host": "h"}}
    signature = signed.sign_waiver(OWN, "run-1", facts, "u@h", dt.datetime.now(dt.UTC))
    line = {**facts, "signature": signature}
    assert signed.check_waiver("run-1", line, keys).standing is Standing.TRUSTED
    assert signed.check_waiver("run-1", line, Keys()).standing is Standing.UNKNOWN_KEY
    assert signed.check_waiver("run-1", facts, keys).standing is Standing.MISSING
    assert signed.check_waiver("run-2", line, keys).standing is Standing.BAD
    for change in ({"reason": "none"}, {"set": "t"}, {"gate": "backup-age"}, {"by": {"user": "x", "host": "h"}}):
        assert signed.check_waiver("run-1", line | change, keys).standing is Standing.BAD
    night = signed.sign_manifest(OWN, b"{}", "run-1", "u@h", dt.datetime.now(dt.UTC))
    assert signed.check_waiver("run-1", facts | {"signature": json.loads(night)}, keys).standing is Standing.BAD
