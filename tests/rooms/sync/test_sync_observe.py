"""Readings are shared: many lines, one call; nobody waits for ever, nobody spoils another's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest

from harness import eventually
from tallystick.connections.trouble import (
    BillingError,
    Misconfigured,
    Rejected,
    Unavailable,
    Unclear,
)
from tallystick.sync.observe import Observer
from tallystick.sync.port import Billing, Line, UnitRow

JULY = date(2026, 7, 1)


@dataclass
class Recorder:
    """A billing system that only answers readings, and remembers what was asked together."""

    fails: Callable[[set[Line]], BaseException | None] = lambda _: None
    holds: threading.Event | None = None
    asked: list[tuple[set[Line], date]] = field(default_factory=list)

    def observe(
        self, lines: Collection[Line], *, since: date, until: date | None = None
    ) -> Mapping[Line, tuple[UnitRow, ...]]:
        self.asked.append((set(lines), since))
        if self.holds is not None:
            assert self.holds.wait(10)
        error = self.fails(set(lines))
        if error is not None:
            raise error
        return {line: rows_of(line) for line in lines}

    def observer(self, **more: Any) -> Observer:
        billing: Any = self
        return Observer(lambda: billing, **more)


def rows_of(line: Line) -> tuple[UnitRow, ...]:
    """One row a month from June on; the units say whose they are."""
    return tuple(
        UnitRow(date(2026, month, 1), date(2026, month + 1, 1), line.line_id, None, None, False)
        for month in (6, 7, 8)
    )


def lines(count: int) -> list[Line]:
    return [Line(1, 100 + n) for n in range(count)]


def together(observer: Observer, asked: list[Line]) -> list[Any]:
    """Every line in a turn and thread of its own, all at once; rows or the error of each."""
    ready = threading.Barrier(len(asked))

    def one(line: Line) -> Any:
        with observer.turn():
            ready.wait(10)
            try:
                return observer.observe(line, since=JULY)
            except BillingError as error:
                return error

    with ThreadPoolExecutor(len(asked)) as threads:
        return list(threads.map(one, asked))


def test_a_turn_that_is_alone_waits_for_nobody() -> None:
    recorder = Recorder()
    observer = recorder.observer(linger_seconds=60)
    (line,) = lines(1)
    with observer.turn():
        rows = observer.observe(line, since=JULY)

    assert [row.starts_on.month for row in rows] == [7, 8], "only what covers the day or follows"
    assert recorder.asked == [({line}, JULY)]


def test_turns_at_once_are_one_call_and_each_gets_its_own_rows() -> None:
    recorder = Recorder()
    asked = lines(12)
    found = together(recorder.observer(linger_seconds=10), asked)

    assert [rows[0].units for rows in found] == [line.line_id for line in asked]
    assert len(recorder.asked) == 1


def test_each_gets_the_rows_of_its_own_day() -> None:
    recorder = Recorder()
    observer = recorder.observer(linger_seconds=10)
    days = [date(2026, 6, 15), date(2026, 8, 15)]

    def one(n: int) -> int:
        with observer.turn():
            return len(observer.observe(Line(1, n), since=days[n]))

    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(one, range(2)))
    assert found == [3, 1]
    assert min(since for _, since in recorder.asked) == days[0]


def test_enough_lines_do_not_wait_for_the_rest() -> None:
    recorder = Recorder()
    observer = recorder.observer(enough=2, linger_seconds=60)
    with observer.turn():  # a turn that never reads
        together(observer, lines(2))

    assert sum(len(some) for some, _ in recorder.asked) == 2


def test_nobody_waits_longer_than_a_moment_for_a_turn_that_does_not_read() -> None:
    recorder = Recorder()
    observer = recorder.observer(linger_seconds=0.05)
    with observer.turn(), observer.turn():
        observer.observe(lines(1)[0], since=JULY)
    assert len(recorder.asked) == 1


def test_one_in_a_hurry_waits_for_nobody_and_takes_along_who_waits() -> None:
    recorder = Recorder()
    observer = recorder.observer(linger_seconds=60)
    asked = lines(2)
    with ThreadPoolExecutor(1) as threads, observer.turn(), observer.turn(), observer.turn():
        other = threads.submit(observer.observe, asked[0], since=JULY)
        eventually(lambda: len(observer._waiting) == 1)
        observer.observe(asked[1], since=JULY, hurried=True)
        other.result(60)
    assert recorder.asked == [(set(asked), JULY)]


def test_a_turn_that_ends_is_no_longer_waited_for() -> None:
    recorder = Recorder()
    observer = recorder.observer(linger_seconds=30)
    over = threading.Event()

    def short() -> None:
        with observer.turn():
            over.wait(10)

    with ThreadPoolExecutor(1) as threads, observer.turn():
        other = threads.submit(short)
        eventually(lambda: observer._turns == 2)
        threading.Timer(0.05, over.set).start()
        observer.observe(lines(1)[0], since=JULY)
        other.result(10)


def test_while_one_reading_is_under_way_the_next_list_grows() -> None:
    recorder = Recorder(holds=threading.Event())
    observer = recorder.observer(linger_seconds=0.2)
    asked = lines(6)
    with ThreadPoolExecutor(6) as threads:
        first = threads.submit(observer.observe, asked[0], since=JULY)
        eventually(lambda: len(recorder.asked) == 1)
        rest = [threads.submit(observer.observe, line, since=JULY) for line in asked[1:]]
        eventually(lambda: len(observer._waiting) == 5)
        assert recorder.holds is not None
        recorder.holds.set()
        found = [one.result(10) for one in (first, *rest)]

    assert [rows[0].units for rows in found] == [line.line_id for line in asked]
    assert [len(some) for some, _ in recorder.asked] == [1, 5]


@pytest.mark.parametrize(
    "error", [Rejected("belongs to another contract"), Unclear("two rows for one day")]
)
def test_what_is_wrong_with_one_line_does_not_stop_the_others(error: BillingError) -> None:
    asked = lines(3)

    def fails(some: set[Line]) -> BaseException | None:
        return error if asked[1] in some else None

    found = together(Recorder(fails).observer(linger_seconds=10), asked)

    assert [one is error for one in found] == [False, True, False]


def test_a_reading_that_failed_failed_for_all() -> None:
    recorder = Recorder(lambda _: Unavailable("away"))
    found = together(recorder.observer(linger_seconds=10), lines(3))

    assert all(isinstance(one, Unavailable) for one in found)
    assert len(recorder.asked) == 1, "nobody hammers"


def test_a_billing_system_that_cannot_be_found_is_a_reading_that_failed() -> None:
    def nobody() -> Billing:
        raise Misconfigured("the credentials cannot be opened")

    with pytest.raises(Misconfigured):
        Observer(nobody).observe(lines(1)[0], since=JULY)


def test_a_fault_of_our_own_reaches_everybody_and_the_next_reading_works() -> None:
    broken = [ZeroDivisionError()]
    recorder = Recorder(lambda _: broken.pop() if broken else None)
    observer = recorder.observer()
    with pytest.raises(ZeroDivisionError):
        observer.observe(lines(1)[0], since=JULY)
    assert observer.observe(lines(1)[0], since=JULY)
