"""Role by page by whose object. The rows are the route table's own: a page that is not in
``rights.txt`` fails the build, and so does one with an id that nothing here can give.

``rights.txt``: the page's name, the right it is looked at with, the right it is written with; a
dash where it does not answer. *own*: everybody, for themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from factories import START, TODAY, Tenancy, number, sibling, tenancy, user
from price_desk import ruled
from tallystick.audit.models import AuditLog
from tallystick.audit.record import SYSTEM
from tallystick.books.models import MonthProof
from tallystick.catalog.models import Promotion
from tallystick.catalog.price_models import PriceUpload
from tallystick.catalog.price_run_models import PriceRun
from tallystick.identity.context import Context
from tallystick.identity.invitations import invite
from tallystick.identity.roles import OF_PEOPLE, Right, Role
from tallystick.identity.tokens import make_token
from tallystick.kit.ids import correlation_id
from tallystick.ledger.difference import DayRange, as_json
from tallystick.ledger.kinds import RoundScope
from tallystick.ledger.models import Drift, Operation
from tallystick.ledger.profile import Step
from tallystick.sources.models import Source
from tallystick.subscriptions.models import Subscription
from tallystick.sync.request import request_sync
from tallystick.sync.request_many import request_many
from tallystick.web.urls import urlpatterns
from tellers import a_late_one, teller

pytestmark = pytest.mark.usefixtures("db")
ROWS = [line.split() for line in Path(__file__).with_name("rights.txt").read_text().splitlines()]
LOOKED_AT = {name: right for name, right, _ in ROWS}
WRITTEN = {name: right for name, _, right in ROWS}
# Whom an id is looked for by, when it is not in the context, and what is not a tenant's to begin
# with: ids of Autotask's.
THEIRS = {"contract_id", "side", "token", "word", "act", "kind"}
# These are the CSP's alone, and whole tenants' (a sibling may read the prices both are made of).
OF_THE_CSP = {"promotion", "promotion-delete", "price-import", "reseller"}
# Their own tests look at them: they ask Autotask, or are about something that is under way.
ELSEWHERE = {
    *("map", "extend", "continue", "first-sync", "subscription-mapping-import", "stay"),
    *("azure-amounts", "take-back", "choose-line"),
}


def may(role: Role, rights: str) -> bool:
    """``map|export``: one of them is enough. What is theirs is everybody's own."""
    return rights == "own" or any(Right(one) in role.rights for one in rights.split("|"))


def parameters(name: str) -> list[str]:
    (pattern,) = [one.pattern for one in urlpatterns if one.name == name]
    return list(pattern.converters)


def test_every_page_has_a_row_and_every_row_a_page() -> None:
    names = [one.name for one in urlpatterns]
    assert sorted(names) == sorted(LOOKED_AT), "a new page needs a row in tests/web/rights.txt"


def test_nothing_is_written_with_a_right_to_read() -> None:
    assert {right for right in WRITTEN.values() if right in {"read", "export"}} == set()


class Objects:
    """One of everything in a tenancy, by the name an address has for its id."""

    def __init__(self, of: Tenancy) -> None:
        subscription, connection = of.subscription(), of.connection()
        lane = of.map(subscription, connection, contract_id=number(), line_id=number())
        assert lane
        asking: dict[str, Any] = {
            "context": Context(of.tenant_id, of.reseller_id, Role.ADMINISTRATOR, SYSTEM),
            "now": of.clock.now(),
            "correlation_id": correlation_id(),
        }
        run = request_sync(connection, subscription, wake=of.wake, **asking)
        address = f"guest{number()}@example.com"
        more = {"name": "", "role": Role.VIEWER, "reseller_id": None}
        what = {"name": "theirs", "role": Role.VIEWER, "rights": None, "expires_at": None}
        told = teller(of)
        rule, reseller = ruled(of), of.reseller_id or sibling(of).reseller_id
        pressed = {"scope": RoundScope.SELECTION, "wake": of.wake, **asking}
        self.ids: dict[str, object] = {
            "subscription_id": subscription,
            "connection_id": connection,
            "with_id": subscription,
            "operation_id": Operation.objects.filter(subscription_id=subscription).first().pk,
            "customer_id": of.customer(),
            "audit_id": AuditLog.objects.filter(subscription_id=subscription).latest("pk").pk,
            "run_id": run.id,
            "round_id": request_many(connection, [subscription], **pressed).id,
            "lane_id": lane,
            "drift_id": drifting(of, lane),
            "proof_id": proof(of, connection),
            "recipient_id": of.told(),
            "reseller_id": reseller,
            "rule_id": rule,
            "user_id": user(of).pk,
            "link_id": invite(email=address, **more, **asking)[0],
            "token_id": make_token(**what, **asking)[0],
            "contract_id": 1,
            "side": "customer-mapping",
            "word": "end-of-term",
            "act": "test",
            "kind": "events",
            "source_id": told.added.source_id,
            "event_id": a_late_one(told),
            "promotion_id": promotion(of),
            "upload_id": upload(of),
        }
        self.price_run = price_run(of)
        self.center = center(of)
        self.offer = Subscription.objects.get(pk=subscription).offer_id

    def address(self, name: str) -> str:
        given = {one: self.ids.get(one) for one in parameters(name)}
        if name.startswith("price-run"):
            given["run_id"] = self.price_run
        if name in {"source-price-sheet", "source-prices"}:
            given["source_id"] = self.center
        if "ours_id" in given:
            given["ours_id"] = self.ids["customer_id"] if "customer" in name else self.offer
        return reverse(name, kwargs=given) + ("?act=end-of-term" if name == "several" else "")


def center(of: Tenancy) -> int:
    """A Partner Center that cannot be signed in to."""
    return Source.objects.create(
        tenant_id=of.tenant_id,
        reseller_id=of.reseller_id,
        kind="partner_center",
        name=f"Partner Center {number()}",
        uri=f"urn:partner-center:{number()}",
        hook=f"hook-{number()}",
        settings={"tenant": "contoso.example", "client_id": "c"},
        created_at=START,
    ).pk


def promotion(of: Tenancy) -> int:
    return Promotion.objects.create(
        tenant_id=of.tenant_id,
        promotion_id=f"P{number()}",
        name="Spring",
        product_id="p",
        sku_id="s",
        percent=5,
        available_from=START.date(),
        available_to=START.date(),
        recorded_at=START,
        actor="Ada",
    ).pk


def drifting(of: Tenancy, lane: int) -> int:
    """A difference of this lane's line."""
    step = Step(TODAY, None, 10, None, None)
    return Drift.objects.create(
        tenant_id=of.tenant_id,
        lane_id=lane,
        kind="hand_edit",
        contract_id=1,
        line_id=1,
        began_on=TODAY,
        days=as_json([DayRange(TODAY, None, step, None, differs=True)]),
        found_at=START,
    ).pk


def proof(of: Tenancy, connection: int) -> int:
    """Of a month in which there was nothing."""
    none = ("equal", "different", "not_billed", "nothing", "amounts_unknown")
    return MonthProof.objects.create(
        tenant_id=of.tenant_id,
        reseller_id=of.reseller_id,
        connection_id=connection,
        connection_name="Autotask",
        month=START.date().replace(day=1),
        number=1,
        currency="EUR",
        read_at=START,
        closed_at=START,
        closed_by="Ada",
        closed_by_ref="user/1",
        correlation_id="c",
        ordered_amount=0,
        shown_amount=0,
        **dict.fromkeys(none, 0),
    ).pk


def upload(of: Tenancy) -> int:
    return PriceUpload.objects.create(
        tenant_id=of.tenant_id,
        actor_ref=of.context.actor.ref,
        name="x.csv",
        asked={},
        content=b"",
        recorded_at=START,
    ).pk


def price_run(of: Tenancy) -> int:
    return PriceRun.objects.create(
        tenant_id=of.tenant_id,
        reseller_id=of.reseller_id,
        counts_on=START.date(),
        actor="Ada",
        actor_ref="user/1",
        correlation_id="c",
        to_look_at=0,
        started_at=START,
        finished_at=START,
    ).pk


def as_role(of: Tenancy, role: Role) -> Client:
    context = Context(of.tenant_id, of.reseller_id, role, of.context.actor)
    client = Client()
    client.force_login(user(Tenancy(of.tenant_id, context, of.clock, of.reseller_id)))
    return client


def csp_of(of: Tenancy) -> Tenancy:
    context = Context(of.tenant_id, None, Role.ADMINISTRATOR, of.context.actor)
    return Tenancy(of.tenant_id, context, clock=of.clock)


OUT_OF_REACH: dict[str, Callable[[], tuple[Tenancy, Tenancy]]] = {
    "foreign": lambda: (tenancy(), tenancy()),
    "sibling's": lambda: (mine := tenancy(reseller=True), sibling(mine)),
    "parent's": lambda: (mine := tenancy(), sibling(mine)),
}


@pytest.mark.parametrize("role", OF_PEOPLE)
@pytest.mark.parametrize("whose", OUT_OF_REACH)
def test_what_is_not_in_the_context_is_not_there(whose: str, role: Role) -> None:
    owner, asker = OUT_OF_REACH[whose]()
    theirs, client = Objects(owner), as_role(asker, role)
    before = AuditLog.objects.filter(tenant_id=owner.tenant_id).count()
    wrong = []
    for name in LOOKED_AT:
        if not set(parameters(name)) - THEIRS or name in OF_THE_CSP:
            continue
        for method, table in (("GET", LOOKED_AT), ("POST", WRITTEN)):
            if table[name] == "-":
                continue
            said = client.generic(method, theirs.address(name))
            expected = {404} if may(role, table[name]) else {403, 404}
            if said.status_code not in expected:
                wrong.append((method, name, said.status_code))
    assert wrong == []
    assert AuditLog.objects.filter(tenant_id=owner.tenant_id).count() == before


@pytest.mark.parametrize("role", OF_PEOPLE)
def test_the_csps_own_is_no_resellers_and_nobody_elses(role: Role) -> None:
    owner = tenancy()
    theirs = Objects(owner)
    for asker in (tenancy(), sibling(owner)):
        client = as_role(asker, role)
        for name in sorted(OF_THE_CSP):
            for method, table in (("GET", LOOKED_AT), ("POST", WRITTEN)):
                if table[name] != "-":
                    said = client.generic(method, theirs.address(name), follow=True)
                    assert said.status_code in {302, 403, 404}, (method, name, said.status_code)
    assert Promotion.objects.get(pk=theirs.ids["promotion_id"]).replaced_at is None


@pytest.mark.parametrize("role", OF_PEOPLE)
@pytest.mark.parametrize("seen_from", ["own", "child's"])
def test_what_is_in_the_context_is_there_for_who_may(seen_from: str, role: Role) -> None:
    owner = tenancy() if seen_from == "own" else tenancy(reseller=True)
    asker = owner if seen_from == "own" else csp_of(owner)
    theirs, client = Objects(owner), as_role(asker, role)
    wrong = []
    for name, right in LOOKED_AT.items():
        if right in {"-", "anybody", "own"} or name in ELSEWHERE or "rule" in name:
            continue
        said = client.get(theirs.address(name))
        allowed = may(role, right)
        if said.status_code not in ({200, 204, 302, 409} if allowed else {403}):
            wrong.append((name, said.status_code, allowed))
    assert wrong == []


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.VIEWER, Role.AUDITOR])
def test_who_may_not_writes_nothing(role: Role) -> None:
    of = tenancy()
    mine, client = Objects(of), as_role(of, role)
    before = AuditLog.objects.filter(tenant_id=of.tenant_id).count()
    wrong = []
    for name, right in WRITTEN.items():
        if right not in {"-", "own"} and not may(role, right):
            said = client.post(mine.address(name))
            if said.status_code != 403:
                wrong.append((name, said.status_code))
    assert wrong == []
    assert AuditLog.objects.filter(tenant_id=of.tenant_id).count() == before


def test_nobody_sees_a_page_without_signing_in() -> None:
    mine, client = Objects(tenancy()), Client()
    for name, right in LOOKED_AT.items():
        if right not in {"-", "anybody"}:
            said = client.get(mine.address(name))
            assert said.status_code == 302, name
            assert said.headers["Location"].startswith("/sign-in"), name
