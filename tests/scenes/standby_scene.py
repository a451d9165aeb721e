"""Group Chat's standby of a lab that stands for many tests: what is there, and how it is emptied again."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from dr_scene import Scene

from lyncdr_helpers.lab import group_chat
from lyncdr_helpers.lab.sql_server import LabSqlServer


@dataclass
class Standby:
    """The DR site's Group Chat as it stands in the lab."""

    scene: Scene

    @property
    def server(self) -> LabSqlServer:
        return group_chat.standby_server(self.scene.blueprint)

    @property
    def repository(self) -> Path:
        return group_chat.standby_repository(self.scene.blueprint)

    @property
    def dumps(self) -> Path:
        return group_chat.standby_dumps(self.scene.blueprint)

    def rows(self) -> int:
        return self.server.rows(group_chat.DATABASE)["message"]

    def users(self) -> dict[str, str]:
        return {user: login for user, _, login in self.server.users(group_chat.DATABASE)}

    def files(self) -> dict[str, bytes]:
        found = [path for path in self.repository.rglob("*") if path.is_file()]
        return {path.relative_to(self.repository).as_posix(): path.read_bytes() for path in found}

    def clear(self) -> None:
        """As on the first day."""
        for path in (*self.server.folder.glob("*.sqlite"), *self.server.folder.glob("*.standing.json")):
            path.unlink()
        shutil.rmtree(self.repository)
        self.repository.mkdir()
        self.server.prepare(["sa", *group_chat.LOGINS])

    def stranger(self) -> None:
        """A database of that name, which is none of ours."""
        self.server.create(group_chat.DATABASE, "another family")
