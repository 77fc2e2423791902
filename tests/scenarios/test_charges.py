"""A charge is sent once, found by our reference, proved by reading, and watched from then on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date
from decimal import Decimal

import pytest

from azure_world import Plan, plan_on
from checks import check_promises
from harness import Killed, World, dies_at
from tallystick.audit.events import Event
from tallystick.audit.models import AuditLog
from tallystick.connections.models import Connection
from tallystick.kit.problem import Conflicting
from tallystick.ledger.models import Attempt, Evidence, Portion
from tallystick.simulator.jsontext import money
from tallystick.sync.days import Frame
from tallystick.sync.engine import Milestone
from tallystick.sync.foresee import foresee
from tallystick.sync.load import load
from tallystick.sync.port import Line
from tallystick.sync.turn import drive

APRIL = ("2026-04-30", Decimal("130"), Decimal("95"))
CORRECTED = ("2026-04-30", Decimal("131"), Decimal("96"))


def create(plan: Plan) -> tuple[str, Decimal, Decimal]:
    """Record a month whose charge is to be created."""
    plan.amounts("2026-04", "130.00", "95.00")
    return APRIL


def change(plan: Plan) -> tuple[str, Decimal, Decimal]:
    """Record a correction, of a charge that is there and not billed."""
    plan.amounts("2026-04", "130.00", "95.00")
    plan.world.work()
    plan.amounts("2026-04", "131.00", "96.00")
    return CORRECTED


Begin = Callable[[Plan], tuple[str, Decimal, Decimal]]
BOTH = pytest.mark.parametrize(("begin", "method"), [(create, "POST"), (change, "PATCH")])


def conclusions(plan: Plan) -> list[str]:
    found = Evidence.objects.filter(attempt__lane=plan.line.lane_id, kind="conclusion")
    return [one.data["conclusion"] for one in found.order_by("id")]


@BOTH
@pytest.mark.parametrize("milestone", list(Milestone))
def test_a_process_that_dies_anywhere_is_followed_by_one_that_looks(
    world: World, begin: Begin, method: str, milestone: Milestone
) -> None:
    plan = plan_on(world)
    wanted = begin(plan)
    with suppress(Killed):
        drive(world.another_worker(reached=dies_at(milestone), holder=4711), plan.line.lane_id)
    world.wait(500)

    assert plan.line.badge == "synced", plan.line.cause
    assert plan.charged() == [wanted]
    writes = [
        one
        for one in world.simulator.requests()
        if one["method"] == method and f"/{plan.line.contract_id}/Charges" in one["path"]
    ]
    # What was proved not to have left goes out again; nothing else does.
    assert len(writes) == 1
    check_promises(plan.line)


@BOTH
@pytest.mark.parametrize(
    "fault", ["lose_answer", "truncate", "html_502", "empty_200", "error_500_no_errors", "not_json"]
)
def test_no_clear_answer_is_settled_by_reading(
    world: World, begin: Begin, method: str, fault: str
) -> None:
    plan = plan_on(world)
    wanted = begin(plan)
    plan.strike(fault, method=method)
    world.wait(500)
    assert plan.line.badge == "synced", plan.line.cause
    assert plan.charged() == [wanted]
    check_promises(plan.line)


@BOTH
def test_what_never_arrived_is_sent_once_more_after_proof(
    world: World, begin: Begin, method: str
) -> None:
    plan = plan_on(world)
    wanted = begin(plan)
    plan.strike("lose_before", method=method)
    world.work()
    world.wait(300)
    assert plan.line.badge == "checking"
    world.wait(125)
    first, again = plan.line.attempts()[-2:]
    assert (again.resend_of_id, again.request_text) == (first.pk, first.request_text)
    assert plan.charged() == [wanted]
    assert plan.line.badge == "synced"


@BOTH
def test_what_arrives_late_is_found_and_not_repeated(
    world: World, begin: Begin, method: str
) -> None:
    plan = plan_on(world)
    wanted = begin(plan)
    plan.strike("apply_late", method=method)
    world.work()
    world.wait(200)
    world.simulator.release()
    world.wait(61)
    assert plan.line.badge == "synced"
    assert plan.charged() == [wanted]


@BOTH
def test_a_refusal_stops_in_autotasks_words(world: World, begin: Begin, method: str) -> None:
    plan = plan_on(world)
    wanted = begin(plan)
    plan.strike("refuse", method=method, message="The period is closed.")
    world.work()
    assert plan.line.states()[-1] == "failed"
    assert "The period is closed." in plan.line.cause
    plan.line.sync()
    assert plan.line.badge == "synced"
    assert plan.charged() == [wanted]


@BOTH
def test_a_yes_that_never_becomes_visible_is_not_sent_again(
    world: World, begin: Begin, method: str
) -> None:
    plan = plan_on(world)
    begin(plan)
    before = plan.charged()
    engine = world.another_worker(reached=lambda _: _undo(plan, before, _))
    drive(engine, plan.line.lane_id)
    world.wait(500)
    assert plan.line.states()[-1] == "conflict"
    assert "Autotask said yes" in plan.line.cause
    assert plan.charged() == before


def _undo(plan: Plan, before: list[tuple[str, Decimal, Decimal]], at: Milestone) -> None:
    """Between the answer and the reading somebody takes it back."""
    if at is not Milestone.ANSWERED:
        return
    for one in plan.charges():
        if not before:
            plan.delete_charge(one["id"])
        else:
            plan.edit_charge(one["id"], billableAmount="130.00", extendedCost="95.00")


@BOTH
def test_another_value_than_before_and_after_stops(world: World, begin: Begin, method: str) -> None:
    plan = plan_on(world)
    begin(plan)

    def edit(at: Milestone) -> None:
        if at is Milestone.ANSWERED:
            plan.edit_charge(plan.charges()[-1]["id"], billableAmount="7.00")

    drive(world.another_worker(reached=edit), plan.line.lane_id)
    assert plan.line.states()[-1] == "conflict"
    assert "neither as it was" in plan.line.cause


def test_two_charges_with_our_reference_are_a_duplicate(world: World) -> None:
    plan = plan_on(world)

    def twice(at: Milestone) -> None:
        if at is Milestone.ANSWERED:
            copy_charge(plan)

    plan.amounts("2026-04", "130.00", "95.00")
    drive(world.another_worker(reached=twice), plan.line.lane_id)
    assert plan.line.states()[-1] == "conflict"
    assert "2 charges carry" in plan.line.cause

    plan.line.sync()  # and asked again it says so again
    assert "2 charges carry" in plan.line.cause
    plan.delete_charge(plan.charges()[1]["id"])
    plan.line.sync()
    assert plan.line.badge == "synced"


def copy_charge(plan: Plan) -> None:
    with plan.world.simulator.lock:
        values = {name: value for name, value in plan.charges()[0].items() if name != "id"}
        plan.world.simulator.world.add("ContractCharges", values)


def test_a_charge_that_was_sent_and_never_proved_is_found(world: World) -> None:
    """As after a restore from a backup: the database knows nothing of it, the reference does."""
    plan = plan_on(world)
    plan.amounts("2026-04", "130.00", "95.00")
    world.work()
    kept = plan.charges()[0]
    plan.delete_charge(kept["id"])
    other = plan_on(world)
    values = {name: value for name, value in kept.items() if name != "id"}
    values["contractID"] = other.line.contract_id
    values["internalPurchaseOrderNumber"] = f"tallystick:{other.line.lane_id}:2026-04:1"
    with world.simulator.lock:
        world.simulator.world.add("ContractCharges", values)
    other.amounts("2026-04", "130.00", "95.00")
    world.work()
    assert other.line.badge == "synced"
    assert [one.kind for one in other.line.attempts()] == []
    assert len(other.charges()) == 1


def test_one_that_is_there_with_other_amounts_stops(world: World) -> None:
    plan = plan_on(world)
    reference = f"tallystick:{plan.line.lane_id}:2026-04:1"
    first = plan_on(world)
    first.amounts("2026-04", "1.00", "1.00")
    world.work()
    first.edit_charge(
        first.charges()[0]["id"],
        internalPurchaseOrderNumber=None,
        contractID=plan.line.contract_id,
    )
    with world.simulator.lock:
        world.simulator.world.table("ContractCharges").update(
            plan.charges()[0]["id"], {"internalPurchaseOrderNumber": reference}
        )
    plan.amounts("2026-04", "130.00", "95.00")
    world.work()
    assert plan.line.states()[-1] == "conflict"
    assert "where 130.00 is wanted" in plan.line.cause


def test_billed_between_the_look_and_the_change(world: World) -> None:
    plan = plan_on(world)
    plan.amounts("2026-04", "130.00", "95.00")
    world.work()
    plan.amounts("2026-04", "131.00", "96.00")

    def bill(at: Milestone) -> None:
        if at is Milestone.INTENT_STORED:
            plan.post(date(2026, 4, 30))

    drive(world.another_worker(reached=bill), plan.line.lane_id)
    world.work()
    assert plan.charged() == [APRIL, ("2026-04-30", Decimal(1), Decimal(1))]
    assert "refused: billed meanwhile" in conclusions(plan)
    assert plan.line.badge == "synced"


@pytest.mark.parametrize(
    ("how", "charged", "state"),
    [
        ("push_ours", [("2026-04-30", Decimal("131"), Decimal("96"))], "synced"),
        ("adopt", [("2026-04-30", Decimal("7"), Decimal("95"))], "resolved"),
        ("done_by_hand", [("2026-04-30", Decimal("7"), Decimal("95"))], "resolved"),
        ("skip", [("2026-04-30", Decimal("7"), Decimal("95"))], "resolved"),
    ],
)
def test_a_charge_changed_by_hand_stops_and_a_person_decides(
    world: World, how: str, charged: list[tuple[str, Decimal, Decimal]], state: str
) -> None:
    plan = plan_on(world)
    plan.amounts("2026-04", "130.00", "95.00")
    world.work()
    plan.edit_charge(plan.charges()[0]["id"], billableAmount="7.00")
    plan.amounts("2026-04", "131.00", "96.00")
    world.work()
    assert plan.line.states()[-1] == "conflict"
    assert "shows 7.00 in Autotask, expected 130.00" in plan.line.cause

    plan.line.decide(how)
    world.work()
    assert plan.charged() == charged
    assert plan.line.states()[-1] == state
    swept = world.sweep()
    assert (swept.different == 1) is (how == "skip")


@pytest.mark.parametrize(
    ("how", "more"),
    [("adopt", "125.0000"), ("done_by_hand", "1.0000"), ("skip", "2.0000")],
)
def test_what_was_decided_counts_for_the_next_correction(world: World, how: str, more: str) -> None:
    """Of 132: 7 adopted, 131 billed by hand in all, or still 130."""
    plan = plan_on(world)
    plan.amounts("2026-04", "130.00", "95.00")
    world.work()
    charge = plan.charges()[0]["id"]
    plan.edit_charge(charge, billableAmount="7.00")
    plan.amounts("2026-04", "131.00", "96.00")
    world.work()
    plan.line.decide(how)
    if how == "skip":
        plan.edit_charge(charge, billableAmount="130.00")
    plan.post(date(2026, 4, 30))
    plan.amounts("2026-04", "132.00", "96.00")
    world.work()
    assert plan.line.badge == "synced", plan.line.cause
    assert plan.line.attempts()[-1].body["price"] == more


def test_a_deleted_charge_can_be_accepted_and_is_charged_anew(world: World) -> None:
    plan = plan_on(world)
    plan.amounts("2026-04", "130.00", "95.00")
    world.work()
    plan.delete_charge(plan.charges()[0]["id"])
    plan.amounts("2026-04", "131.00", "96.00")
    world.work()
    assert "is gone from Autotask" in plan.line.cause
    plan.line.decide("push_ours")
    world.work()
    assert plan.charged() == [CORRECTED]
    assert plan.charges()[0]["internalPurchaseOrderNumber"].endswith(":2026-04:2")
    assert world.sweep().different == 0


def test_nothing_read_is_nothing_to_adopt(world: World) -> None:
    plan = plan_on(world)
    plan.strike("refuse", message="No.")
    plan.amounts("2026-04", "130.00", "95.00")
    world.work()
    with pytest.raises(Conflicting, match="Nothing was read"):
        plan.line.decide("adopt")
    with pytest.raises(Conflicting, match="Only a price"):
        plan.line.decide("next_period")
    plan.line.decide("done_by_hand")
    assert Portion.objects.get(lane=plan.line.lane_id).price == Decimal("130")
    plan.amounts("2026-04", "130.00", "96.00")
    world.work()
    assert plan.charged() == [("2026-04-30", Decimal(0), Decimal(1))]


def test_a_waiting_one_is_not_pushed(world: World) -> None:
    plan = plan_on(world)
    world.pause()
    plan.amounts("2026-04", "130.00", "95.00")
    with pytest.raises(Conflicting, match="is not stopped"):
        plan.line.decide("push_ours")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"billableAmount": "7.00"}, "shows 7.00 in Autotask, expected 130.00"),
        ({"extendedCost": "7.00"}, "shows another cost in Autotask (7.00), expected 95.00"),
        ({"isBillableToCompany": False}, "shows 0.00 in Autotask, expected 130.00"),
        ({"contractID": 0}, "is gone from Autotask"),
        (None, "is gone from Autotask"),
    ],
)
def test_the_sweep_sees_a_charge_changed_or_deleted_by_hand(
    world: World, fields: dict[str, object] | None, said: str
) -> None:
    plan = plan_on(world)
    plan.amounts("2026-03", "120.00", "90.00")
    plan.amounts("2026-04", "130.00", "95.00")
    world.work()
    before = plan.charges()[1]
    if fields is None:
        plan.delete_charge(before["id"])
    else:
        plan.edit_charge(before["id"], **fields)

    for _ in range(2):  # told once
        assert world.sweep().different == 1
    assert plan.line.badge == "out_of_sync"
    assert said in plan.line.cause
    found = AuditLog.objects.filter(
        event=Event.DRIFT_FOUND.value, connection_id=world.connection_id
    )
    assert found.count() == 1
    run = plan.line.sync()
    assert said in plan.line.cause and run.id

    if fields is not None:
        plan.edit_charge(before["id"], **{name: before[name] for name in fields})
        assert world.sweep().different == 0
        assert plan.line.badge == "synced"


def test_several_differ(world: World) -> None:
    plan = plan_on(world)
    for month in ("2026-02", "2026-03", "2026-04"):
        plan.amounts(month, "100.00", "90.00")
    world.work()
    for one in plan.charges():
        plan.delete_charge(one["id"])
    world.sweep()
    assert "So do 2 more." in plan.line.cause
    # A line that differs, too, is told first, and is over before the charges are.
    plan.line.hand_edit(3)
    world.sweep()
    assert "3 units" in plan.line.cause
    plan.line.hand_edit(1)
    world.sweep()
    assert "So do 2 more." in plan.line.cause
    # Proving one amount anew leaves the others as they are told.
    plan.amounts("2026-02", "101.00", "90.00")
    world.work()
    plan.line.decide("push_ours")
    world.work()
    assert plan.line.badge == "out_of_sync"
    for month in ("2026-03", "2026-04"):
        plan.amounts(month, "101.00", "90.00")
        world.work()
        plan.line.decide("push_ours")
        world.work()
    assert plan.line.badge == "synced"


def test_what_is_billed_and_equal_is_not_looked_at_any_more(world: World) -> None:
    plan = plan_on(world)
    plan.amounts("2026-04", "130.00", "95.00")
    world.work()
    plan.post(date(2026, 4, 30))
    world.sweep()
    seen = len(_charge_queries(world))
    world.sweep()
    assert len(_charge_queries(world)) == seen


def _charge_queries(world: World) -> list[object]:
    return [one for one in world.simulator.requests() if "ContractCharges/query" in one["path"]]


def test_work_that_comes_while_it_is_swept_decides_itself(world: World) -> None:
    from tallystick.sync import verify_charges

    plan = plan_on(world)
    plan.amounts("2026-04", "130.00", "95.00")
    world.work()
    engine = world.engine
    kept = verify_charges.charges_of([plan.line.lane_id])[plan.line.lane_id]
    plan.delete_charge(plan.charges()[0]["id"])
    plan.amounts("2026-04", "131.00", "95.00")
    shown = engine.billing(world.connection_id).find_charges({kept[0].reference: 1001})
    assert verify_charges._judge(engine, plan.line.lane_id, kept, shown)


def test_which_billing_code_is_not_known(world: World) -> None:
    plan = plan_on(world)
    with world.simulator.lock:
        code = {"name": "Hardware", "isActive": True, "useType": 3, "unitPrice": money(0)}
        second = world.simulator.world.add("BillingCodes", code)
    try:
        plan.amounts("2026-04", "130.00", "95.00")
        world.work()
        assert plan.line.states()[-1] == "failed"
        assert "which one is not said" in plan.line.cause
        Connection.objects.filter(pk=world.connection_id).update(charge_code=second)
        plan.line.sync()
        assert plan.line.badge == "synced"
        assert plan.charges()[0]["billingCodeID"] == second
    finally:
        with world.simulator.lock:
            world.simulator.world.table("BillingCodes").remove(second)


def test_amounts_in_another_currency_are_not_converted(world: World) -> None:
    plan = plan_on(world)
    plan.amounts("2026-04", "130.00", "95.00", cost_currency="USD")
    world.work()
    assert plan.charged() == [("2026-04-30", Decimal("130"), Decimal(0))]
    plan.amounts("2026-04", "131.00", "95.00", cost_currency="USD")
    world.work()
    assert plan.charged() == [("2026-04-30", Decimal("131"), Decimal(0))]
    Connection.objects.filter(pk=world.connection_id).update(price_currency="DKK")
    plan.amounts("2026-03", "131.00", "95.00")
    world.work()
    assert "another currency" in plan.line.cause


def test_hidden_amounts_prove_nothing(world: World) -> None:
    plan = plan_on(world)
    plan.amounts("2026-04", "130.00", "95.00")
    world.work()
    plan.edit_charge(plan.charges()[0]["id"], billableAmount=None)
    plan.amounts("2026-04", "131.00", "95.00")
    world.work()
    assert "does not show the amounts of charges" in plan.line.cause


@pytest.mark.parametrize(
    ("starts", "ends", "day"),
    [
        (date(2026, 1, 1), date(2026, 4, 15), "2026-04-15"),
        (date(2026, 1, 1), date(2026, 3, 15), None),
        (date(2026, 5, 1), date(2026, 12, 31), None),
    ],
)
def test_a_charge_lies_within_the_contract(
    world: World, starts: date, ends: date, day: str | None
) -> None:
    plan = plan_on(world, starts=starts, ends=ends, settled=False)
    world.work()
    if plan.line.badge != "synced":
        plan.line.decide("skip")
    plan.amounts("2026-04", "130.00", "95.00")
    world.work()
    if day is None:
        assert plan.line.states()[-1] == "failed"
        assert "the contract's" in plan.line.cause
    else:
        assert plan.charged() == [(day, Decimal("130"), Decimal("95"))]


def test_nothing_to_bill_is_settled_without_sending(world: World) -> None:
    plan = plan_on(world)
    plan.amounts("2026-04", "0.00", "0.00")
    world.work()
    assert (plan.line.badge, plan.charges()) == ("synced", [])


def test_an_end_that_stopped_holds_the_charge_behind_it(world: World) -> None:
    plan = plan_on(world)
    plan.line.strike("refuse", message="No.")
    plan.line.cancel()
    plan.amounts("2026-04", "130.00", "95.00")
    world.work()
    assert plan.line.states()[-2:] == ["failed", "pending"]
    assert plan.charges() == []
    plan.line.sync()
    assert plan.charged() == [APRIL]
    check_promises(plan.line)


def test_what_cannot_be_read_is_sent_later(world: World) -> None:
    plan = plan_on(world)
    world.simulator.add_fault("html_502", path="ContractCharges")
    plan.amounts("2026-04", "130.00", "95.00")
    world.work()
    assert plan.charges() == []
    world.wait(60)
    assert plan.charged() == [APRIL]


def test_what_cannot_be_read_back_is_checked_later(world: World) -> None:
    plan = plan_on(world)
    world.simulator.add_fault("html_502", path="ContractCharges", skip=2)
    plan.amounts("2026-04", "130.00", "95.00")
    world.work()
    assert plan.line.badge == "checking"
    world.wait(60)
    assert plan.line.badge == "synced"
    assert plan.charged() == [APRIL]


def test_every_attempt_keeps_the_exact_body(world: World) -> None:
    plan = plan_on(world)
    plan.amounts("2026-04", "130.00", "95.00")
    world.work()
    attempt = Attempt.objects.get(lane=plan.line.lane_id, kind="create_charge")
    [sent] = [
        one
        for one in world.simulator.requests()
        if one["method"] == "POST"
        and one["path"].endswith("/Charges")
        and str(plan.line.contract_id) in one["path"]
    ]
    assert attempt.request_text == sent["body"]
    told = AuditLog.objects.filter(
        event=Event.UPDATE_SUBSCRIPTION_ON_CONNECTION.value,
        subscription_id=plan.line.subscription_id,
    ).latest("pk")
    assert told.details["sent"] == attempt.body
    assert told.details["proved"]["verdict"] == "landed"


def test_charges_are_right_again_while_the_line_is_not(world: World) -> None:
    plan = plan_on(world)
    plan.amounts("2026-04", "130.00", "95.00")
    world.work()
    plan.edit_charge(plan.charges()[0]["id"], billableAmount="7.00")
    plan.line.hand_edit(3)
    world.sweep()
    plan.edit_charge(plan.charges()[0]["id"], billableAmount="130.00")
    world.sweep()
    assert plan.line.badge == "out_of_sync"
    assert "3 units" in plan.line.cause
    plan.line.hand_edit(1)
    world.sweep()
    assert plan.line.badge == "synced"


def test_looking_ahead_without_charges_is_a_fault_of_ours(world: World) -> None:
    plan = plan_on(world)
    plan.amounts("2026-04", "130.00", "95.00")
    work = load(plan.line.lane(), now=world.clock.now())
    with pytest.raises(RuntimeError, match="nothing is known of its charges"):
        foresee(
            work.due,
            (),
            line=Line(1, 1),
            expected=work.expected,
            rules=work.rules(),
            frame=Frame(None, None, None),
            today=work.today,
        )
