"""Signatures of backup sets and of waivers: made with the deployment's key, proven with the keys it trusts."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lyncdr_helpers import files, signatures
from lyncdr_helpers.credentials import SecretReference
from lyncdr_helpers.errors import InputError
from lyncdr_helpers.params.reading import LoadedParams
from lyncdr_helpers.ports import Store
from lyncdr_helpers.signatures import Proof, PublicKey, SigningKey, Standing

NAME = "manifest.sig"
"""The signature of a set's manifest, beside it. The manifest has the digest of every other file."""


@dataclass(frozen=True)
class Keys:
    """What a deployment signs with, and whose signatures it trusts: its own key's, and those it names.

    trouble: why its own key cannot be had on this machine; the others' signatures are proven all the same.
    """

    signing: SigningKey | None = None
    trusted: frozenset[PublicKey] = frozenset()
    trouble: InputError | None = None

    @property
    def wanted(self) -> bool:
        """Whether a set must be signed."""
        return bool(self.signing or self.trusted or self.trouble)

    def to_sign(self) -> SigningKey | None:
        """The key to sign with, or None where none is configured. Raises InputError where it cannot be had."""
        if self.trouble:
            raise self.trouble
        return self.signing


def keys_of(loaded: LoadedParams) -> Keys:
    """The keys that the parameters name."""
    trusted = frozenset(map(PublicKey.parse, loaded.params.backup.trusted_keys))
    reference = loaded.params.backup.signing_key
    if reference is None:
        return Keys(None, trusted)
    try:
        own = SigningKey.kept_at(SecretReference.parse(reference, loaded.folder))
    except InputError as trouble:
        return Keys(None, trusted, trouble)
    return Keys(own, trusted | {own.public})


# -- sets --------------------------------------------------------------------------------------------------------------
def sign_manifest(key: SigningKey, manifest: bytes, name: str, by: str, at: dt.datetime) -> bytes:
    """What to keep as `manifest.sig` beside a manifest of exactly these bytes. name: the set's. by: user@host."""
    return key.sign(files.digest(manifest), purpose="backup set", name=name, by=by, at=at).spelled()


def check(store: Store, name: str, manifest: str, keys: Keys, *, published: bool = True) -> Proof:
    """Whose signature a set bears. manifest: the SHA-256 of its manifest, of the bytes that the caller has read.

    Raises OperationError where the store cannot be read: that is no missing signature.
    """
    there = NAME in store.files(name, published=published)
    document = store.read(name, NAME, published=published) if there else None
    return signatures.verify(document, manifest, keys.trusted, purpose="backup set", name=name)


def fault(proof: Proof, keys: Keys) -> str:
    """Why a set with this proof may not be relied on, or nothing. A signature that is bad always counts; a missing one,
    or a stranger's, only where the deployment says whom it trusts.
    """
    match proof.standing:
        case Standing.BAD | Standing.UNREADABLE:
            return f"{NAME}: {proof}"
        case Standing.MISSING if keys.wanted:
            return f"{NAME} is missing: the set is not signed"
        case Standing.UNKNOWN_KEY if keys.wanted:
            own = f" (the deployment's own key is not known here: {keys.trouble.message})" if keys.trouble else ""
            return f"{NAME}: {proof}{own}"
    return ""


# -- waivers -----------------------------------------------------------------------------------------------------------
def sign_waiver(key: SigningKey, run: str, facts: Mapping[str, Any], by: str, at: dt.datetime) -> dict[str, Any]:
    """The signature of a waiver: over the run and everything that its line in the journal says."""
    return key.sign(_waiver(run, facts), purpose="waiver", name=run, by=by, at=at).facts()


def check_waiver(run: str, facts: Mapping[str, Any], keys: Keys) -> Proof:
    """Whose signature a waiver's line bears. facts: the line's, with its signature."""
    rest = {name: value for name, value in facts.items() if name != "signature"}
    document = json.dumps(facts["signature"]).encode() if "signature" in facts else None
    return signatures.verify(document, _waiver(run, rest), keys.trusted, purpose="waiver", name=run)


def _waiver(run: str, facts: Mapping[str, Any]) -> str:
    return files.digest(files.canonical({**facts, "run": run}))
