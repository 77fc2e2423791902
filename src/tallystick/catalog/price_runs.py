"""Prices on their way to subscriptions: begin, go on, ask how far it is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction

from tallystick.audit.events import Event
from tallystick.audit.record import Actor, Subject, record
from tallystick.catalog.margins import MarginRule
from tallystick.catalog.price_book import rule_of
from tallystick.catalog.price_run_models import PriceRun, PriceRunLeft
from tallystick.identity.context import Context
from tallystick.identity.roles import Role
from tallystick.kit.days import in_words
from tallystick.kit.paging import Page, check_limit, decode_cursor, encode_cursor
from tallystick.kit.problem import NotFound


@dataclass(frozen=True, slots=True)
class Choice:
    """Subscriptions left out by choice; and those whose large move somebody has looked at.

    ``gap_charge``: what the days come to until a price is billed is charged once, each by itself.
    """

    excluded: frozenset[int] = frozenset()
    accepted: frozenset[int] = frozenset()
    gap_charge: bool = False

    @classmethod
    def of(
        cls,
        excluded: Collection[int],
        accepted: Collection[int] = (),
        *,
        gap_charge: bool = False,
    ) -> Choice:
        return cls(frozenset(excluded), frozenset(accepted), gap_charge)


@dataclass(frozen=True, slots=True)
class Left:
    """A subscription that was not changed, and why."""

    subscription_id: int
    customer_name: str
    subscription_name: str
    why: str


@dataclass(frozen=True, slots=True)
class RunView:
    """``rule`` None: the price lists of the day. ``left_out`` by choice, ``left`` with a reason."""

    id: int
    context: Context
    rule: MarginRule | None
    whom: str
    counts_on: date
    choice: Choice
    cursor: str
    correlation_id: str
    to_look_at: int
    looked_at: int
    recorded: int
    left_out: int
    left: int
    started_at: datetime
    finished_at: datetime | None

    @property
    def state(self) -> str:
        return "running" if self.finished_at is None else "finished"

    @property
    def name(self) -> str:
        """``Markup 20 % for Everybody``, ``Price lists of 1 Jun 2026``."""
        if self.rule is None:
            return f"Price lists of {in_words(self.counts_on)}"
        return f"{self.rule.in_words()} for {self.whom}"


def begin_run(
    context: Context,
    *,
    rule_id: int | None,
    counts_on: date,
    choice: Choice,
    to_look_at: int,
    now: datetime,
    correlation_id: str,
) -> tuple[RunView, bool]:
    """In the caller's transaction: the run, and whether it is new. The same while it is open."""
    same = {"rule_id": rule_id} if rule_id else {"rule": None, "counts_on": counts_on}
    known = PriceRun.objects.filter(
        tenant_id=context.tenant_id, reseller_id=context.reseller_id, finished_at=None, **same
    )
    if (row := known.first()) is not None:
        return view_of(row), False
    try:
        with transaction.atomic():
            row = PriceRun.objects.create(
                tenant_id=context.tenant_id,
                reseller_id=context.reseller_id,
                rule_id=rule_id,
                counts_on=counts_on,
                excluded=sorted(choice.excluded),
                accepted=sorted(choice.accepted),
                gap_charge=choice.gap_charge,
                actor=context.actor.name[:200],
                actor_ref=context.actor.ref[:60],
                correlation_id=correlation_id,
                to_look_at=to_look_at,
                started_at=now,
            )
    except IntegrityError:  # somebody else pressed it at this very moment
        return view_of(known.get()), False
    view = view_of(row)
    record(
        Event.APPLY_PRICE_LIST if rule_id is None else Event.APPLY_MARGIN_RULE,
        actor=context.actor,
        now=now,
        subject=Subject(tenant_id=context.tenant_id, reseller_id=context.reseller_id),
        correlation_id=correlation_id,
        summary=f"{view.name}, from {in_words(counts_on)}"[:500],
        details={
            "price_run": row.pk,
            "margin_rule": rule_id,
            "effective_on": counts_on.isoformat(),
            "excluded": row.excluded,
            "large_moves_accepted": row.accepted,
            "gap_charge": row.gap_charge,
        },
    )
    return view, True


def open_run(run_id: int) -> RunView | None:
    """Locked in this transaction: its next part is this one's. None when it is finished."""
    row = (
        PriceRun.objects.select_related("rule")
        .select_for_update(of=("self",), no_key=True)
        .filter(pk=run_id, finished_at__isnull=True)
        .first()
    )
    return view_of(row) if row else None


def look_at_run(run_id: int) -> RunView | None:
    """As it is now, not locked. None when it is finished."""
    found = PriceRun.objects.select_related("rule").filter(pk=run_id, finished_at__isnull=True)
    row = found.first()
    return view_of(row) if row else None


def go_on(
    run: RunView,
    *,
    cursor: str | None,
    looked_at: int,
    recorded: int,
    left_out: int,
    left: Sequence[Left],
    now: datetime,
) -> None:
    """One part is done, in the transaction that did it; without a cursor it was the last."""
    PriceRun.objects.filter(pk=run.id).update(
        cursor=cursor or "",
        looked_at=run.looked_at + looked_at,
        recorded=run.recorded + recorded,
        left_out=run.left_out + left_out,
        left=run.left + len(left),
        finished_at=None if cursor else now,
    )
    PriceRunLeft.objects.bulk_create(
        PriceRunLeft(
            run_id=run.id,
            subscription_id=one.subscription_id,
            customer_name=one.customer_name[:300],
            subscription_name=one.subscription_name[:300],
            why=one.why[:1000],
        )
        for one in left
    )


def get_price_run(context: Context, run_id: int) -> RunView:
    """Raises NotFound, also when it is in somebody else's context."""
    row = PriceRun.objects.filter(**context.scope(), pk=run_id).select_related("rule").first()
    if row is None:
        raise NotFound("There is no such run.")
    return view_of(row)


def left_of(
    context: Context, run_id: int, *, cursor: str | None = None, limit: int = 50
) -> Page[Left]:
    """What a run left as it was, in the order it was looked at. Raises NotFound, InvalidInput."""
    limit = check_limit(limit)
    rows = PriceRunLeft.objects.filter(run_id=get_price_run(context, run_id).id).order_by("pk")
    if cursor:
        rows = rows.filter(pk__gt=decode_cursor(cursor, length=1)[0])
    found = list(rows[: limit + 1])
    more = encode_cursor([found[limit - 1].pk]) if len(found) > limit else None
    shown = [
        Left(row.subscription_id, row.customer_name, row.subscription_name, row.why)
        for row in found[:limit]
    ]
    return Page(shown, more)


def unfinished_runs() -> list[int]:
    """Oldest first: what a dead worker left is taken up again."""
    found = PriceRun.objects.filter(finished_at__isnull=True).order_by("pk")
    return list(found.values_list("pk", flat=True))


def view_of(row: PriceRun) -> RunView:
    rule = None if row.rule is None else rule_of(row.rule)
    return RunView(
        id=row.pk,
        context=Context(
            row.tenant_id, row.reseller_id, Role.OPERATOR, Actor(row.actor_ref, row.actor)
        ),
        rule=rule,
        whom="" if row.rule is None or rule is None else row.rule.target_name or rule.scope.label,
        counts_on=row.counts_on,
        choice=Choice.of(row.excluded, row.accepted, gap_charge=row.gap_charge),
        cursor=row.cursor,
        correlation_id=row.correlation_id,
        to_look_at=row.to_look_at,
        looked_at=row.looked_at,
        recorded=row.recorded,
        left_out=row.left_out,
        left=row.left,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )
