"""papermill's engine, for notebooks of many short cells."""

from __future__ import annotations

from functools import partial
from typing import Any

from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines

NAME = "lyncdr"

SAVE_SECONDS = 2.0
"""What a power cut takes of an execution's outputs at most. The journal is on disk line by line, whatever happens."""


class SeldomSaved(NBClientEngine):  # type: ignore[misc]  # papermill has no types
    """Writes the notebook every two seconds, and at its end.

    papermill writes all of it before and after each cell, text among them: of a notebook with sixty short ones, that is
    most of what its execution costs.
    """

    @classmethod
    def execute_managed_notebook(cls, nb_man: NotebookExecutionManager, kernel_name: str, **options: Any) -> Any:
        save, nb_man.save = nb_man.save, partial(_seldom, nb_man, nb_man.save)
        try:
            return super().execute_managed_notebook(nb_man, kernel_name, **options)
        finally:
            nb_man.save = save


def _seldom(execution: NotebookExecutionManager, save: Any, **options: Any) -> None:
    if (execution.now() - execution.last_save_time).total_seconds() >= SAVE_SECONDS:
        save(**options)


papermill_engines.register(NAME, SeldomSaved)
