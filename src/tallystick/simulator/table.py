"""Records by id, in the order of their ids, with look-ups by chosen fields."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Iterator
from typing import Any, Generic, Protocol, TypeVar


class Record(Protocol):
    """Anything that answers for its fields by name, as a dict does."""

    def get(self, name: str, /) -> Any: ...


R = TypeVar("R", bound=Record)


class Table(Generic[R]):
    """One entity's records. An id is never used twice."""

    def __init__(self, indexed: Iterable[str] = ()) -> None:
        self._records: dict[int, R] = {}
        self._ids: list[int] = []
        self._gone = 0
        self._indexes: dict[str, dict[Any, set[int]]] = {name: {} for name in indexed}

    def __len__(self) -> int:
        return len(self._records)

    def __contains__(self, record_id: object) -> bool:
        return record_id in self._records

    def __iter__(self) -> Iterator[R]:
        return iter(self.after(-1))

    def get(self, record_id: int) -> R | None:
        return self._records.get(record_id)

    def put(self, record_id: int, record: R) -> None:
        """Add a record, or replace the one of that id."""
        old = self._records.get(record_id)
        if old is None:
            if self._ids and record_id < self._ids[-1]:
                insort(self._ids, record_id)  # a row whose showing was delayed
            else:
                self._ids.append(record_id)
        else:
            self._unindex(record_id, old)
        self._put_back(record_id, record)

    def update(self, record_id: int, changes: dict[str, Any]) -> None:
        """Change fields of a dict record in place, keeping the look-ups right."""
        record: Any = self._records[record_id]
        self._unindex(record_id, record)
        record.update(changes)
        self._put_back(record_id, record)

    def _put_back(self, record_id: int, record: R) -> None:
        self._records[record_id] = record
        for name, index in self._indexes.items():
            index.setdefault(record.get(name), set()).add(record_id)

    def remove(self, record_id: int) -> R:
        record = self._records.pop(record_id)
        self._unindex(record_id, record)
        self._gone += 1
        if self._gone > len(self._records) + 1000:
            self._ids = [known for known in self._ids if known in self._records]
            self._gone = 0
        return record

    def _unindex(self, record_id: int, record: R) -> None:
        for name, index in self._indexes.items():
            value = record.get(name)
            known = index.get(value)
            if known is not None:
                known.discard(record_id)
                if not known:
                    del index[value]

    def indexes(self, name: str) -> bool:
        """Whether ``having`` is cheap for that field (``id`` always is)."""
        return name == "id" or name in self._indexes

    def ids_having(self, name: str, values: Iterable[Any]) -> set[int]:
        """The ids of the records whose indexed field has one of these values."""
        if name == "id":
            return {value for value in values if value in self._records}
        index = self._indexes[name]
        found: set[int] = set()
        for value in values:
            found |= index.get(value, set())
        return found

    def having(self, name: str, value: Any) -> list[R]:
        """The records whose indexed field has this value, in id order."""
        return [self._records[i] for i in sorted(self.ids_having(name, (value,)))]

    def after(self, last_id: int, among: set[int] | None = None) -> Iterator[R]:
        """Records with an id greater than ``last_id``, in id order, optionally only of a set."""
        if among is not None:
            for record_id in sorted(i for i in among if i > last_id):
                yield self._records[record_id]
            return
        for position in range(bisect_right(self._ids, last_id), len(self._ids)):
            record = self._records.get(self._ids[position])
            if record is not None:
                yield record
