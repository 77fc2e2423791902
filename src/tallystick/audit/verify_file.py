"""Verify an export (JSON lines) with nothing but the file: no database, no network.

A line holds all of a record, its hash and the hash before it (``export``). So each is verified by
itself, and with the next one in number as a link of the chain; signed heads say that it is the
chain that was, and not one made anew. Lines may stand in any order, and only as many hashes are
remembered as there are gaps.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from itertools import pairwise
from typing import Any

from tallystick.audit.heads import Head

VERSION = 1
TWICE = "is there twice"
# The canonical form's values by the names a line has for them (docs/audit-chain.md).
CANONICAL = (
    *("tenant_id", "number", "id", "recorded_at", "operation", "status", "reseller_id"),
    *("actor", "actor_ref", "customer_id", "customer_name", "subscription_id"),
    *("subscription_name", "connection_id", "connection_name", "operation_id", "delivery_id"),
    *("summary", "details", "correlation_id"),
)


class NotAnExport(Exception):
    """A line is no record of an export. The sentence names the line."""


@dataclass(frozen=True, slots=True)
class FileVerified:
    """``runs``: the numbers from which to which nothing is missing. ``heads``: signed ones that
    are of a record of the file. ``bad``: the first line that is not as it was written."""

    tenant_id: int | None
    records: int
    runs: tuple[tuple[int, int], ...]
    heads: int
    bad: str


def verify_lines(lines: Iterable[bytes], heads: Collection[Head] = ()) -> FileVerified:
    """Read to the end, or to the first line that is not as it was written. Raises NotAnExport."""
    signed = {(head.tenant_id, head.number): head for head in heads}
    tenant_id, read, compared = None, 0, 0
    begins: dict[int, tuple[int, str]] = {}  # where a run begins: its end, the hash before it
    ends: dict[int, tuple[int, str]] = {}  # where it ends: its beginning, its last hash
    bad = ""
    for place, line in enumerate(lines, start=1):
        one = _read(line, place)
        if tenant_id not in (None, one["tenant_id"]):
            raise NotAnExport(f"line {place} is of another organisation than the lines before it")
        tenant_id, number = one["tenant_id"], one["number"]
        head = signed.get((tenant_id, number))
        bad = _wrong(one, head) or _joined(one, begins, ends)
        if bad:
            bad = f"line {place}: record {number}, id {one['id']}, {bad}"
            break
        read, compared = read + 1, compared + (head is not None)
    runs = tuple(sorted((first, last) for first, (last, _) in begins.items()))
    return FileVerified(tenant_id, read, runs, compared, bad or _overlap(runs))


def canonical(one: Mapping[str, Any]) -> bytes:
    """As the database makes it."""
    record = {**one, "details": as_jsonb(one["details"])}
    values = [VERSION, *(record[name] for name in CANONICAL)]
    return json.dumps(values, ensure_ascii=False, separators=(", ", ": ")).encode()


def as_jsonb(value: Any) -> str:
    """As PostgreSQL writes ``jsonb``: the shorter keys first, numbers with all their digits."""
    match value:
        case dict():
            keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
            inner = (f"{as_jsonb(key)}: {as_jsonb(value[key])}" for key in keys)
            return f"{{{', '.join(inner)}}}"
        case list():
            return f"[{', '.join(as_jsonb(each) for each in value)}]"
        case Decimal():
            return f"{value:f}"
        case _:
            return json.dumps(value, ensure_ascii=False)


def _read(line: bytes, place: int) -> Mapping[str, Any]:
    try:
        one = json.loads(line, parse_float=Decimal)
        numbers = (one["number"], one["id"], one["tenant_id"])
        for name in ("hash", "previous_hash"):
            bytes.fromhex(one[name])
        if {type(number) for number in numbers} == {int} and set(CANONICAL) <= set(one):
            return dict(one)
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise NotAnExport(f"line {place} is not a record of an export as JSON")


def _wrong(one: Mapping[str, Any], head: Head | None) -> str:
    before = bytes.fromhex(one["previous_hash"])
    if sha256(before + canonical(one)).hexdigest() != one["hash"] or (
        (one["number"] == 1) != (not before)
    ):
        return "is not what was written"
    if head is not None and head.hash.hex() != one["hash"]:
        at = f"{head.at:%Y-%m-%d %H:%M}"
        return f"or one before it, was written anew: the head signed at {at} is another"
    return ""


def _joined(
    one: Mapping[str, Any], begins: dict[int, tuple[int, str]], ends: dict[int, tuple[int, str]]
) -> str:
    """Put it to the runs it stands beside; why it cannot be, else nothing."""
    first = last = one["number"]
    before, end = one["previous_hash"], one["hash"]
    if first in begins or first in ends:
        return TWICE
    if first - 1 in ends:
        begin, known = ends[first - 1]
        if known != before:
            return "does not follow the record before it"
        ends.pop(first - 1)
        first, (_, before) = begin, begins.pop(begin)
    if last + 1 in begins:
        until, known = begins[last + 1]
        if known != end:
            return "is not followed by the record after it"
        begins.pop(last + 1)
        last, (_, end) = until, ends.pop(until)
    begins[first], ends[last] = (last, before), (first, end)
    return ""


def _overlap(runs: Sequence[tuple[int, int]]) -> str:
    """A record that is there twice, found when all were read."""
    twice = next((later[0] for run, later in pairwise(runs) if later[0] <= run[1]), None)
    return f"record {twice} {TWICE}" if twice is not None else ""
