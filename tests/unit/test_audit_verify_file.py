"""An export is verified with nothing but the file: whatever is done to it is found."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest

from tallystick.audit.heads import Head
from tallystick.audit.verify_file import NotAnExport, as_jsonb, canonical, verify_lines

NOW = datetime(2026, 5, 10, 9, 0, tzinfo=UTC)
Record = dict[str, Any]


def chain(length: int) -> list[Record]:
    """As an export has it."""
    made: list[Record] = []
    before = ""
    for number in range(1, length + 1):
        one: Record = {
            **{"number": number, "id": 100 + number, "tenant_id": 7, "reseller_id": None},
            **{"recorded_at": "2026-05-10T09:00:00.123456Z", "operation": "offer.create"},
            **{"label": "Create Offer", "status": "succeeded", "reseller_name": ""},
            **{"actor": "Ada", "actor_ref": "user/1", "customer_id": 3, "customer_name": "Ünï\n"},
            **{"subscription_id": None, "subscription_name": "", "connection_id": None},
            **{"connection_name": "", "operation_id": None, "delivery_id": None},
            **{"summary": f"No. {number}", "correlation_id": "c", "previous_hash": before},
            "details": {"b": {"zz": 1, "a": [1, None, True]}, "aa": "\u2028"},
        }
        before = one["hash"] = sha256(bytes.fromhex(before) + canonical(one)).hexdigest()
        made.append(one)
    return made


def lines(records: list[Record]) -> list[bytes]:
    return [json.dumps(one).encode() + b"\n" for one in records]


def head(one: Record) -> Head:
    return Head(one["tenant_id"], one["number"], bytes.fromhex(one["hash"]), NOW)


def test_whole_and_in_any_order() -> None:
    made = chain(6)
    for order in ([0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [1, 0, 4, 2, 3, 5]):
        done = verify_lines(lines([made[n] for n in order]), [head(made[3]), head(made[5])])
        assert (done.tenant_id, done.records, done.runs, done.heads, done.bad) == (
            *(7, 6, ((1, 6),)),
            *(2, ""),
        )


def test_what_a_filter_left_out_is_a_gap_and_no_fault() -> None:
    made = chain(9)
    done = verify_lines(lines([made[n] for n in (1, 2, 4, 7, 8)]))
    assert (done.runs, done.bad) == (((2, 3), (5, 5), (8, 9)), "")
    assert verify_lines([]).runs == ()


def edited(name: str, value: object) -> Callable[[list[Record]], None]:
    return lambda made: made[2].update({name: value})


def written_anew(made: list[Record]) -> None:
    """With its own hash made anew: the next one does not follow."""
    one = made[2] | {"summary": "another"}
    before = bytes.fromhex(one["previous_hash"])
    made[2].update(one, hash=sha256(before + canonical(one)).hexdigest())


def written_anew_the_next_first(made: list[Record]) -> None:
    written_anew(made)
    made[2], made[3] = made[3], made[2]


def begun_in_the_middle(made: list[Record]) -> None:
    one = made[2] | {"previous_hash": ""}
    made[2].update(one, hash=sha256(canonical(one)).hexdigest())


BAD: dict[str, tuple[Callable[[list[Record]], None], str]] = {
    "summary": (edited("summary", "x"), "record 3, id 103, is not what was written"),
    "actor": (edited("actor", "Eve"), "record 3, id 103, is not what was written"),
    "details": (edited("details", {"b": 1}), "record 3, id 103, is not what was written"),
    "number": (edited("number", 30), "record 30, id 103, is not what was written"),
    "moment": (edited("recorded_at", "2026-05-10"), "record 3, id 103, is not what was written"),
    "hash": (edited("hash", "00" * 32), "record 3, id 103, is not what was written"),
    "anew": (written_anew, "record 4, id 104, does not follow the record before it"),
    "anew, turned": (written_anew_the_next_first, "record 3, id 103, is not followed by"),
    "a beginning": (begun_in_the_middle, "record 3, id 103, is not what was written"),
    "twice": (lambda made: made.insert(4, made[2]), "record 3 is there twice"),
    "twice in a row": (lambda made: made.insert(3, made[2]), "record 3, id 103, is there twice"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_done_to_it_is_found_and_named(name: str) -> None:
    change, words = BAD[name]
    made = chain(6)
    change(made)
    assert words in verify_lines(lines(made)).bad


def test_all_of_it_made_anew_is_found_by_a_signed_head() -> None:
    real, forged = chain(4), chain(4)
    before = ""
    for one in forged:
        one["actor"], one["previous_hash"] = "Eve", before
        before = one["hash"] = sha256(bytes.fromhex(before) + canonical(one)).hexdigest()
    assert verify_lines(lines(forged)).bad == ""
    assert "written anew" in verify_lines(lines(forged), [head(real[3])]).bad


@pytest.mark.parametrize(
    "line", [b"", b"{", b"[]", b"{}", b'"x"', b"\xff", b'{"number": "1", "id": 1, "tenant_id": 1}']
)
def test_what_is_no_export_is_said_with_its_line(line: bytes) -> None:
    with pytest.raises(NotAnExport, match="line 3"):
        verify_lines([*lines(chain(2)), line])


def test_a_hash_that_is_none_and_another_organisations_line() -> None:
    made = chain(2)
    with pytest.raises(NotAnExport, match="line 2 is not"):
        verify_lines(lines([made[0], made[1] | {"hash": "xy"}]))
    with pytest.raises(NotAnExport, match="line 2 is of another organisation"):
        verify_lines(lines([made[0], made[1] | {"tenant_id": 8}]))


def test_jsonb_as_the_database_writes_it() -> None:
    value = json.loads('{"bb": 1.50, "a": [1e-7, {}, []], "ü": "x\\"\\u0007"}', parse_float=str)
    assert as_jsonb(value | {"bb": 15}) == '{"a": ["1e-7", {}, []], "bb": 15, "ü": "x\\"\\u0007"}'
