"""Another offer, the next term and resellers at the command line."""

from __future__ import annotations

import json
import os
from collections.abc import Callable

import pytest

from factories import Tenancy, number, tenancy
from tallystick.catalog.queries import get_offer
from tallystick.cli.main import main
from tallystick.identity.models import Tenant
from tallystick.ledger.models import Operation
from tallystick.subscriptions.models import Subscription

Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def say(
    db: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> tuple[Tenancy, Say]:
    """The command itself, in this process."""
    monkeypatch.setenv("DATABASE_URL", os.environ["TALLYSTICK_TEST_DATABASE_URL"])
    of = tenancy()
    organisation = Tenant.objects.get(pk=of.tenant_id).name

    def said(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([*arguments, "--organisation", organisation])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return of, said


def test_resellers_and_a_move(say: tuple[Tenancy, Say]) -> None:
    of, run = say
    name = f"Bright {number()}"
    assert run("resellers", "list")[1].strip() == "There is no reseller yet."
    assert run("resellers", "add", name)[0] == 0
    assert run("resellers", "add", name)[0] == 1
    assert run("resellers", "rename", name, name + " IT")[0] == 0
    code, out, _ = run("resellers", "list", "--format", "json")
    assert (code, [one["name"] for one in json.loads(out)]) == (0, [name + " IT"])
    held = of.subscription()
    row = Subscription.objects.select_related("customer").get(pk=held)
    to = ("resellers", "move", row.customer.external_id, name + " IT")
    code, out, _ = run(*to, "--preview")
    assert code == 0
    assert "moves from the CSP itself to" in out
    assert "Nothing was recorded." in out
    assert run(*to, "--yes")[0] == 0
    assert Subscription.objects.get(pk=held).reseller_id is not None
    assert run("resellers", "move", row.customer.external_id, "csp", "--yes")[0] == 0
    assert Subscription.objects.get(pk=held).reseller_id is None
    assert run("resellers", "move", row.customer.external_id, "nobody", "--yes")[0] == 2


def test_another_offer_and_the_next_term(say: tuple[Tenancy, Say]) -> None:
    of, run = say
    held = of.subscription()
    row = Subscription.objects.get(pk=held)
    other = of.offer("Microsoft 365 E5")
    label = get_offer(tenant_id=row.tenant_id, offer_id=other).label()
    at = (
        "operations",
        "offer",
        row.provider_id,
        label,
        "--unit-price",
        "54.00",
        "--unit-cost",
        "45.00",
    )
    code, out, _ = run(*at, "--preview")
    assert (code, "Nothing was recorded." in out) == (0, True)
    assert run(*at, "--contract", "Cloud")[0] == 2
    assert run(*at)[0] == 0
    assert Subscription.objects.get(pk=held).offer_id == other
    later = ("--effective-on", "2027-11-01")
    assert run("operations", "offer", row.provider_id, "nothing")[0] == 2
    term = ("operations", "next-term", row.provider_id)
    assert run(*term, "--quantity", "8")[0] == 2, "it has no term"
    Subscription.objects.filter(pk=held).update(commitment_ends_on="2027-01-31")
    code, out, _ = run(*term, "--quantity", "8", "--end-of-term", "renew", "--preview")
    assert (code, "Nothing was recorded." in out) == (0, True)
    assert out.startswith("Renew")
    code, out, _ = run(*term, "--quantity", "8", "--end-of-term", "renew")
    assert (code, "quantity 8 from 1 Feb 2027" in out) == (0, True)
    prices = ("--unit-price", "15.20", "--unit-cost", "12.10")
    first = of.offer("Visio Plan 2")
    name = get_offer(tenant_id=row.tenant_id, offer_id=first).label()
    assert run("operations", "offer", row.provider_id, name, *prices, *later)[0] == 0
    assert Subscription.objects.get(pk=held).offer_id == other, "scheduled"
    assert run("operations", "take-back", row.provider_id)[0] == 0
    assert run("operations", "take-back", row.provider_id)[0] == 2
    kinds = Operation.objects.filter(subscription_id=held).order_by("sequence")
    assert [one.kind for one in kinds][1:] == ["change_offer", *["schedule_change"] * 3]
