"""How many questions the database is asked meanwhile, and how many rows it answers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection as database

TABLE = re.compile(r'FROM "(\w+)"')


@dataclass(slots=True)
class Asked:
    """``rows``: of each answer, in order, with the table it was first of all taken from."""

    rows: list[tuple[str, int]] = field(default_factory=list)

    @property
    def questions(self) -> int:
        return len(self.rows)

    @property
    def fetched(self) -> int:
        return sum(number for _, number in self.rows)

    def most(self, table: str) -> int:
        """The most rows of one answer out of this table; 0 when it was not asked."""
        return max((number for name, number in self.rows if name == table), default=0)

    def by_table(self) -> Counter[str]:
        return Counter(name for name, _ in self.rows)

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        answer = execute(sql, params, many, context)
        if context["cursor"].description is not None:
            found = TABLE.search(sql)
            # Without a table it is no question: the mapper asks whether the connection lives.
            if found is not None:
                self.rows.append((found[1], context["cursor"].rowcount))
        return answer


@contextmanager
def counted() -> Iterator[Asked]:
    asked = Asked()
    with database.execute_wrapper(asked):
        yield asked
