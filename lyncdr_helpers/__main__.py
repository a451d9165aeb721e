"""`python -m lyncdr_helpers` is the command `lyncdr`."""

from __future__ import annotations

from lyncdr_helpers.cli import main

if __name__ == "__main__":
    main()
