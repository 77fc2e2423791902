"""Does a term renew by itself when it ends, or has nobody said so? Pure.

*Renews* is what every subscription begins with, so by itself it says nothing. A renewal is billed
for a whole term: it is recorded without a person only when a person or a source has said it, and by
the term's last day. What is said later is about the term after; the one that has passed is a
person's to record.
"""

from __future__ import annotations

from datetime import date, datetime

from tallystick.kit.clock import civil_day
from tallystick.kit.days import in_words
from tallystick.subscriptions.queries import SubscriptionView
from tallystick.subscriptions.status import EndOfTerm

NOBODY = "Nobody has said what happens at the end"


def renews_by_itself(
    then: EndOfTerm, *, said_at: datetime | None, last_day: date, zone: str
) -> bool:
    """Days are those of the tenant's calendar."""
    return then is EndOfTerm.RENEW and said_at is not None and civil_day(said_at, zone) <= last_day


def why_undecided(view: SubscriptionView, *, is_scheduled: bool, today: date, zone: str) -> str:
    """Why its term, which is over, waits for a person; empty when it does not. Sentences."""
    last_day = view.commitment_ends_on
    if is_scheduled or last_day is None or last_day >= today:
        return ""
    then, said_at = view.end_of_term, view.end_said_at
    if then is not EndOfTerm.RENEW:
        return ""
    if renews_by_itself(then, said_at=said_at, last_day=last_day, zone=zone):
        return ""
    why = NOBODY if said_at is None else "That it renews was said after its last day"
    return (
        f"{why}. Its term was over on {in_words(last_day)}; nothing was recorded or sent, and it "
        "is billed as it was. Say under Next term what happened, or cancel it."
    )
