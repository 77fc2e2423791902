"""The audit logs narrowed by every filter, alone and together, page after page."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from factories import Tenancy, tenancy
from tallystick.audit.events import Event, Status
from tallystick.audit.filters import AuditFilter
from tallystick.audit.queries import AuditView, get_audit, list_audit, place_in_chain
from tallystick.audit.record import Actor, Subject, record
from tallystick.kit.paging import every
from tallystick.kit.problem import InvalidInput

pytestmark = pytest.mark.usefixtures("db")
NOW = datetime(2026, 5, 10, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def written(of: Tenancy, at: datetime = NOW, **more: Any) -> int:
    names = ("reseller_id", "customer_id", "customer_name", "subscription_id", "connection_id")
    subject = {name: more.pop(name) for name in names if name in more}
    given: dict[str, Any] = {
        "event": Event.UPDATE_SUBSCRIPTION,
        "actor": Actor("user/1", "Ada"),
        "correlation_id": "c",
        **more,
    }
    event = given.pop("event")
    return record(event, now=at, subject=Subject(of.tenant_id, **subject), **given)


def found(of: Tenancy, asked: AuditFilter, *, limit: int = 50, zone: str = "UTC") -> list[int]:
    """Ids, over all pages."""

    def page(cursor: str | None) -> Any:
        return list_audit(
            tenant_id=of.tenant_id,
            reseller_id=None,
            filter=asked,
            cursor=cursor,
            limit=limit,
            zone=zone,
        )

    views: list[AuditView] = list(every(page))
    return [one.id for one in views]


ONE_OF_EACH: dict[str, tuple[dict[str, Any], AuditFilter]] = {
    "operation": ({"event": Event.CREATE_OFFER}, AuditFilter(event="offer.create")),
    "status": ({"status": Status.FAILED}, AuditFilter(status="failed")),
    "reseller": ({"reseller_id": 7}, AuditFilter(reseller_id=7)),
    "customer": ({"customer_id": 7}, AuditFilter(customer_id=7)),
    "subscription": ({"subscription_id": 7}, AuditFilter(subscription_id=7)),
    "connection": ({"connection_id": 7}, AuditFilter(connection_id=7)),
    "actor": ({"actor": Actor("user/2", "Grace Hopper")}, AuditFilter(actor="hopper")),
    "correlation id": ({"correlation_id": "other"}, AuditFilter(correlation_id="other")),
    "text": ({"customer_name": "Café 100%"}, AuditFilter(text="100% CAFÉ")),
    "from": ({"at": NOW + DAY}, AuditFilter(day_from=date(2026, 5, 11))),
    "to": ({"at": NOW - DAY}, AuditFilter(day_to=date(2026, 5, 9))),
}


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_each_filter_finds_its_own_alone(name: str) -> None:
    of = tenancy()
    more, asked = ONE_OF_EACH[name]
    others = [written(of), written(of)]
    one = written(of, **more)
    written(tenancy(), **more)
    assert found(of, asked) == [one]
    assert set(others) < set(found(of, AuditFilter()))


def test_filters_stand_beside_each_other() -> None:
    of = tenancy()
    wanted: dict[str, Any] = {
        "at": NOW + DAY,
        "event": Event.CREATE_OFFER,
        "status": Status.FAILED,
        "reseller_id": 7,
        "customer_id": 8,
        "customer_name": "Contoso",
        "subscription_id": 9,
        "connection_id": 10,
        "correlation_id": "one act",
    }
    one = written(of, **wanted)
    for name in set(wanted) - {"event", "status", "at"}:
        written(of, **{key: value for key, value in wanted.items() if key != name})
    written(of, **{**wanted, "at": NOW})
    written(of, **{**wanted, "event": Event.CREATE_CUSTOMER})
    written(of, **{**wanted, "status": Status.SUCCEEDED})
    every_one = AuditFilter(
        day_from=date(2026, 5, 11),
        day_to=date(2026, 5, 11),
        event="offer.create",
        status="failed",
        reseller_id=7,
        customer_id=8,
        subscription_id=9,
        connection_id=10,
        actor="ada",
        correlation_id="one act",
        text="contoso",
    )
    assert found(of, every_one) == [one]


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
def test_by_day_it_goes_by_the_time_of_the_act_and_none_is_lost(limit: int) -> None:
    of = tenancy()
    moments = [NOW, NOW + DAY, NOW, NOW + DAY, NOW + DAY, NOW - DAY, NOW + 2 * DAY]
    ids = [written(of, at) for at in moments]
    newest_first = sorted(zip(moments, ids, strict=True), reverse=True)
    asked = AuditFilter(day_from=date(2026, 5, 10), day_to=date(2026, 5, 11), text="ada")
    within = [pk for at, pk in newest_first if NOW <= at <= NOW + DAY]
    assert found(of, asked, limit=limit) == within
    assert found(of, AuditFilter(text="ada"), limit=limit) == sorted(ids, reverse=True)


def test_a_day_is_one_of_the_zone_asked_in() -> None:
    of = tenancy()
    late = written(of, datetime(2026, 5, 10, 22, 30, tzinfo=UTC))
    of_11 = AuditFilter(day_from=date(2026, 5, 11), day_to=date(2026, 5, 11), text="ada")
    assert found(of, of_11) == []
    assert found(of, of_11, zone="Europe/Berlin") == [late]


def test_a_cursor_of_somebody_else_opens_nothing() -> None:
    of, other = tenancy(), tenancy()
    [theirs, _] = [written(other), written(other)]
    asked: dict[str, Any] = {"reseller_id": None, "filter": AuditFilter(day_to=date(2026, 5, 11))}
    given = list_audit(tenant_id=other.tenant_id, limit=1, **asked).next_cursor
    assert given is not None and theirs
    with pytest.raises(InvalidInput, match="cursor"):
        list_audit(tenant_id=of.tenant_id, cursor=given, **asked)


def test_names_outlive_what_they_point_to_and_the_place_is_told() -> None:
    of = tenancy()
    one = written(of, customer_id=2**40, customer_name="Gone long ago")
    view = get_audit(tenant_id=of.tenant_id, reseller_id=None, audit_id=one)
    assert view.customer_name == "Gone long ago"
    link = place_in_chain(tenant_id=of.tenant_id, audit_id=one)
    assert link is not None
    assert (link.number, len(link.hash)) == (len(found(of, AuditFilter())), 64)
    assert place_in_chain(tenant_id=tenancy().tenant_id, audit_id=one) is None
