"""A long thing in parts of at most so many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")


def chunks(items: Iterable[Item], size: int) -> Iterator[tuple[Item, ...]]:
    """In order; none for nothing."""
    source = iter(items)
    while part := tuple(islice(source, size)):
        yield part
