"""Whose connection it is: a CSP and its resellers bill apart, and tell each other nothing."""

from __future__ import annotations

from typing import Any

import pytest

from factories import Tenancy, sibling, tenancy
from tallystick.audit.models import AuditLog
from tallystick.connections.queries import told_of
from tallystick.identity.context import Context
from tallystick.identity.roles import Role
from tallystick.kit.problem import Conflicting, NotFound
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.queries import get_operation, operations_of
from tallystick.mappings.exclude import exclude
from tallystick.mappings.kinds import Ours
from tallystick.mappings.map_names import map_customer
from tallystick.mappings.map_subscription import unmap_subscription
from tallystick.mappings.models import CustomerMapping, SubscriptionMapping
from tallystick.mappings.next_place import take_back
from tallystick.mappings.rows import list_mappings, list_rows, subscription_row


@pytest.fixture
def reseller(db: None) -> Tenancy:
    return tenancy(reseller=True)


def csp_of(reseller: Tenancy) -> Tenancy:
    context = Context(reseller.tenant_id, None, Role.ADMINISTRATOR, reseller.context.actor)
    return Tenancy(reseller.tenant_id, context, clock=reseller.clock)


def act(of: Tenancy) -> dict[str, Any]:
    return {"context": of.context, "now": of.clock.now(), "correlation_id": "c"}


class TestTheCspsConnection:
    """A reseller's own subscription, billed by its CSP."""

    @pytest.fixture
    def mapped(self, reseller: Tenancy) -> tuple[int, int]:
        csp, subscription = csp_of(reseller), reseller.subscription()
        connection_id = csp.connection(name=f"The CSP's own {reseller.tenant_id}")
        csp.map(subscription, connection_id, contract_id=1, line_id=2)
        return subscription, connection_id

    def test_the_reseller_is_not_told_where(
        self, reseller: Tenancy, mapped: tuple[int, int]
    ) -> None:
        now = reseller.clock.now()
        row = subscription_row(reseller.context, mapped[0], now=now)
        assert (row.place, row.lane, row.badge.kind.value) == (None, None, "not_mapped")
        (listed,) = list_rows(reseller.context, now=now).items
        assert listed.place is None
        told = told_of(reseller.context)
        operations = operations_of(subscription_id=mapped[0], told_of=told)
        assert [one.kind for one in operations] == [OperationKind.MAP, OperationKind.PURCHASE]
        assert [one.deliveries for one in operations] == [(), ()]
        first = get_operation(operations[0].id, told_of=told)
        assert first is not None
        assert first.deliveries == ()
        logs = AuditLog.objects.filter(connection_id=mapped[1])
        assert {log.reseller_id for log in logs} == {None}, "and in the CSP's audit logs"
        seen = subscription_row(csp_of(reseller).context, mapped[0], now=now)
        assert seen.place is not None

    def test_the_reseller_can_neither_map_nor_unmap_it(
        self, reseller: Tenancy, mapped: tuple[int, int]
    ) -> None:
        subscription, connection_id = mapped
        with pytest.raises(Conflicting) as refused:
            reseller.map(subscription, reseller.connection(), contract_id=1, line_id=2)
        assert "CSP" not in str(refused.value)
        with pytest.raises(NotFound, match="no such connection"):
            unmap_subscription(subscription, connection_id, **act(reseller))
        with pytest.raises(NotFound, match="no such connection"):
            take_back(subscription, connection_id, **act(reseller))
        assert SubscriptionMapping.objects.filter(subscription_id=subscription).exists()


class TestAResellersConnection:
    """It bills that reseller's own customers, also when the CSP works on it."""

    def test_the_csp_maps_nothing_of_another_reseller_to_it(self, reseller: Tenancy) -> None:
        csp, other = csp_of(reseller), sibling(reseller)
        connection_id = reseller.connection()
        customer = other.customer()
        subscription = other.subscription(customer_id=customer)
        with pytest.raises(NotFound, match="no such subscription"):
            csp.map(subscription, connection_id, contract_id=1, line_id=2)
        with pytest.raises(NotFound, match="no such customer"):
            map_customer(customer, connection_id, company_id=1, company_name="C", **act(csp))
        with pytest.raises(NotFound, match="no such customer"):
            exclude(Ours.CUSTOMER, customer, connection_id, reason="theirs", **act(csp))
        assert not SubscriptionMapping.objects.filter(subscription_id=subscription).exists()
        assert not CustomerMapping.objects.filter(customer_id=customer).exists()

    def test_the_csp_sees_there_what_could_be_mapped_there(self, reseller: Tenancy) -> None:
        csp, other = csp_of(reseller), sibling(reseller)
        own, _, _ = reseller.subscription(), other.subscription(), csp.subscription()
        connection_id = reseller.connection()
        found = list_mappings(csp.context, connection_id, now=csp.clock.now())
        assert [row.subscription.id for row in found.items] == [own]
        csp.map(own, connection_id, contract_id=1, line_id=2)
        found = list_mappings(csp.context, connection_id, now=csp.clock.now())
        assert [row.place is not None for row in found.items] == [True]
