"""Pages of a query and the addresses of their neighbours.

Order is by id, and the paging token names the last id seen (live sample). The next page of a GET
query is a GET with the search repeated; the next page of a POST query must be POSTed with the same
body, and a GET of it answers 405 (live, a public client's regression test).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tallystick.simulator import errors
from tallystick.simulator.errors import Refusal
from tallystick.simulator.query import Query, candidates
from tallystick.simulator.table import Table


@dataclass(frozen=True, slots=True)
class Token:
    """Where a page begins: after ``after``; ``earlier`` are the starts of the pages before it."""

    after: int
    earlier: tuple[int, ...]
    size: int

    def text(self) -> str:
        return json.dumps(
            {"pageSize": self.size, "previousIds": list(self.earlier), "nextIds": [self.after]},
            separators=(",", ":"),
        )


def read_token(text: str, query: Query) -> Token:
    """Read a ``paging`` parameter. Raises Refusal."""
    try:
        data = json.loads(text)
        after = int(data["nextIds"][-1])
        earlier = tuple(int(value) for value in data["previousIds"])
        size = int(data.get("pageSize", query.most))
    except (ValueError, KeyError, IndexError, TypeError):
        raise Refusal(errors.BAD_VALUE.format(value=text, field="paging")) from None
    return Token(after=after, earlier=earlier, size=max(1, min(size, query.most)))


@dataclass(frozen=True, slots=True)
class Page:
    """The records of one page and the tokens of its neighbours."""

    records: list[Any]
    following: Token | None
    preceding: Token | None


def read_page(table: Table[Any], query: Query, token: Token | None) -> Page:
    """The matching records after the token's id, one page of them."""
    start = token.after if token is not None else -1
    size = token.size if token is not None else query.most
    found: list[Any] = []
    has_more = False
    for record in table.after(start, candidates(table, query)):
        if not query.matches(record):
            continue
        if len(found) == size:
            has_more = True
            break
        found.append(record)
    earlier = token.earlier if token is not None else ()
    following = preceding = None
    if has_more:
        following = Token(after=found[-1].get("id"), earlier=(*earlier, start), size=size)
    if earlier:
        preceding = Token(after=earlier[-1], earlier=earlier[:-1], size=size)
    return Page(records=found, following=following, preceding=preceding)


def count(table: Table[Any], query: Query) -> int:
    return sum(1 for r in table.after(-1, candidates(table, query)) if query.matches(r))


def address(base: str, token: Token | None, search: str | None) -> str | None:
    """The address of a page; ``search`` is the GET query's own text, ``None`` for POST queries."""
    if token is None:
        return None
    text = f"{base}/query/next?paging={quote(token.text(), safe='')}"
    return text if search is None else f"{text}&search={quote(search, safe='')}"
