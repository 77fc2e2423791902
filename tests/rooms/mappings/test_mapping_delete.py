"""Delete a connection: refused while something depends on it; history stays, credentials do not."""

from __future__ import annotations

from typing import Any

import pytest

from factories import Tenancy, sibling, tenancy
from tallystick.audit.models import AuditLog
from tallystick.connections.models import Connection
from tallystick.connections.queries import list_connections
from tallystick.identity.roles import Role
from tallystick.kit.problem import Conflicting, NotAllowed, NotFound
from tallystick.ledger.models import Delivery
from tallystick.mappings.delete_connection import consequences, delete_connection
from tallystick.mappings.map_names import map_customer, map_offer
from tallystick.mappings.map_subscription import unmap_subscription
from tallystick.mappings.models import CustomerMapping, OfferMapping


def act(of: Tenancy) -> dict[str, Any]:
    return {"context": of.context, "now": of.clock.now(), "correlation_id": "c"}


def test_its_credentials_and_names_are_gone_and_its_name_is_free(db: None) -> None:
    of = tenancy()
    connection_id = of.connection(name="Autotask")
    customer, offer = of.customer(), of.offer()
    map_customer(customer, connection_id, company_id=1, company_name="C", **act(of))
    map_offer(offer, connection_id, service_id=1, service_name="S", **act(of))
    found = consequences(of.context, connection_id)
    assert (found.customers, found.offers, found.refused) == (1, 1, "")

    delete_connection(connection_id, **act(of))
    row = Connection.objects.get(pk=connection_id)
    assert (bytes(row.secret_sealed), bytes(row.code_sealed), row.user_name) == (b"", b"", "")
    assert not CustomerMapping.objects.filter(connection_id=connection_id).exists()
    assert not OfferMapping.objects.filter(connection_id=connection_id).exists()
    assert list_connections(of.context) == []
    newest = AuditLog.objects.filter(tenant_id=of.tenant_id).latest("id")
    assert newest.event == "connection.delete"
    with pytest.raises(NotFound):
        delete_connection(connection_id, **act(of))
    again = of.connection(name="Autotask")
    assert [one.id for one in list_connections(of.context)] == [again]


def test_it_is_refused_while_a_subscription_is_mapped(db: None) -> None:
    of = tenancy()
    connection_id, subscription = of.connection(), of.subscription()
    lane = of.map(subscription, connection_id, contract_id=1, line_id=2)
    with pytest.raises(Conflicting, match="1 subscription is still mapped to it"):
        delete_connection(connection_id, **act(of))
    assert Connection.objects.get(pk=connection_id).deleted_at is None
    for delivery in Delivery.objects.filter(lane_id=lane):
        delivery.state, delivery.settled_at = "resolved", of.clock.now()
        delivery.cause_code = "skip"
        delivery.save()
    unmap_subscription(subscription, connection_id, **act(of))
    delete_connection(connection_id, **act(of))
    assert Delivery.objects.filter(lane_id=lane).exists(), "what happened stays"


def test_only_who_may_connect_and_only_in_the_context(db: None) -> None:
    of = tenancy()
    connection_id = of.connection()
    with pytest.raises(NotAllowed):
        delete_connection(connection_id, **act(tenancy(role=Role.OPERATOR)))
    for stranger in (tenancy(), sibling(of)):
        with pytest.raises(NotFound):
            delete_connection(connection_id, **act(stranger))
