"""An INCOMPLETE set feeds an activation only under a waiver that somebody signs; a FAILED one never does."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from dr_scene import Scene
from phase_scene import Ended, run, sha256sum, variant
from signed_sets import added, own_key, without_a_user

from lyncdr_helpers.backups import signed
from lyncdr_helpers.journal import Line
from lyncdr_helpers.params.reading import read_params
from lyncdr_helpers.phases import activate, prepare
from lyncdr_helpers.phases.readiness.backups import SIGNED
from lyncdr_helpers.signatures import SigningKey, Standing

GATE = "incomplete-backup"
REASON = "the pool burns, and one user is better lost than forty"


@pytest.fixture(scope="module")
def incomplete(standing: Scene) -> Iterator[str]:
    """A signed set that lacks one user."""
    with added(standing, own_key(standing), **without_a_user(standing)) as name:
        yield name


def chosen(params: Path, name: str, waive: Mapping[str, str] | None = None, mode: str = "live") -> Ended:
    """How the choice of that set ended."""
    session = activate.begin(params, mode, "new", waive=waive)
    return run(session, lambda one: activate.choose_backup(one, name))


def without_key(standing: Scene) -> Path:
    return variant(standing, ('  signing_key: "file:secrets/signing"\n', ""))


def waiver_of(ended: Ended) -> Line:
    (line,) = ended.kinds("waiver")
    return line


def test_without_a_waiver(standing: Scene, incomplete: str) -> None:
    """Refused, exit 5, with how many users are missing and how to sign for it."""
    ended = chosen(standing.params, incomplete)
    assert ended.code == 5
    assert f"Set {incomplete} is INCOMPLETE: 1 users are not in it" in ended.text
    assert f'--backup-set {incomplete} --waive {GATE}="..."' in ended.text
    assert [line.facts["gate"] for line in ended.kinds("gate")] == [GATE]
    assert not ended.kinds("waiver")


@pytest.mark.parametrize("waive", [{GATE: "  "}, {"backup-age": "it is old"}, {"users-without-export": "one user"}])
def test_what_is_no_waiver_of_it(standing: Scene, incomplete: str, waive: dict[str, str]) -> None:
    """A blank reason, and a reason for another gate, leave it closed."""
    assert chosen(standing.params, incomplete, waive).code == 5


def test_a_signed_waiver(standing: Scene, incomplete: str) -> None:
    """With a reason the set is taken. The journal says who waived what and why for which manifest, and the lab's own
    key vouches for every word of it and for this run.
    """
    ended = chosen(standing.params, incomplete, {GATE: REASON})
    assert ended.code == 0
    line, keys = waiver_of(ended), signed.keys_of(read_params(standing.params))
    assert (line.facts["gate"], line.facts["reason"], line.facts["set"]) == (GATE, REASON, incomplete)
    assert line.facts["manifest"] == sha256sum(standing.blueprint.store / incomplete / "manifest.json")
    assert line.facts["by"]["user"]
    assert "INCOMPLETE" in line.facts["waived"]
    assert signed.check_waiver(ended.folder.run, line.facts, keys).standing is Standing.TRUSTED
    assert signed.check_waiver("another run", line.facts, keys).standing is Standing.BAD
    for name in ("reason", "set", "manifest", "waived"):
        assert signed.check_waiver(ended.folder.run, {**line.facts, name: "x"}, keys).standing is Standing.BAD


def test_every_waiver_is_signed(standing: Scene) -> None:
    """Where there is a key, the other gates' waivers are signed too."""
    params = variant(standing, ("export_age_hours: 26", "export_age_hours: 0.000001"))
    ended = chosen(params, "", {"backup-age": "the share was down"})
    keys = signed.keys_of(read_params(standing.params))
    assert ended.code == 0
    assert signed.check_waiver(ended.folder.run, waiver_of(ended).facts, keys).standing is Standing.TRUSTED


def test_without_a_key_nobody_can_sign(standing: Scene, incomplete: str) -> None:
    """A deployment without a signing key is refused outright, whatever reason is given: make a key first."""
    for waive in (None, {GATE: REASON}):
        ended = chosen(without_key(standing), incomplete, waive)
        assert ended.code == 5
        assert "no key to sign with" in ended.text
        assert "lyncdr keys new" in ended.text
        assert not ended.kinds("waiver")


def test_a_key_that_is_not_here(standing: Scene, incomplete: str) -> None:
    """A key that is configured and cannot be had is bad input, exit 2; it is not taken for no key."""
    public = own_key(standing).public
    params = variant(
        standing, ('signing_key: "file:secrets/signing"', f"signing_key: file:absent\n  trusted_keys: ['{public}']")
    )
    ended = chosen(params, incomplete, {GATE: REASON})
    assert (ended.code, ended.kinds("waiver")) == (2, [])
    assert "file:absent" in ended.text


def test_a_complete_set_needs_no_key_here(standing: Scene) -> None:
    """Nor does a missing key stop an activation that has nothing to sign, if a trusted key vouches for the set."""
    public = own_key(standing).public
    params = variant(
        standing, ('signing_key: "file:secrets/signing"', f"signing_key: file:absent\n  trusted_keys: ['{public}']")
    )
    assert chosen(params, "").code == 0


def test_a_rehearsal_notes_the_gate(standing: Scene, incomplete: str) -> None:
    """It goes on, and its journal says that a live run would have stopped: with a key and without."""
    for params in (standing.params, without_key(standing)):
        ended = chosen(params, incomplete, mode="rehearse")
        assert ended.code == 0
        assert [line.facts["gate"] for line in ended.kinds("gate")] == [GATE]
        assert ended.fact("backup") == incomplete


@pytest.mark.parametrize("mode", ["live", "rehearse"])
def test_a_failed_set(standing: Scene, mode: str) -> None:
    """No waiver opens it, signed or not, published by whomever or left aside."""
    waive = {GATE: REASON}
    with added(standing, own_key(standing), state="FAILED", reason="The share was gone.") as name:
        published = chosen(standing.params, name, waive, mode)
        (standing.blueprint.store / name).rename(standing.blueprint.store / f".incoming-{name}")
        try:
            aside = chosen(standing.params, name, waive, mode)
        finally:
            (standing.blueprint.store / f".incoming-{name}").rename(standing.blueprint.store / name)
    for ended in (published, aside):
        assert ended.code == 5
        assert "never feeds an activation" in ended.text
        assert not ended.kinds("waiver")


@pytest.mark.parametrize("key", [None, SigningKey.new()], ids=["unsigned", "a stranger's"])
def test_a_waiver_is_no_signature_of_the_set(standing: Scene, key: SigningKey | None) -> None:
    """An INCOMPLETE set that nobody vouches for is refused before its waiver is asked for."""
    with added(standing, key, **without_a_user(standing)) as name:
        ended = chosen(standing.params, name, {GATE: REASON})
    assert ended.code == 5
    assert f"Nobody vouches for set {name}" in ended.text
    assert not ended.kinds("waiver")


def test_lost_parts_are_named(standing: Scene) -> None:
    """What the set lacks beside users stands in the waiver that somebody signs."""
    absent = [{"kind": "lis", "pool": "", "why": "failed", "reason": "x"}]
    with added(standing, own_key(standing), state="INCOMPLETE", absent=absent) as name:
        assert "0 users are not in it, and it lacks lis." in chosen(standing.params, name).text


def test_prepare_sees_what_an_activation_would_refuse(standing: Scene) -> None:
    """An unsigned newest set is red by that, though it is complete, fresh and whole."""
    before = run(prepare.begin(standing.params), prepare.store)
    with added(standing, None):
        after = run(prepare.begin(standing.params), prepare.store)
    assert before.rows[SIGNED] == "pass"
    assert [name for name, verdict in after.rows.items() if verdict == "fail"] == [SIGNED]
    assert "manifest.sig is missing" in after.seen(SIGNED)


def test_the_journal_keeps_no_key(standing: Scene, incomplete: str) -> None:
    """The signature holds the public half, and nothing of the private one is in the run's folder."""
    ended = chosen(standing.params, incomplete, {GATE: REASON})
    private = own_key(standing).pem().splitlines()[1]
    texts: list[Any] = [path.read_text(encoding="utf-8") for path in ended.folder.path.rglob("*") if path.is_file()]
    assert own_key(standing).public.fingerprint in json.dumps(texts)
    assert private not in "".join(texts)
