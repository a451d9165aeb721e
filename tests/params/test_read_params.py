"""Reading a file of parameters: all mistakes at once, secrets unseen, and what a good file gives."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from params_sample import EXAMPLE, GONE, PARAMS, Changes, Read, changed, example, put

from lyncdr_helpers.errors import InputError
from lyncdr_helpers.params.mistakes import ParamsError
from lyncdr_helpers.params.reading import LoadedParams, digest, read_params

SECRET = "hunter2-Tr0ub4dor"


def test_every_mistake_at_once(tmp_path: Path) -> None:
    """One reading names every mistake in the file's order, one per line: file, line, key, what is wrong, an example."""
    text = EXAMPLE.read_text(encoding="utf-8")
    for right, wrong in {
        "deployment: contoso": "deployment: the whole company",
        "generation: lync2010": "generaton: lync2010",
        "to: drse01.example.org": "to: pool01.example.org",
        "password: keyring:lyncdr/directory": f"password: {SECRET}",
        "url: https://mgmt02.example.org:5986/wsman": "",
        "  - {name: sipinternal.example.org, type: A, to: [198.51.100.21]}": (
            "  - {name: sipinternal.example.org, type: A, to: [192.0.2.11]}"
        ),
        "batch_users: 100": "batch_users: many",
    }.items():
        assert text.count(right) == 1
        text = text.replace(right, wrong)
    path = tmp_path / "mine.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ParamsError) as caught:
        read_params(path)
    error = caught.value
    assert [mistake.key for mistake in error.mistakes] == [
        "generation",
        "deployment",
        "generaton",
        "failover.to",
        "directory.bind.password",
        "management_host.url",
        "dns.records.1.to.0",
        "thresholds.batch_users",
    ]
    lines = error.message.splitlines()
    assert len(lines) == len(error.mistakes)
    assert all(re.fullmatch(rf"{re.escape(str(path))}:\d+: [\w.]+: .+\. Example: .+", line) for line in lines)
    for mistake in error.mistakes[1:]:
        last = mistake.key.split(".")[-1]
        written = text.splitlines()[mistake.line - 1]
        assert last in written or last == "0" or mistake.key == "management_host.url"
    assert SECRET not in str(error)
    assert error.exit_code == 2
    assert f"lyncdr params check {path}" in error.remedy


LITERALS: dict[str, Changes] = {
    "the directory's password": {"directory.bind.password": SECRET},
    "the management host's password": {"management_host.password": SECRET},
    "the TSIG key": {"dns.servers.1.tsig.secret": SECRET},
    "with an unknown kind": {"directory.bind.password": f"plain:{SECRET}"},
    "in a section": {"directory.bind.password": {"plain": SECRET}},
    "in a list": {"directory.bind.password": [SECRET]},
    "instead of the section": {"directory.bind": SECRET},
    "under an unknown key": {"directory.bind.passwort": SECRET},
    "in the store's URL": {"backup.store": f"smb://svc:{SECRET}@drfs01.example.org/lyncdr"},
    "in the directory's URL": {"directory.url": f"ldaps://svc:{SECRET}@dc2.example.org"},
    "in the management host's URL": {"management_host.url": f"https://{SECRET}@mgmt02.example.org/wsman"},
}


@pytest.mark.parametrize("changes", LITERALS.values(), ids=LITERALS)
def test_a_secret_is_refused_and_never_echoed(changes: Changes, tmp_path: Path) -> None:
    """A secret written into the file is a mistake, and no message shows it."""
    path = tmp_path / "mine.yml"
    path.write_text(changed(changes), encoding="utf-8")
    with pytest.raises(ParamsError) as caught:
        read_params(path)
    told = f"{caught.value} {caught.value.mistakes!r} {caught.value.__cause__!r} {caught.value.__context__!r}"
    assert SECRET not in told


@pytest.mark.parametrize("reference", ["env:LYNC", "keyring:lyncdr/directory", "file:secrets/x", "file:C:\\x"])
def test_a_reference_to_a_secret_passes(reference: str, mistakes_of: Read) -> None:
    """The three kinds of reference are what belongs there."""
    assert mistakes_of(changed({"directory.bind.password": reference})) == ()


def test_what_a_good_file_gives() -> None:
    """The lab's parameters: the models, the file's folder, and paths that start there."""
    loaded = read_params(PARAMS / "lab.yml")
    assert loaded.params.deployment == "lab"
    assert loaded.params.failed_pool.fqdn == "pool01.lync.test"
    assert loaded.folder == PARAMS.resolve()
    assert loaded.locate("../.lab/ca.pem") == PARAMS.resolve().parent / ".lab" / "ca.pem"
    assert loaded.locate(loaded.folder) == loaded.folder
    assert loaded.locate("~/x") == Path.home() / "x"


def test_paths_start_at_the_file_and_not_where_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative file name gives the same absolute paths."""
    monkeypatch.chdir(PARAMS)
    here = read_params(Path("lab.yml"))
    monkeypatch.chdir(tmp_path)
    assert here.folder == PARAMS.resolve()
    assert here.locate("x") == PARAMS.resolve() / "x"


def test_a_home_that_is_not_there_is_input(tmp_path: Path) -> None:
    """`~nobody` is a mistake of who wrote it, with the file's name."""
    loaded = read_params(EXAMPLE)
    with pytest.raises(InputError, match="no such home"):
        loaded.locate("~no-such-user-here/x")


@pytest.mark.parametrize("kind", ["missing", "folder"])
def test_a_file_that_cannot_be_read(kind: str, tmp_path: Path) -> None:
    """No file, or a folder in its place: one line that names it."""
    path = tmp_path / "absent.yml" if kind == "missing" else tmp_path
    with pytest.raises(InputError, match=re.escape(str(path))):
        read_params(path)


def test_who_reads_again_reads_the_file(tmp_path: Path) -> None:
    """What one reader does to its lists is nobody else's, and a changed file is another one."""
    path = tmp_path / "mine.yml"
    path.write_bytes(EXAMPLE.read_bytes())
    first = read_params(path)
    first.params.dns.records.clear()
    assert len(read_params(path).params.dns.records) > 1
    path.write_text(EXAMPLE.read_text(encoding="utf-8").replace("deployment: contoso", "deployment: fabrikam"))
    assert read_params(path).params.deployment == "fabrikam"


def test_the_digest_is_of_the_parameters(tmp_path: Path) -> None:
    """Comments, spacing and the order of keys do not change it; a value, written or left at its default, does."""

    def digest_of(changes: Changes) -> str:
        path = tmp_path / "mine.yml"
        path.write_text(changed(changes), encoding="utf-8")
        return read_params(path).digest

    same = read_params(EXAMPLE).digest
    data = example()
    (tmp_path / "turned.yml").write_text(json.dumps(dict(reversed(data.items()))), encoding="utf-8")
    assert read_params(tmp_path / "turned.yml").digest == same
    assert digest_of({}) == same
    assert digest_of({"thresholds": GONE}) == same, "the example shows the defaults"
    assert digest_of({"thresholds.rto_minutes": 61}) != same
    assert re.fullmatch(r"[0-9a-f]{64}", same)


def test_loaded_parameters_are_frozen() -> None:
    """Nothing changes them after reading."""
    loaded = read_params(EXAMPLE)
    assert isinstance(loaded, LoadedParams)
    assert digest(loaded.params) == loaded.digest
    with pytest.raises(ValueError, match="frozen"):
        loaded.params.deployment = "other"
    with pytest.raises(AttributeError):
        loaded.digest = ""  # type: ignore[misc]


def test_a_byte_order_mark_is_no_mistake(mistakes_of: Read) -> None:
    """Windows editors write one."""
    assert mistakes_of(b"\xef\xbb\xbf" + EXAMPLE.read_bytes()) == ()
    assert mistakes_of(EXAMPLE.read_bytes().replace(b"\n", b"\r\n")) == ()


def test_helper_put_reaches_every_place() -> None:
    """The tests' own way of changing one place changes that place only."""
    data = example()
    put(data, ["dns", "servers", 0, "name"], "x")
    assert data["dns"]["servers"][0].pop("name") == "x"
    untouched = example()
    del untouched["dns"]["servers"][0]["name"]
    assert data == untouched
