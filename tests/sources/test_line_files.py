"""Subscription Mapping out to a spreadsheet and back: every line by the page's own verb."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from mapping_files import cells, exported, imported, written

from desk import Desk, desk
from factories import TODAY
from tallystick.audit.events import Event
from tallystick.audit.models import AuditLog
from tallystick.directory.models import ContractEntry
from tallystick.kit.problem import Conflicting
from tallystick.ledger.models import Delivery
from tallystick.mappings.choose import choose_company, choose_service
from tallystick.mappings.kinds import Ours
from tallystick.mappings.models import Exclusion, SubscriptionMapping
from tallystick.mappings.rows import subscription_row
from tallystick.sources.csv_errors import ImportRefused

YEAR = {"start": "2026-01-01", "end": "2026-12-31"}
PRICED = {"unit_price": "15.20", "unit_cost": "12.10"}


class Office:
    """One mapped customer with one mapped offer, and what it holds."""

    def __init__(self, here: Desk) -> None:
        self.here = here
        self.customer, self.offer = here.of.customer("Contoso"), here.of.offer("Premium")
        choose_company(self.customer, here.connection_id, here.refs["c"], by=here.by())
        choose_service(self.offer, here.connection_id, here.refs["s"], by=here.by())
        self.woken: list[list[int]] = []
        here.of.wake = lambda lane_ids: self.woken.append(list(lane_ids))

    def holds(self, quantity: int = 10, offer: int | None = None) -> str:
        pk = self.here.of.subscription(
            customer_id=self.customer, offer_id=offer or self.offer, quantity=quantity
        )
        return self.row(pk).subscription.provider_id

    def row(self, pk: int):  # type: ignore[no-untyped-def]
        return subscription_row(self.here.of.context, pk, now=self.here.of.clock.now())

    def badges(self) -> list[str]:
        rows = SubscriptionMapping.objects.filter(connection_id=self.here.connection_id)
        return [self.row(one.subscription_id).badge.kind.value for one in rows.order_by("pk")]


@pytest.fixture
def office(db: None) -> Iterator[Office]:
    with desk() as here:
        here.simulator.freeze(here.of.clock.now())
        here.load(
            companies=[{"ref": "c", "name": "Contoso Ltd"}],
            services=[{"ref": "s", "name": "M365", **PRICED}],
            contracts=[
                {"ref": "k", "company": "c", "name": "Cloud 2026", **YEAR},
                {"ref": "n", "company": "c", "name": "Cloud 2027", "start": "2027-01-01"}
                | {"end": "2027-12-31"},
            ],
            lines=[{"ref": "l", "contract": "k", "service": "s", "units": 10, **PRICED}],
        )
        here.read()
        yield Office(here)


def asks(subscription: str, **more: str) -> dict[str, str]:
    row = {"subscription_id": subscription, "contract": "Cloud 2026", "line": "use"}
    return {**row, "first_sync": "adopt", **more}


def sent(here: Desk) -> list[str]:
    return [one["path"] for one in here.simulator.requests() if "/query" not in one["path"]]


def test_looked_at_then_imported_then_again(office: Office) -> None:
    here = office.here
    first, second, third = office.holds(14), office.holds(3), office.holds(4)
    ContractEntry.objects.filter(ref=here.refs["k"]).update(number="C-26")
    file = written(
        asks(first),
        asks(second, line="own", first_sync="bring", contract="C-26", effective_on="2026-05-10"),
        asks(third, line="own", first_sync="leave", effective_on="2026-06-01"),
    )
    look = imported(here, Ours.SUBSCRIPTION, file, dry_run=True)
    assert [row.words for row in look.rows] == [
        "mapped to Cloud 2026, the line that is there: Autotask shows 10 units (amount 152.0000), "
        "which is expected from now on",
        "mapped to Cloud 2026, a line of its own: brought to 3 units from 2026-05-10",
        "mapped to Cloud 2026, a line of its own: left as it is until 2026-06-01",
    ]
    assert (look.rows[0].ours, office.woken) == ("Contoso, Premium", [])
    assert not SubscriptionMapping.objects.filter(connection_id=here.connection_id)

    done = imported(here, Ours.SUBSCRIPTION, file, seen=look.fingerprint)
    assert (done.stored, done.changed) == (True, 3)
    assert office.badges() == ["synced", "syncing", "left"]
    assert len(office.woken) == 1, "the engine is nudged once, at the end"
    created = AuditLog.objects.filter(
        tenant_id=here.of.tenant_id, event=Event.CREATE_SUBSCRIPTION_MAPPING.value
    )
    assert created.count() == 3

    again = imported(here, Ours.SUBSCRIPTION, file)
    assert (again.stored, again.unchanged) == (False, 3)
    assert imported(here, Ours.SUBSCRIPTION, exported(here, Ours.SUBSCRIPTION)).changed == 0
    rows = {row["subscription_id"]: row for row in cells(exported(here, Ours.SUBSCRIPTION))}
    assert rows[first]["badge"] == "Synced"
    assert rows[first]["proved_at"] == "2026-05-10T09:00:01Z"
    assert (rows[first]["contract"], rows[first]["contract_number"]) == ("Cloud 2026", "C-26")
    assert (rows[first]["line"], rows[second]["line"]) == ("use", "own")
    assert (rows[first]["quantity"], rows[first]["company"]) == ("14", "Contoso Ltd")


def test_an_export_proposes_and_a_filled_one_maps(office: Office) -> None:
    here = office.here
    office.holds(10)
    (row,) = cells(exported(here, Ours.SUBSCRIPTION))
    assert (row["suggested_contract"], row["suggested_line"]) == ("Cloud 2026", "use")
    assert row["suggestion_reason"] == "the only free line of the service"
    filled = {**row, "contract": row["suggested_contract"], "line": row["suggested_line"]}
    assert imported(here, Ours.SUBSCRIPTION, written({**filled, "first_sync": "none"})).changed == 1
    assert office.badges() == ["left"]


def test_what_is_wrong_is_said_row_by_row(office: Office) -> None:
    here = office.here
    unmapped = office.holds(1, here.of.offer("Visio"))
    ids = [office.holds() for _ in range(8)]
    file = written(
        asks(ids[0], line="", first_sync=""),
        asks(ids[1], first_sync="adapt"),
        asks(ids[2], contract="Nowhere"),
        asks(ids[3], contract="Cloud 2027", line="own", first_sync="bring"),
        asks(ids[4], first_sync="leave", line="own", effective_on=TODAY.isoformat()),
        asks(ids[5], line="own"),
        asks(unmapped),
        asks("nobody's"),
        asks(ids[6], first_sync="none"),
        asks(ids[7], first_sync="none"),
    )
    look = imported(here, Ours.SUBSCRIPTION, file, dry_run=True)
    said = [(row.line, error.field, error.message) for row in look.rows for error in row.errors]
    assert said == [
        (2, "line", "is empty: write use or own"),
        (2, "first_sync", "is empty: write adopt, bring, leave or none"),
        (3, "first_sync", "“adapt” is not one of: adopt, bring, leave, none"),
        (4, "contract", said[3][2]),
        (5, "contract", "Cloud 2027 starts only on 1 Jan 2027"),
        (6, "effective_on", "must be a later day than today: until then nothing is compared"),
        (7, "first_sync", "a line of its own has nothing to adopt yet"),
        (8, "contract", "Visio · 1 year · Monthly is not mapped to a service yet"),
        (9, "subscription_id", "“nobody's” is no subscription of this connection"),
        (11, "line", "Cloud 2026 has no free line of its service: write own"),
    ]
    assert "is the name or number of no contract of its company" in said[3][2]
    with pytest.raises(ImportRefused):
        imported(here, Ours.SUBSCRIPTION, file)
    assert office.badges() == []
    done = imported(here, Ours.SUBSCRIPTION, file, rows_that_fit=True)
    assert (done.changed, done.wrong, office.badges()) == (1, 9, ["left"])


def test_several_free_lines_are_chosen_by_a_person(office: Office) -> None:
    here = office.here
    here.load(
        companies=[{"ref": "c2", "name": "Two Lines"}],
        contracts=[{"ref": "k2", "company": "c2", "name": "Two", **YEAR}],
        services=[{"ref": "s2", "name": "Teams", **PRICED}],
        lines=[
            {"ref": ref, "contract": "k2", "service": "s2", "units": 1, **PRICED}
            for ref in ("one", "two")
        ],
    )
    here.read()
    customer, offer = here.of.customer(), here.of.offer("Teams")
    choose_company(customer, here.connection_id, here.refs["c2"], by=here.by())
    choose_service(offer, here.connection_id, here.refs["s2"], by=here.by())
    pk = here.of.subscription(customer_id=customer, offer_id=offer)
    row = asks(office.row(pk).subscription.provider_id, contract="Two")
    with pytest.raises(ImportRefused, match="2 lines of its service are free on Two: choose one"):
        imported(here, Ours.SUBSCRIPTION, written(row))


def test_what_autotask_shows_has_changed_since_the_look(office: Office) -> None:
    here = office.here
    file = written(asks(office.holds()))
    look = imported(here, Ours.SUBSCRIPTION, file, dry_run=True)
    here.simulator.hand_edit(here.refs["l"], TODAY, units=12)
    with pytest.raises(Conflicting, match="changed since you looked"):
        imported(here, Ours.SUBSCRIPTION, file, seen=look.fingerprint)
    assert office.badges() == []


def test_unmapping_and_leaving_out_are_written(office: Office) -> None:
    here = office.here
    one = office.holds()
    imported(here, Ours.SUBSCRIPTION, written(asks(one)))
    with pytest.raises(ImportRefused, match="is mapped to Cloud 2026 here: continue it on the oth"):
        imported(here, Ours.SUBSCRIPTION, written(asks(one, contract="Cloud 2027")))
    with pytest.raises(ImportRefused, match="“change” is not one of: unmap, include"):
        imported(here, Ours.SUBSCRIPTION, written(asks(one, act="change")))
    unmap = written({"subscription_id": one, "act": "unmap"})
    assert [imported(here, Ours.SUBSCRIPTION, unmap).changed for _ in range(2)] == [1, 0]
    out = written({"subscription_id": one, "excluded_because": "a trial"})
    assert [imported(here, Ours.SUBSCRIPTION, out).changed for _ in range(2)] == [1, 0]
    (row,) = cells(exported(here, Ours.SUBSCRIPTION))
    assert row["excluded_because"] == "a trial"
    back = written({**row, "act": "include"})
    assert [imported(here, Ours.SUBSCRIPTION, back).changed for _ in range(2)] == [1, 0]
    assert not Exclusion.objects.filter(connection_id=here.connection_id)


def test_a_refused_unmapping_leaves_the_row_as_it_is(office: Office) -> None:
    here = office.here
    one = office.holds()
    tomorrow = (TODAY + timedelta(days=1)).isoformat()
    imported(
        here,
        Ours.SUBSCRIPTION,
        written(asks(one, first_sync="bring", line="own", effective_on=tomorrow)),
    )
    assert Delivery.objects.filter(lane__subscription__provider_id=one).count() == 1
    with pytest.raises(ImportRefused, match="line 2, row: Not settled yet: 1 of this"):
        imported(here, Ours.SUBSCRIPTION, written({"subscription_id": one, "act": "unmap"}))
