"""The sentences a badge says of itself: what waits for approval, what differs, what was agreed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tallystick.kit.days import in_words


@dataclass(frozen=True, slots=True)
class Agreement:
    """Who agreed that a line may differ, until which day (red again on it), and why."""

    person: str
    until: date
    until_at: datetime
    reason: str


def approval_words(number: int) -> str:
    """``2 operations wait for approval. ...``"""
    wait = "1 operation waits" if number == 1 else f"{number} operations wait"
    return f"{wait} for approval. Nothing is sent before a person has approved."


def drift_words(
    expected: int | None,
    units: int | None,
    amount: Decimal | None,
    *,
    included: int = 0,
    duplicate: bool = False,
) -> str:
    """Both values, of a line that nothing waits for. ``amount`` is the extended price.

    ``included``: units the contract's price contains, beside those that are billed.
    ``duplicate``: a change of ours is there twice.
    """
    beside = beside_billed(included)
    if duplicate:
        return (
            f"Duplicate in Autotask: {units} units, expected {expected}{beside}. A change of ours "
            "is there twice. Nothing was sent because of it, and nothing is before somebody "
            "decides: the opposite change is prepared on the page Drift."
        )
    if units == expected:
        return (
            f"Autotask shows the expected {expected} units{beside}, but another amount"
            f" ({amount}): somebody changed the price there. Nothing was sent, and nothing is "
            "before somebody decides: keep Autotask's, restore ours or agree to it on the page "
            "Drift; or set the price right in Autotask and press Sync."
        )
    return (
        f"Autotask shows {units} units, expected {expected}{beside}: "
        "somebody changed it there. Nothing was sent, and nothing is before somebody decides: "
        "keep Autotask's, restore ours or agree to it on the page Drift; or set it right in "
        "Autotask and press Sync."
    )


def agreed_words(
    agreed: Agreement, expected: int | None, units: int | None, included: int = 0
) -> str:
    """What a line shows that may differ, who said so, and when it is red again."""
    shown = f"{units} units" if units != expected else f"{units} units at another amount"
    return (
        f"Autotask shows {shown}, expected {expected}{beside_billed(included)}: {agreed.person} "
        f"agreed to that until {in_words(agreed.until)} ({_stop(agreed.reason)}) Nothing is sent "
        "because of it; it is red again on that day, or when it changes."
    )


def ended_words(agreed: Agreement) -> str:
    """In front of a difference that is not agreed to any more."""
    return f"What {agreed.person} agreed to ended on {in_words(agreed.until)}."


def _stop(reason: str) -> str:
    return reason if reason.endswith((".", "!", "?")) else f"{reason}."


def beside_billed(included: int) -> str:
    """Behind a number of billed units: `` (2 more are included and not billed)``, or nothing."""
    if included == 0:
        return ""
    return f" ({included} more {'is' if included == 1 else 'are'} included and not billed)"
