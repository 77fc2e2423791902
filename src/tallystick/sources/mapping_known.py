"""Find what a row speaks of, by the names people use. Pure; what is not clear is never guessed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tallystick.kit.problem import FieldError

MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Ours:
    """One of ours: its cells as an export writes them, and how it is called."""

    id: int
    cells: Mapping[str, str]
    label: str


class KnownOurs:
    """All of ours; the first column of a row that is filled finds it, the others must agree."""

    def __init__(self, columns: Sequence[str], noun: str, known: Iterable[Ours]) -> None:
        self._noun = noun
        self._lines: dict[int, int] = {}
        self._found: dict[str, dict[str, list[Ours]]] = {column: {} for column in columns}
        for one in known:
            for column in columns:
                self._found[column].setdefault(one.cells[column].strip(), []).append(one)

    def find(self, said: Mapping[str, str], *, line: int) -> Ours | FieldError:
        """It, or why it is not clear; a file speaks of one only once."""
        found = self._find(said)
        if isinstance(found, FieldError):
            return found
        first = self._lines.setdefault(found.id, line)
        return found if first == line else FieldError(next(iter(said)), _again(first))

    def _find(self, said: Mapping[str, str]) -> Ours | FieldError:
        if not said:
            return FieldError(next(iter(self._found)), f"is empty: which {self._noun} is it?")
        by, *others = said
        found = self._found[by].get(said[by], [])
        if not found:
            return FieldError(by, self._unknown(by, said[by]))
        for column in others:
            theirs = found[0].cells[column]
            found = [one for one in found if one.cells[column].strip() == said[column]]
            if not found:
                return FieldError(column, f"is “{said[column]}” in the file, “{theirs}” here")
        if len(found) > 1:
            candidates = ", ".join("/".join(one.cells.values()) for one in found[:MOST_NAMED])
            return FieldError(by, f"is {len(found)} {self._noun}s here: {candidates}. Say which")
        return found[0]

    def _unknown(self, column: str, text: str) -> str:
        folded = text.casefold()
        alike = next((one for one in self._found[column] if one.casefold() == folded), None)
        if alike is not None:
            return f"“{text}” is recorded here as “{alike}”"
        return f"“{text}” is no {self._noun} of this connection"


def _again(first: int) -> str:
    return f"is already on line {first}"


@dataclass(frozen=True, slots=True)
class Theirs:
    """A company, a service, a contract; ``number`` is Autotask's own or empty."""

    id: int
    name: str
    number: str
    active: bool

    def in_words(self) -> str:
        number = f"number {self.number}" if self.number else "no number"
        return f"{self.name} ({number}{'' if self.active else ', inactive'})"


class KnownTheirs:
    """Theirs by exact name or number."""

    def __init__(self, noun: str, known: Iterable[Theirs]) -> None:
        self._noun = noun
        self._found: dict[str, dict[int, Theirs]] = {}
        for one in known:
            for text in {one.name.strip(), one.number.strip()} - {""}:
                self._found.setdefault(text, {})[one.id] = one

    def find(self, text: str) -> Theirs | str:
        """It, or why it is not clear."""
        found = list(self._found.get(text, {}).values())
        if not found:
            return (
                f"“{text}” is the name or number of no {self._noun} in Autotask, as it was last "
                "read. Refresh the list, or write it exactly as there"
            )
        if len(found) > 1:
            several = " and ".join(one.in_words() for one in found[:MOST_NAMED])
            return (
                f"“{text}” is {len(found)} in Autotask: {several}. Write the number of the one "
                "that is meant, or choose it on the page"
            )
        return found[0]
