"""A report on paper, by the browser that is there; where there is none, or it fails, that is said with a remedy."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import time
import zlib
from pathlib import Path

import pytest
from incident_scene import story
from journal_scene import FAILED
from lxml import html
from offline import make_params
from typer.testing import CliRunner

from lyncdr_helpers.backups.signed import keys_of
from lyncdr_helpers.cli.app import app
from lyncdr_helpers.errors import InputError, OperationError
from lyncdr_helpers.params.reading import read_params
from lyncdr_helpers.phases import audit
from lyncdr_helpers.runfolder import RunFolder
from lyncdr_helpers.runs import pdf
from lyncdr_helpers.views.report import write_report

PAGE = re.compile(rb"/Type /Page\b")


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.html"
    path.write_text("<!DOCTYPE html><title>Say it</title><p>words on paper", encoding="utf-8")
    return path


def program(path: Path, script: str) -> Path:
    """Something that is started like a browser."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """An audit of an incident, and its report; one run's record was changed afterwards."""
    params = make_params(tmp_path_factory.mktemp("deployment"))
    story(params.parent / "runs", keys_of(read_params(params)), deployment="lab")
    session = audit.begin(params)
    past = audit.look_back(session)
    past = audit.Past(past.deployment, FAILED, past.runs, past.incidents)
    session.fact(audit.POOL, FAILED)
    checks = audit.prove(session, past)
    case = audit.choose(session, past)
    audit.compare(session, past)
    audit.finish(session, past, case, checks)
    write_report([session.folder], session.folder.report, "audit: done")
    return session.folder


# -- the page of an audit ----------------------------------------------------------------------------------------------
def test_the_incident_on_one_page(audited: RunFolder) -> None:
    """Answers first, then pictures and tables; all of it in one file that asks for nothing."""
    content = audited.report.read_text(encoding="utf-8")
    found = html.fromstring(content)
    heads = [one.text_content() for one in found.xpath("//h3")]
    assert heads[:3] == ["The incident", *heads[1:3]]
    assert heads[1].startswith("Users without service")
    assert heads[-1] == "The audit itself"
    answers = found.xpath("//dl[@class='answers']")[0].text_content()
    assert "All 3 users had everything back after 1 min 37 s." in answers
    assert len(found.xpath("//svg")) == 3
    assert not found.xpath("//script | //link | //img | //iframe")
    assert not re.findall(r"https?://", content)
    tiles = [one.text_content() for one in found.xpath("//*[@class='tile']")]
    assert tiles == [
        "4 of 4records are as they were written",
        "1 min 37 suntil every user had everything back",
        "10 min 04 sfrom loss to proven service",
    ]


def test_an_audit_that_ended_early_has_a_page(tmp_path: Path) -> None:
    """It shows how it ended, and no story that it never told."""
    session = audit.begin(make_params(tmp_path))
    with pytest.raises(InputError):
        audit.choose(session, audit.Past("lab", FAILED, (), ()), "nobody")
    write_report([session.folder], session.folder.report, "audit: bad input")
    found = html.fromstring(session.folder.report.read_text(encoding="utf-8"))
    assert "No incident has a run" in found.text_content()
    assert not found.xpath("//svg")


# -- printing ----------------------------------------------------------------------------------------------------------
@pytest.mark.real("chromium")
def test_chromium_prints_the_report(audited: RunFolder, tmp_path: Path) -> None:
    """The command makes a PDF of several pages that holds text, not pictures; the folder stays as sealed."""
    before = sorted(audited.path.rglob("*"))
    to, copy = tmp_path / "incident.pdf", tmp_path / "incident.html"
    params = str(audited.path.parents[1] / "lab.yml")
    done = CliRunner().invoke(
        app, ["runs", "report", audited.run, "--params", params, "--pdf", str(to), "--html", str(copy), "--json"]
    )
    assert done.exit_code == 0, done.output
    content = to.read_bytes()
    assert content.startswith(b"%PDF-")
    assert 2 <= len(PAGE.findall(content)) <= 12
    assert b"/ToUnicode" in content
    assert max(map(content.count, (b"/Subtype /Image", b"/Subtype/Image"))) == 0
    assert len(drawn_text(content)) > 100
    assert copy.read_bytes() == audited.report.read_bytes()
    assert sorted(audited.path.rglob("*")) == before


def drawn_text(content: bytes) -> list[bytes]:
    """The operators that show text, from the pages' streams."""
    shown: list[bytes] = []
    for packed in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", content, re.DOTALL):
        try:
            shown += re.findall(rb"T[jJ]\b", zlib.decompress(packed))
        except zlib.error:
            continue
    return shown


@pytest.mark.real("chromium")
def test_paper_has_the_words(page: Path, tmp_path: Path) -> None:
    """As pdftotext reads them, where it is; the title is the page's in any case."""
    pdf.print_page(page, tmp_path / "x.pdf")
    assert b"Say it" in (tmp_path / "x.pdf").read_bytes()
    if reader := shutil.which("pdftotext"):
        said = subprocess.run([reader, str(tmp_path / "x.pdf"), "-"], capture_output=True, check=True, text=True)
        assert "words on paper" in said.stdout


def test_a_browser_that_says_something_and_prints_nothing(page: Path, tmp_path: Path) -> None:
    """Its last words are in the error, an earlier PDF stays, and no half of one takes its place."""
    (tmp_path / "x.pdf").write_bytes(b"%PDF-earlier")
    broken = program(tmp_path / "browser", "echo no display >&2; exit 1")
    with pytest.raises(OperationError, match=r"printed nothing\. no display .*--browser"):
        pdf.print_page(page, tmp_path / "x.pdf", broken)
    assert (tmp_path / "x.pdf").read_bytes() == b"%PDF-earlier"


def test_a_browser_that_does_not_come_to_an_end(page: Path, tmp_path: Path) -> None:
    """It is ended in time, also where what it started holds on to its output."""
    slow = program(tmp_path / "browser", "sleep 3 & sleep 3")
    began = time.monotonic()
    with pytest.raises(OperationError, match=r"did not print within 0\.3 s"):
        pdf.print_page(page, tmp_path / "x.pdf", slow, patience=0.3)
    assert time.monotonic() - began < 10


def test_something_that_is_no_browser(page: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be started"):
        pdf.print_page(page, tmp_path / "x.pdf", tmp_path / "nothing")


def test_a_page_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no page"):
        pdf.print_page(tmp_path / "x.html", tmp_path / "x.pdf")


# -- finding one -------------------------------------------------------------------------------------------------------
def test_none_on_this_machine(tmp_path: Path) -> None:
    """The error says what to do: install one, name one, or print from any other."""
    with pytest.raises(InputError, match=r"No Chromium.*--browser PATH; or open the report"):
        pdf.find({"PATH": str(tmp_path)})
    with pytest.raises(InputError, match="No Chromium"):
        pdf.find({})


def test_on_the_path_by_any_of_its_names(tmp_path: Path) -> None:
    edge = program(tmp_path / "bin" / "msedge", "")
    assert pdf.find({"PATH": str(edge.parent)}) == edge
    chromium = program(tmp_path / "bin" / "chromium", "")
    assert pdf.find({"PATH": os.pathsep.join(["", str(edge.parent)])}) == chromium


def test_where_windows_has_it(tmp_path: Path) -> None:
    """None of them is on the PATH there; Edge is in the 32-bit folder, a user's own Chrome below the profile."""
    edge = program(tmp_path / "x86" / "Microsoft" / "Edge" / "Application" / "msedge.exe", "")
    known = {"PATH": "", "PROGRAMFILES": str(tmp_path / "64"), "PROGRAMFILES(X86)": str(tmp_path / "x86")}
    assert pdf.find(known) == edge
    chrome = program(tmp_path / "local" / "Google" / "Chrome" / "Application" / "chrome.exe", "")
    assert pdf.find({"PATH": "", "LOCALAPPDATA": str(tmp_path / "local")}) == chrome
