"""The query language: read a query body, decide which records match.

Operators, groups and limits as four public clients agree on them. Inference: text is compared
without regard to case; a null field matches nothing but ``notExist``; a null value is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from tallystick.simulator import errors
from tallystick.simulator.errors import Refusal
from tallystick.simulator.fields import Entity, Field, Kind
from tallystick.simulator.table import Record, Table

MOST_RECORDS = 500
MOST_CONDITIONS = 500

Matches = Callable[[Record], bool]
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda have, want: have == want,
    "noteq": lambda have, want: have != want,
    "gt": lambda have, want: have > want,
    "gte": lambda have, want: have >= want,
    "lt": lambda have, want: have < want,
    "lte": lambda have, want: have <= want,
}
_TEXT: dict[str, Callable[[str, str], bool]] = {
    "beginswith": lambda have, want: have.startswith(want),
    "endswith": lambda have, want: have.endswith(want),
    "contains": lambda have, want: want in have,
}
_AS_STORED = (Kind.INT, Kind.LONG, Kind.BOOL, Kind.MONEY, Kind.DOUBLE)
_MIDNIGHT = time(tzinfo=UTC)
_OPERATORS = {*_COMPARISONS, *_TEXT, "exist", "notexist", "in", "notin"}


@dataclass(frozen=True, slots=True)
class Query:
    """A read query. ``narrow`` lists fields with the only values that can match."""

    matches: Matches
    most: int
    include: tuple[str, ...] | None
    narrow: Mapping[str, tuple[Any, ...]]


def folded(body: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a body in lower case: both ``Filter`` and ``filter`` are sent live."""
    return {str(key).lower(): value for key, value in body.items()}


def read_query(entity: Entity, body: Any) -> Query:
    """Read and check a query body. Raises Refusal."""
    if not isinstance(body, dict):
        raise Refusal(errors.FILTER_REQUIRED)
    keys = folded(body)
    conditions = keys.get("filter")
    if not isinstance(conditions, list) or not conditions:
        raise Refusal(errors.FILTER_REQUIRED)
    reader = _Reader(entity)
    matches = reader.all_of(conditions)
    if reader.conditions > MOST_CONDITIONS:
        raise Refusal(errors.TOO_MANY_ORS)
    return Query(
        matches=matches,
        most=_read_most(keys.get("maxrecords")),
        include=_read_include(entity, keys.get("includefields")),
        narrow=reader.narrow,
    )


def _read_most(value: Any) -> int:
    if value is None:
        return MOST_RECORDS
    if isinstance(value, str) and value.strip().isdigit():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_RECORDS:
        raise Refusal(errors.MAX_RECORDS)
    return value


def _read_include(entity: Entity, value: Any) -> tuple[str, ...] | None:
    if not value:
        return None
    if not isinstance(value, list):
        raise Refusal(errors.LIST_NEEDED.format(op="IncludeFields", field="IncludeFields"))
    names = []
    for name in value:
        field = entity.field(str(name))
        if field is None:
            raise Refusal(errors.UNKNOWN_FIELD.format(field=name, entity=entity.singular))
        names.append(field.name)
    return tuple(names)


class _Reader:
    """Turns conditions into one test, counting what the limits count."""

    def __init__(self, entity: Entity) -> None:
        self.entity = entity
        self.conditions = 0
        self.udfs = 0
        self.narrow: dict[str, tuple[Any, ...]] = {}

    def all_of(self, items: list[Any], *, top: bool = True) -> Matches:
        tests = [self.one(item, top=top, alternative=False) for item in items]
        if len(tests) == 1:
            return tests[0]
        return lambda record: all(test(record) for test in tests)

    def any_of(self, items: list[Any]) -> Matches:
        tests = [self.one(item, top=False, alternative=True) for item in items]
        return lambda record: any(test(record) for test in tests)

    def one(self, item: Any, *, top: bool, alternative: bool) -> Matches:
        if not isinstance(item, dict):
            raise Refusal(errors.FILTER_REQUIRED)
        keys = folded(item)
        op = str(keys.get("op", "")).lower()
        if op in ("and", "or"):
            items = keys.get("items")
            if not isinstance(items, list) or not items:
                raise Refusal(errors.FILTER_REQUIRED)
            return self.any_of(items) if op == "or" else self.all_of(items, top=top)
        if op not in _OPERATORS:
            raise Refusal(errors.UNKNOWN_OPERATOR.format(op=keys.get("op")))
        self.conditions += int(alternative)
        if keys.get("udf") is True:
            return self._udf(keys, op)
        field = self._field(str(keys.get("field", "")))
        return self._condition(field, op, keys, top=top)

    def _field(self, name: str) -> Field:
        field = self.entity.field(name)
        if field is None:
            raise Refusal(errors.UNKNOWN_FIELD.format(field=name, entity=self.entity.singular))
        if not field.queryable:
            raise Refusal(
                errors.FIELD_NOT_QUERYABLE.format(field=name, entity=self.entity.singular)
            )
        return field

    def _condition(self, field: Field, op: str, keys: Mapping[str, Any], *, top: bool) -> Matches:
        name = field.name
        if op == "exist":
            return lambda record: record.get(name) not in (None, "")
        if op == "notexist":
            return lambda record: record.get(name) in (None, "")
        value = keys.get("value")
        if op in ("in", "notin"):
            if not isinstance(value, list):
                raise Refusal(errors.LIST_NEEDED.format(op=op, field=name))
            self.conditions += len(value) if op == "in" else 0
            wanted = frozenset(read_value(field, item) for item in value)
            if op == "in":
                self._note(name, tuple(wanted), top=top, field=field)
                if field.kind in _AS_STORED:
                    return lambda record: record.get(name) in wanted
                return lambda record: _plain(record.get(name)) in wanted
            return lambda record: (
                (have := _plain(record.get(name))) is not None and (have not in wanted)
            )
        if value is None:
            raise Refusal(errors.VALUE_NEEDED.format(op=op, field=name))
        want = read_value(field, value)
        if op == "eq":
            self._note(name, (want,), top=top, field=field)
        if op in _TEXT:
            if field.kind is not Kind.STRING:
                raise Refusal(errors.TEXT_OPERATOR.format(op=op, field=name))
            return _test(name, _TEXT[op], want)
        if field.kind is Kind.DATE and want.timetz() == _MIDNIGHT:
            return _test_stored(name, _COMPARISONS[op], want.date())
        if field.kind in _AS_STORED:
            return _test_stored(name, _COMPARISONS[op], want)
        return _test(name, _COMPARISONS[op], want)

    def _note(self, name: str, values: tuple[Any, ...], *, top: bool, field: Field) -> None:
        if top and field.kind in (Kind.INT, Kind.LONG) and name not in self.narrow:
            self.narrow[name] = values

    def _udf(self, keys: Mapping[str, Any], op: str) -> Matches:
        self.udfs += 1
        if self.udfs > 1:
            raise Refusal(errors.ONE_UDF)
        name, value = str(keys.get("field", "")), keys.get("value")

        def read(record: Record) -> str | None:
            for udf in record.get("userDefinedFields") or ():
                if udf["name"].lower() == name.lower():
                    return None if udf["value"] is None else str(udf["value"]).lower()
            return None

        if op == "exist":
            return lambda record: read(record) is not None
        if op == "notexist":
            return lambda record: read(record) is None
        if op in ("in", "notin"):
            wanted = {str(item).lower() for item in value or ()}
            return lambda record: (read(record) in wanted) == (op == "in")
        compare = _TEXT.get(op) or _COMPARISONS[op]
        want = str(value).lower()
        return lambda record: (have := read(record)) is not None and compare(have, want)


def _test(name: str, compare: Callable[[Any, Any], bool], want: Any) -> Matches:
    def test(record: Record) -> bool:
        have = record.get(name)
        return have is not None and compare(_plain(have), want)

    return test


def _test_stored(name: str, compare: Callable[[Any, Any], bool], want: Any) -> Matches:
    """As ``_test``, for values that are compared as they are stored."""

    def test(record: Record) -> bool:
        have = record.get(name)
        return have is not None and compare(have, want)

    return test


def _plain(value: Any) -> Any:
    """A stored value in the form values are compared in."""
    if type(value) is str:
        return value.lower()
    if type(value) is date:
        return datetime.combine(value, time(), UTC)
    return value


def read_value(field: Field, value: Any) -> Any:
    """A value of a condition, checked against the field's kind. Raises Refusal."""
    match field.kind:
        case Kind.BOOL:
            if not isinstance(value, bool):
                raise Refusal(errors.BOOLEAN_NEEDED.format(field=field.name))
            return value
        case Kind.STRING:
            if isinstance(value, bool | list | dict) or value is None:
                raise _bad_value(field, value)
            return str(value).lower()
        case Kind.DATE | Kind.DATETIME:
            return _read_moment(field, value)
        case Kind.INT | Kind.LONG | Kind.MONEY | Kind.DOUBLE:
            return _read_number(field, value)


def _bad_value(field: Field, value: Any) -> Refusal:
    return Refusal(errors.BAD_VALUE.format(value=value, field=field.name))


def _read_number(field: Field, value: Any) -> Any:
    if isinstance(value, bool):
        raise Refusal(errors.PARSE.format(character=str(value)[0].lower(), path=field.name))
    if isinstance(value, int):
        return value
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        raise _bad_value(field, value) from None
    if not number.is_finite():
        raise _bad_value(field, value)
    if field.kind in (Kind.INT, Kind.LONG):
        if number != number.to_integral_value():
            raise _bad_value(field, value)
        return int(number)
    return number


def _read_moment(field: Field, value: Any) -> datetime:
    if not isinstance(value, str):
        raise _bad_value(field, value)
    try:
        moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        raise _bad_value(field, value) from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def candidates(table: Table[Any], query: Query) -> set[int] | None:
    """The ids among which all matches are, when a look-up can narrow them."""
    best: set[int] | None = None
    for name, values in query.narrow.items():
        if table.indexes(name):
            found = table.ids_having(name, values)
            best = found if best is None else best & found
    return best
