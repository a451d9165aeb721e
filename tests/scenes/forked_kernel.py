"""Kernels that come from the server in which everything is imported: half of a kernel's life is that, a hundred times.

They are real ipykernels, in processes and sessions of their own, reached as ever. What a kernel imports, with which
interpreter it is started and how it dies is not for these: `tests/runs`, `tests/notebooks` and the drill's command
start them as people do.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import EntryPoint
from multiprocessing.process import BaseProcess
from typing import Any

from fork_server import server
from ipykernel import kernelapp
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

from lyncdr_helpers.views import (  # noqa: F401 - what notebooks show stands ready in the server
    became,
    failback,
    gates,
    guided,
    nights,
    propagation,
    status,
    tables,
    users_back,
    waivers,
)

NAME = "forked"


class Forked:
    """Such a process, for a provisioner that is used to subprocess.Popen."""

    stdin = stdout = stderr = None

    def __init__(self, process: BaseProcess) -> None:
        assert process.pid is not None
        self._process, self.pid = process, process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int | None:
        self._process.join(timeout)
        return self.poll()

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()


class ForkedProvisioner(LocalProvisioner):
    """A kernel from the server, where a local one starts an interpreter."""

    async def launch_kernel(self, cmd: list[str], **options: Any) -> KernelConnectionInfo:
        connection_file = cmd[cmd.index("-f") + 1]
        place = str(options.get("cwd") or "."), str(options["stdout"].name)
        process = server().Process(target=_kernel, args=(connection_file, dict(options["env"]), *place))
        await asyncio.to_thread(process.start)
        self.process = Forked(process)
        self.pid = self.pgid = process.pid
        return self.connection_info


def _kernel(connection_file: str, environment: Mapping[str, str], folder: str, said: str) -> None:
    """The kernel's life, in its own session, from the environment that its manager gave it."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with open(said, "ab") as log, open(os.devnull, "rb") as nothing:  # noqa: PTH123 - as file descriptors
        for number, file in enumerate((nothing, log, log)):
            os.dup2(file.fileno(), number)
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(number, mode) for number, mode in enumerate("rww"))
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["ipykernel_launcher", "-f", connection_file]
    kernelapp.launch_new_instance()


@contextmanager
def kernels() -> Iterator[None]:
    """Every kernel that is started in this process meanwhile is such a one."""
    factory = KernelProvisionerFactory.instance()
    entry = EntryPoint(NAME, f"{__name__}:{ForkedProvisioner.__name__}", KernelProvisionerFactory.GROUP_NAME)
    factory.provisioners[NAME] = entry
    before, factory.default_provisioner_name = factory.default_provisioner_name, NAME
    try:
        yield
    finally:
        factory.default_provisioner_name = before
