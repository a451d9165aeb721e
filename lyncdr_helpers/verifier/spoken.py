"""A digest short enough to read over the phone, with a letter that finds what was misheard."""

from __future__ import annotations

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
"""Base32 has no 0, 1, 8 or 9, so no digit sounds or looks like a letter."""

LENGTH = 19
GROUP = 4


def spoken(sha256: str) -> str:
    """95 bits of a SHA-256 and a check letter: `Q5XK-3TPA-7ZDM-M2QF-LC4R`."""
    value = int(sha256, 16) >> (256 - 5 * LENGTH)
    digits = [value >> 5 * place & 31 for place in reversed(range(LENGTH))]
    letters = "".join(LETTERS[digit] for digit in [*digits, _check(digits)])
    return "-".join(letters[at : at + GROUP] for at in range(0, len(letters), GROUP))


def is_spoken(text: str) -> bool:
    """Whether a person wrote down such a digest without a slip: one wrong letter, or two exchanged, are found."""
    letters = [LETTERS.find(letter) for letter in text.upper() if letter not in "- "]
    return len(letters) == LENGTH + 1 and min(letters) >= 0 and _check(letters[:-1]) == letters[-1]


def _check(digits: list[int]) -> int:
    """A sum over GF(32) in which each place has its own weight."""
    total = 0
    for digit in digits:
        total = _double(total) ^ digit
    return _double(total)


def _double(value: int) -> int:
    return value << 1 if value < 16 else (value << 1) ^ 0b100101
