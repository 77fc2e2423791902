"""Role by address by whose object: nobody sees, changes or is told of what is not in their context.

The rows are the route table's own: an address without a right in ``api_rights``, or with an id and
without a call in ``every_call``, fails the build.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from api_calls import api_of
from api_rights import ALSO, RIGHTS
from django.urls import Resolver404, resolve
from structlog.testing import capture_logs
from test_api_calls import every_call

from factories import Tenancy, sibling, tenancy
from tallystick.api.auth import ApiToken
from tallystick.api.events import Signed
from tallystick.api.hints import Proved
from tallystick.api.urls import api as ninja_api
from tallystick.audit.models import AuditLog
from tallystick.identity.context import Context
from tallystick.identity.roles import Role

pytestmark = pytest.mark.usefixtures("db")


def csp_of(of: Tenancy) -> Tenancy:
    context = Context(of.tenant_id, None, Role.ADMINISTRATOR, of.context.actor)
    return Tenancy(of.tenant_id, context, clock=of.clock)


# Whose object it is, seen from the one who asks: (the object's tenancy, the asker's).
OUT_OF_REACH: dict[str, Callable[[], tuple[Tenancy, Tenancy]]] = {
    "foreign": lambda: (tenancy(), tenancy()),
    "foreign reseller's": lambda: (tenancy(reseller=True), tenancy(reseller=True)),
    "sibling's": lambda: (mine := tenancy(reseller=True), sibling(mine)),
    "parent's": lambda: (mine := tenancy(), sibling(mine)),
}
# Lists without an id in their address, and what is sent to those that are written.
LISTS = (
    *("/customers", "/subscriptions", "/connections", "/audit-logs", "/renewals", "/azure-costs"),
    *("/margin-rules", "/users", "/invitations", "/tokens"),
)


def may(role: Role, method: str, address: str) -> bool:
    """Whether a call with ids is carried out for this role, by Django's own resolving."""
    try:
        route = resolve(f"/api/v1{address.partition('?')[0]}").route
    except Resolver404:
        pytest.fail(f"{method} {address} is no address")
    name = route.removeprefix("api/v1").replace("<int:", "{").replace("<", "{").replace(">", "}")
    also = next((more for part, more in ALSO.items() if part in name), set())
    held = {right.value for right in role.rights}
    return bool(set(RIGHTS[f"{method} {name}"].split("|")) & held) and (
        not also or bool(also & held)
    )


def asked_by(auth: object) -> str:
    """As in the table: of ``tell|operate`` one is enough; *signed*: a source's webhook."""
    if isinstance(auth, Signed | Proved):
        return "signed"
    assert isinstance(auth, ApiToken), "an address is asked with a token, or signed"
    return "|".join(right.value for right in auth.rights)


def test_the_table_has_every_address_and_its_right() -> None:
    there = {}
    for _, router in ninja_api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                (method,) = operation.methods
                (auth,) = operation.auth_callbacks
                there[f"{method} {path.replace('{int:', '{')}"] = asked_by(auth)
    assert there == RIGHTS


def test_nothing_is_written_with_a_right_to_read() -> None:
    looks = {"POST /margin-rules/affected"}
    writes = {name for name in RIGHTS if not name.startswith("GET ")}
    assert {name for name in writes if RIGHTS[name] in {"read", "export"}} == looks


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("whose", OUT_OF_REACH)
def test_what_is_not_in_the_context_is_not_there(whose: str, role: Role) -> None:
    owner, asker = OUT_OF_REACH[whose]()
    calls = every_call(owner)
    asking = api_of(asker, role)
    before = AuditLog.objects.filter(tenant_id=owner.tenant_id).count()
    wrong = []
    for method, address, body in calls:
        said = asking.call(method, address, body)
        expected = 404 if may(role, method, address) else 403
        if said.status != expected:
            wrong.append((method, address, said.status, said.text[:200]))
    assert wrong == []
    assert AuditLog.objects.filter(tenant_id=owner.tenant_id).count() == before


@pytest.mark.parametrize("whose", OUT_OF_REACH)
def test_no_list_and_no_filter_shows_it(whose: str) -> None:
    owner, asker = OUT_OF_REACH[whose]()
    customer = owner.customer("Marker of somebody else")
    subscription = owner.subscription(customer_id=customer)
    connection = owner.connection(name="Marker connection")
    asking = api_of(asker)
    for address in LISTS:
        said = asking.get(address)
        assert said.status in {200, 403}, (address, said.text)
        assert "Marker" not in said.text, address
    for address in (
        f"/subscriptions?customer={customer}",
        "/subscriptions?search=Marker",
        "/customers?search=Marker",
        f"/audit-logs?customer={customer}",
        f"/audit-logs?subscription={subscription}",
        f"/audit-logs?connection={connection}",
        "/audit-logs?text=Marker",
    ):
        said = asking.get(address)
        assert said.status == 200, (address, said.text)
        assert said.body["items"] == [], address


@pytest.mark.parametrize("whose", OUT_OF_REACH)
def test_no_id_in_a_body_reaches_it(whose: str) -> None:
    owner, asker = OUT_OF_REACH[whose]()
    customer = owner.customer("Marker of somebody else")
    subscription = owner.subscription(customer_id=customer)
    asking = api_of(asker)
    own = asker.connection()
    offer = asker.offer() if asker.reseller_id is None else csp_of(asker).offer()
    bodies: list[tuple[str, str, object]] = [
        ("POST", f"/connections/{own}/sync", {"subscriptions": [subscription]}),
        ("POST", f"/connections/{own}/sync", {"customer": customer}),
        ("POST", f"/connections/{own}/approve", {"customer_id": customer}),
        ("PUT", f"/connections/{own}/policies?customer={customer}", {"mode": "review"}),
        ("PUT", f"/connections/{own}/customer-mappings/{customer}", {"company_id": 1}),
        ("POST", f"/connections/{own}/subscription-mappings/{subscription}/sync", None),
        (
            "POST",
            "/subscriptions",
            {
                "customer_id": customer,
                "offer_id": offer,
                "provider_id": "stolen",
                "quantity": 1,
                "starts_on": "2026-01-01",
            },
        ),
    ]
    before = AuditLog.objects.filter(tenant_id=owner.tenant_id).exclude(
        reseller_id=asker.reseller_id
    )
    count = before.count()
    for method, address, body in bodies:
        said = asking.call(method, address, body)
        assert said.status in {404, 422}, (address, said.status, said.text)
        assert "Marker" not in json.dumps(said.body), "it is not named either"
    assert before.count() == count


# They need more than a context: a mapping, or Autotask's lists.
NEEDS_MORE = ("subscription-mappings/", "companies", "services", "contracts", "/price", "scheduled")


@pytest.mark.parametrize("role", Role)
def test_a_csp_reaches_what_its_resellers_have(role: Role) -> None:
    reseller = tenancy(reseller=True)
    asking = api_of(csp_of(reseller), role)
    for method, address, _ in every_call(reseller):
        # A margin rule is who made it alone's: prices of one context, not a view of another.
        if method != "GET" or any(part in address for part in (*NEEDS_MORE, "margin-rules")):
            continue
        said = asking.get(address)
        expected = 200 if may(role, method, address) else 403
        assert said.status == expected, (address, said.text)


def test_who_asks_for_what_is_not_theirs_is_in_the_security_log() -> None:
    owner, asker = tenancy(), tenancy()
    subscription = owner.subscription()
    viewer = api_of(asker, Role.VIEWER)
    with capture_logs() as said:
        viewer.get(f"/subscriptions/{subscription}", X_Correlation_Id="abc")
        viewer.post("/customers", {})
    found = [(one["event"], one["path"]) for one in said if one["log_level"] == "warning"]
    assert found == [
        ("not in the context", f"/api/v1/subscriptions/{subscription}"),
        ("not allowed", "/api/v1/customers"),
    ]
    assert said[0]["correlation_id"] == "abc" and said[0]["actor"].startswith("token/")
