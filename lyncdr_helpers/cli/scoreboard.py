"""The end of a drill at the terminal: the numbers first, then how it ended, then where the record is."""

from __future__ import annotations

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from lyncdr_helpers.drill_score import Score
from lyncdr_helpers.views.numbers import BACK, WAY_HOME
from lyncdr_helpers.views.pictures import spell

COLUMNS = 3


def show(score: Score, console: Console) -> None:
    """Print the score. What was not counted is shown as `?`, never as nought."""
    tiles = [*(_tile(score, *tile) for tile in BACK), _lost(score), _rto(score)]
    if "failback_lost" in score.numbers:
        tiles += [*(_tile(score, *tile) for tile in WAY_HOME), _lost(score, "failback_lost", "lost on the way home")]
    board = Table.grid(padding=(0, 1), expand=False)
    for first in range(0, len(tiles), COLUMNS):
        board.add_row(*tiles[first : first + COLUMNS])
    console.print()
    console.print(board)
    good = score.exit_code == 0
    verdict = "✓ DONE: service is back and nothing was lost" if good else f"✗ {score.outcome.upper()}: {score.message}"
    console.print(Text(f"\n  {verdict}", style="bold green" if good else "bold red"), soft_wrap=True)
    console.print(Text(f"  It took {spell(score.seconds)}. The record: {score.folder.report}\n"), soft_wrap=True)


def _tile(score: Score, got: str, wanted: str, words: str) -> Panel:
    have, want = score.numbers[got], score.numbers[wanted]
    return _panel(f"{_number(have)} of {_number(want)}", words, good=have is not None and have == want)


def _lost(score: Score, name: str = "lost", words: str = "lost") -> Panel:
    return _panel(_number(score.numbers[name]), words, good=score.numbers[name] == 0)


def _rto(score: Score) -> Panel:
    words = f"RTO, target {spell(score.rto_target_seconds)}"
    if score.rto_seconds is None:
        return _panel("?", words, good=False)
    return _panel(spell(score.rto_seconds), words, good=score.rto_seconds <= score.rto_target_seconds)


def _panel(figure: str, words: str, *, good: bool) -> Panel:
    sign = Text("✓ " if good else "✗ ", style="bold green" if good else "bold red")
    return Panel(Text.assemble(sign, (figure, "bold"), "\n", (words, "dim")), width=40)


def _number(value: int | None) -> str:
    return "?" if value is None else f"{value:,}"
