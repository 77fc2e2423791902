"""The small forms of a change: what they ask, what they say before, and what stands in the way."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from factories import Tenancy, sibling, tenancy, user
from harness import World
from price_desk import by, listed, ruled
from tallystick.audit.models import AuditLog
from tallystick.catalog.record_promotion import NewPromotion, add_promotion
from tallystick.identity.roles import Role
from tallystick.ledger.models import Operation
from tallystick.operations.acts import Act
from tallystick.subscriptions.models import Subscription
from tallystick.subscriptions.queries import get_subscription
from tallystick.web.change_fields import RECORDS

pytestmark = pytest.mark.usefixtures("db")
PART = {"HX-Request": "true"}
ENDS = date(2026, 12, 31)
GIVEN = {
    Act.SUSPEND: {"effective_on": "2026-12-01"},
    Act.RENEW: {"unit_price": "16.40", "quantity": "12", "ends_on": "2027-12-31"},
    Act.END_PROMOTION: {"unit_price": "16.40", "effective_on": "2026-12-01"},
    Act.CONVERT_TRIAL: {"unit_price": "16.40", "effective_on": "2026-12-01"},
    Act.END_OF_TERM: {"end_of_term": "cancel"},
    Act.RENAME: {"friendly_name": "Head office"},
    Act.PURCHASE_ORDER: {"purchase_order": "PO 4711"},
    Act.DELETED: {"effective_on": "2026-12-01"},
}


def visitor(of: Tenancy) -> Client:
    client = Client()
    client.force_login(user(of))
    return client


def text(answer: Any) -> str:
    plain = re.sub(r"<[^>]*>", " ", answer.content.decode()).replace("\N{NO-BREAK SPACE}", " ")
    return " ".join(plain.replace("&#x27;", "'").split())


def kinds(subscription_id: int) -> list[str]:
    rows = Operation.objects.filter(subscription_id=subscription_id).order_by("sequence")
    return list(rows.values_list("kind", flat=True))


def held(of: Tenancy, act: Act = Act.SUSPEND) -> int:
    return of.subscription(commitment_ends_on=ENDS, is_trial=act is Act.CONVERT_TRIAL)


def address(subscription_id: int, act: Act) -> str:
    return f"/subscriptions/{subscription_id}/change/{act.word}"


@pytest.mark.parametrize("act", GIVEN, ids=lambda act: act.word)
def test_each_form_says_before_and_records_once_with_its_audit_log(act: Act) -> None:
    of = tenancy()
    one, client = held(of, act), visitor(of)
    form = client.get(address(one, act))
    said = text(form)
    assert act.label in said
    assert "Make the change at Microsoft too." in said
    assert RECORDS[act] in said
    for given, headers in ((GIVEN[act] | {"look": "yes"}, {}), (GIVEN[act], PART)):
        looked = text(client.post(address(one, act), given, headers=headers))
        assert "The subscription is not mapped: the change is recorded, and nothing" in looked
    assert kinds(one) == ["purchase"]
    token = {"token": "b" * 32}
    for _ in range(2):
        assert client.post(address(one, act), GIVEN[act] | token).status_code == 302
    assert kinds(one) == ["purchase", act.value]
    assert AuditLog.objects.filter(subscription_id=one).count() == 2
    page = text(client.get(f"/subscriptions/{one}"))
    assert "Recorded: " in page


def test_what_is_recorded_is_what_was_typed() -> None:
    of = tenancy()
    one, client = held(of, Act.CONVERT_TRIAL), visitor(of)
    for act in (Act.CONVERT_TRIAL, Act.RENEW, Act.END_OF_TERM, Act.RENAME, Act.PURCHASE_ORDER):
        given = GIVEN[act] | ({"unit_price": "17.10"} if act is Act.RENEW else {})
        assert client.post(address(one, act), given).status_code == 302
    row = Subscription.objects.get(pk=one)
    assert (row.is_trial, row.quantity, row.unit_price) == (False, 12, Decimal("17.1000"))
    assert (row.commitment_ends_on, row.end_of_term) == (date(2027, 12, 31), "cancel")
    assert (row.friendly_name, row.purchase_order) == ("Head office", "PO 4711")


def test_a_mapped_one_says_what_autotask_gets_and_why_it_gets_nothing(world: World) -> None:
    line = world.line(units=10, ends=date(2098, 12, 31))
    client = visitor(world.tenancy)
    look = {"effective_on": "2026-12-01", "look": "yes"}
    gone = text(client.post(address(line.subscription_id, Act.DELETED), look))
    assert "Autotask will get \N{MINUS SIGN}10 units from 1 Dec 2026" in gone
    assert "This cannot be undone" in gone
    name = {"friendly_name": "Head office", "look": "yes"}
    assert "A name is not billed. Nothing is sent." in text(
        client.post(address(line.subscription_id, Act.RENAME), name)
    )


@pytest.mark.parametrize(
    ("act", "given", "said"),
    [
        (Act.SUSPEND, {"effective_on": "soon"}, "Effective day: “soon” is not a day"),
        (Act.RENEW, {"ends_on": "2020-01-01"}, "Last day of the new term must be 1 Jan 2027"),
        (Act.RENEW, {"quantity": "1,000"}, "is not a whole number in plain digits"),
        (Act.END_PROMOTION, {"unit_price": ""}, "Unit price: “” is not an amount"),
        (Act.END_OF_TERM, {"end_of_term": "never"}, "When the term ends must be one of renew"),
        (Act.RENAME, {"friendly_name": "x" * 301}, "Friendly name must have at most 300"),
        (Act.PURCHASE_ORDER, {"purchase_order": "x" * 101}, "PO number must have at most 100"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_stored(
    act: Act, given: dict[str, str], said: str
) -> None:
    of = tenancy()
    one, client = held(of), visitor(of)
    answer = client.post(address(one, act), given)
    assert (answer.status_code, said in text(answer)) == (400, True), text(answer)
    assert kinds(one) == ["purchase"]


def test_a_price_that_moves_far_is_held_until_its_very_numbers_are_ticked() -> None:
    of = tenancy()
    one, client = held(of), visitor(of)
    for path in (address(one, Act.RENEW), f"/subscriptions/{one}/price-margin"):
        before = kinds(one)
        looked = client.post(path, {"unit_price": "152.00", "look": "yes"})
        assert "Unit price 15.20 to 152.00 EUR: by more than a factor 3." in text(looked)
        refused = client.post(path, {"unit_price": "152.00"})
        assert refused.status_code == 400
        assert "A tick below is needed: unit price 15.20 to 152.00 EUR is more" in text(refused)
        assert 'name="accept_large_change"' in refused.content.decode()
        other = {"unit_price": "153.00", "accept_large_change": "unit price 15.20 to 152.00 EUR"}
        assert client.post(path, other).status_code == 400
        assert kinds(one) == before
        part = client.post(path, {"unit_price": "16.00"}, headers=PART)
        assert "accept_large_change" not in part.content.decode()
    ticked = {"unit_price": "152.00", "accept_large_change": "unit price 15.20 to 152.00 EUR"}
    assert client.post(f"/subscriptions/{one}/price-margin", ticked).status_code == 302
    assert Subscription.objects.get(pk=one).unit_price == Decimal("152.0000")


def test_a_quantity_whose_promotion_moves_its_price_far_is_held_as_well() -> None:
    of = tenancy()
    one, client = held(of), visitor(of)
    view = get_subscription(of.context, one)
    listed(of, view.offer_id)
    ruled(of)
    cheap = NewPromotion(
        "P1", "First year", view.offer.product_id, view.offer.sku_id, view.starts_on,
        view.starts_on, percent=Decimal(90),
    )  # fmt: skip
    add_promotion(cheap, by=by(of))
    path, day = f"/subscriptions/{one}/change-quantity", {"effective_on": "2026-06-01"}
    part = client.post(path, day | {"quantity": "12"}, headers=PART)
    assert "Unit price 15.20 to 1.20 EUR and unit cost 12.10 to 1.00 EUR: by more" in text(part)
    refused = client.post(path, day | {"quantity": "12"})
    assert (refused.status_code, kinds(one)) == (400, ["purchase"])
    assert "A tick below is needed: unit price 15.20 to 1.20 EUR" in text(refused)
    words = "unit price 15.20 to 1.20 EUR and unit cost 12.10 to 1.00 EUR"
    ticked = client.post(path, day | {"quantity": "12", "accept_large_change": words})
    assert (ticked.status_code, kinds(one)) == (302, ["purchase", "update_quantity"])


def test_the_menu_has_what_is_possible_and_says_why_the_rest_is_not() -> None:
    of = tenancy()
    one, client = held(of), visitor(of)
    page = client.get(f"/subscriptions/{one}")
    said = text(page)
    for word in ("suspend", "renew", "end-of-term", "rename", "purchase-order", "deleted"):
        assert f'href="/subscriptions/{one}/change/{word}"' in page.content.decode()
    assert "Reactivate It is active: there is nothing to reactivate." in said
    assert "Trial converts to paid It is no trial: it is paid for already." in said
    assert "Change quantity More at any time, fewer not until 31 Dec 2026" in said
    assert "Suspend Microsoft's billing goes on" in said
    assert "Cancel Committed until 31 Dec 2026" in said
    form = text(client.get(address(one, Act.SUSPEND)))
    assert "It is committed until 31 Dec 2026: suspending stops the service, not Micro" in form
    assert client.post(address(one, Act.SUSPEND), {}).status_code == 302
    assert "Change quantity It is suspended: reactivate it first." in text(
        client.get(f"/subscriptions/{one}")
    )
    assert client.post(address(one, Act.REACTIVATE), {}).status_code == 302
    not_now = client.get(address(one, Act.REACTIVATE))
    assert "Not possible now" in text(not_now)
    of.cancel(one)
    ended = client.get(f"/subscriptions/{one}")
    assert "It is cancelled: nothing of it can be changed any more." in text(ended)
    assert "/change/" not in ended.content.decode()


def test_a_trial_is_ordered_shown_and_converted_with_its_first_price() -> None:
    of = tenancy()
    client = visitor(of)
    order = {
        "customer_id": str(of.customer()),
        "offer_id": str(of.offer()),
        "provider_id": f"trial-{of.tenant_id}",
        "quantity": "25",
        "starts_on": "2026-05-01",
        "is_trial": "yes",
    }
    assert client.post("/subscriptions/submit-order", order).status_code == 302
    one = Subscription.objects.get(provider_id=order["provider_id"])
    assert one.is_trial
    assert "Trial" in text(client.get(f"/subscriptions/{one.pk}"))
    convert = address(one.pk, Act.CONVERT_TRIAL)
    given = {"unit_price": "15.20", "effective_on": "2026-05-31"}
    assert "Currency is needed" in text(client.post(convert, given))
    done = client.post(convert, given | {"currency": "eur", "unit_cost": "12.10"})
    assert done.status_code == 302
    one.refresh_from_db()
    assert (one.is_trial, one.price_currency, one.cost_currency) == (False, "EUR", "EUR")


def test_who_may_not_operate_gets_no_form_and_a_stranger_finds_nothing() -> None:
    of = tenancy()
    one = held(of)
    context = type(of.context)(of.tenant_id, None, Role.VIEWER, of.context.actor)
    viewer = visitor(Tenancy(of.tenant_id, context, clock=of.clock))
    assert viewer.get(address(one, Act.SUSPEND)).status_code == 403
    assert "/change/" not in viewer.get(f"/subscriptions/{one}").content.decode()
    for stranger in (sibling(of), tenancy()):
        assert visitor(stranger).post(address(one, Act.SUSPEND), {}).status_code == 404
    assert visitor(of).get(f"/subscriptions/{one}/change/quantity").status_code == 404
    assert visitor(of).get(f"/subscriptions/{one}/change/nonsense").status_code == 404
