"""The command `lyncdr`: a thin command per verb, and the one place where endings become exit codes."""

from __future__ import annotations

import json
import sys

from lyncdr_helpers.cli.app import app
from lyncdr_helpers.cli.output import explain
from lyncdr_helpers.errors import OUTCOMES, LyncdrError
from lyncdr_helpers.runs.signals import ending_in_order


def main() -> None:
    """Run the command line; ends the process with the exit code that `lyncdr --help` promises."""
    try:
        with ending_in_order():
            app(prog_name="lyncdr")
    except LyncdrError as error:
        explain(error)
        if "--json" in sys.argv[1:]:
            ending = {"outcome": OUTCOMES[error.exit_code], "exit_code": error.exit_code, "message": str(error)}
            print(json.dumps(ending))
        sys.exit(error.exit_code)
