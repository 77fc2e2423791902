"""What a commitment still allows: fewer licences, cancelling, and until when. Pure.

Microsoft lets licences of the new commerce experience be given back within 7 days of buying,
adding or renewing them, and then no more until the term ends
(learn.microsoft.com/partner-center/customers/cancel-subscription, ``cancellationAllowedUntilDate``
and ``refundableQuantity`` of a subscription). Each addition opens a window of its own; what is
given back is taken from the newest addition first, as far as is known. Tallystick explains this
and refuses nothing: what the vendor accepted is recorded and billed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tallystick.catalog.terms import OfferKind
from tallystick.kit.days import in_words
from tallystick.subscriptions.status import EndOfTerm

WINDOW = timedelta(days=7)
# What is bought for a term and given back only within the window.
COMMITTED = frozenset({OfferKind.NCE_LICENCE, OfferKind.SOFTWARE_SUBSCRIPTION})
# A software subscription is cancelled whole; its quantity never goes down.
WHOLE_ONLY = frozenset({OfferKind.SOFTWARE_SUBSCRIPTION})


@dataclass(frozen=True, slots=True)
class Move:
    """The quantity became ``quantity`` at this moment; ``anew``: bought or renewed, all of it."""

    at: datetime
    quantity: int
    anew: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """Licences that were added together and may be given back until then, exclusive."""

    quantity: int
    added_at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Commitment:
    """What a subscription is committed to at a moment.

    ``committed`` is False where no commitment of Microsoft is known: then it explains nothing.
    ``last_day`` is the term's, inclusive. ``reducible`` counts the licences of ``batches``, which
    are newest first; one always stays, for giving back the last is cancelling. ``cancel_by`` is
    the moment until which the whole may be cancelled; None: that is over, or not known.
    """

    quantity: int
    committed: bool
    last_day: date | None
    end_of_term: EndOfTerm
    reducible: int
    batches: tuple[Batch, ...]
    cancel_by: datetime | None

    @property
    def next_term_on(self) -> date | None:
        return None if self.last_day is None else self.last_day + timedelta(days=1)

    def about_fewer(self) -> str:
        """What to know before a quantity is chosen; empty when any smaller one is possible."""
        if not self.committed or (self.batches and self.reducible >= self.quantity - 1):
            return ""
        if self.reducible:
            kept = self.quantity - self.reducible
            words = (
                f"Microsoft takes back {self.reducible} of these {self.quantity} now; the other "
                f"{kept} are committed{self._until()}. "
            )
        else:
            words = (
                f"These licences are committed{self._until()}: Microsoft takes them back only "
                "within 7 days of buying, adding or renewing them. "
            )
        return f"{words}{self._instead()}Record fewer only if Microsoft accepted it."

    def why_not_fewer(self, to: int) -> str:
        """A sentence when Microsoft is likely to refuse this quantity, else empty."""
        fewer = self.quantity - to
        if not self.committed or fewer <= self.reducible:
            return ""
        kept = fewer - self.reducible
        which = f"{kept} of these {fewer} licences" if kept < fewer else f"These {fewer} licences"
        if fewer == 1:
            which = "This licence"
        return (
            f"{which} {'is' if kept == 1 else 'are'} committed{self._until()}: Microsoft takes "
            "licences back only within 7 days of buying, adding or renewing them. "
            f"{self._instead()}Record it only if Microsoft accepted it."
        )

    def why_no_cancelling(self) -> str:
        """The same of cancelling."""
        if not self.committed or self.cancel_by is not None:
            return ""
        return (
            f"It is committed{self._until()}: Microsoft cancels only within 7 days of a purchase "
            f"or renewal. {self._instead()}Record it only if Microsoft accepted it."
        )

    def _until(self) -> str:
        return "" if self.last_day is None else f" until {in_words(self.last_day)}"

    def _instead(self) -> str:
        if self.next_term_on is None:
            return ""
        if self.end_of_term is EndOfTerm.CANCEL:
            return f"It ends by itself on {in_words(self.next_term_on)}. "
        return f"At the renewal on {in_words(self.next_term_on)} any quantity is possible. "


def commitment(
    *,
    kind: OfferKind,
    quantity: int,
    last_day: date | None,
    end_of_term: EndOfTerm,
    cancellable_until: datetime | None,
    moves: Sequence[Move],
    now: datetime,
) -> Commitment:
    """``moves`` oldest first. ``cancellable_until``, when the vendor has said it, is what counts
    for what was bought or renewed."""
    batches = _open(moves, cancellable_until, now)
    if kind not in COMMITTED or last_day is None:
        return Commitment(quantity, False, last_day, end_of_term, max(quantity - 1, 0), (), None)
    cancel_by = _cancel_by(moves, cancellable_until, now)
    if kind in WHOLE_ONLY:
        return Commitment(quantity, True, last_day, end_of_term, 0, (), cancel_by)
    reducible = min(sum(one.quantity for one in batches), max(quantity - 1, 0))
    return Commitment(quantity, True, last_day, end_of_term, reducible, batches, cancel_by)


def _open(
    moves: Sequence[Move], cancellable_until: datetime | None, now: datetime
) -> tuple[Batch, ...]:
    stack: list[Batch] = []
    held = 0
    for move in moves:
        if move.anew:
            until = move.at + WINDOW if cancellable_until is None else cancellable_until
            stack, held = [Batch(move.quantity, move.at, until)], move.quantity
            continue
        more = move.quantity - held
        held = move.quantity
        if more > 0:
            stack.append(Batch(more, move.at, move.at + WINDOW))
        while more < 0 and stack:
            newest = stack.pop()
            more += newest.quantity
            if more > 0:
                stack.append(Batch(more, newest.added_at, newest.until))
    return tuple(one for one in reversed(stack) if now < one.until)


def _cancel_by(
    moves: Sequence[Move], cancellable_until: datetime | None, now: datetime
) -> datetime | None:
    begun = [move.at for move in moves if move.anew]
    until = cancellable_until
    if until is None and begun:
        until = begun[-1] + WINDOW
    return until if until is not None and now < until else None
