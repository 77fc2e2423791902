"""Acts at the command line beside quantity, price and cancel: one, several, a file; policies and
approvals."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from harness import World
from tallystick.audit.models import AuditLog
from tallystick.cli.main import main
from tallystick.connections.models import Connection
from tallystick.connections.policies import Mode
from tallystick.identity.models import Tenant
from tallystick.ledger.models import Delivery, Operation
from tallystick.subscriptions.models import Subscription

Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def say(world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Say:
    monkeypatch.setenv("DATABASE_URL", os.environ["TALLYSTICK_TEST_DATABASE_URL"])
    organisation = Tenant.objects.get(pk=world.tenancy.tenant_id).name

    def said(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([*arguments, "--organisation", organisation])
        shown = capsys.readouterr()
        return code, shown.out.replace("\N{NO-BREAK SPACE}", " "), shown.err

    return said


def held(world: World, **more: object) -> Subscription:
    pk = world.tenancy.subscription(commitment_ends_on=date(2026, 12, 31), **more)
    return Subscription.objects.get(pk=pk)


def kinds(row: Subscription) -> list[str]:
    rows = Operation.objects.filter(subscription=row).order_by("sequence")
    return list(rows.values_list("kind", flat=True))[1:]


def test_every_act_is_said_before_and_recorded(world: World, say: Say) -> None:
    one, trial = held(world), held(world, is_trial=True)
    acts = [
        (one, "suspend", "--effective-on", "2026-11-01"),
        (one, "reactivate", "--effective-on", "2026-11-02"),
        (one, "renew", "--unit-price", "16.40", "--quantity", "12", "--ends-on", "2027-06-30"),
        (one, "end-promotion", "17.10", "--effective-on", "2026-11-03"),
        (one, "end-of-term", "cancel"),
        (one, "rename", "Head office"),
        (one, "purchase-order", "PO 4711"),
        (trial, "convert-trial", "16.00", "--effective-on", "2026-11-03"),
        (trial, "deleted", "--effective-on", "2026-11-04"),
    ]
    for row, act, *more in acts:
        before = kinds(row)
        code, out, error = say("operations", act, row.provider_id, *more, "--preview")
        assert (code, "Nothing was recorded." in out) == (0, True), error
        assert kinds(row) == before
        code, out, error = say("operations", act, row.provider_id, *more, "--json")
        assert (code, json.loads(out)["sent_to"]) == (0, 0), error
    assert kinds(one) == [
        "suspend",
        "reactivate",
        "renew",
        "end_promotion",
        "set_end_of_term",
        "rename",
        "set_purchase_order",
    ]
    assert kinds(trial) == ["convert_trial", "delete"]
    one.refresh_from_db()
    assert (one.quantity, one.commitment_ends_on, one.friendly_name) == (
        12,
        date(2027, 6, 30),
        "Head office",
    )


def test_a_large_move_is_held_until_it_is_said_to_be_meant(world: World, say: Say) -> None:
    one = held(world)
    for act in ("price", "end-promotion"):
        code, _, error = say("operations", act, one.provider_id, "152.00")
        assert (code, "unit price 15.20 to 152.00 EUR" in error) == (2, True)
        assert error.splitlines()[-1].startswith("tallystick: accept_large_change: is needed")
    assert kinds(one) == []
    meant = ("--accept-large-change",)
    assert say("operations", "price", one.provider_id, "152.00", *meant)[0] == 0


def test_the_same_of_several_is_all_of_them_or_none(world: World, say: Say) -> None:
    one, other = held(world), held(world)
    both = ("operations", "suspend", one.provider_id, "--also", other.provider_id)
    code, out, _ = say(*both, "--preview")
    assert (code, "2 recorded alone, 0 cannot be recorded" in out) == (0, True)
    assert say("operations", "suspend", other.provider_id)[0] == 0
    code, out, error = say(*both)
    assert (code, out) == (2, "")
    assert f"tallystick: {other.provider_id}: subscription: is suspended: not active" in error
    assert say(*both, "--preview")[0] == 2
    assert kinds(one) == []
    assert say("operations", "reactivate", other.provider_id)[0] == 0
    code, out, _ = say(*both)
    assert (code, out.endswith("2 recorded.\n")) == (0, True)
    assert kinds(one) == ["suspend"]


def test_a_file_is_looked_at_row_by_row_and_imported_once(
    world: World, say: Say, tmp_path: Path
) -> None:
    line = world.line(units=10, ends=date(2098, 12, 31))
    row, file = Subscription.objects.get(pk=line.subscription_id), tmp_path / "operations.csv"
    file.write_text(
        "subscription_id,operation,effective_on,quantity\n"
        f"{row.provider_id},update_quantity,2026-12-01,12\n"
    )
    code, out, error = say("import", "operations", str(file), "--dry-run")
    assert code == 0, error
    assert "+2 units from 1 Dec 2026" in out
    assert "EUR, estimate: +30.40 in the period of the change, +30.40 in the next" in out
    assert "1 would be sent" in out
    assert kinds(row) == ["map"]
    assert say("import", "operations", str(file))[1] == "1 operations recorded.\n"
    assert (
        "0 operations recorded. 1 rows of this file had been"
        in say("import", "operations", str(file))[1]
    )
    file.write_text(f"subscription_id,operation\n{row.provider_id},explode\n")
    code, _, error = say("import", "operations", str(file))
    assert (code, "tallystick: line 2, operation: “explode” is not one of" in error) == (2, True)
    assert kinds(row) == ["map", "update_quantity"]


def test_policies_of_one_are_shown_set_and_cleared(world: World, say: Say) -> None:
    line = world.line(units=10)
    here = Connection.objects.get(pk=world.connection_id).name
    row = Subscription.objects.get(pk=line.subscription_id)
    whose = (here, "--subscription", row.provider_id)
    code, out, error = say("policies", "set", *whose, "increase_day=next_period", "mode=review")
    assert code == 0, error
    assert "Saved: " in out
    shown = json.loads(say("policies", "show", *whose, "--json")[1])
    told = {one["policy"]: (one["choice"], one["who says so"]) for one in shown}
    assert told["mode"] == ("review", "for this subscription")
    assert told["increase_day"] == ("next_period", "for this subscription")
    assert told["included_units"] == ("0", "nobody")
    for wrong, field in (("mode=perhaps", "mode"), ("colour=red", "colour"), ("mode", "policy")):
        code, _, error = say("policies", "set", *whose, wrong)
        assert (code, error.splitlines()[-1].startswith(f"tallystick: {field}: ")) == (2, True)
    customer = (here, "--customer", row.customer.external_id)
    assert say("policies", "set", *customer, "decrease_day=next_period")[0] == 0
    assert say("policies", "clear", *whose, "--policy", "mode")[0] == 0
    shown = json.loads(say("policies", "show", *whose, "--json")[1])
    told = {one["policy"]: one["who says so"] for one in shown}
    assert (told["mode"], told["increase_day"]) == (
        "as the connection says",
        "for this subscription",
    )
    assert told["decrease_day"] == "for this customer"
    assert "Saved: " in say("policies", "clear", *whose)[1]
    assert "Nothing was changed." in say("policies", "clear", *whose)[1]
    newest = AuditLog.objects.filter(subscription_id=row.pk).latest("id")
    assert (newest.event, newest.actor) == ("connection.update_policies", "tallystick policies")


def test_what_waits_is_listed_approved_and_rejected(world: World, say: Say) -> None:
    lines = [world.line(units=10, ends=date(2098, 12, 31)) for _ in range(4)]
    here = Connection.objects.get(pk=world.connection_id).name
    assert "Nothing waits for approval." in say("approvals", "list", here)[1]
    world.policy(mode=Mode.REVIEW)
    rows = [Subscription.objects.get(pk=line.subscription_id) for line in lines]
    for row in rows:
        world.tenancy.quantity(row.pk, 12, "2026-12-01")

    def waiting() -> set[int]:
        found = Delivery.objects.filter(awaits_approval=True, state="pending")
        return set(
            found.filter(lane__subscription__in=rows).values_list("lane__subscription", flat=True)
        )

    code, out, error = say("approvals", "list", here)
    assert (code, out.count("+2 units from 1 Dec 2026")) == (0, 4), error
    assert say("approvals", "approve", here)[0] == 2
    assert say("approvals", "approve", here, rows[0].provider_id)[0] == 0
    assert waiting() == {row.pk for row in rows[1:]}
    customer = ("--customer", rows[1].customer.external_id)
    assert say("approvals", "list", here, *customer)[1].count("+2 units") == 1
    assert say("approvals", "approve", here, *customer)[0] == 0
    assert waiting() == {row.pk for row in rows[2:]}
    reject = ("approvals", "reject", here, rows[2].provider_id)
    assert "Not sent: operation 3" in say(*reject, "--reason", "a mistake")[1]
    assert say(*reject, "--reason", "again")[0] == 2
    assert say("approvals", "approve", here, "--all")[0] == 2  # nobody has said yes
    assert say("approvals", "approve", here, "--all", "--yes")[0] == 0
    assert waiting() == set()
    events = AuditLog.objects.filter(
        tenant_id=world.tenancy.tenant_id, actor="tallystick approvals"
    )
    assert events.filter(event="subscription.approve_operation").count() == 3
