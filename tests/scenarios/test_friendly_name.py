"""A friendly name on the invoice, where the connection asks for it: in order, once, proved."""

from __future__ import annotations

from datetime import date

import pytest

from checks import check_promises
from harness import Killed, Line, World, at, dies_at
from tallystick.audit.models import AuditLog
from tallystick.bootstrap.preview import look_ahead
from tallystick.bootstrap.preview_many import look_at_waiting
from tallystick.bootstrap.preview_rows import rows_of
from tallystick.bootstrap.preview_words import in_sentences
from tallystick.connections.policies import InvoiceName, Mode, PriceDay
from tallystick.kit.problem import Conflicting
from tallystick.ledger.queries import get_operation, unsettled_of
from tallystick.operations.note import NOT_BILLED, rename
from tallystick.subscriptions.queries import get_subscription
from tallystick.sync.engine import Milestone

NAME = "Head office"
WRITES = {"method": "PATCH", "path": "Services"}


@pytest.fixture
def line(world: World) -> Line:
    line = world.line(units=10)
    world.policy(invoice_name=InvoiceName.FRIENDLY_NAME)
    return line


def call(line: Line, name: str) -> int:
    of = line.world.tenancy
    it = {"subscription_id": line.subscription_id, "today": of.today(), "asked": of.asked()}
    return rename(**it, name=name).operation_id


def shown(line: Line) -> str:
    simulator = line.world.simulator
    with simulator.lock:
        row = simulator.world.find("ContractServices", line.line_id)
        assert row is not None
        return str(row["invoiceDescription"] or "")


def overwrite(line: Line, text: str | None) -> None:
    simulator = line.world.simulator
    with simulator.lock:
        row = simulator.world.find("ContractServices", line.line_id)
        assert row is not None
        row["invoiceDescription"] = text


def texts(line: Line) -> list[str]:
    """Every name that was sent, in order: exactly what went out."""
    return [one.request_text for one in line.attempts() if one.kind == "name_line"]


def records(line: Line) -> list[tuple[str, str]]:
    found = AuditLog.objects.filter(
        subscription_id=line.subscription_id, event="subscription.update_on_connection"
    )
    return list(found.order_by("id").values_list("status", "summary"))


def test_without_the_policy_it_is_not_applicable_with_its_reason(world: World) -> None:
    line = world.line(units=10)
    call(line, NAME)
    world.work()
    assert (line.states()[-1], line.badge, shown(line)) == ("not_applicable", "synced", "")
    assert line.deliveries()[-1].cause == NOT_BILLED


def test_it_is_sent_once_and_read_back(line: Line) -> None:
    proved_at = line.lane().proved_at
    call(line, NAME)
    line.world.work()
    assert (line.states()[-1], line.badge, shown(line)) == ("synced", "synced", NAME)
    assert texts(line) == [f'{{"id":{line.line_id},"invoiceDescription":"{NAME}"}}']
    assert records(line)[-1] == ("succeeded", "Sent to Autotask once. Read back and equal.")
    # Its units were not looked at: when they were last proved is not said anew.
    assert line.lane().proved_at == proved_at
    check_promises(line)
    call(line, "")
    line.world.work()
    assert (shown(line), line.badge) == ("", "synced")


def test_what_stands_there_already_is_not_sent(line: Line) -> None:
    overwrite(line, NAME)
    call(line, NAME)
    line.world.work()
    assert (texts(line), line.badge) == ([], "synced")
    assert "nothing was sent" in records(line)[-1][1]


def test_names_of_one_day_go_out_as_one_and_units_never_with_them(line: Line) -> None:
    line.quantity(12)
    call(line, "First")
    call(line, NAME)
    line.quantity(13, date(2026, 5, 11))
    line.price("16.40", price_from=PriceDay.NEXT_PERIOD)
    line.world.work()
    assert (line.badge, shown(line)) == ("synced", NAME), line.cause
    assert len(texts(line)) == 1
    kinds = [one.kind for one in line.attempts()]
    assert kinds.index("name_line") == 1, kinds
    assert len([one for one in records(line) if one[0] == "succeeded"]) == 6
    check_promises(line)


def test_it_waits_behind_what_stops_and_stops_what_is_behind_it(line: Line) -> None:
    line.strike("refuse")
    line.quantity(12)
    call(line, NAME)
    line.world.work()
    assert (line.states()[-2:], shown(line)) == (["failed", "pending"], "")
    line.world.simulator.add_fault("refuse", message="Not this text.", **WRITES)
    line.quantity(14, date(2026, 5, 11))
    line.sync()
    assert line.states()[-3:] == ["synced", "failed", "pending"]
    assert "Not this text." in line.cause
    line.sync()
    assert (line.badge, shown(line), line.changes()) == ("synced", NAME, [2, 2])
    check_promises(line)


@pytest.mark.parametrize("kind", ["lose_answer", "html_200", "truncate"])
def test_a_lost_answer_is_looked_for_and_not_sent_again(line: Line, kind: str) -> None:
    line.world.simulator.add_fault(kind, **WRITES)
    call(line, NAME)
    line.world.work()
    assert (line.badge, shown(line), len(texts(line))) == ("synced", NAME, 1)


def test_what_did_not_land_is_sent_again_the_same_and_only_after_proof(line: Line) -> None:
    line.world.simulator.add_fault("lose_before", **WRITES)
    call(line, NAME)
    line.world.work()
    assert (line.badge, len(texts(line))) == ("checking", 1)
    line.world.wait(seconds=400)
    assert (line.badge, shown(line)) == ("synced", NAME)
    first, second = texts(line)
    assert first == second
    assert line.attempts()[-1].resend_of_id is not None


def test_a_yes_that_is_never_seen_is_not_sent_again(line: Line) -> None:
    engine = line.world.another_worker(
        reached=at(Milestone.ANSWERED, lambda: overwrite(line, None))
    )
    line.world.engine = engine
    call(line, NAME)
    line.world.work()
    assert line.badge == "checking"
    line.world.wait(seconds=400)
    assert (line.states()[-1], len(texts(line))) == ("conflict", 1)
    line.decide("push_ours")
    line.world.work()
    assert (line.badge, shown(line)) == ("synced", NAME)


def test_somebody_elses_text_is_a_conflict_that_a_person_decides(line: Line) -> None:
    line.world.engine = line.world.another_worker(
        reached=at(Milestone.ANSWERED, lambda: overwrite(line, "By hand"))
    )
    call(line, NAME)
    line.world.work()
    assert line.states()[-1] == "conflict"
    assert "invoice description is “By hand”: neither “Head office” (after) nor “”" in line.cause
    with pytest.raises(Conflicting, match="Only a price"):
        line.decide("next_period")
    line.decide("done_by_hand")
    line.world.work()
    assert (line.states()[-1], shown(line)) == ("resolved", "By hand")


@pytest.mark.parametrize(
    "milestone", [Milestone.OBSERVED, Milestone.INTENT_STORED, Milestone.ANSWERED]
)
def test_a_process_that_dies_leaves_one_name(line: Line, milestone: Milestone) -> None:
    call(line, NAME)
    dying = line.world.another_worker(reached=dies_at(milestone))
    sound, line.world.engine = line.world.engine, dying
    with pytest.raises(Killed):
        line.drive()
    line.world.engine = sound
    line.world.wait(seconds=800)
    assert (line.badge, shown(line)) == ("synced", NAME)
    check_promises(line)


def test_a_reading_that_fails_sends_nothing(line: Line) -> None:
    fault = line.world.simulator.add_fault(
        "forbidden", method="POST", path="ContractServices/query", times=None
    )
    call(line, NAME)
    line.world.work()
    assert (texts(line), shown(line)) == ([], "")
    line.world.simulator.remove_fault(fault)
    line.sync()
    assert (line.badge, shown(line)) == ("synced", NAME)


def test_a_line_that_is_gone_stops_it(line: Line) -> None:
    simulator = line.world.simulator
    call(line, NAME)
    with simulator.lock:
        row = simulator.world.find("ContractServices", line.line_id)
        assert row is not None
        row["contractID"] = line.contract_id + 1
    line.world.work()
    assert (line.states()[-1], texts(line)) == ("failed", [])
    assert f"no contract service {line.line_id} on contract {line.contract_id}" in line.cause


def test_a_line_of_its_own_is_made_before_it_is_named(world: World) -> None:
    world.policy(invoice_name=InvoiceName.FRIENDLY_NAME)
    line = world.own_line(quantity=10)
    world.simulator.add_fault("refuse", method="POST", path="Services$")
    world.work()
    line.decide("skip")
    call(line, NAME)
    world.work()
    line.line_id = line.attempts()[-1].line_id or 0
    assert shown(line) == NAME
    assert [one.kind for one in line.attempts()] == ["create_line", "create_line", "name_line"]


def test_it_is_said_before_and_held_for_review(line: Line) -> None:
    world, of = line.world, line.world.tenancy
    world.policy(price_day=PriceDay.NEXT_PERIOD)
    ahead = look_ahead(
        lambda asked: rename(
            subscription_id=line.subscription_id, name=NAME, today=of.today(), asked=asked
        ),
        line.subscription_id,
        asked=of.asked(),
        billing=world.engine.billing,
    )
    [said] = in_sentences(ahead)
    assert said.lead.endswith("Autotask will get the invoice description “Head office”.")
    assert "You asked for 10 May 2026" in said.lead
    world.policy(mode=Mode.REVIEW)
    call(line, NAME)
    line.quantity(12, date(2026, 5, 11))
    call(line, "")
    operations = unsettled_of(line.lane_id)
    found = look_at_waiting(
        operations, world.connection_id, asked=of.asked(), billing=world.engine.billing
    )
    view = get_subscription(of.context, line.subscription_id)
    rows = rows_of(found, [view] * 3, [""] * 3)
    assert [row.gets for row in rows] == [
        ("the invoice description “Head office”",),
        ("+2 units from 11 May 2026",),
        ("an empty invoice description",),
    ]
    assert rows[0].bills == ("", "")
    world.work()
    assert shown(line) == ""
    assert get_operation(operations[0].id) is not None
