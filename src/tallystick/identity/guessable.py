"""Whether a password is among those a thief tries first: pure, and without asking anybody outside.

NIST SP 800-63B (5.1.1.2) wants three kinds refused: passwords of known breaches, repetitions and
sequences, and words of the context (the service, the person, the organisation). Thieves try such
words with capitals, with digits for letters and with something added at the ends; so they are
compared that way here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator

COMMON = (
    "is among those that are tried first: a common one, also with digits for letters or something "
    "added. Take several words that do not belong together"
)
REPEATED = "is one piece again and again, or a sequence. Take several words instead"
KNOWN = (
    "is little more than names that others know: yours, your organisation's, this program's. Take "
    "several words that do not belong together"
)
THIS_PROGRAM = ("tallystick", "autotask")
SHORTEST_WORD = 4
LONGEST_PIECE = 4  # of what is a mere repetition
LONGEST_ADDED = 6  # at the ends of a common one
LEFT_OVER = 6  # letters and digits there must be besides known names
A_RUN = 4  # characters there are to each piece of a sequence, at least

_FOR_LETTERS = {"@": "a", "4": "a", "8": "b", "3": "e", "0": "o", "5": "s", "$": "s", "7": "t"}
_MEANT = [str.maketrans({**_FOR_LETTERS, "1": one, "!": one}) for one in "il"]
_ADDED_BEFORE, _ADDED_AFTER = re.compile(r"^[\W\d_]+"), re.compile(r"[\W\d_]+$")
_ROWS = (
    *("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"),
    *("qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik"),
)
_SEQUENCES = (*_ROWS, *(row[::-1] for row in _ROWS))


def why_guessable(password: str, *, common: Collection[str], known: Collection[str]) -> str:
    """Why it is refused; empty: it is not. ``common``: in small letters; ``known``: names and
    addresses, of which each word counts."""
    plain = unicodedata.normalize("NFKC", password).casefold().strip()
    if _repeats(plain) or _runs(plain):
        return REPEATED
    if any(_is_common(core, plain, common) for core in _cores(plain)):
        return COMMON
    words = _words(known)
    for meant in (plain, *(plain.translate(letters) for letters in _MEANT)):
        left = _without(meant, words)
        if left != meant and (len(left) < LEFT_OVER or left in common or _runs(left)):
            return KNOWN
    return ""


def _cores(plain: str) -> Iterator[str]:
    """All of it, and what is left without what was added at one end or both; as it is written, and
    with the letters that were meant."""
    before = _ADDED_BEFORE.sub("", plain)
    for core in {plain, before, _ADDED_AFTER.sub("", plain), _ADDED_AFTER.sub("", before)}:
        yield core
        for letters in _MEANT:
            yield core.translate(letters)


def _is_common(core: str, plain: str, common: Collection[str]) -> bool:
    if len(core) < SHORTEST_WORD or len(plain) - len(core) > LONGEST_ADDED + len(core) // 2:
        return False
    halves = range(SHORTEST_WORD, len(core) // 2 + 1)
    again = [core[:size] for size in halves if core == core[:size] * (len(core) // size)]
    return core in common or any(piece in common for piece in again)


def _repeats(plain: str) -> bool:
    """One piece of some characters, again and again; the last time perhaps not all of it."""
    pieces = (plain[:size] for size in range(1, LONGEST_PIECE + 1))
    return any((piece * len(plain)).startswith(plain) for piece in pieces)


def _runs(plain: str) -> bool:
    """Made of few sequences of the alphabet, of digits, of a keyboard's keys."""
    pieces, at = 0, 0
    while at < len(plain):
        end = at + 1
        while end < len(plain) and any(plain[at : end + 1] in row for row in _SEQUENCES):
            end += 1
        pieces, at = pieces + 1, end
    return pieces * A_RUN <= len(plain)


def _words(known: Collection[str]) -> list[str]:
    """The longest first, so that no part of one is left."""
    text = " ".join((*known, *THIS_PROGRAM))
    found = {
        word
        for word in re.split(r"[\W\d_]+", unicodedata.normalize("NFKC", text).casefold())
        if len(word) >= SHORTEST_WORD
    }
    return sorted(found, key=lambda word: (-len(word), word))


def _without(meant: str, words: list[str]) -> str:
    """Letters and digits that are left; unchanged when none of the words is there."""
    left = meant
    for word in words:
        left = left.replace(word, "")
    return meant if left == meant else re.sub(r"[\W_]+", "", left)
