"""A list's address: its filters, its page, and the way back. Pure.

The pages are keyset pages, so the address carries the cursors of the pages before it (``trail``):
*Previous* works without numbers and without a script.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

LONGEST_VALUE = 200
LONGEST_CURSOR = 2000
# An address stays below what proxies accept; the way back is forgotten from its far end.
LONGEST_TRAIL = 25
FIRST = "0"
DOT = "."


@dataclass(frozen=True, slots=True)
class Address:
    """Where a list stands. ``filters`` holds only what is set, in the order of the screen."""

    filters: Mapping[str, str]
    cursor: str = ""
    trail: tuple[str, ...] = ()

    @classmethod
    def read(cls, query: Mapping[str, str], names: Iterable[str]) -> Address:
        """From the query of a request; what nobody asked for is left out."""
        filters = {
            name: value
            for name in names
            if (value := query.get(name, "").replace("\x00", "").strip()[:LONGEST_VALUE])
        }
        trail = query.get("trail", "").split(DOT) if query.get("trail") else []
        return cls(
            filters=filters,
            cursor=query.get("cursor", "")[:LONGEST_CURSOR],
            trail=tuple(trail[-LONGEST_TRAIL:]),
        )

    def value(self, name: str) -> str:
        return self.filters.get(name, "")

    def with_filter(self, name: str, value: str) -> str:
        """The first page with this filter set, or cleared by an empty value."""
        filters = {key: kept for key, kept in self.filters.items() if key != name}
        if value:
            filters[name] = value
        return _written(filters)

    def without(self, *names: str) -> str:
        return _written({k: v for k, v in self.filters.items() if k not in names})

    def next(self, cursor: str | None) -> str:
        """The next page, empty when there is none."""
        if cursor is None:
            return ""
        trail = [*self.trail, self.cursor or FIRST][-LONGEST_TRAIL:]
        return _written({**self.filters, "cursor": cursor, "trail": DOT.join(trail)})

    def previous(self) -> str:
        """The page before, empty on the first one."""
        if not self.trail:
            return _written(self.filters) if self.cursor else ""
        *before, last = self.trail
        values = dict(self.filters)
        if last != FIRST:
            values["cursor"] = last
            if before:
                values["trail"] = DOT.join(before)
        return _written(values)


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter to press: where it leads, and whether it is on."""

    label: str
    href: str
    on: bool
    tone: str = ""
    icon: str = ""


def choices(
    address: Address, name: str, options: Iterable[tuple[str, str]], *, every: str = "All"
) -> list[Chip]:
    """A row of chips of which one is on; ``options`` are (value, label)."""
    asked = address.value(name)
    return [
        Chip(every, address.with_filter(name, ""), on=not asked),
        *(
            Chip(label, address.with_filter(name, value), on=asked == value)
            for value, label in options
        ),
    ]


def _written(values: Mapping[str, str]) -> str:
    return "?" + urlencode(values)
