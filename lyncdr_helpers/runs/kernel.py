"""The kernel of a run: always the interpreter that runs lyncdr, whatever kernels the user has registered."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ipykernel.kernelspec import RESOURCES
from jupyter_client.kernelspec import NATIVE_KERNEL_NAME, KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from traitlets import Unicode

import lyncdr_helpers

LAST_WORDS_SECONDS = 10.0
"""A backup that is cut short says so in its store first, which may be far away."""


class OwnInterpreter(KernelSpecManager):
    """Knows one kernel, whatever it is asked for: this interpreter, and this package.

    Kernel specifications are looked up by name in the user's folders first, so a `python3` registered there by another
    environment would win over the one that lyncdr is installed in.
    """

    ipython_folder = Unicode(help="IPython's folder in the kernel; empty: the user's own.")

    def find_kernel_specs(self) -> dict[str, str]:
        return {NATIVE_KERNEL_NAME: RESOURCES}

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:  # noqa: ARG002 - whatever the name
        package = str(Path(lyncdr_helpers.__file__).parents[1])
        paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
        env = {"PYTHONPATH": os.pathsep.join(paths)}
        return KernelSpec(
            argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            display_name="Python (lyncdr)",
            language="python",
            resource_dir=RESOURCES,
            env={**env, "IPYTHONDIR": self.ipython_folder} if self.ipython_folder else env,
        )


class OwnKernel(AsyncKernelManager):
    """One kernel process that belongs to one run: `folder` holds its sockets and is the run's alone.

    On POSIX it is reached through sockets in that folder, so that runs side by side never meet on a port.
    """

    def __init__(self, folder: Path) -> None:
        place: dict[str, Any] = {"transport": "ipc", "ip": str(folder / "k")} if os.name == "posix" else {}
        super().__init__(
            kernel_spec_manager=OwnInterpreter(ipython_folder=str(folder / "ipython")),
            connection_file=str(folder / "kernel.json"),
            **place,
        )
        self._clients: list[Any] = []
        self._said = folder / "kernel.log"

    async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]  # it has no signature there
        """Start the process. What it writes beside its cells' outputs goes into a file: it is not for the terminal."""
        with self._said.open("wb") as said:
            await super().start_kernel(stdout=said, stderr=said, **options)

    @property
    def last_words(self) -> str:
        """The last line that the process wrote about itself, empty where it wrote none: why it died, if it knew."""
        lines = self._said.read_text(encoding="utf-8", errors="replace").split("\n") if self._said.exists() else []
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def client(self, **options: Any) -> Any:
        made = super().client(**options)
        self._clients.append(made)
        return made

    async def stop(self, spoken: Callable[[], bool]) -> None:
        """End the process and wait for it.

        An interrupt comes first, and a moment for the run's last words: `spoken` says that they are on record, or that
        there is nothing to say. Then it is killed, whatever it does.
        """
        # An interrupt leaves in the loop who waits for the kernel's answer; asyncio would print how that ended.
        waiting = asyncio.all_tasks() - {asyncio.current_task()}
        if self.has_kernel:
            await self.interrupt_kernel()
            patience = time.monotonic() + LAST_WORDS_SECONDS
            while not spoken() and time.monotonic() < patience and await self.is_alive():
                await asyncio.sleep(0.02)
            await self.shutdown_kernel(now=True)
        for client in self._clients:
            client.stop_channels()
        await self.cleanup_resources()
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
