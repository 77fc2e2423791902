"""The pages of prices as each context sees them, asked without a browser."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from factories import Tenancy, sibling, tenancy, user
from price_desk import by, listed, ruled
from price_files import good, sheet
from tallystick.catalog.models import MarginRuleRow, PriceImport, PriceUpload
from tallystick.catalog.price_uploads import keep_upload, kept_upload
from tallystick.catalog.queries import get_offer
from tallystick.catalog.record_promotion import NewPromotion, add_promotion
from tallystick.identity.roles import Role
from tallystick.kit.problem import NotFound
from tallystick.sources.mapping_said import MOST_BYTES
from tallystick.web.uploads import MOST_OF_A_LIST, NoMore

pytestmark = pytest.mark.usefixtures("db")
RULE = {
    "whom": "everybody",
    "method": "markup",
    "percent": "20",
    "effective_from": "2026-01-01",
    "confirm": "yes",
}


def visitor(of: Tenancy) -> Client:
    client = Client()
    client.force_login(user(of))
    return client


def show(client: Client, **changes: str) -> Any:
    """Choose a file and look at what it changes."""
    file = SimpleUploadedFile("May.csv", sheet([good(**changes)]))
    asked = {"file": file, "price_is_for": "term", "currency": "", "market": ""}
    return client.post("/prices/imports", asked)


def test_a_reseller_has_margin_rules_and_no_price_lists() -> None:
    of = tenancy(reseller=True)
    client = visitor(of)
    assert client.get("/prices").headers["Location"] == "/prices/margin-rules"
    page = client.get("/prices/margin-rules").content.decode()
    assert "Price list" not in page
    for address in ("/prices/imports", "/prices/promotions", "/prices/promotions/new"):
        assert client.get(address).status_code == 403
    assert client.post("/prices/margin-rules/new", RULE).status_code == 302
    rule = MarginRuleRow.objects.get(tenant_id=of.tenant_id)
    assert rule.reseller_id == of.reseller_id
    assert "Markup 20 %" not in visitor(sibling(of)).get("/prices/margin-rules").content.decode()


def test_who_may_only_read_changes_nothing() -> None:
    of = tenancy(role=Role.VIEWER)
    client = visitor(of)
    for address in ("/prices", "/prices/imports", "/prices/promotions", "/prices/margin-rules"):
        page = client.get(address)
        assert page.status_code == 200
        assert "btn-primary" not in page.content.decode()
    assert show(client).status_code == 403
    assert client.post("/prices/margin-rules/new", RULE).status_code == 403
    settings = {"promotion_lowers": "cost"}
    assert client.post("/prices/promotions", settings).status_code == 403


def test_what_was_looked_at_is_imported_once_and_by_nobody_else() -> None:
    of = tenancy()
    client, colleague = visitor(of), visitor(of)
    assert "New prices" in show(client).content.decode()
    address = f"/prices/imports/{PriceUpload.objects.get(tenant_id=of.tenant_id).pk}"
    for stranger in (colleague, visitor(tenancy())):
        said = stranger.post(address, follow=True).content.decode()
        assert "is not kept any more" in said
    assert not PriceImport.objects.filter(tenant_id=of.tenant_id).exists()
    done = client.post(address, follow=True).content.decode()
    assert "1 price new or changed" in done
    assert "is not kept any more" in client.post(address, follow=True).content.decode()
    assert PriceImport.objects.filter(tenant_id=of.tenant_id).count() == 1


def test_a_large_list_is_read_whole() -> None:
    """Real ones have some ten megabytes; other files that are uploaded may have two."""
    of = tenancy()
    client = visitor(of)
    rows = [good(SkuId=f"{sku:04}", SkuDescription="x" * 9_000) for sku in range(1, 331)]
    file = SimpleUploadedFile("May.csv", sheet(rows))
    assert (file.size or 0) > 2_900_000
    asked = {"file": file, "price_is_for": "term", "currency": "", "market": ""}
    shown = client.post("/prices/imports", asked).content.decode()
    assert "New prices" in shown, shown
    address = f"/prices/imports/{PriceUpload.objects.get(tenant_id=of.tenant_id).pk}"
    said = client.post(address, follow=True).content.decode()
    assert "330 prices new or changed" in said


def test_large_moves_need_the_tick() -> None:
    of = tenancy()
    client = visitor(of)
    for price, answer in ((("145.20"), {}), (("12.10"), {"accept_large_moves": "yes"})):
        show(client, UnitPrice=price)
        upload = PriceUpload.objects.get(tenant_id=of.tenant_id).pk
        if answer:
            held = client.post(f"/prices/imports/{upload}")
            assert held.status_code == 400
            assert "tick this when the prices are right" in held.content.decode()
        assert client.post(f"/prices/imports/{upload}", answer).status_code == 302
    assert PriceImport.objects.filter(tenant_id=of.tenant_id).count() == 2


def test_a_file_is_kept_for_a_day_and_one_a_person() -> None:
    of = tenancy()
    first = keep_upload("a.csv", {}, b"a", by=by(of))
    second = keep_upload("b.csv", {"price_is_for": "term"}, b"b", by=by(of))
    with pytest.raises(NotFound):
        kept_upload(first, by=by(of))
    assert kept_upload(second, by=by(of)).content.read() == b"b"
    of.later(seconds=timedelta(days=2).total_seconds())
    other = replace(of, context=replace(of.context, actor=replace(of.context.actor, ref="user/0")))
    keep_upload("c.csv", {}, b"c", by=by(other))
    with pytest.raises(NotFound):
        kept_upload(second, by=by(of))


def test_a_promotion_within_the_term_says_its_last_day_and_the_price_after_it() -> None:
    of = tenancy()
    offer = of.offer()
    listed(of, offer)
    ruled(of)
    facts = get_offer(tenant_id=of.tenant_id, offer_id=offer)
    half = NewPromotion(
        "P1", "Six months", facts.product_id, facts.sku_id, date(2026, 1, 1),
        date(2026, 1, 31), percent=Decimal(50), months=6,
    )  # fmt: skip
    add_promotion(half, by=by(of))
    one = of.subscription(
        offer_id=offer, unit_price=None, unit_cost=None, commitment_ends_on=date(2026, 12, 31)
    )
    client = visitor(of)
    page = client.get(f"/subscriptions/{one}").content.decode()
    assert "promotion until 30 Jun 2026" in page.replace("\N{NO-BREAK SPACE}", " ")
    after = f"/subscriptions/{one}/price?on=2026-07-01"
    assert f'href="{after}"' in page
    shown = client.get(after).content.decode().replace("\N{NO-BREAK SPACE}", " ")
    assert '<dd class="big">12.00 EUR</dd>' in shown


def test_the_recorded_price_says_who_typed_it() -> None:
    of = tenancy()
    one, client = of.subscription(), visitor(of)
    client.post(f"/subscriptions/{one}/price-margin", {"unit_price": "16.40"})
    page = client.get(f"/subscriptions/{one}/price").content.decode()
    assert "What is recorded for" in page
    assert "unit price 16.40 EUR from" in page
    assert "Typed by" in page
    assert "operation 2 (Update price margin)." in page
    assert "What is recorded for" not in client.get(
        f"/subscriptions/{one}/price?on=2025-12-31"
    ).content.decode()  # fmt: skip


def test_a_subscription_without_a_price_says_why() -> None:
    of = tenancy()
    held = of.subscription(unit_cost=None)
    client = visitor(of)
    page = client.get(f"/subscriptions/{held}/price").content.decode()
    assert "No price list has a price of this offer" in page
    offer = of.offer()
    listed(of, offer)
    ruled(of)
    known = of.subscription(offer_id=offer)
    assert "12.00" in client.get(f"/subscriptions/{known}/price?on=2026-05-10").content.decode()
    assert client.get(f"/subscriptions/{known}/price?on=soon").status_code == 400
    assert visitor(tenancy()).get(f"/subscriptions/{known}/price").status_code == 404


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"whom": ""}, "For must be chosen"),
        ({"whom": "customer:999999999"}, "There is no such customer"),
        ({"whom": "subscription:x"}, "For must be chosen"),
        ({"method": ""}, "Rule must be chosen"),
        ({"percent": "NaN"}, "is not a percentage"),
        ({"effective_from": "soon"}, "is not a day"),
        ({"method": "margin", "percent": "100"}, "below 100"),
        ({"method": "none", "percent": "5"}, "has no percentage"),
    ],
)
def test_margin_rules_that_are_refused(changes: dict[str, str], said: str) -> None:
    of = tenancy()
    page = visitor(of).post("/prices/margin-rules/new", RULE | changes)
    assert page.status_code == 400
    assert said in page.content.decode()
    assert not MarginRuleRow.objects.filter(tenant_id=of.tenant_id).exists()


def test_a_strangers_upload_is_no_larger_there_than_anywhere() -> None:
    """A form is read before it is known who sends it."""
    of = tenancy()
    signed_in = visitor(of)
    for client, most in ((signed_in, MOST_OF_A_LIST), (Client(), MOST_BYTES)):
        request = client.get("/prices/imports").wsgi_request
        handler = NoMore(request)
        assert handler.receive_data_chunk(b"x", most) == b"x"
        assert handler.receive_data_chunk(b"x", most + 1) is None
    other_page = NoMore(signed_in.get("/prices").wsgi_request)
    assert other_page.receive_data_chunk(b"x", MOST_BYTES + 1) is None
