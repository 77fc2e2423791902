"""One press of Sync: what it saw, what became of it, and that the count adds up."""

from dataclasses import replace

import pytest
from django.db import transaction
from lane_bench import Bench, at_once, new_bench

from tallystick.ledger.kinds import AttemptKind
from tallystick.ledger.models import SyncRun
from tallystick.ledger.runs import RunView, finish_run, get_run, open_run, start_run, view_of


def finished(bench: Bench) -> RunView:
    """The open run of the lane, finished now."""
    with bench.held():
        run = open_run(bench.lane_id)
        assert run is not None
        finish_run(run, now=bench.now)
    view = get_run(run.pk, tenant_id=bench.tenancy.tenant_id)
    assert view is not None
    assert view.seen == (view.written + view.unchanged + view.ignored + view.waiting + view.failed)
    return view


def counts(view: RunView) -> dict[str, int]:
    names = ("seen", "written", "unchanged", "ignored", "waiting", "failed")
    return {name: getattr(view, name) for name in names if getattr(view, name)}


def test_it_says_who_pressed_it_and_what_waits(bench: Bench) -> None:
    bench.quantity(12)
    view = bench.press_sync()
    assert (view.state, view.seen) == ("running", 2)
    assert view.asked_by == "Ada Admin"
    assert (view.subscription_id, view.connection_id) == (
        bench.subscription_id,
        bench.connection_id,
    )
    assert (view.started_at, view.finished_at) == (bench.now, None)
    assert [one.sequence for one in view.operations] == [2, 3]


def test_pressed_again_while_it_runs_it_is_the_same_run(bench: Bench) -> None:
    first = bench.press_sync()
    bench.quantity(12)
    again = bench.press_sync()
    assert again.id == first.id
    assert again.seen == 1, "what came later belongs to the next one"


def test_pressed_twenty_times_at_once_it_is_one_run(bench: Bench) -> None:
    views = at_once([bench.press_sync] * 20)
    assert len({view.id for view in views}) == 1
    assert SyncRun.objects.filter(lane_id=bench.lane_id).count() == 1


def test_pressed_after_it_has_finished_it_is_another_run(bench: Bench) -> None:
    first = bench.press_sync()
    finished(bench)
    assert bench.press_sync().id != first.id


def test_nothing_to_do_is_counted_as_nothing(bench: Bench) -> None:
    bench.prove(bench.first())
    bench.press_sync()
    view = finished(bench)
    assert (view.state, counts(view), view.operations) == ("finished", {}, ())


def test_what_was_sent_is_written_and_what_was_so_is_unchanged(bench: Bench) -> None:
    sent, so = bench.first(), bench.quantity(12)
    bench.press_sync()
    bench.send(sent)
    bench.prove(sent)
    bench.prove(so, adjusted=False)
    assert counts(finished(bench)) == {"seen": 2, "written": 1, "unchanged": 1}


@pytest.mark.parametrize("state", ["failed", "conflict"])
def test_a_stopped_head_is_failed_and_what_is_behind_it_waits(bench: Bench, state: str) -> None:
    bench.quantity(12)
    bench.quantity(15)
    bench.press_sync()
    bench.in_state(state)
    assert counts(finished(bench)) == {"seen": 3, "failed": 1, "waiting": 2}


@pytest.mark.parametrize("state", ["pending", "sending", "checking"])
def test_what_is_not_settled_is_waiting(bench: Bench, state: str) -> None:
    bench.press_sync()
    bench.in_state(state)
    assert counts(finished(bench)) == {"seen": 1, "waiting": 1}


def test_what_a_person_took_out_of_the_way_is_ignored(bench: Bench) -> None:
    bench.press_sync()
    bench.decide("skip")
    assert counts(finished(bench)) == {"seen": 1, "ignored": 1}


def test_what_came_after_it_was_pressed_is_not_counted(bench: Bench) -> None:
    bench.press_sync()
    bench.quantity(12)
    bench.send(bench.first())
    bench.prove(bench.first())
    assert counts(finished(bench)) == {"seen": 1, "written": 1}


def test_what_was_not_applicable_before_it_was_pressed_is_not_counted(bench: Bench) -> None:
    bench.not_applicable()
    bench.quantity(12)
    bench.later(seconds=1)
    view = bench.press_sync()
    assert view.seen == 2
    assert [one.sequence for one in view.operations] == [2, 4]
    assert counts(finished(bench)) == {"seen": 2, "waiting": 2}


def test_what_was_not_applicable_in_the_very_moment_it_was_pressed_is_not_counted(
    bench: Bench,
) -> None:
    """The database's clock may stand still or step back; the count adds up all the same."""
    bench.not_applicable()
    bench.quantity(12)
    view = bench.press_sync()
    assert view.seen == 2
    assert counts(finished(bench)) == {"seen": 2, "waiting": 2}


def test_what_failed_when_sent_and_was_put_right_by_hand_is_unchanged_not_written(
    bench: Bench,
) -> None:
    """Refused, entered in Autotask by a person, Sync pressed: this run has sent nothing."""
    bench.send(bench.first())
    bench.stop(bench.first())
    bench.press_sync()
    bench.prove(bench.first(), adjusted=False)
    assert counts(finished(bench)) == {"seen": 1, "unchanged": 1}


def test_what_was_being_checked_when_it_was_pressed_and_had_landed_is_written(
    bench: Bench,
) -> None:
    bench.in_state("checking")
    bench.press_sync()
    bench.prove(bench.first())
    assert counts(finished(bench)) == {"seen": 1, "written": 1}


def test_what_is_sent_again_after_it_did_not_land_is_written(bench: Bench) -> None:
    lost = bench.send(bench.first())
    bench.unclear(bench.first())
    bench.put_back(bench.first(), counts_as_try=False, conclusion="did not land")
    bench.press_sync()
    bench.send(bench.first(), resend_of_id=lost.pk)
    bench.prove(bench.first())
    assert counts(finished(bench)) == {"seen": 1, "written": 1}


def test_a_line_that_was_made_and_then_showed_it_is_written(bench: Bench) -> None:
    bench.press_sync()
    bench.send(bench.first(), kind=AttemptKind.CREATE_LINE, line_id=None)
    bench.put_back(bench.first(), counts_as_try=False, conclusion="line created")
    bench.prove(bench.first(), adjusted=False)
    assert counts(finished(bench)) == {"seen": 1, "written": 1}


def test_only_its_own_tenant_sees_a_run(bench: Bench) -> None:
    view = bench.press_sync()
    assert get_run(view.id, tenant_id=new_bench().tenancy.tenant_id) is None
    assert get_run(view.id, tenant_id=bench.tenancy.tenant_id) == view


def test_an_unknown_run_is_nobodys(bench: Bench) -> None:
    assert get_run(-1, tenant_id=bench.tenancy.tenant_id) is None
    assert open_run(bench.lane_id) is None


def test_it_can_be_looked_at_without_its_operations(bench: Bench) -> None:
    pressed = bench.press_sync()
    run = open_run(bench.lane_id)
    assert run is not None
    assert view_of(run) == replace(pressed, operations=())


def test_a_long_name_is_cut(bench: Bench) -> None:
    with bench.held() as lane:
        run, new = start_run(lane, asked_by="A" * 300, correlation_id="c", now=bench.now)
        same, again = start_run(lane, asked_by="B", correlation_id="c", now=bench.now)
    assert (new, again, same.pk) == (True, False, run.pk)
    assert run.asked_by == "A" * 200


def test_a_run_that_is_rolled_back_was_not_pressed(bench: Bench) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        bench.press_sync()
        raise ZeroDivisionError
    assert open_run(bench.lane_id) is None
