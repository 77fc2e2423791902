"""CSV for PostgreSQL's COPY of text, each row as a whole, whatever it quotes. Memory stays flat."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tallystick.sources.csv_errors import ImportRefused

NEVER_IN_TEXT = "\x01"  # COPY asks for a delimiter, also of a single column
LONGEST_ROW = 100_000
_TOO_LONG = f"has a row of more than {LONGEST_ROW:,} characters: does a quote lack its end?"


def whole_rows(text: Iterable[str]) -> Iterator[str]:
    """The same text, cut anywhere: a line's end within quotes, and what COPY gives a meaning, are
    written as COPY asks for them. Raises ImportRefused: a row is longer than any is, because a
    quote that is not closed makes one row of all that follow."""
    quoted, lengths = False, _Lengths()
    for part in text:
        plain = part.replace("\\", r"\\").replace(NEVER_IN_TEXT, rf"\{NEVER_IN_TEXT}")
        pieces = plain.split('"')
        for n in range(0 if quoted else 1, len(pieces), 2):
            pieces[n] = pieces[n].replace("\r", r"\r").replace("\n", r"\n")
        if len(pieces) % 2 == 0:
            quoted = not quoted
        whole = '"'.join(pieces)
        lengths.check(whole)
        yield whole


class _Lengths:
    """How long the row is that has begun, and on which line; the header's is 1."""

    def __init__(self) -> None:
        self._line, self._begun, self._after_return = 2, 0, False

    def check(self, whole: str) -> None:
        """Raises ImportRefused."""
        more = whole.removeprefix("\n") if self._after_return else whole
        rows = more.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        lengths = [self._begun + len(rows[0]), *map(len, rows[1:])]
        if max(lengths) > LONGEST_ROW:
            place = next(n for n, length in enumerate(lengths) if length > LONGEST_ROW)
            raise ImportRefused.whole(_TOO_LONG, line=self._line + place)
        self._line += len(rows) - 1
        self._begun, self._after_return = lengths[-1], whole.endswith("\r")
