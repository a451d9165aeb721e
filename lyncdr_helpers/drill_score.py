"""What a drill came to: what is counted, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from lyncdr_helpers.errors import OUTCOMES
from lyncdr_helpers.runfolder import RunFolder

NUMBERS = (
    "users_on_failed_pool",
    "users_rehomed",
    "endpoints_on_failed_pool",
    "endpoints_rehomed",
    "conference_directories_expected",
    "conference_directories_rehomed",
    "contacts_expected",
    "contacts_restored",
    "response_groups_expected",
    "response_groups_restored",
    "group_chat_expected",
    "group_chat_restored",
    "dns_records_expected",
    "dns_records_moved",
    "lost",
)
"""What the verification counts, by the names of its facts."""

LIFE_NUMBERS = tuple(
    f"{name}{kept}"
    for name in ("added_in_dr", "removed_in_dr", "renamed_in_dr", "only_on_primary")
    for kept in ("", "_kept")
)
"""What the lab's users did to their lists, and of how many it is so at home: counted in the lab's own databases."""

FAILBACK_NUMBERS = (
    "failback_users_expected",
    "failback_users_home",
    "failback_contacts_expected",
    "failback_contacts_home",
    "failback_group_chat_expected",
    "failback_group_chat_home",
    *LIFE_NUMBERS,
    "doubled",
    "failback_lost",
)
"""What is counted beside, where the way home is drilled: first by the fail back itself."""


@dataclass(frozen=True)
class Score:
    """What a drill came to. A number that was not counted is None; then the drill is not done."""

    outcome: str
    exit_code: int
    message: str
    numbers: Mapping[str, int | None]
    rto_seconds: float | None
    rto_target_seconds: float
    seconds: float
    folder: RunFolder
    phases: tuple[Mapping[str, Any], ...]

    def as_facts(self) -> dict[str, Any]:
        """The JSON object that `lyncdr drill --json` ends with."""
        kept = {name: value for name, value in asdict(self).items() if name not in ("numbers", "folder")}
        return {**kept, **self.numbers, "report": str(self.folder.report), "folder": str(self.folder.path)}


def judge(numbers: Mapping[str, int | None], outcome: str, exit_code: int, message: str) -> tuple[str, int, str]:
    """The verdict once the verification has spoken: what was not counted, or was lost, outweighs it."""
    missing = [name for name, value in numbers.items() if value is None]
    if missing:
        return OUTCOMES[4], 4, f"The verification did not count {', '.join(missing)}."
    if lost := sum(numbers.get(name) or 0 for name in ("lost", "failback_lost")):
        return OUTCOMES[4], 4, f"{lost:,} things were lost. {message}".strip()
    return outcome, exit_code, message
