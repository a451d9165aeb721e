"""Shared by all tests: the marker `real`, which asks for a real server on this machine."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytest_plugins = ["scene_fixtures"]

PROGRAMS = {
    "samba": ("samba", "samba-tool", "kinit", "smbd", "smbpasswd"),
    "bind": ("named", "dig", "nsupdate"),
    "kamailio": ("kamailio",),
    "ldap-utils": ("ldapsearch",),
    "chromium": ("chromium",),
    "systemd": ("systemd-analyze",),
    "s3server": (str(ROOT / ".venv" / "s3server" / "bin" / "python"),),
}
"""What must be on the PATH, or where it says, for each real server or client."""

NEEDS_ROOT = {"samba"}


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose real server is not here; fail it where LYNCDR_REQUIRE_REAL=1 says it must be."""
    for marker in item.iter_markers("real"):
        for server in marker.args:
            if why := _missing(server):
                if os.environ.get("LYNCDR_REQUIRE_REAL") == "1":
                    pytest.fail(f"{server} is required here, but {why}", pytrace=False)
                pytest.skip(f"needs {server}: {why}")


def _missing(server: str) -> str:
    path = os.environ.get("PATH", "") + os.pathsep + "/usr/sbin"
    absent = [program for program in PROGRAMS[server] if not shutil.which(program, path=path)]
    if absent:
        return f"{', '.join(absent)} is not installed"
    if server in NEEDS_ROOT and os.geteuid() != 0:
        return "it needs root"
    return ""
