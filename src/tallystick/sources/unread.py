"""What of a source cannot be matched, over its readings. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

MOST_KEPT: Final = 200


@dataclass(frozen=True, slots=True)
class Unread:
    """A subscription that cannot be matched, and why. It is left as it is here."""

    subject: str
    because: str


@dataclass(frozen=True, slots=True)
class NotMatched:
    """All that is not matched by now: how many, and the first of them.

    Of those beyond the first it is not kept which they are: a look at what changed that meets one
    again counts it once more. So ``number`` is exact up to MOST_KEPT and after a reading of
    everything; else there are at most so many.
    """

    number: int = 0
    first: Sequence[Unread] = ()


def not_matched(
    before: NotMatched, found: Sequence[Unread], matched: Collection[str], *, everything: bool
) -> NotMatched:
    """A reading of everything knows all of it; any other only of what it looked at."""
    if everything:
        return NotMatched(len(found), tuple(found[:MOST_KEPT]))
    looked_at = {one.subject for one in found} | set(matched)
    still = [one for one in before.first if one.subject not in looked_at]
    now = [*found, *still]
    beyond = before.number - len(before.first)
    return NotMatched(beyond + len(now), tuple(now[:MOST_KEPT]))


def stored(kept: NotMatched) -> dict[str, Any]:
    """As a source's settings have it."""
    first = [{"id": one.subject, "why": one.because} for one in kept.first]
    return {"unmatched": first, "unmatched_number": kept.number}


def from_settings(settings: Any) -> NotMatched:
    first = tuple(Unread(one["id"], one["why"]) for one in settings.get("unmatched", ()))
    return NotMatched(settings.get("unmatched_number", len(first)), first)
