"""A lab whose operator types what the handbook says, and reads the exit codes that it promises."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from command_line import lyncdr
from handbook import ROOT, Line

from lyncdr_helpers import runfolder
from lyncdr_helpers.errors import LyncdrError
from lyncdr_helpers.lab.blueprint import Blueprint
from lyncdr_helpers.runfolder import RunFolder

USERS = 12
MINE, AWAY = "params/contoso.yml", "params/away.yml"
STANDS = (("lyncdr", "lab", "up"), ("lyncdr", "lab", "down"), ("lyncdr", "lab", "operator"))
"""The one lab of these tests stands already and stays: tests/lab has its coming and going."""
ELSEWHERE = (("lyncdr", "drill"), ("lyncdr", "console"))
"""Each takes its time, and has tests of its own."""
NOT_OURS = ("make", "conda", "uv", "sudo")


@dataclass
class Operator:
    """Somebody at a terminal. ran: what was typed, and how it ended."""

    blueprint: Blueprint
    ran: dict[tuple[str, ...], int] = field(default_factory=dict)
    said: str = ""

    @property
    def place(self) -> Path:
        return self.blueprint.folder.parent

    def type(self, line: Line) -> int | None:
        """The exit code; None for what is not run here."""
        words = line.words
        if words[0] in NOT_OURS or any(words[: len(one)] == one for one in (*STANDS, *ELSEWHERE)):
            return None
        if words[0] in ("cp", "mv"):
            {"cp": shutil.copyfile, "mv": shutil.move}[words[0]](*(self.place / one for one in words[1:]))
            return 0
        assert words[0] == "lyncdr", f"nobody here knows {words[0]}"
        if words[1:3] != ("params", "check"):
            self._fill_in()
        self.ran[line.what] = self._lyncdr(*map(self._meant, words[1:]))
        return self.ran[line.what]

    def _lyncdr(self, *words: str) -> int:
        ended = lyncdr(*words)
        self.said = f"{ended.stdout}\n{ended.stderr}"
        return ended.returncode

    def _fill_in(self) -> None:
        """The parameters of one's own: those of the lab; and those for the days at the DR site."""
        text = (ROOT / "params" / "lab.yml").read_text(encoding="utf-8")
        text = text.replace("127.53.0.", f"{self.blueprint.subnet}.")
        (self.place / MINE).write_text(text, encoding="utf-8")
        (self.place / AWAY).write_text(sites_exchanged(text), encoding="utf-8")

    def _meant(self, word: str) -> str:
        """The words in capitals that a page writes for what only the run can say."""
        return {"DIGEST": self._digest, "SET": self._set, "RUN": self._run}.get(word, lambda: word)()

    def _digest(self) -> str:
        return next(run.plan for run in reversed(self.runs()) if run.plan)

    def _run(self) -> str:
        return self.runs()[-1].run

    def _set(self) -> str:
        return max(path.name for path in self.blueprint.store.iterdir() if not path.name.startswith("."))

    def runs(self) -> list[runfolder.RunSummary]:
        return runfolder.all_runs(self.blueprint.folder / "runs")


def in_this_process(
    place: Path, source: Path, folder: RunFolder, parameters: Mapping[str, Any], timeout: float | None
) -> LyncdrError | None:
    """A notebook's cells without a kernel, whose start costs more than all they do; tests/runs has the kernel."""
    names: dict[str, Any] = {}
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            for cell in json.loads(source.read_text(encoding="utf-8"))["cells"]:
                if cell["cell_type"] == "code":
                    exec(compile("".join(cell["source"]), source.name, "exec"), names)
                    if "parameters" in cell["metadata"].get("tags", []):
                        names.update(parameters)
    except LyncdrError as error:
        return error
    return None


def sites_exchanged(text: str) -> str:
    """The parameters by which the DR pool is backed up, made as docs/situations.md says."""
    primary, dr, rest = (text.index(mark) for mark in ("  primary:", "  dr:", "\nfailover:"))
    text = f"{text[:primary]}  primary:{text[dr + 5 : rest]}  dr:{text[primary + 10 : dr]}{text[rest:]}"
    text = re.sub(r"from: (\S+), to: (\S+)}", r"from: \2, to: \1}", text).replace(
        "deployment: lab", "deployment: lab-away"
    )
    subnet = re.search(r"[\d.]+(?=\.53\n)", text)
    assert subnet, "the lab has a nameserver"
    record = f"{{name: sip.lync.test, type: A, to: [{subnet[0]}.11]}}"
    text = re.sub(r"  records:\n(?:    - .*\n)+", f"  records:\n    - {record}\n", text)
    return re.sub(r"^group_chat:.*?(?=^\S)", "", text, flags=re.MULTILINE | re.DOTALL)
