"""How changes are billed, and approvals, on the pages; asked without a browser."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from factories import Tenancy, number, sibling, tenancy, user
from tallystick.connections.models import PolicyOverride
from tallystick.identity.roles import Role
from tallystick.ledger.models import Delivery

pytestmark = pytest.mark.usefixtures("db")


class Office:
    """A mapped subscription, its first sync behind it, and somebody at the screen."""

    def __init__(self, of: Tenancy | None = None, *, role: Role = Role.ADMINISTRATOR) -> None:
        self.of = of or tenancy(role=role)
        self.admin = Tenancy(
            self.of.tenant_id,
            type(self.of.context)(
                self.of.tenant_id, None, Role.ADMINISTRATOR, self.of.context.actor
            ),
            clock=self.of.clock,
        )
        self.connection_id = self.admin.connection()
        self.customer_id = self.admin.customer()
        self.subscription_id = self.admin.subscription(quantity=12, customer_id=self.customer_id)
        self.lane_id = self.admin.map(
            self.subscription_id, self.connection_id, contract_id=number(), line_id=number()
        )
        Delivery.objects.filter(lane_id=self.lane_id).update(
            state="resolved", settled_at=self.of.clock.now()
        )
        self.client = Client()
        self.client.force_login(user(self.of))
        self.here = f"/connectors/{self.connection_id}"
        self.one = f"/subscriptions/{self.subscription_id}"
        self.of_one = f"{self.here}/policies/subscriptions/{self.subscription_id}"
        self.of_customer = f"{self.here}/policies/customers/{self.customer_id}"
        self.mapping = f"{self.here}/subscription-mapping"

    def text(self, address: str) -> str:
        found: str = self.client.get(address).content.decode()
        return found

    def save(self, address: str, **values: str) -> Any:
        return self.client.post(address, values)

    def told(self) -> dict[str, str]:
        rows = PolicyOverride.objects.filter(connection_id=self.connection_id)
        return dict(rows.values_list("policy", "value"))

    def held(self) -> int:
        """A change of 12 to 15 that waits for approval."""
        self.save(self.of_one, mode="review")
        return self.admin.quantity(self.subscription_id, 15)

    def seen(self) -> str:
        return self.of.clock.now().isoformat()

    def awaits(self) -> bool:
        return Delivery.objects.filter(lane_id=self.lane_id, awaits_approval=True).exists()


def test_a_subscription_is_billed_otherwise_and_set_back() -> None:
    office = Office()
    assert "How changes are billed: as the connection says" in office.text(office.one)
    assert "As the connection says (send it by itself)" in office.text(office.of_one)
    saved = office.save(office.of_one, mode="review", decrease_day="next_period")
    assert saved.headers["Location"] == office.one
    page = office.text(office.one)
    assert "Saved: Fewer units, review." in page
    assert "2 of 12 otherwise than the connection says" in page
    assert "for this subscription" in page
    assert office.told() == {"mode": "review", "decrease_day": "next_period"}
    office.save(office.of_one, mode="")
    assert office.told() == {"decrease_day": "next_period"}
    office.save(office.of_one)
    assert "Nothing was changed." in office.text(office.one)


def test_a_customer_speaks_for_its_subscriptions() -> None:
    office = Office()
    page = f"{office.here}/customer-mapping/{office.customer_id}"
    saved = office.save(office.of_customer, mode="review")
    assert saved.headers["Location"] == page
    assert "for this customer" in office.text(page)
    assert "for this customer" in office.text(office.one)
    assert "As for the customer (hold it until somebody approves it)" in office.text(office.of_one)
    assert "Included units" not in office.text(office.of_customer)


def test_included_units_are_shown_where_a_quantity_is() -> None:
    office = Office()
    office.save(office.of_one, included_units="2")
    for address in (office.one, office.of_one, office.mapping):
        assert "12, of which 2 are included: 10 billed" in office.text(address)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"included_units": "many"}, "Included units must be a whole number"),
        ({"included_units": "2", "effective_on": "soon"}, "From which day the included units"),
        ({"effective_on": "2026-05-12"}, "is the day of included units"),
        ({"mode": "sometimes"}, "When something was recorded must be one of"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_stored(values: dict[str, str], words: str) -> None:
    office = Office()
    refused = office.save(office.of_one, **values)
    assert refused.status_code == 400
    assert words in refused.content.decode()
    assert office.told() == {}


def test_what_waits_for_approval_is_told_and_approved_on_the_subscription() -> None:
    office = Office()
    office.held()
    page = office.text(office.one)
    assert "Waiting for approval · 1" in page
    assert "1 operation waits for approval." in page
    assert "Do not send it" in page
    assert "Sync does not send what nobody has approved" in office.text(
        f"{office.mapping}/{office.subscription_id}/sync"
    )
    assert "1 operation</strong> of 1 subscription waits for approval" in office.text(
        office.mapping
    )
    answer = office.save(
        f"{office.here}/approve",
        chosen="1",
        subscription=str(office.subscription_id),
        seen_at=office.seen(),
        back="subscription",
    )
    assert answer.headers["Location"] == office.one
    assert not office.awaits()
    assert "approved by Ada Admin" in office.text(office.one)


def test_all_of_a_connection_or_only_what_was_seen() -> None:
    office = Office()
    office.held()
    approve = f"{office.here}/approve"
    office.save(approve, seen_at="2020-01-01T00:00:00+00:00")
    assert "Nothing waited for approval any more" in office.text(office.mapping)
    office.save(approve, chosen="1", seen_at=office.seen())
    assert "Nothing was chosen" in office.text(office.mapping)
    assert office.awaits()
    for wrong in ({"seen_at": ""}, {"seen_at": "2026-05-10T09:00:00"}):
        assert office.save(approve, **wrong).status_code == 400
    refused = office.save(approve, chosen="1", subscription="x", seen_at=office.seen())
    assert refused.status_code == 400
    office.save(approve, seen_at=office.seen())
    assert "Approved: 1 operation of 1 subscription." in office.text(office.mapping)
    assert "Nothing waits for approval" in office.text(
        f"{office.mapping}?badge=waiting_for_approval"
    )


def test_it_can_be_refused() -> None:
    office = Office()
    operation_id = office.held()
    decide = f"{office.mapping}/{office.subscription_id}/decide"
    page = office.text(decide)
    assert "When it is not to be sent" in page
    assert "push_ours" not in page
    office.save(decide, operation=str(operation_id), how="skip", reason="not agreed")
    state = Delivery.objects.get(operation_id=operation_id).state
    assert state == "resolved"


def test_a_form_says_that_its_change_waits() -> None:
    office = Office()
    office.save(office.of_one, mode="review")
    office.save(f"{office.one}/change-quantity", quantity="15", effective_on="2026-05-10")
    assert "It waits for approval" in office.text(office.one)


def test_who_may_do_what() -> None:
    office = Office()
    office.held()
    viewer = Client()
    viewer.force_login(user(Tenancy(**{**vars(office.of), "context": _as(office, Role.VIEWER)})))
    page = viewer.get(office.one).content.decode()
    assert "Approve" not in page
    assert "How changes are billed" in page
    assert "Change how changes are billed" not in page
    assert viewer.get(office.of_one).status_code == 403
    answer = viewer.post(f"{office.here}/approve", {"seen_at": office.seen()})
    assert answer.status_code == 403
    stranger = Client()
    stranger.force_login(user(sibling(office.of)))
    assert stranger.get(office.of_one).status_code == 404
    assert office.awaits()


def _as(office: Office, role: Role) -> Any:
    context = office.of.context
    return type(context)(context.tenant_id, context.reseller_id, role, context.actor)


def test_the_settings_show_review_by_themselves() -> None:
    office = Office()
    page = office.text(f"{office.here}/settings")
    assert "Hold it until somebody approves it." in page
    assert "When something was recorded" in page
