"""The civil day of a moment and the moment of a civil day, in every kind of zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.kit.clock import civil_day, day_begins

# UTC-11, -8, -3, 0, +1 with summer time, +5:30, +10, +13, +14; and clocks changed at midnight.
ZONES = [
    "Pacific/Pago_Pago",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "UTC",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Australia/Brisbane",
    "Pacific/Tongatapu",
    "Pacific/Kiritimati",
    "America/Santiago",
    "America/Havana",
    "Africa/Cairo",
]
# Days on and around which clocks change, months end, and 29 February.
DAYS = [
    date(2026, 3, 8), date(2026, 3, 28), date(2026, 3, 29), date(2026, 3, 30), date(2026, 4, 5),
    date(2026, 4, 24), date(2026, 9, 6), date(2026, 10, 24), date(2026, 10, 25), date(2026, 11, 1),
    date(2026, 1, 31), date(2026, 2, 28), date(2028, 2, 28), date(2028, 2, 29), date(2026, 12, 31),
]  # fmt: skip


def by_hand(moment: datetime, zone: str) -> date:
    """The offset of the moment, added to UTC and cut: no conversion of a library."""
    offset = ZoneInfo(zone).utcoffset(moment.astimezone(ZoneInfo(zone)))
    assert offset is not None
    return (moment.astimezone(UTC).replace(tzinfo=None) + offset).date()


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("day", DAYS)
def test_around_midnight(zone: str, day: date) -> None:
    begins = day_begins(day, zone).astimezone(UTC)
    for seconds in (0, 1, 3599, 3600, 7200):
        assert civil_day(begins + timedelta(seconds=seconds), zone) == day
    for seconds in (1, 1800, 3600, 7200):
        earlier = begins - timedelta(seconds=seconds)
        assert civil_day(earlier, zone) == day - timedelta(days=1)
    assert civil_day(begins - timedelta(microseconds=1), zone) < day


@settings(max_examples=500, deadline=None, database=None)
@given(
    seconds=st.integers(0, 12 * 366 * 86_400),
    zone=st.sampled_from(ZONES),
)
def test_any_moment(seconds: int, zone: str) -> None:
    moment = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    day = civil_day(moment, zone)
    assert day == by_hand(moment, zone)
    begins = day_begins(day, zone).astimezone(UTC)
    until = day_begins(day + timedelta(days=1), zone).astimezone(UTC)
    assert begins <= moment < until


@pytest.mark.parametrize(
    ("moment", "zone", "day"),
    [
        ("2026-05-09T23:30:00+00:00", "Australia/Brisbane", "2026-05-10"),
        ("2026-05-10T10:59:59+00:00", "Pacific/Pago_Pago", "2026-05-09"),
        ("2026-05-10T10:00:00+00:00", "Pacific/Kiritimati", "2026-05-11"),
        ("2026-03-28T23:00:00+00:00", "Europe/Berlin", "2026-03-29"),
        ("2026-10-24T22:00:00+00:00", "Europe/Berlin", "2026-10-25"),
        ("2026-10-25T22:59:59+00:00", "Europe/Berlin", "2026-10-25"),
        ("2028-02-29T18:30:00+00:00", "Asia/Kolkata", "2028-03-01"),
        ("2026-12-31T10:00:00+00:00", "Pacific/Kiritimati", "2027-01-01"),
    ],
)
def test_as_a_calendar_there_shows_it(moment: str, zone: str, day: str) -> None:
    assert civil_day(datetime.fromisoformat(moment), zone) == date.fromisoformat(day)
