"""A PowerShell shell: PSRP fragments in and out, one thread per pipeline (MS-PSRP)."""

from __future__ import annotations

import base64
import logging
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import psrpcore
from psrpcore.types import PSInvocationState, PSVersion

from lyncdr_helpers.lab.winrm.call import Call, Category, Cmdlet, CmdletError, Stopped, Typed
from lyncdr_helpers.lab.winrm.checked import command_not_found
from lyncdr_helpers.lab.winrm.faults import Faults, NoAnswer, act_with
from lyncdr_helpers.lab.winrm.shell import Cut, Shell
from lyncdr_helpers.lab.winrm.values import category, error_record, exception, from_powershell, to_powershell

log = logging.getLogger(__name__)


class PowerShellShell(Shell):
    """A runspace pool. It knows the cmdlets it is given, and no script: a no-language session."""

    def __init__(
        self,
        shell_id: str,
        resource: str,
        owner: str,
        envelope_size: int,
        cmdlets: Mapping[str, Cmdlet],
        faults: Faults,
    ) -> None:
        super().__init__(shell_id, resource, owner, envelope_size)
        self.cmdlets = cmdlets
        self.faults = faults
        self._pool = psrpcore.ServerRunspacePool(
            application_private_data={"PSVersionTable": {"PSVersion": PSVersion("2.0")}}
        )
        self._pipelines: dict[str, Pipeline] = {}

    def command(self, command: str, words: Sequence[str]) -> None:
        """Start a pipeline; its last word holds the first fragments of the CREATE_PIPELINE message, in base64."""
        fragments = base64.b64decode(words[-1])
        with self.changed:
            server = psrpcore.ServerPipeline(self._pool, uuid.UUID(command))
            self._pipelines[command] = Pipeline(self, command, server)
            self.began(command)
            self.send(command, fragments)

    def send(self, command: str, data: bytes) -> None:
        with self.changed:
            pipeline = uuid.UUID(command) if command else None
            self._pool.receive_data(psrpcore.PSRPPayload(data, psrpcore.StreamType.default, pipeline))
            while (event := self._pool.next_event()) is not None:
                self._handle(event)
            self.drain()

    def stop(self, command: str) -> None:
        if pipeline := self._pipelines.get(command):
            pipeline.stop()

    def drain(self) -> None:
        """Move what psrpcore wants sent to where clients fetch it. The caller holds `changed`."""
        while (payload := self._pool.data_to_send(self.capacity)) is not None:
            self.say(str(payload.pipeline_id).upper() if payload.pipeline_id else "", "stdout", payload.data)

    def _handle(self, event: psrpcore.PSRPEvent[Any, Any]) -> None:
        if isinstance(event, psrpcore.GetAvailableRunspacesEvent):
            self._pool.runspace_availability_response(event.ci, self._pool.max_runspaces)
            return
        pipeline = self._pipelines.get(str(getattr(event, "pipeline_id", "")).upper())
        if pipeline is None:
            return
        if isinstance(event, psrpcore.CreatePipelineEvent):
            pipeline.created(event.pipeline)
        elif isinstance(event, psrpcore.PipelineInputEvent):
            pipeline.feed.append(from_powershell(event.data))
        elif isinstance(event, psrpcore.EndOfPipelineInputEvent):
            pipeline.start()


class Pipeline:
    """One pipeline of one cmdlet: it starts when its input is whole, and streams what the cmdlet says."""

    def __init__(self, shell: PowerShellShell, command: str, server: psrpcore.ServerPipeline) -> None:
        self.feed: list[Any] = []
        self._shell = shell
        self._command = command
        self._server = server
        self._statement: psrpcore.PowerShell | None = None
        self._stopped = threading.Event()
        self._name = ""

    def created(self, statement: psrpcore.PowerShell) -> None:
        """What to run is known; it runs at once where no input follows."""
        self._statement = statement
        if statement.no_input:
            self.start()

    def start(self) -> None:
        """Run it, in a thread of its own."""
        self._server.start()
        threading.Thread(target=self._run, name=f"pipeline {self._command}", daemon=True).start()

    def stop(self) -> None:
        """The cmdlet meets Stopped with the next thing it says."""
        self._stopped.set()

    # -- what the cmdlet says (call.Streams) ------------------------------------------------------------------------
    def output(self, value: Typed | str) -> None:
        found = to_powershell(value)
        self._write(lambda: self._server.write_output(found))

    def error(self, error: CmdletError) -> None:
        self._write(
            lambda: self._server.write_error(
                exception(error), category(error, self._name), error.target, error.error_id
            )
        )

    def warning(self, text: str) -> None:
        self._write(lambda: self._server.write_warning(text))

    # -- the run ----------------------------------------------------------------------------------------------------
    def _run(self) -> None:
        try:
            act, call = self._bind()
            act_with(self._shell.faults.take(self._name), act, call)
        except Stopped:
            self._end(self._server.stop)
        except CmdletError as error:
            self._fail(error)
        except NoAnswer:
            self._stopped.wait()
            self._end(self._server.stop)
        except Cut:
            self._shell.cut()
        except Exception as cause:  # a mistake in a cmdlet must reach its client, not only this thread
            log.exception("%s failed", self._name)
            self._fail(CmdletError(f"{type(cause).__name__}: {cause}", "CmdletMistake", Category.NotSpecified))
        else:
            self._end(self._server.complete)

    def _bind(self) -> tuple[Cmdlet, Call]:
        commands = self._statement.commands if self._statement else []
        if len(commands) != 1 or commands[0].is_script:
            raise CmdletError(
                "The syntax is not supported by this runspace. This might be because it is in no-language mode.",
                "ScriptsNotAllowed",
                Category.ParserError,
            )
        self._name = commands[0].command_text
        act = self._shell.cmdlets.get(self._name.lower())
        if act is None:
            raise command_not_found(self._name)
        parameters = {}
        for name, value in commands[0].parameters:
            if name is None:
                raise CmdletError(
                    f"A positional parameter cannot be found that accepts argument '{value}'.",
                    "PositionalParameterNotFound",
                    Category.InvalidArgument,
                )
            parameters[name.lstrip("-").rstrip(":")] = from_powershell(value)
        return act, Call(self._name, parameters, self.feed, self._shell.owner, self)

    def _write(self, write: Callable[[], None]) -> None:
        if self._stopped.is_set():
            raise Stopped
        with self._shell.changed:
            write()
            self._shell.drain()

    def _fail(self, error: CmdletError) -> None:
        record = error_record(error, self._name)
        # psrpcore has no public way to fail a pipeline; hence the pin on 0.3.
        self._end(lambda: self._server._change_state(PSInvocationState.Failed, error=record))

    def _end(self, write: Callable[[], None]) -> None:
        with self._shell.changed:
            write()
            self._shell.drain()
            self._shell.ended(self._command, 0)
