"""Every operation of what is promoted, suspended or an Azure plan: what becomes of it, and why;
and the same where a period is posted, or the day is one at which a contract or period begins or
ends.

Beside ``test_operations``, where the contract's days are the situation of a plain licence. Each
cell is what is sent, or the sentence with which it is not applicable, refused or stopped.

One world for all operations of a situation: what is refused, or is not billed, is asked of one
line together; everything else has a line of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from azure_world import AZURE_PLAN, Plan
from checks import check_promises
from factories import TODAY
from harness import Line, World
from price_desk import by, listed, ruled
from situations import ACTS, EVENTS, ON_CONNECTION, Sent, audited, do
from tallystick.audit.models import AuditLog
from tallystick.catalog.price_models import MarginRuleRow
from tallystick.catalog.record_promotion import NewPromotion, add_promotion
from tallystick.catalog.terms import OfferKind
from tallystick.kit.problem import Problem
from tallystick.ledger.models import Operation
from tallystick.operations.suspend import suspend
from tallystick.subscriptions.models import Subscription
from tallystick.subscriptions.status import EndOfTerm

YESTERDAY, END_OF_AUGUST = date(2026, 5, 9), date(2026, 8, 31)


@dataclass(frozen=True, slots=True)
class NotApplicable:
    """Recorded, and nothing is sent: why."""

    because: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing is recorded: why."""

    because: str


@dataclass(frozen=True, slots=True)
class Stops:
    """Recorded and not sent: its lane stops, why."""

    because: str


Cell = list[Sent] | NotApplicable | Refused | Stops


# Where 10 May 2026 is in its contract. In the last one it is the last day of a billing period.
CONTRACTS: Mapping[str, dict[str, Any]] = {
    "open": {},
    "period posted": {},
    "first day": {"starts": TODAY},
    "last day": {"ends": TODAY},
    "contract ended": {"ends": YESTERDAY},
    "last day of a period": {"starts": date(2026, 1, 11)},
}


# What is done to, as it is on 10 May 2026: 10 units at 15.20 that cost 12.10, or a plan's 1 at 0.


def promoted(world: World, *, months: int | None, **more: Any) -> Line:
    """Bought in January with 10 % off: the list's 12.00 is 10.80, with 25 % on it 13.50."""
    line = world.line(units=10, commitment_ends_on=END_OF_AUGUST, **more)
    of, sold = world.tenancy, Subscription.objects.get(pk=line.subscription_id).offer
    listed(of, sold.pk, "12.00", "16.00")
    if not MarginRuleRow.objects.filter(tenant_id=of.tenant_id).exists():
        ruled(of, "25")
    spring = NewPromotion(
        f"P{line.subscription_id}",
        "Spring",
        sold.product_id,
        sold.sku_id,
        available_from=date(2026, 1, 1),
        available_to=date(2026, 1, 31),
        percent=Decimal(10),
        months=months,
    )
    add_promotion(spring, by=by(of))
    return line


def suspended(world: World, **more: Any) -> Line:
    """Since yesterday, or its contract's first day; its term ended yesterday, too."""
    line = world.line(**{"units": 10, "commitment_ends_on": YESTERDAY, **more})
    of = world.tenancy
    it: dict[str, Any] = {"subscription_id": line.subscription_id, "asked": of.asked()}
    suspend(**it, effective_on=max(YESTERDAY, more.get("starts", YESTERDAY)), today=TODAY)
    world.work()
    assert line.badge == "synced", line.cause
    return line


# A plan that was recorded with a price of 0, as files and sources do.
A_PLAN: dict[str, Any] = {
    **AZURE_PLAN,
    "unit_price": "0.00",
    "unit_cost": "0.00",
    "commitment_ends_on": YESTERDAY,
}
LEGACY: dict[str, Any] = {"kind": OfferKind.LEGACY_LICENCE}
SITUATIONS: Mapping[str, Callable[..., Line]] = {
    "promotion runs": lambda world, **more: promoted(world, months=None, **more),
    "promotion is over": lambda world, **more: promoted(world, months=4, **more),
    "suspended, units kept": suspended,
    "suspended, at 0": lambda world, **more: suspended(world, **LEGACY, **more),
    "Azure plan": lambda world, **more: world.line(**A_PLAN, **more),
    "Azure plan, suspended": lambda world, **more: suspended(world, **A_PLAN, **more),
}

NOTHING: list[Sent] = []
NONE_LEFT: list[Sent] = [("2026-05-10", -10, None, None)]
PRICE: list[Sent] = [("2026-05-10", 0, "16.40", "13.00")]
PRICE_OF_MAY: list[Sent] = [("2026-05-01", 0, "16.40", "12.10")]
NEXT_TERM = "2026-09-01"
UNCHANGED = NotApplicable("Quantity, price and cost stay as they are. Nothing is sent.")
BY_MONTHS = NotApplicable("An Azure plan is billed by its monthly amounts")
IS_SUSPENDED = Refused("is suspended")
NOT_BILLED: Mapping[str, Cell] = {
    "rename": NotApplicable("A name is not billed. Nothing is sent."),
    "purchase order": NotApplicable("A purchase order number is not part of a contract's service."),
    "end of term": NotApplicable("It takes effect when the term ends, by itself."),
    "scheduled": NotApplicable("It takes effect with the next term. Nothing is sent now."),
}
NO_PLAN = Refused("is for an Azure plan: this is another kind of offer")
# Whatever its price is: what a term, a person or the vendor says of a price is sent as it is said.
TERM_GOES_ON: Mapping[str, Cell] = {
    **NOT_BILLED,
    "price margin": PRICE_OF_MAY,
    "cancel": NONE_LEFT,
    "expire": Refused("has a term until 31 Aug 2026"),
    "deleted": NONE_LEFT,
    "trial converts": PRICE,
    "promotion ends": PRICE,
    "renew": UNCHANGED,
    "renew, price": [(NEXT_TERM, 0, "16.40", "13.00")],
    "renew, both": [(NEXT_TERM, 2, "16.40", "13.00")],
    "change offer": [("2026-05-10", 2, "16.40", "13.00")],
    "suspend": NotApplicable("its units stay as they are, because the vendor goes on billing it."),
    "reactivate": Refused("is active: not suspended"),
    "Azure amounts": NO_PLAN,
}
TERM_IS_OVER: Mapping[str, Cell] = {
    **NOT_BILLED,
    "end of term": NotApplicable("Its term was over on 9 May 2026"),
}
CANNOT_WHILE_SUSPENDED: Mapping[str, Cell] = {
    **TERM_IS_OVER,
    "quantity": IS_SUSPENDED,
    "renew, both": Refused("cannot be changed while it is suspended"),
    "change offer": IS_SUSPENDED,
    "suspend": IS_SUSPENDED,
    "renew": UNCHANGED,
}
OF_A_PLAN: Mapping[str, Cell] = {
    **TERM_IS_OVER,
    "quantity": BY_MONTHS,
    "price margin": BY_MONTHS,
    **{ends: [("2026-05-10", -1, None, None)] for ends in ("cancel", "expire", "deleted")},
    **dict.fromkeys(("trial converts", "promotion ends", "renew, price"), BY_MONTHS),
    "renew": UNCHANGED,
    "renew, both": BY_MONTHS,
    "change offer": Refused("is billed by its monthly amounts: no such change"),
    "suspend": NOTHING,  # its line rests at 0 anyway
    "reactivate": Refused("is active: not suspended"),
    "Azure amounts": NOTHING,  # of its line: it is a charge
}
TABLE: Mapping[str, Mapping[str, Cell]] = {
    "promotion runs": {**TERM_GOES_ON, "quantity": [("2026-05-10", 2, "13.50", "10.80")]},
    "promotion is over": {**TERM_GOES_ON, "quantity": [("2026-05-10", 2, None, None)]},
    "suspended, units kept": {
        **CANNOT_WHILE_SUSPENDED,
        "price margin": PRICE_OF_MAY,
        **dict.fromkeys(("cancel", "expire", "deleted"), NONE_LEFT),
        **dict.fromkeys(("trial converts", "promotion ends", "renew, price"), PRICE),
        "reactivate": NOTHING,
        "Azure amounts": NO_PLAN,
    },
    # Of no units a price is no amount: it goes out with those that come back. Only the days
    # before, which were billed, get it at once.
    "suspended, at 0": {
        **CANNOT_WHILE_SUSPENDED,
        "price margin": PRICE_OF_MAY,
        **dict.fromkeys(("cancel", "expire", "deleted"), NOTHING),
        **dict.fromkeys(("trial converts", "promotion ends", "renew, price"), NOTHING),
        "reactivate": [("2026-05-10", 10, "15.20", "12.10")],
        "Azure amounts": NO_PLAN,
    },
    "Azure plan": OF_A_PLAN,
    "Azure plan, suspended": {
        **OF_A_PLAN,
        **CANNOT_WHILE_SUSPENDED,
        "reactivate": NotApplicable("billed by its monthly amounts, which resume"),
        "Azure amounts": Refused("the plan is suspended. They are offered when it is reactivated"),
    },
}


# The same at an edge, where it is not as it is in the middle of an open period.
JUNE = "2026-06-01"
PRICE_IN_JUNE: list[Sent] = [(JUNE, 0, "16.40", "13.00")]
UNITS_AND_PRICE_IN_JUNE: list[Sent] = [("2026-05-10", 2, None, None), *PRICE_IN_JUNE]
IS_OVER = Stops("the date 10 May 2026 is after the contract's end (9 May 2026)")
NO_NEXT_TERM = Stops("the date 1 Sep 2026 is after the contract's end")
THE_LINE_HAS_ENDED: Mapping[str, Cell] = dict.fromkeys(("cancel", "expire", "deleted"), NOTHING)
PRICED = ("trial converts", "promotion ends", "renew, price")
AT_AN_EDGE: Mapping[tuple[str, str], Mapping[str, Cell]] = {
    ("promotion runs", "period posted"): {
        # What a posted period bills a unit at stays; its units may change.
        "quantity": [("2026-05-10", 2, None, None), (JUNE, 0, "13.50", "10.80")],
        "price margin": [(JUNE, 0, "16.40", "12.10")],
        **dict.fromkeys(("trial converts", "promotion ends"), PRICE_IN_JUNE),
        "change offer": UNITS_AND_PRICE_IN_JUNE,
    },
    ("promotion runs", "first day"): {"price margin": [("2026-05-10", 0, "16.40", "12.10")]},
    ("promotion runs", "last day"): dict.fromkeys(("renew, price", "renew, both"), NO_NEXT_TERM),
    ("promotion runs", "last day of a period"): {
        "price margin": [("2026-04-11", 0, "16.40", "12.10")]
    },
    ("promotion runs", "contract ended"): {
        **dict.fromkeys(("renew, price", "renew, both"), NO_NEXT_TERM),
        **dict.fromkeys(("quantity", "price margin", "change offer"), IS_OVER),
        **dict.fromkeys(("trial converts", "promotion ends"), IS_OVER),
        **dict.fromkeys(("cancel", "deleted"), NOTHING),
    },
    ("suspended, at 0", "period posted"): {
        "price margin": NOTHING,  # the days it was billed are posted
        "reactivate": [("2026-05-10", 10, None, None)],
    },
    ("suspended, at 0", "first day"): {
        "price margin": NOTHING,
        # It was suspended that day: the simulator refuses a second change of a day.
        "reactivate": Stops("already has a change of this line on 10 May 2026"),
    },
    ("suspended, at 0", "last day"): {},
    ("suspended, at 0", "last day of a period"): {
        "price margin": [("2026-04-11", 0, "16.40", "12.10")]
    },
    ("suspended, at 0", "contract ended"): {
        **dict.fromkeys(("price margin", *PRICED, "reactivate"), IS_OVER),
    },
    ("Azure plan", "period posted"): {},
    # April was before the contract: nothing there could bill it.
    ("Azure plan", "first day"): {
        "Azure amounts": Stops("30 Apr 2026 is before the contract's start (10 May 2026)")
    },
    # A plan is suspended from the next period on, and the contract has none.
    ("Azure plan", "last day"): {
        "suspend": Stops("the date 1 Jun 2026 is after the contract's end (10 May 2026)")
    },
    ("Azure plan", "last day of a period"): {},
    ("Azure plan", "contract ended"): {"suspend": IS_OVER, **THE_LINE_HAS_ENDED},
}
# Their rows end before the day of what is looked at.
NO_ROWS_THEN = ("last day", "contract ended")
CELLS: Mapping[tuple[str, str], Mapping[str, Cell]] = {
    **{(situation, "open"): row for situation, row in TABLE.items()},
    **{at: {**TABLE[at[0]], **edge} for at, edge in AT_AN_EDGE.items()},
}


def test_the_table_has_a_cell_for_every_operation_in_every_situation() -> None:
    assert set(TABLE) == set(SITUATIONS)
    for at, row in CELLS.items():
        assert set(row) == set(ACTS), at
    edges = set(CONTRACTS) - {"open"}
    for crossed in {situation for situation, _ in AT_AN_EDGE}:
        assert {edge for situation, edge in AT_AN_EDGE if situation == crossed} == edges


@pytest.mark.parametrize(("situation", "edge"), list(CELLS))
def test_what_becomes_of_it(world: World, situation: str, edge: str) -> None:
    row = CELLS[situation, edge]
    together = [act for act in ACTS if _asked_together(act, row[act])]
    alone = [act for act in ACTS if act not in together]
    one = _line(world, situation, edge)
    for act in sorted(together, key=lambda act: not isinstance(row[act], Refused)):
        _is(one, act, row[act])
    for act in alone:
        line = _line(world, situation, edge)
        _is(line, act, row[act])
        if edge not in NO_ROWS_THEN or not isinstance(row[act], NotApplicable):
            check_promises(line)
    if edge not in NO_ROWS_THEN:
        check_promises(one)
    stopped = sum(isinstance(row[act], Stops) for act in alone)
    assert [line.badge for line in world.lines].count("out_of_sync") == stopped
    if edge not in NO_ROWS_THEN:
        assert world.sweep().different == 0


def _asked_together(act: str, cell: Cell) -> bool:
    return isinstance(cell, Refused) or act in NOT_BILLED


def _line(world: World, situation: str, edge: str) -> Line:
    line = SITUATIONS[situation](world, **CONTRACTS[edge])
    Subscription.objects.filter(pk=line.subscription_id).update(end_of_term=EndOfTerm.CANCEL.value)
    if edge == "period posted":
        world.simulator.approve_and_post(line.contract_id, date(2026, 5, 31))
    return line


def _is(line: Line, act: str, cell: Cell) -> None:
    """Do it, and what becomes of it is what the cell says."""
    operations = Operation.objects.filter(subscription_id=line.subscription_id)
    before = operations.count()
    if isinstance(cell, Refused):
        with pytest.raises(Problem, match=cell.because):
            do(line, act)
        assert operations.count() == before, act
        return
    if act == "trial converts":
        Subscription.objects.filter(pk=line.subscription_id).update(is_trial=True)
    recorded, sent = do(line, act)
    assert operations.count() == before + 1, act
    assert sent == (cell if isinstance(cell, list) else []), act
    became = {NotApplicable: "not_applicable", Stops: "failed"}.get(type(cell), "succeeded")
    recording = (EVENTS.get(act, "subscription.update"), "succeeded")
    assert sorted(audited(recorded)) == sorted([recording, (ON_CONNECTION, became)]), act
    if isinstance(cell, NotApplicable):
        said = AuditLog.objects.get(operation_id=recorded.operation_id, event=ON_CONNECTION)
        assert cell.because in said.summary, act
    if isinstance(cell, NotApplicable | Stops):
        assert cell.because in line.deliveries()[-1].cause, act
    stops = isinstance(cell, Stops)
    assert line.badge == ("out_of_sync" if stops else "synced"), (act, line.cause)


def test_a_price_said_while_it_is_suspended_at_0_comes_with_its_units(world: World) -> None:
    for act in ("promotion ends", "renew, price"):
        line = suspended(world, kind=OfferKind.LEGACY_LICENCE)
        do(line, act)
        assert do(line, "reactivate")[1] == [("2026-05-10", 10, "16.40", "13.00")]
        assert line.badge == "synced", line.cause


def test_months_are_billed_beside_whatever_is_said_of_a_plan(world: World) -> None:
    plan = Plan(world.line(**A_PLAN))
    Subscription.objects.filter(pk=plan.line.subscription_id).update(is_trial=True)
    for act in ("renew, both", "trial converts", "promotion ends", "Azure amounts"):
        do(plan.line, act)
    plan.post(date(2026, 6, 30))
    assert plan.charged() == [("2026-04-30", Decimal("120"), Decimal("90"))]
    assert plan.billed() == {"2026-04": (Decimal("120"), Decimal("90"))}


def test_a_trial_gets_no_price_by_a_promotion(world: World) -> None:
    """*Trial converts to paid* brings the first one."""
    line = promoted(world, months=None)
    Subscription.objects.filter(pk=line.subscription_id).update(is_trial=True)
    assert do(line, "quantity")[1] == [("2026-05-10", 2, None, None)]
