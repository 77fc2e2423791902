"""CSV for PostgreSQL's COPY of text, each row as a whole, whatever it quotes. Memory stays flat."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

NEVER_IN_TEXT = "\x01"  # COPY asks for a delimiter, also of a single column


def whole_rows(text: Iterable[str]) -> Iterator[str]:
    """The same text, cut anywhere: a line's end within quotes, and what COPY gives a meaning, are
    written as COPY asks for them."""
    quoted = False
    for part in text:
        plain = part.replace("\\", r"\\").replace(NEVER_IN_TEXT, rf"\{NEVER_IN_TEXT}")
        pieces = plain.split('"')
        for n in range(0 if quoted else 1, len(pieces), 2):
            pieces[n] = pieces[n].replace("\r", r"\r").replace("\n", r"\n")
        if len(pieces) % 2 == 0:
            quoted = not quoted
        yield '"'.join(pieces)
