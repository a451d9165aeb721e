"""The verifier as one file, which runs where nothing but Python is installed: the very code that the product uses."""

from __future__ import annotations

from importlib import resources

PACKAGE = "lyncdr_helpers.verifier"
MODULES = ("findings", "chain", "contents", "spoken", "claims", "proof", "signature", "bundle", "main")
"""In an order in which each finds what it imports."""

HEAD = '''#!/usr/bin/env python3
"""Proves a bundle of lyncdr: python3 verify.py [BUNDLE.zip]. See python3 verify.py --help.

It needs the standard library alone. What follows are the modules of the product that prove a record, as they are.
"""

import sys
import types
from pathlib import Path

SOURCES = {}

'''

FOOT = '''
def load():
    """Make the modules importable under their names, whatever is installed here."""
    for package in ("lyncdr_helpers", "lyncdr_helpers.verifier"):
        sys.modules[package] = types.ModuleType(package)
        sys.modules[package].__path__ = []
    for name, source in SOURCES.items():
        module = sys.modules[name] = types.ModuleType(name)
        exec(compile(source, name, "exec"), module.__dict__)
        package, _, short = name.rpartition(".")
        setattr(sys.modules[package], short, module)
    return sys.modules["lyncdr_helpers.verifier.main"]


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.stdout.reconfigure(errors="backslashreplace")
    sys.exit(load().main(sys.argv[1:], Path(__file__).resolve().parent))
'''


def verifier() -> str:
    """The text of verify.py."""
    folder = resources.files(PACKAGE)
    texts = {name: folder.joinpath(f"{name}.py").read_text(encoding="utf-8") for name in MODULES}
    parts = [f"SOURCES[\"{PACKAGE}.{name}\"] = r'''{text}'''\n\n" for name, text in texts.items()]
    return "".join([HEAD, *parts, FOOT])
