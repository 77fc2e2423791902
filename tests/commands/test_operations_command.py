"""Operations at the command line: recorded as by page and API, and said before with --preview."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import date

import pytest

from azure_world import plan_on
from factories import tenancy
from harness import World
from tallystick.audit.models import AuditLog
from tallystick.catalog.terms import OfferKind
from tallystick.cli.main import main
from tallystick.identity.models import Tenant
from tallystick.ledger.models import Operation
from tallystick.subscriptions.models import Subscription

Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def say(world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Say:
    """The command itself, in this process."""
    monkeypatch.setenv("DATABASE_URL", os.environ["TALLYSTICK_TEST_DATABASE_URL"])
    organisation = Tenant.objects.get(pk=world.tenancy.tenant_id).name

    def said(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(["operations", *arguments, "--organisation", organisation])
        shown = capsys.readouterr()
        return code, shown.out.replace("\N{NO-BREAK SPACE}", " "), shown.err

    return said


def count(subscription_id: int) -> int:
    return Operation.objects.filter(subscription_id=subscription_id).count()


def test_what_should_be_known_is_said_before_and_after(world: World, say: Say) -> None:
    line = world.line(units=10)
    name = Subscription.objects.get(pk=line.subscription_id).provider_id
    line.price("16.40", on=date(2026, 7, 1))
    earlier = ("price", name, "15.80", "--effective-on", "2026-06-01")
    said = "Operation 3 (Update price margin) has unit price 16.40 EUR from 1 Jul 2026."
    code, out, _ = say(*earlier, "--preview")
    assert code == 0
    assert said in out
    code, out, _ = say(*earlier, "--format=json")
    assert json.loads(out)["warnings"][0].startswith(said)


def test_a_preview_says_it_and_stores_nothing(world: World, say: Say) -> None:
    line = world.line(units=10)
    name = Subscription.objects.get(pk=line.subscription_id).provider_id
    for act, gets in (
        (("quantity", name, "12"), "+2 units from 10 May 2026."),
        (("price", name, "16.40"), "unit price 16.40 EUR and unit cost 12.10 EUR from 1 May 2026."),
        (("cancel", name), "\N{MINUS SIGN}10 units from 10 May 2026."),
    ):
        code, out, error = say(*act, "--effective-on", "2026-05-10", "--preview")
        assert code == 0, error
        assert f"You asked for 10 May 2026. Autotask will get {gets}" in out
        assert "Nothing was recorded." in out
        assert "  Estimate: " in out
        assert "  An adjustment cannot be deleted in Autotask" in out
    at = ("--effective-on", "2026-05-10")
    code, out, _ = say("quantity", name, "12", *at, "--preview", "--format=json")
    value = json.loads(out)
    assert value["summary"] == "Update quantity 10 to 12"
    assert value["connections"][0]["waits"] is False
    assert count(line.subscription_id) == 2


def test_each_is_recorded_with_its_audit_log(world: World, say: Say) -> None:
    line = world.line(units=10)
    row = Subscription.objects.get(pk=line.subscription_id)
    code, out, error = say("quantity", row.provider_id, "12", "--effective-on", "2026-05-11")
    assert (code, error.count("tallystick:")) == (0, 0)
    assert out == (
        "Recorded as operation 3: Update quantity 10 to 12, from 11 May 2026. "
        "Autotask is updated in the background.\n"
    )
    more = ("--unit-cost", "12.50", "--price-from", "next_period", "--effective-on", "2026-05-12")
    assert say("price", row.provider_id, "16.40", *more)[0] == 0
    assert say("cancel", row.provider_id, "--effective-on", "2026-06-01")[0] == 0
    assert count(row.pk) == 5
    price = Operation.objects.get(subscription_id=row.pk, sequence=4)
    assert (price.after["unit_cost"], price.after["price_from"]) == ("12.5000", "next_period")
    newest = AuditLog.objects.filter(subscription_id=row.pk).latest("id")
    assert (newest.event, newest.actor) == ("subscription.cancel", "tallystick operations")


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("quantity", "{}", "1,000"), "quantity"),
        (("quantity", "{}", "0", "--preview"), "quantity"),
        (("price", "{}", "NaN"), "unit_price"),
        (("price", "{}", "16,40", "--preview"), "unit_price"),
        (("price", "{}", "16.40", "--currency", "USD"), "currency"),
        (("price", "{}", "16.40", "--effective-on", "soon"), "effective_on"),
        (("cancel", "nobody has this"), "subscription"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_stored(
    world: World, say: Say, arguments: tuple[str, ...], field: str
) -> None:
    held = world.tenancy.subscription()
    name = Subscription.objects.get(pk=held).provider_id
    code, out, error = say(*(one.format(name) for one in arguments))
    assert (code, out) == (2, "")
    assert error.splitlines()[-1].startswith(f"tallystick: {field}: ")
    assert count(held) == 1


def test_what_is_not_sent_says_why(world: World, say: Say) -> None:
    of = world.tenancy
    azure = world.line(kind=OfferKind.AZURE_PLAN).subscription_id
    name = Subscription.objects.get(pk=azure).provider_id
    assert "monthly amounts" in say("price", name, "1.00", "--preview")[1]
    assert say("price", name, "1.00")[1].endswith("Nothing is sent.\n")
    plan = of.subscription(offer_id=of.offer(kind=OfferKind.AZURE_PLAN), quantity=1)
    name = Subscription.objects.get(pk=plan).provider_id
    code, out, _ = say("cancel", name, "--preview")
    assert (code, "The subscription is not mapped" in out) == (0, True)
    assert say("cancel", name)[1].endswith("Nothing is sent.\n")
    elsewhere = tenancy().subscription()
    stranger = Subscription.objects.get(pk=elsewhere).provider_id
    assert say("cancel", stranger)[0] == 2


def test_azure_amounts_and_the_gap_of_a_price(world: World, say: Say) -> None:
    plan = plan_on(world)
    name = Subscription.objects.get(pk=plan.line.subscription_id).provider_id
    act = ("azure-amounts", name, "2026-04", "130.00", "95.00", "--currency", "EUR")
    code, out, error = say(*act, "--preview")
    assert code == 0, error
    assert "Autotask will get a charge of 130.00 EUR (cost 95.00 EUR), dated 30 Apr 2026." in out
    code, out, error = say(*act)
    assert code == 0, error
    assert "Azure amounts of 2026-04 (price 130.00)" in out
    line = world.line(units=10)
    name = Subscription.objects.get(pk=line.subscription_id).provider_id
    before = count(line.subscription_id)
    act = ("price", name, "18.30", "--effective-on", "2026-05-10", "--gap-charge")
    code, _, error = say(*act)
    assert code != 0
    assert "gap" in error
    code, _, error = say(*act, "--price-from", "next_period")
    assert code == 0, error
    assert count(line.subscription_id) == before + 2


@pytest.mark.usefixtures("looked_at")
def test_several_prices_are_each_charged_their_own_gap(world: World, say: Say) -> None:
    far = date(2098, 12, 31)
    posted, still_open, other = (world.line(units=10, ends=far) for _ in range(3))
    world.simulator.approve_and_post(posted.contract_id, date(2026, 5, 31))
    names = [
        Subscription.objects.get(pk=line.subscription_id).provider_id
        for line in (posted, still_open, other)
    ]
    act = ("price", names[0], "18.30", "--effective-on", "2026-05-10", "--also", names[1])
    code, out, error = say(*act, "--preview")
    assert code == 0, error
    assert "March, April and May are posted, June is open." in out
    assert f"{names[0]}: The 22 days until 1 Jun 2026 are billed as they were: about 22.00" in out
    assert "An adjustment cannot be deleted in Autotask" in out
    code, out, error = say(*act, "--gap-charge")
    assert code == 0, error
    assert [count(line.subscription_id) for line in (posted, still_open)] == [4, 3]
    nothing = ("price", names[2], "18.30", "--effective-on", "2026-05-10", "--gap-charge")
    code, _, error = say(*nothing, "--also", names[1])
    assert code == 2
    assert f"{names[2]}: gap_charge: there is nothing to charge" in error
    assert count(other.subscription_id) == 2
