"""What people say about the steps that are theirs: done, and what they saw; or skipped, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lyncdr_helpers.errors import InputError
from lyncdr_helpers.params import secrets
from lyncdr_helpers.params.reading import LoadedParams

LARGEST = 64 << 20
"""How large one file of evidence may be, in bytes."""
ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be")


@dataclass(frozen=True)
class Attachment:
    """A file that shows what was seen: a screenshot, a log. name: its own name, without a folder."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Answer:
    """What somebody says about one step. seen: what they saw when it was done. skipped: why it was left out."""

    seen: str = ""
    skipped: str = ""
    attached: tuple[Attachment, ...] = ()


@dataclass(frozen=True)
class Answers:
    """What a run is given, by the name of each step. evidence: one path or several."""

    did: Mapping[str, str] = field(default_factory=dict)
    skip: Mapping[str, str] = field(default_factory=dict)
    evidence: Mapping[str, str | Sequence[str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.did or self.skip or self.evidence)

    def as_parameters(self) -> dict[str, dict[str, Any]]:
        """As the notebooks take them; paths become absolute, for a notebook runs in a folder of its own."""
        places = {name: [str(path.absolute()) for path in _paths(given)] for name, given in self.evidence.items()}
        return {"did": dict(self.did), "skip": dict(self.skip), "evidence": places}

    def read(self, loaded: LoadedParams) -> dict[str, Answer]:
        """The answers by the name of their step.

        Raises InputError for what is empty or contradicts itself, for a file that cannot be read, and for a text or a
        file that holds one of the deployment's secrets: it would stand in the record.
        """
        for name in sorted(self.did.keys() & self.skip.keys()):
            raise InputError(f"The step {name} is said to be done, and skipped.", "Give --did or --skip, not both.")
        for name in sorted(self.evidence.keys() - self.did.keys() - self.skip.keys()):
            raise InputError(
                f"There is evidence for the step {name}, and nobody says what it shows.",
                f'Add --did {name}="what was seen".',
            )
        shown = {name: tuple(map(_attachment, _paths(given))) for name, given in self.evidence.items()}
        found = {name: Answer(_words(name, text), "", shown.get(name, ())) for name, text in self.did.items()}
        found |= {name: Answer("", _words(name, text), shown.get(name, ())) for name, text in self.skip.items()}
        for name, answer in found.items():
            refuse_secrets(loaded, name, answer)
        return found


def refuse_secrets(loaded: LoadedParams, name: str, answer: Answer) -> None:
    """Raise InputError when the answer holds a secret of the deployment; the message names where that is kept."""
    texts = {"what is said": f"{answer.seen}\n{answer.skipped}".encode()}
    texts |= {one.name: one.content for one in answer.attached}
    for reference, secret in secrets.of(loaded):
        for place, content in texts.items():
            if any(secret.encode(encoding) in content for encoding in ENCODINGS):
                raise InputError(
                    f"The answer for the step {name} holds the secret {reference}, in {place}.",
                    "Take it out there: what is said and attached is kept in the run's record.",
                )


def _words(name: str, text: str) -> str:
    if not text.strip():
        raise InputError(
            f"The answer for the step {name} says nothing.",
            f'Say what was seen: --did {name}="...", or why it is skipped: --skip {name}="..."',
        )
    return text.strip()


def _paths(given: str | Sequence[str]) -> Iterable[Path]:
    return map(Path, [given] if isinstance(given, str) else given)


def _attachment(path: Path) -> Attachment:
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(f"{path} is larger than {LARGEST >> 20} MiB.", "Attach the part of it that shows it.")
        return Attachment(path.name, path.read_bytes())
    except OSError as cause:
        raise InputError(f"The evidence {path} cannot be read: {cause.strerror}.", "Check the path.") from cause
