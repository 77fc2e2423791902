"""What ends soon, once a day and each once: windows to cancel, commitments, contracts; and apart
from that what waits for a person because it was refused on its day, or nobody has said."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from tallystick.connections.models import Connection
from tallystick.directory.queries import age
from tallystick.kit.clock import civil_day
from tallystick.kit.days import in_words
from tallystick.kit.paging import LARGEST_PAGE, every
from tallystick.mappings.contracts import list_contracts
from tallystick.notify.decide import Note
from tallystick.notify.describe import context_of
from tallystick.notify.kinds import Kind
from tallystick.notify.letters import MOST_NAMED, Letter, at, one_line
from tallystick.notify.links import RENEWALS, WAITING
from tallystick.notify.models import Noticed, Recipient
from tallystick.notify.notes import store_notes
from tallystick.notify.outbox import put
from tallystick.subscriptions.models import RefusedChange, Subscription
from tallystick.subscriptions.queries import SubscriptionView, view_of, visible
from tallystick.subscriptions.waiting_ends import LIVING, needing, why_waits

FROM_HOUR = 7  # of the organisation's day
CANCEL_WITHIN = timedelta(days=2)
TERM_WITHIN = timedelta(days=14)
FORGOTTEN_AFTER = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Ending:
    """``ref`` names it and its day, so that another day is told anew."""

    ref: str
    words: str


def tell_ahead(
    recipient: Recipient, mine: Mapping[int, Connection], *, zone: str, now: datetime
) -> None:
    """In a transaction that holds the recipient."""
    today = civil_day(now, zone)
    if recipient.looked_ahead_on == today or now.astimezone(ZoneInfo(zone)).hour < FROM_HOUR:
        return
    recipient.looked_ahead_on = today
    recipient.save(update_fields=["looked_ahead_on"])
    found = [
        *_windows(recipient, mine, zone=zone, now=now),
        *_terms(recipient, mine, zone=zone, now=now),
        *_contracts(recipient, mine, zone=zone, now=now),
    ]
    told = Noticed.objects.filter(recipient=recipient, kind=Kind.AHEAD.value)
    told.filter(noticed_at__lt=now - FORGOTTEN_AFTER).delete()
    known = set(told.values_list("ref", flat=True))
    for them, letter in (
        (found, ends_soon),
        (_waiting(recipient, mine, zone=zone, now=now), waits_for_you),
    ):
        new = [one for one in them if one.ref not in known]
        if new:
            store_notes(recipient, Kind.AHEAD, {}, {one.ref: Note(now, now) for one in new})
            put(recipient, letter(new), now=now)


def ends_soon(them: Sequence[Ending]) -> Letter:
    words = "1 thing ends soon" if len(them) == 1 else f"{len(them):,} things end soon"
    lines = [f"• {one.words}" for one in them[: 2 * MOST_NAMED]]
    if len(them) > 2 * MOST_NAMED:
        lines.append(f"and {len(them) - 2 * MOST_NAMED:,} more.")
    lines.append("Each is told once. Nothing was sent to Autotask.")
    facts = {"number": len(them), "ends": [one.words for one in them[:100]]}
    return Letter("ahead.ends_soon", words, lines, RENEWALS, facts)


def waits_for_you(them: Sequence[Ending]) -> Letter:
    number = "1 subscription waits" if len(them) == 1 else f"{len(them):,} subscriptions wait"
    lines = [f"• {one.words}" for one in them[:MOST_NAMED]]
    if len(them) > MOST_NAMED:
        lines.append(f"and {len(them) - MOST_NAMED:,} more.")
    lines.append("Each is told once; it stays under Renewals until it is decided.")
    facts = {"number": len(them), "waits": [one.words for one in them[:100]]}
    return Letter(
        "ahead.waits_for_you", f"{number} for a word on what happens now", lines, WAITING, facts
    )


def _windows(
    recipient: Recipient, mine: Collection[int], *, zone: str, now: datetime
) -> list[Ending]:
    rows = visible(context_of(recipient)).filter(
        status__in=LIVING, cancellable_until__gt=now, cancellable_until__lte=now + CANCEL_WITHIN
    )
    if recipient.connection_id is not None:
        rows = rows.filter(subscriptionmapping__connection_id__in=list(mine))
    return [
        Ending(
            f"cancel/{row.pk}/{until.isoformat()}",
            f"{_name(row)}: Microsoft lets it be cancelled or reduced until {at(until, zone)}.",
        )
        for row in rows.order_by("cancellable_until", "pk")
        if (until := row.cancellable_until) is not None
    ]


def _terms(
    recipient: Recipient, mine: Collection[int], *, zone: str, now: datetime
) -> list[Ending]:
    today = civil_day(now, zone)
    rows = visible(context_of(recipient)).filter(
        status__in=LIVING, commitment_ends_on__range=(today, today + TERM_WITHIN)
    )
    if recipient.connection_id is not None:
        rows = rows.filter(subscriptionmapping__connection_id__in=list(mine))
    return [
        Ending(
            f"term/{row.pk}/{row.commitment_ends_on}",
            f"{_name(row)}: the commitment's last day is {in_words(last_day)}; "
            f"{_then(view_of(row))}. Decide at Microsoft by that day.",
        )
        for row in rows.order_by("commitment_ends_on", "pk")
        if (last_day := row.commitment_ends_on) is not None
    ]


def _waiting(
    recipient: Recipient, mine: Collection[int], *, zone: str, now: datetime
) -> list[Ending]:
    """Once for the day it is about, however often it is tried."""
    context, today = context_of(recipient), civil_day(now, zone)
    rows = needing(context, today=today).select_related("refused")
    if recipient.connection_id is not None:
        rows = rows.filter(subscriptionmapping__connection_id__in=list(mine))
    found = list(rows.order_by("pk"))
    why = why_waits(context, [view_of(row) for row in found], today=today)
    return [
        Ending(f"waits/{row.pk}/{_day_of(row)}", f"{_name(row)}: {one_line(why[row.pk])}")
        for row in found
        if row.pk in why
    ]


def _day_of(row: Subscription) -> date | None:
    refused: RefusedChange | None = getattr(row, "refused", None)
    return refused.on if refused is not None else row.commitment_ends_on


def _contracts(
    recipient: Recipient, mine: Mapping[int, Connection], *, zone: str, now: datetime
) -> list[Ending]:
    context, today = context_of(recipient), civil_day(now, zone)
    found = []
    for pk, connection in mine.items():
        if age(pk).read_at is None:
            continue
        contracts = every(
            lambda cursor, pk=pk: list_contracts(  # type: ignore[misc]  # bound for this round
                context, pk, today=today, attention=True, cursor=cursor, limit=LARGEST_PAGE
            )
        )
        found += [
            Ending(
                f"contract/{pk}/{one.contract_id}/{one.contract.ends_on}",
                f"{one_line(f'{one.company_name}, {one.name}')} on {one_line(connection.name)}: "
                f"{one.watch} It bills {one.subscriptions} of the mapped subscriptions.",
            )
            for one in contracts
            if one.watch and one.contract is not None
        ]
    return found


def _then(view: SubscriptionView) -> str:
    if not view.end_is_said:
        return "nobody has said what happens then"
    return f"then: {view.end_of_term.label}"


def _name(row: Subscription) -> str:
    return one_line(f"{row.customer.name}, {row.friendly_name or row.offer.name}")
