"""What is wrong with a file, line by line. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tallystick.kit.problem import FieldError, InvalidInput

MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class LineError(FieldError):
    """What is wrong, in which column (or ``file``, ``row``), on which line of the file."""

    line: int | None = None

    def __str__(self) -> str:
        place = self.field if self.line is None else f"line {self.line}, {self.field}"
        return f"{place}: {self.message}"


class ImportRefused(InvalidInput):
    """The file cannot be imported; nothing was stored. ``more`` errors are not listed."""

    title = "The file was not imported"
    errors: tuple[LineError, ...]

    def __init__(self, errors: Sequence[LineError], *, more: int = 0) -> None:
        super().__init__(errors)
        self.more = more

    def __str__(self) -> str:
        lines = [str(error) for error in self.errors]
        if self.more:
            lines.append(f"and {self.more} more")
        return "\n".join(lines)

    @classmethod
    def whole(cls, message: str, *, line: int | None = None) -> ImportRefused:
        return cls([LineError("file", message, line)])


class Errors:
    """The errors of one file: the first are kept, all are counted."""

    def __init__(self) -> None:
        self.count = 0
        self._kept: list[LineError] = []

    def add(self, line: int | None, field: str, message: str) -> None:
        self.count += 1
        if len(self._kept) < MOST_SHOWN:
            self._kept.append(LineError(printable(field[:60]), printable(message), line))

    def all(self) -> tuple[LineError, ...]:
        """Those that were kept, in the order they were found."""
        return tuple(self._kept)

    def refuse(self) -> None:
        """Raises ImportRefused when there are any."""
        if self.count:
            shown = sorted(self._kept, key=lambda error: error.line or 0)
            raise ImportRefused(shown, more=self.count - len(shown))


def printable(text: str) -> str:
    """A file must not be able to steer the terminal its errors are shown on."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
