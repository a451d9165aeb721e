"""The command line of the verifier that lies in each bundle."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

from lyncdr_helpers.verifier.bundle import BUNDLE, compare, prove_bundle
from lyncdr_helpers.verifier.contents import Below, Files, files_at
from lyncdr_helpers.verifier.findings import Finding, is_whole

USAGE = """Proves what was handed over. It needs Python 3.11 and nothing else.

  python3 verify.py                        the folder that it lies in
  python3 verify.py BUNDLE.zip             a bundle, or a folder that it was unpacked to
  python3 verify.py ONE.zip --with TWO.zip also: are both of the same runs? TWO may be of another level

Compare the head of a run with the one that `lyncdr runs show` says at its owner's, over the phone: it is the same at
every level. A verifier that came with what it proves proves little: take the one from another bundle, or your own.

Exit code 0: nothing speaks against it. 2: what was asked makes no sense. 3: something does.
"""


def main(arguments: Sequence[str], here: Path) -> int:
    """here: where the verifier lies."""
    given = [one for one in arguments if one != "--with"]
    if set(given) & {"-h", "--help"}:
        print(USAGE)
        return 0
    if len(given) > 2 or (len(given) == 2) != ("--with" in arguments):
        print(USAGE, file=sys.stderr)
        return 2
    try:
        with files_at(Path(given[0]) if given else here) as found:
            whole = _prove(_root(found))
            if len(given) == 2:
                with files_at(Path(given[1])) as other:
                    whole &= _print("comparison", list(compare(_root(found), _root(other))))
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as fault:
        print(f"verify.py: cannot be read: {fault}", file=sys.stderr)
        return 2
    return 0 if whole else 3


def _root(files: Files) -> Files:
    """Some tools put a folder around what they pack."""
    names = files.names()
    tops = {name.partition("/")[0] for name in names}
    return Below(files, tops.pop()) if BUNDLE not in names and len(tops) == 1 else files


def _prove(files: Files) -> bool:
    whole = [_print(run or "bundle", found) for run, found in prove_bundle(files)]
    return all(whole)


def _print(title: str, found: Sequence[Finding]) -> bool:
    whole = is_whole(found)
    print(f"{title}  {'holds' if whole else 'DOES NOT HOLD'}")
    for one in found:
        print(f"  {one}")
    return whole
