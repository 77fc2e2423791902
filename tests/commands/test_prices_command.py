"""``tallystick prices``: applied after a look, some excluded, large moves accepted; read."""

from __future__ import annotations

import json
import os
from collections.abc import Callable

import pytest
from django.conf import settings

from factories import TODAY, Tenancy, tenancy
from price_desk import by, listed, ruled
from price_files import GOOD
from tallystick.bootstrap.source_clients import source_wire
from tallystick.catalog.price_settings import mark_price_lock
from tallystick.cli.main import main
from tallystick.identity.models import Tenant
from tallystick.kit.clock import DatabaseClock
from tallystick.kit.secrets import Secret
from tallystick.ledger.models import Operation
from tallystick.simulator.partner_center.price_sheets import sheet
from tallystick.simulator.partner_center.running import running_partner_center
from tallystick.simulator.partner_center.world import CLIENT, SECRET, TENANT
from tallystick.sources.choose_price_sheet import PriceSheetChoice, choose_price_sheet
from tallystick.sources.partner_center.client import Application
from tallystick.sources.partner_center.connect import connect_partner_center
from tallystick.sources.wire import ORIGINS
from tallystick.subscriptions.queries import SubscriptionView, get_subscription

pytestmark = pytest.mark.usefixtures("db")
Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def csp() -> Tenancy:
    return tenancy()


@pytest.fixture
def say(csp: Tenancy, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Say:
    """The command itself, in this process: one of its own takes seconds to start."""
    monkeypatch.setenv("DATABASE_URL", os.environ["TALLYSTICK_TEST_DATABASE_URL"])
    organisation = Tenant.objects.get(pk=csp.tenant_id).name
    today = DatabaseClock().now().date().isoformat()

    def said(*arguments: str, on: str = today, act: str = "apply") -> tuple[int, str, str]:
        capsys.readouterr()
        given = ["prices", act, *(["--on", on] if act == "apply" else []), *arguments]
        code = main([*given, "--organisation", organisation])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return said


def held(of: Tenancy, offer: int, price: str) -> SubscriptionView:
    subscription = of.subscription(offer_id=offer, unit_price=price, unit_cost="10")
    return get_subscription(of.context, subscription)


def test_looked_at_and_applied(csp: Tenancy, say: Say) -> None:
    offer = csp.offer()
    listed(csp, offer)
    ruled(csp, "20")
    mark_price_lock(offer, locked=False, by=by(csp))
    near, out, far = (held(csp, offer, price) for price in ("11", "11.5", "3"))

    code, shown, _ = say("--dry-run", "--exclude", out.provider_id)
    assert code == 0
    assert "1 would change, 1 held, 0 would not." in shown
    assert "EUR a month: price 110.0000 to 120.0000, cost 100.0000 to 100.0000" in shown
    assert not Operation.objects.filter(
        tenant_id=csp.tenant_id, kind="update_price_margin"
    ).exists()
    _, shown, _ = say("--dry-run", "--format=json")
    looked = json.loads(shown)
    assert (looked["change"], looked["held"], looked["excluded"]) == (2, 1, 0)
    assert {one["new price"] for one in looked["subscriptions"]} == {"12.0000"}

    code, shown, _ = say("--exclude", out.provider_id, "--gap-charge")  # nothing is mapped: no gap
    assert code == 1  # the large move waits for somebody
    assert "Its price moves by more than a factor 3" in shown
    assert "1 were excluded, 1 not changed." in shown
    code, shown, _ = say("--exclude", out.provider_id, "--accept", far.provider_id, "--format=json")
    done = json.loads(shown)
    assert (code, done["recorded"], done["excluded"], done["left"]) == (0, 1, 1, [])
    now = [get_subscription(csp.context, one.id).unit_price for one in (near, out, far)]
    assert now == [12, 11.5, 12]
    last = Operation.objects.filter(subscription_id=near.id).latest("sequence")
    assert (last.actor, last.after["price_from"]) == ("tallystick prices", "own_day")


def test_what_is_refused(csp: Tenancy, say: Say) -> None:
    code, _, said = say("--exclude", "nobody")
    assert (code, said) == (2, "tallystick: exclude: there is no subscription “nobody”\n")
    code, _, said = say(on="2199-01-01")
    assert code == 2
    assert "on: is more than five years away" in said
    with pytest.raises(SystemExit):
        say(on="soon")
    code, shown, _ = say("--dry-run")
    assert (code, shown.splitlines()[0]) == (0, "Every subscription has these prices already.")


def test_the_price_sheet_of_a_source_is_read(
    csp: Tenancy, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_whom = {"context": csp.context, "keys": settings.SEALING_KEYS, "now": csp.clock.now()}
    source = connect_partner_center(
        name="Our CSP",
        application=Application(TENANT, CLIENT, Secret(SECRET)),
        correlation_id="c",
        **by_whom,
    )
    code, _, said = say("Our CSP", act="read")
    assert (code, "say its market first" in said) == (2, True)
    choice = PriceSheetChoice("DE", "term", Secret("refresh-1"))
    choose_price_sheet(source, choice, correlation_id="c", **by_whom)
    with running_partner_center(today=TODAY) as at:
        hosts = ",".join(f"{host}={origin}" for host, origin in at.stand_ins.items())
        monkeypatch.setenv(ORIGINS, hosts)
        source_wire.cache_clear()
        at.center.price_sheets["DE"] = sheet([GOOD])
        code, shown, _ = say(str(source), "--dry-run", act="read")
        assert (code, "nothing was stored; would import 1 rows" in shown) == (0, True)
        code, shown, _ = say("Our CSP", "--json", act="read")
        assert (code, json.loads(shown)["added"]) == (0, 1)
        at.center.price_sheets.clear()
        code, _, said = say("Our CSP", act="read")
        assert (code, "no price sheet of the market DE" in said) == (1, True)
    source_wire.cache_clear()
    assert say("nobody", act="read")[0] == 2
