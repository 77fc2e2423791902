"""What was to happen by itself and was refused: why, since when, when again, what one can do."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from tallystick.kit.days import in_words
from tallystick.kit.problem import FieldError
from tallystick.subscriptions.large_change import moves_far_in_words
from tallystick.subscriptions.models import RefusedChange
from tallystick.subscriptions.rules import ACCEPT

AGAIN_AFTER = timedelta(days=1)
# Whatever is wrong with what was to follow a promotion, and with nothing else.
PROMOTION = "promotion"
_TAKE_BACK = "What was scheduled can be taken back."
_CALLED = {
    "subscription": "It",
    "offer_id": "The offer",
    "ends_on": "The next term's last day",
    "effective_on": "The day",
    PROMOTION: "Its price",
}


@dataclass(frozen=True, slots=True)
class RefusedView:
    """``on``: the day it was to count from. ``asks``: the field that is wrong; empty: none."""

    subscription_id: int
    what: str
    on: date
    because: str
    asks: str
    since_at: datetime
    tries: int
    next_at: datetime

    @property
    def happened(self) -> str:
        """``Renews, quantity 8 from 1 Jan 2027: refused. It is suspended: ...``."""
        return f"{self.what}: refused. {self.because} Nothing was recorded or sent."

    @property
    def you_can(self) -> str:
        if self.asks == PROMOTION:
            return "Record under Promotion ends what it is sold for from that day on."
        if self.asks == ACCEPT:
            return f"Say the price under Next term and that it is meant. {_TAKE_BACK}"
        instead = "under Next term what is to happen instead."
        if self.asks in {"subscription", "quantity"}:
            return f"Reactivate it if it is suspended, or say {instead} {_TAKE_BACK}"
        return f"Say {instead} {_TAKE_BACK}"

    def tried(self, zone: str) -> str:
        """``Tried 3 times since 1 Jan 2027; again on 4 Jan 2027, 00:10, and when something else is
        recorded of it.``"""
        times = "once" if self.tries == 1 else f"{self.tries} times"
        since = in_words(self.since_at.astimezone(ZoneInfo(zone)).date())
        again = self.next_at.astimezone(ZoneInfo(zone))
        return (
            f"Tried {times} since {since}; again on {in_words(again.date())}, {again:%H:%M}, and "
            "when something else is recorded of it."
        )

    def in_words(self, zone: str) -> str:
        """All of it."""
        return f"{self.happened} {self.tried(zone)} {self.you_can}"


def refused_of(subscription_ids: Collection[int]) -> Mapping[int, RefusedView]:
    """By subscription; those of which something was refused only. One query."""
    rows = RefusedChange.objects.filter(subscription_id__in=subscription_ids)
    return {row.subscription_id: _view_of(row) for row in rows}


def ids_to_wait(now: datetime, *, promotion: bool = False) -> set[int]:
    """Subscriptions of which something was refused and is not to be tried again yet. A
    ``promotion``'s end waits for everything: what is kept last is shown. Nothing waits for it."""
    rows = RefusedChange.objects.filter(next_at__gt=now)
    if not promotion:
        rows = rows.exclude(asks=PROMOTION)
    return set(rows.values_list("subscription", flat=True))


def sentence_of(errors: Sequence[FieldError]) -> str:
    """What a verb says is wrong, for somebody who filled in no form."""
    return " ".join(f"{_sentence(error).rstrip('.')}." for error in errors)


def _sentence(error: FieldError) -> str:
    if error.field == ACCEPT:
        words = moves_far_in_words(error.message)
        return f"{words[:1].upper()}{words[1:]}"
    called = _CALLED.get(error.field, f"The {error.field.removesuffix('_id').replace('_', ' ')}")
    return f"{called} {error.message}"


def _view_of(row: RefusedChange) -> RefusedView:
    return RefusedView(
        subscription_id=row.subscription_id,
        what=row.what,
        on=row.on,
        because=row.because,
        asks=row.asks,
        since_at=row.since_at,
        tries=row.tries,
        next_at=row.next_at,
    )
