"""P10: every failure says what happened, whether anything was sent, what is next, what to do."""

import inspect
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import date

import pytest

from factories import START, TODAY
from harness import Killed, Line, World, at, dies_at
from tallystick.connections.policies import SameDay
from tallystick.ledger.models import Delivery
from tallystick.ledger.queries import unsettled_of
from tallystick.ledger.settle import Cause
from tallystick.mappings.models import SubscriptionMapping
from tallystick.sync import words
from tallystick.sync.engine import Milestone
from tallystick.sync.turn import drive

# What happened is the sentence itself, and to which operation stands in front of it.
SENT = re.compile(
    r"Not sent|Nothing was (sent|changed)|Nothing more is sent|\bSent (once|and proved)|\bSent,"
    r"|said yes|while it was sending|was sent without an answer|what was being sent is looked at"
    r"|What was sent for earlier days"
)
NEXT = re.compile(
    r"operations behind it wait|tried again at|goes on by itself at|checking until|next look is at"
    r"|sent once more|[Nn]othing( more)? is sent|is left alone until"
)
TO_DO = re.compile(
    r"press Sync|Sync tries|[Dd]ecide|mark it as done|corrects and resumes|nothing needs to be done"
    r"|skip (it|this one)|[Ss]kip it"
)
GIVEN: dict[str, object] = {
    "reason": "The contract is locked",
    "what": "The connection broke",
    "day": TODAY,
    "proved_from": date(2026, 6, 1),
    "next_period": True,
    "starts_on": date(2026, 1, 1),
    "ends_on": date(2026, 5, 1),
    "until": START,
    "retry_at": START,
    "zone": "Europe/Berlin",
    "contract_id": 7,
    "line_id": 8,
    "count": 2,
    "turns": 3,
    "may_wait": False,
    "observed": 14,
    "target": 12,
}


def causes() -> list[str]:
    """Every sentence a stopped or waiting operation can carry."""
    return [
        name
        for name, function in inspect.getmembers(words, inspect.isfunction)
        if function.__module__ == words.__name__ and name not in {"clock_time", "stop"}
    ]


def said_by(name: str) -> str:
    function = getattr(words, name)
    wanted = inspect.signature(function).parameters
    cause: Cause = function(**{one: GIVEN.get(one, "something") for one in wanted})
    return cause.words


def mapped_elsewhere(line: Line, **values: object) -> None:
    SubscriptionMapping.objects.filter(subscription_id=line.subscription_id).update(
        checked_at=None, **values
    )


def refused(line: Line) -> None:
    line.strike("refuse", message="The contract is locked")


def zone_refuses(line: Line) -> None:
    line.strike("forbidden", status=401, times=2)


def day_used(line: Line) -> None:
    line.hand_edit(11)
    line.hand_edit(10)


def day_known_to_be_used(line: Line) -> None:
    line.quantity(11)
    line.world.work()
    line.world.policy(same_day=SameDay.REFUSES)


def replaced(line: Line) -> None:
    line.world.simulator.set_knobs(same_day="replace")
    line.quantity(15)
    line.world.work()


def proved_later(line: Line) -> None:
    line.quantity(11, date(2026, 6, 1))
    line.world.work()


def deactivated(line: Line) -> None:
    line.world.simulator.edit_contract(line.contract_id, status=0)
    mapped_elsewhere(line)


def posted(line: Line) -> None:
    line.world.simulator.set_knobs(posted_period="refuse")
    line.world.simulator.approve_and_post(line.contract_id, TODAY)


def our_fault(line: Line) -> None:
    def fail() -> None:
        raise RuntimeError

    line.world.engine.reached = at(Milestone.OBSERVED, fail)


def reading(kind: str, **more: object) -> Callable[[Line], None]:
    def arrange(line: Line) -> None:
        line.world.simulator.add_fault(kind, path="ContractServiceUnits/query", **more)

    return arrange


def read_back(kind: str, **more: object) -> Callable[[Line], None]:
    return reading(kind, skip=1, **more)


def edited_meanwhile(units: int) -> Callable[[Line], None]:
    def arrange(line: Line) -> None:
        line.strike("lose_before")
        line.world.engine.reached = at(Milestone.ANSWERED, lambda: line.hand_edit(units))

    return arrange


SITUATIONS: dict[str, tuple[Callable[[Line], None], str]] = {
    "refused": (refused, "Autotask refused it: The contract is locked. Nothing was changed."),
    "sign-in refused on the write": (zone_refuses, "refused the connection's credentials"),
    "day used by somebody": (day_used, "Autotask refused it: it already has a change of this"),
    "day used by us": (day_known_to_be_used, "refuses a second one"),
    "replaced": (replaced, "it replaced the change that was already there on 10 May 2026"),
    "back-dated": (proved_later, "before the change of 1 Jun 2026"),
    "contract inactive": (deactivated, "is not active in Autotask"),
    "contract gone": (lambda line: mapped_elsewhere(line, contract_id=999_999), "contract 999999"),
    "line gone": (lambda line: mapped_elsewhere(line, line_id=999_999), "the line 999999"),
    "approved period": (posted, "Autotask refused it: "),
    "hand edit": (lambda line: line.hand_edit(11), "Somebody changed it there"),
    "fault of ours": (our_fault, "Tallystick met a fault of its own"),
    "unreachable": (reading("lose_before"), "Autotask could not be reached"),
    "no words": (reading("html_502"), "could not be reached: Autotask answered 502"),
    "not understood": (reading("not_json"), "could not be understood"),
    "may not be read": (reading("forbidden"), "does not let the line be read"),
    "thread limit": (reading("throttle"), "Autotask asks to wait"),
    "sign-in refused": (
        reading("forbidden", status=401, times=2),
        "refused the connection's credentials",
    ),
    "lost answer, unreadable": (
        lambda line: (line.strike("lose_answer"), read_back("html_502")(line)),
        "Sent, and Autotask cannot be read at the moment",
    ),
    "never arrived": (lambda line: line.strike("apply_late"), "Sent, but without a clear answer"),
    "write not taken": (lambda line: line.strike("throttle"), "Autotask asks to wait"),
    "a third value": (edited_meanwhile(77), "Sent once, and Autotask shows 77 units"),
    "twice": (edited_meanwhile(14), "Duplicate in Autotask: 14 units, expected 12"),
    "invisible": (
        lambda line: line.world.simulator.set_knobs(units_delay_seconds=9999),
        "Autotask said yes, and does not show it yet",
    ),
}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_the_cause_says_it(world: World, situation: str) -> None:
    arrange, said = SITUATIONS[situation]
    line = world.line(units=10)
    arrange(line)
    line.quantity(12)
    world.work()

    cause = line.head().cause
    assert said in cause
    assert_five_parts(cause)
    (operation, *_) = unsettled_of(line.lane_id)
    assert operation.in_words() in {
        "Update quantity 10 to 12",
        "Update quantity 11 to 12",
        "Update quantity 15 to 12",
    }, "to which operation"


def assert_five_parts(cause: str) -> None:
    """What happened, sent or not, what is next and when, what you can do; which operation it is
    about stands in front of it on every page."""
    assert cause[0].isupper() or cause[0].isdigit(), cause
    assert SENT.search(cause), f"sent or not? {cause}"
    assert NEXT.search(cause), f"what is next? {cause}"
    assert TO_DO.search(cause), f"what can you do? {cause}"
    assert "None" not in cause
    assert ".." not in cause


@pytest.mark.parametrize("name", causes())
def test_every_cause_has_its_parts(name: str) -> None:
    """Also those that no situation here leads to."""
    assert_five_parts(said_by(name))


def test_outside_the_contract(world: World) -> None:
    line = world.line(units=10, starts=date(2026, 5, 1))
    line.quantity(12, date(2026, 4, 30))
    world.work()
    assert "before the change of" in line.cause or "before the contract's start" in line.cause


def test_before_the_contracts_start_on_the_first_sync(world: World) -> None:
    line = world.line(units=10, settled=False, starts=date(2026, 5, 1))
    Delivery.objects.filter(lane_id=line.lane_id).update(effective_on=date(2026, 4, 1))
    world.work()
    assert "1 Apr 2026 is before the contract's start (1 May 2026)" in line.cause


def test_times_are_of_the_connections_calendar(world: World) -> None:
    world.connection().__class__.objects.filter(pk=world.connection_id).update(
        time_zone="Europe/Berlin"
    )
    line = world.line(units=10)
    reading("lose_before")(line)
    line.quantity(12)
    world.work()

    assert START.strftime("%H:%M") == "09:00"
    assert "tried again at 11:00:05" in line.cause


def test_a_single_hiccup_is_not_red_a_second_one_is(world: World) -> None:
    line = world.line(units=10)
    reading("lose_before", times=2)(line)
    line.quantity(12)
    world.work()
    assert line.badge == "syncing"
    world.wait(6)
    assert line.badge == "out_of_sync"
    world.wait(12)
    assert line.badge == "synced"


def test_while_checking_the_words_say_when_it_ends(world: World) -> None:
    line = world.line(units=10)
    line.strike("apply_late")
    line.quantity(12)
    with suppress(Killed):
        drive(world.another_worker(reached=dies_at(Milestone.ANSWERED)), line.lane_id)
    world.work()

    assert "The program stopped while it was sending" in line.cause
    assert "checking until 09:05:02" in line.cause
    world.wait(310)
    assert line.head().retry_at.strftime("%H:%M:%S") in line.cause, "not a time that is over"


def test_what_can_be_read_again_is_no_longer_said_to_be_unreadable(world: World) -> None:
    line = world.line(units=10)
    line.strike("apply_late")
    line.quantity(12)
    read_back("html_502")(line)
    world.work()
    assert "cannot be read at the moment" in line.cause

    world.wait(30)

    assert line.badge == "checking"
    assert "cannot be read" not in line.cause
    assert "Autotask does not show it so far" in line.cause


def test_the_kept_text_is_the_very_text_autotask_got(world: World) -> None:
    line = world.line(units=10)
    own = world.own_line(quantity=4)
    line.quantity(12)
    world.work()

    got = {one["body"] for one in world.simulator.requests() if one["method"] == "POST"}
    kept = [one.request_text for one in (*line.attempts(), *own.attempts())]
    assert len(kept) == 3, "a change, a new line, its first units"
    assert set(kept) <= got
