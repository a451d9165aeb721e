"""The command line in this process: what takes a second to import is imported once for all tests.

Its kernels are processes of their own, which have their imports from a server. What is about the process itself
(signals, stdout's last line for a program that reads it, a kill) starts one.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager, nullcontext, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from forked_kernel import kernels

from lyncdr_helpers import cli


@dataclass(frozen=True)
class Said:
    """How the command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


def lyncdr(*arguments: str | os.PathLike[str], cwd: Path | None = None) -> Said:
    """`lyncdr ARGUMENTS`, begun in that folder."""
    stdout, stderr = io.StringIO(), io.StringIO()
    with (
        redirect_stdout(stdout),
        redirect_stderr(stderr),
        _arguments(["lyncdr", *map(str, arguments)]),
        chdir(cwd) if cwd else nullcontext(),
        kernels(),
    ):
        try:
            cli.main()
        except SystemExit as ended:
            code = ended.code or 0
    return Said(int(code), stdout.getvalue(), stderr.getvalue())


@contextmanager
def _arguments(given: list[str]) -> Iterator[None]:
    before, sys.argv = sys.argv, given
    try:
        yield
    finally:
        sys.argv = before
