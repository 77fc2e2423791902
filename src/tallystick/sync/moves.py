"""Why a change is sent for another day than the one it was asked for, in words. Pure."""

from __future__ import annotations

from datetime import date

from tallystick.kit.days import in_words

NEXT_DAY = "moved to the next day: Autotask refuses a second change on one day"
AFTER_PROVED = "moved to the day of the last proved change: it was dated before it"


def after_month(day: date, until: date) -> str:
    return (
        f"moved from {in_words(day)} to {in_words(until)}: the month's Azure amounts are set on "
        "the line, and would be billed in part"
    )


def to_open_period(day: date, opens: date) -> str:
    return (
        f"moved to {in_words(opens)}: the billing period of {in_words(day)} is approved and posted"
    )


def to_next_period(day: date, starts: date) -> str:
    return f"moved from {in_words(day)} to the next billing period ({in_words(starts)}), by policy"


def to_period_start(day: date, starts: date) -> str:
    return f"moved from {in_words(day)} to {in_words(starts)}, the start of what it is billed with"
