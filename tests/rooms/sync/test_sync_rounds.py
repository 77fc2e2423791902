"""One press of Sync on many: a run each, one count that adds up, and what it would do before."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from factories import TODAY, sibling, tenancy
from harness import Line, World
from tallystick.bootstrap.dry_run import DryRun, dry_run
from tallystick.bootstrap.dry_run_lines import Outcome
from tallystick.connections.policies import Mode
from tallystick.identity.roles import Role
from tallystick.kit.ids import correlation_id
from tallystick.kit.paging import encode_cursor
from tallystick.kit.problem import InvalidInput, NotAllowed, NotFound
from tallystick.ledger.kinds import RoundScope
from tallystick.ledger.models import RoundItem, SyncRound
from tallystick.ledger.round_queries import ItemView, RoundView
from tallystick.ledger.rounds import ASKED_WITHIN, add_run, all_asked, end_abandoned, start_round
from tallystick.ledger.runs import open_run
from tallystick.mappings.mapped_ids import mapped_ids
from tallystick.sync.request_many import (
    items_in_context,
    page_items,
    request_many,
    round_in_context,
    rounds_in_context,
)

COUNTS = ("seen", "written", "unchanged", "ignored", "waiting", "failed")


def press(world: World, lines: list[Line], **more: Any) -> RoundView:
    context = more.pop("context", world.tenancy.context)
    return request_many(
        world.connection_id,
        [line.subscription_id for line in lines],
        scope=more.pop("scope", RoundScope.SELECTION),
        context=context,
        now=world.clock.now(),
        wake=world.tenancy.wake,
        correlation_id=correlation_id(),
        **more,
    )


def again(world: World, found: RoundView) -> RoundView:
    return round_in_context(world.tenancy.context, found.id)


def items(world: World, found: RoundView) -> list[ItemView]:
    return list(items_in_context(world.tenancy.context, found.id))


def counts(found: RoundView) -> dict[str, int]:
    assert found.finished_at is not None
    told = {name: getattr(found, name) for name in COUNTS}
    assert told["seen"] == sum(told.values()) - told["seen"]
    return {name: number for name, number in told.items() if number}


def test_it_ends_with_its_last_run_and_adds_up(world: World) -> None:
    sent, refused, quiet = (world.line() for _ in range(3))
    sent.quantity(12)
    sent.quantity(14)
    refused.strike("refuse")
    refused.quantity(11)
    refused.quantity(13, on=TODAY + timedelta(days=1))
    found = press(world, [sent, refused, quiet])
    assert (found.state, found.subscriptions, found.ended) == ("running", 3, 0)
    sent.drive()
    refused.drive()
    half = again(world, found)
    assert (half.state, half.ended) == ("running", 2)
    assert (half.seen, half.written, half.failed) == (4, 2, 1), "what it came to so far"
    quiet.drive()
    done = again(world, found)
    assert counts(done) == {"seen": 4, "written": 2, "failed": 1, "waiting": 1}
    first, *rest = items(world, found)
    assert first.subscription_id == refused.subscription_id, "what failed first"
    assert {one.subscription_id for one in rest} == {sent.subscription_id, quiet.subscription_id}
    (looked,) = [one for one in rest if one.subscription_id == quiet.subscription_id]
    assert looked.found


def test_a_look_that_shows_something_else_is_not_as_if_all_were_well(world: World) -> None:
    edited, same = world.line(), world.line()
    edited.hand_edit(13)
    found = press(world, [edited, same])
    for line in (edited, same):
        line.drive()
    done = again(world, found)
    assert (counts(done), done.not_equal) == ({}, 1)
    first, rest = items(world, done)
    assert (first.subscription_id, first.not_equal) == (edited.subscription_id, True)
    assert "13 units, expected 10" in first.found
    assert not rest.not_equal


def test_one_press_on_one_row_is_listed_too(world: World) -> None:
    line = world.line()
    line.quantity(12)
    line.sync()
    line.press_sync()
    line.press_sync()
    newest, first = rounds_in_context(world.tenancy.context).items
    assert newest.state == "running", "pressed twice: one run, one round"
    assert first.scope is RoundScope.ROW
    assert counts(first) == {"seen": 1, "written": 1}


def test_what_may_not_be_asked_says_why_and_goes_on_waiting(world: World) -> None:
    held, free = world.line(), world.line()
    world.policy(mode=Mode.REVIEW)
    held.quantity(12)
    held.quantity(13)
    found = press(world, [held, free], scope=RoundScope.CONNECTION)
    free.drive()
    done = again(world, found)
    assert counts(done) == {"seen": 2, "waiting": 2}
    (item,) = [one for one in items(world, done) if one.run_id is None]
    assert item.subscription_id == held.subscription_id
    assert "approve" in item.because
    assert item.counts == {"waiting": 2}
    assert item.finished


def test_pressed_again_before_anything_has_ended_it_is_the_same(world: World) -> None:
    lines = [world.line() for _ in range(2)]
    lines[0].quantity(12)
    first = press(world, lines)
    assert press(world, lines[::-1]).id == first.id
    lines[1].drive()
    second = press(world, lines)
    assert second.id != first.id, "what has ended is asked again"
    for line in lines:
        line.drive()
    assert counts(again(world, first)) == counts(again(world, second)) == {"seen": 1, "written": 1}
    assert lines[0].changes() == [2]


def test_a_run_that_goes_on_already_belongs_to_both(world: World) -> None:
    lines = [world.line() for _ in range(2)]
    lines[0].quantity(12)
    first, second = press(world, lines[:1]), press(world, lines)
    assert first.id != second.id
    for line in lines:
        line.drive()
    assert counts(again(world, first)) == counts(again(world, second)) == {"seen": 1, "written": 1}


def test_nothing_that_may_be_asked_ends_at_once(world: World) -> None:
    line = world.line()
    world.policy(mode=Mode.REVIEW)
    line.quantity(12)
    assert counts(press(world, [line])) == {"seen": 1, "waiting": 1}


def test_who_died_in_the_middle_of_asking_left_a_round_that_ends(world: World) -> None:
    line = world.line()
    line.quantity(12)
    line.press_sync()
    run = open_run(line.lane_id)
    assert run is not None
    round_id = start_round(
        tenant_id=world.tenancy.tenant_id,
        connection_id=world.connection_id,
        scope=RoundScope.SELECTION,
        customer_id=None,
        asked_by="Ada Admin",
        correlation_id="c",
        now=world.clock.now(),
    )
    add_run(round_id, run)
    line.drive()
    left = SyncRound.objects.get(pk=round_id)
    assert left.finished_at is None, "more might have been asked"
    end_abandoned(now=world.clock.now() + ASKED_WITHIN)
    assert SyncRound.objects.get(pk=round_id).finished_at is None
    end_abandoned(now=world.clock.now() + ASKED_WITHIN + timedelta(seconds=1))
    left.refresh_from_db()
    assert (left.finished_at is not None, left.seen, left.written) == (True, 1, 1)
    before = left.finished_at
    all_asked(round_id, now=world.clock.now() + timedelta(hours=1))
    left.refresh_from_db()
    assert left.finished_at == before


def test_the_database_refuses_a_count_that_does_not_add_up(world: World) -> None:
    line = world.line()
    found = press(world, [line])
    line.drive()
    with pytest.raises(IntegrityError, match="round_adds_up"), transaction.atomic():
        SyncRound.objects.filter(pk=found.id).update(written=5)
    with pytest.raises(IntegrityError, match="round_item_asked_or_says_why"), transaction.atomic():
        RoundItem.objects.create(round_id=found.id, subscription_id=line.subscription_id)


def test_its_subscriptions_come_in_pages(world: World) -> None:
    found = press(world, [world.line(settled=False) for _ in range(3)])
    shown: list[int] = []
    cursor = None
    for _ in range(3):
        page = page_items(world.tenancy.context, found.id, cursor=cursor, limit=1)
        shown += [one.subscription_id for one in page.items]
        cursor = page.next_cursor
    assert cursor is None
    assert sorted(shown) == sorted(line.subscription_id for line in world.lines)


@pytest.mark.parametrize("place", [["9", 1], ["0", "x"], [0, None], ["0", [1]]])
def test_a_cursor_this_list_did_not_give_out_is_refused(world: World, place: list[Any]) -> None:
    found = press(world, [world.line()])
    with pytest.raises(InvalidInput) as refused:
        page_items(world.tenancy.context, found.id, cursor=encode_cursor(place), limit=1)
    assert refused.value.errors[0].field == "cursor"


def test_each_context_sees_its_own_rounds(world: World) -> None:
    line = world.line()
    found = press(world, [line])
    for stranger in (tenancy(), sibling(world.tenancy)):
        with pytest.raises(NotFound):
            round_in_context(stranger.context, found.id)
        assert list(rounds_in_context(stranger.context).items) == []
        with pytest.raises(NotFound):
            press(world, [line], context=stranger.context)
    with pytest.raises(NotAllowed):
        press(world, [line], context=replace(world.tenancy.context, role=Role.VIEWER))
    page = rounds_in_context(world.tenancy.context, connection_id=world.connection_id, limit=1)
    assert [one.id for one in page.items] == [found.id]
    assert page.next_cursor is None
    line.drive()
    press(world, [line])
    first = rounds_in_context(world.tenancy.context, limit=1)
    rest = rounds_in_context(world.tenancy.context, limit=1, cursor=first.next_cursor)
    assert [one.id for one in rest.items] == [found.id]


def test_whom_it_is_about_is_chosen_among_the_mapped(world: World) -> None:
    lines = [world.line() for _ in range(2)]
    loose = world.tenancy.subscription()
    context, here = world.tenancy.context, world.connection_id
    ids = [line.subscription_id for line in lines]
    assert sorted(mapped_ids(context, here)) == sorted(ids)
    assert mapped_ids(context, here, among=[ids[0], loose]) == [ids[0]]
    customer_id = lines[1].row().subscription.customer.id
    assert mapped_ids(context, here, customer_id=customer_id) == [ids[1]]
    with pytest.raises(InvalidInput) as none:
        mapped_ids(context, here, among=[loose])
    assert none.value.errors[0].field == "subscription"


class TestDryRun:
    def look(self, world: World, lines: list[Line]) -> DryRun:
        ids = [line.subscription_id for line in lines]
        return dry_run(
            world.connection_id,
            ids,
            context=world.tenancy.context,
            now=world.clock.now(),
            billing=world.engine.billing,
        )

    def test_it_says_what_sync_then_does_and_writes_nothing(self, world: World) -> None:
        plain, day, ended, held, quiet, so = (world.line() for _ in range(6))
        plain.quantity(12)
        day.quantity(11)
        day.quantity(14)
        after_the_end = date(2027, 3, 1)  # the contract ends in 2026
        ended.quantity(9, on=after_the_end)
        ended.quantity(8, on=after_the_end + timedelta(days=1))
        so.hand_edit(13)
        so.quantity(13)
        world.policy(mode=Mode.REVIEW)
        held.quantity(7)
        lines = [plain, day, ended, held, quiet, so]
        states = [line.states() for line in lines]
        seen = world.simulator.requests()[-1]["seq"]

        found = self.look(world, lines)

        made = world.simulator.requests(after=seen)
        assert made
        assert [one for one in made if not one["path"].endswith("/query")] == [], "only questions"
        assert [line.states() for line in lines] == states
        assert not SyncRound.objects.filter(connection_id=world.connection_id).exists()
        assert found.unread == ""

        def told(line: Line) -> list[Outcome]:
            return [
                one.outcome for one in found.lines if one.subscription_id == line.subscription_id
            ]

        assert told(plain) == [Outcome.SENT]
        assert told(day) == [Outcome.SENT, Outcome.SENT]
        assert told(ended) == [Outcome.STOPS, Outcome.WAITS]
        assert told(held) == [Outcome.HELD]
        assert told(quiet) == [Outcome.LOOKED_AT]
        assert told(so) == [Outcome.ALREADY_SO]
        assert found.number(Outcome.SENT) == 3
        first = next(one for one in found.lines if one.subscription_id == plain.subscription_id)
        assert first.words == "+2 units from 10 May 2026."
        assert first.difference is not None
        assert round(first.difference, 2) == Decimal("21.57"), "30.40 EUR for 22 of 31 days"
        with_it = [one for one in found.lines if one.subscription_id == day.subscription_id][1]
        assert with_it.words.startswith("It goes out with operation ")
        assert with_it.difference is None, "counted once"

        press(world, lines)
        world.work()
        assert plain.changes() == [2]
        assert day.changes() == [4]
        assert ended.states()[-2:] == ["failed", "pending"]
        assert held.states()[-1] == "pending"
        assert so.changes() == []
        assert so.badge == "synced"

    def test_a_line_of_its_own_and_one_that_has_not_begun(self, world: World) -> None:
        own = world.own_line()
        (line,) = self.look(world, [own]).lines
        assert line.outcome is Outcome.SENT
        assert line.words.startswith("+10 units")

    def test_when_autotask_cannot_be_read_it_follows_from_what_was_proved(
        self, world: World
    ) -> None:
        line = world.line()
        line.quantity(12)
        world.simulator.add_fault("html_502", path="ContractServiceUnits", times=None)
        found = self.look(world, [line])
        assert found.unread
        (one,) = found.lines
        assert one.words == "+2 units from 10 May 2026."
        assert [cell for cell in one.cells() if cell == "Sent"]

    def test_of_strangers_nothing_is_said(self, world: World) -> None:
        line = world.line()
        other = sibling(world.tenancy)
        with pytest.raises(NotFound):
            dry_run(
                world.connection_id,
                [line.subscription_id],
                context=other.context,
                now=world.clock.now(),
                billing=world.engine.billing,
            )
