"""*Resolving Autotask Sync Failures*, as a program against the running parts.

Three quantity changes; the second is refused by Autotask, the later one waits behind it; Sync is
pressed while the cause is still there, and again when it is gone. Everything is done through the
REST API and looked up at Autotask's side: nothing is believed because we wrote it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import httpx
from django.conf import settings

from tallystick.bootstrap.desk import desk
from tallystick.bootstrap.stage import Stage
from tallystick.catalog.add_offer import OfferFacts, add_offer
from tallystick.catalog.terms import BillingCycle, OfferKind, Segment, Term
from tallystick.connections.create import Credentials, NewConnection, create_connection
from tallystick.identity.context import Context
from tallystick.identity.people import add_tenant, add_user, context_of_user
from tallystick.identity.roles import Role
from tallystick.identity.tokens import create_token
from tallystick.kit.clock import monotonic
from tallystick.kit.ids import correlation_id
from tallystick.kit.secrets import Secret
from tallystick.mappings.map_subscription import Place
from tallystick.operations.map_existing import map_existing
from tallystick.operations.purchase import Order, purchase
from tallystick.subscriptions.add_customer import add_customer

AT_FIRST, THEN, REFUSED, LATER = 10, 12, 15, 18  # quantities
WAITING = 2
PERFORMED = "subscription.update_on_connection"
CONTRACT = "Cloud services"


class NotAsTold(Exception):
    """A step did not go as the article says. The sentence says what was seen instead."""


@dataclass(frozen=True, slots=True)
class Told:
    """One step that went as it should: what was done, and what was seen."""

    title: str
    seen: Mapping[str, Any]


@dataclass
class Scene:
    """Who and what the story is about, and the hands it has."""

    api: httpx.Client
    stage: Stage
    subscription_id: int
    connection_id: int
    contract_id: int
    line_id: int
    today: date
    patience: float
    operations: list[int] = field(default_factory=list)

    def ask(self, method: str, path: str, **body: Any) -> Any:
        """Raises NotAsTold with the problem document's words."""
        answer = self.api.request(method, f"/api/v1/{path}", json=body or None)
        if answer.is_error:
            raise NotAsTold(
                f"{method} {path} was answered with {answer.status_code}: {answer.text}"
            )
        return answer.json()

    def mapping(self) -> dict[str, Any]:
        """The subscription's row on Subscription Mapping."""
        found = self.ask("GET", f"connections/{self.connection_id}/subscription-mappings")
        return dict(found["items"][0])

    def until(self, wanted: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        """Look at the row until it is so."""
        deadline = monotonic() + self.patience
        while True:
            row = self.mapping()
            if wanted(row):
                return row
            if monotonic() > deadline:
                raise NotAsTold(f"{what} did not happen within {self.patience:.0f} s: {row}")
            time.sleep(0.2)

    def change(self, quantity: int, *, days: int) -> dict[str, Any]:
        """Record a quantity change effective so many days from today."""
        recorded = self.ask(
            "POST",
            f"subscriptions/{self.subscription_id}/operations",
            kind="update_quantity",
            quantity=quantity,
            effective_on=(self.today + timedelta(days=days)).isoformat(),
        )
        self.operations.append(int(recorded["id"]))
        return dict(recorded)

    def at_autotask(self) -> list[dict[str, Any]]:
        """The adjustments that took effect there, in order."""
        return [
            {"effective_on": one["effective_on"], "unit_change": one["unit_change"]}
            for one in self.stage.simulator.effects(self.line_id)
        ]

    def sync(self) -> dict[str, Any]:
        """Press Sync, and wait for the end of the run."""
        path = f"connections/{self.connection_id}/subscription-mappings/{self.subscription_id}/sync"
        run = self.ask("POST", path)
        deadline = monotonic() + self.patience
        while run["finished_at"] is None:
            if monotonic() > deadline:
                raise NotAsTold(f"the run did not end within {self.patience:.0f} s: {run}")
            time.sleep(0.2)
            run = self.ask("GET", f"runs/{run['id']}")
        return {
            name: run[name]
            for name in ("seen", "written", "unchanged", "ignored", "waiting", "failed")
        }

    def audit_logs(self) -> list[dict[str, Any]]:
        """*Update Subscription on Connection* records of the three changes, oldest first."""
        path = f"audit-logs?operation={PERFORMED}&status=succeeded"
        found = self.ask("GET", f"{path}&subscription={self.subscription_id}&limit=500")["items"]
        return [one for one in reversed(found) if one["operation_id"] in self.operations]


def tell(on: Stage, *, patience: float) -> list[Callable[[], Told]]:
    """The steps, in order; each does its part and answers what was seen, or raises NotAsTold.

    ``patience``: seconds each may take.
    """
    scene = _set_up(on, patience)
    return [
        lambda: _begin(scene),
        lambda: _first_change(scene),
        lambda: _second_is_refused(scene),
        lambda: _third_waits(scene),
        lambda: _sync_while_broken(scene),
        lambda: _mend_and_sync(scene),
        lambda: _green_is_proved(scene),
        lambda: _one_record_each(scene),
    ]


def _must(holds: bool, words: str, seen: object) -> None:
    if not holds:
        raise NotAsTold(f"{words}; seen: {seen}")


def _begin(scene: Scene) -> Told:
    row = scene.until(lambda row: row["badge"] == "synced", "the first proof")
    _must(_units(row) == AT_FIRST, "10 units were to be proved", row["expected"])
    return Told(
        "A subscription of 10 is mapped to a contract's line, read back, and Synced",
        {"badge": row["badge"], "proved_at": row["proved_at"]},
    )


def _first_change(scene: Scene) -> Told:
    scene.change(THEN, days=0)
    row = scene.until(
        lambda row: row["badge"] == "synced" and _units(row) == THEN, "the proof of the change"
    )
    sent = scene.at_autotask()
    _must([one["unit_change"] for one in sent] == [2], "Autotask was to get +2 once", sent)
    return Told("Quantity 10 to 12: sent by itself, and proved", {"autotask": sent, **_shown(row)})


def _second_is_refused(scene: Scene) -> Told:
    scene.stage.simulator.set_contract(scene.contract_id, active=False)
    scene.change(REFUSED, days=1)
    row = scene.until(lambda row: row["badge"] == "out_of_sync", "the red badge")
    _must("active" in row["cause"], "the cause was to name the inactive contract", row["cause"])
    _must(len(scene.at_autotask()) == 1, "nothing was to be changed", scene.at_autotask())
    return Told(
        "The contract becomes inactive. Quantity 12 to 15: refused, Out of Sync with the cause",
        {"cause": row["cause"], **_shown(row)},
    )


def _third_waits(scene: Scene) -> Told:
    recorded = scene.change(LATER, days=2)
    row = scene.until(lambda row: row["pending"] == WAITING, "two waiting operations")
    _must(row["badge"] == "out_of_sync", "it was to stay Out of Sync", row)
    _must(len(scene.at_autotask()) == 1, "nothing was to overtake", scene.at_autotask())
    return Told(
        "Quantity 15 to 18: recorded all the same, and waits behind the one that failed",
        {"recorded": recorded["summary"], "waiting": row["pending"]},
    )


def _sync_while_broken(scene: Scene) -> Told:
    run = scene.sync()
    _must(
        (run["seen"], run["failed"], run["waiting"], run["written"]) == (2, 1, 1, 0),
        "it was to stop at the first failure",
        run,
    )
    row = scene.mapping()
    _must(row["badge"] == "out_of_sync", "it was to stay Out of Sync", row)
    _must(len(scene.at_autotask()) == 1, "nothing was to be changed", scene.at_autotask())
    return Told("Sync is pressed while the cause is there: stopped at the first failure", run)


def _mend_and_sync(scene: Scene) -> Told:
    scene.stage.simulator.set_contract(scene.contract_id, active=True)
    run = scene.sync()
    _must(
        (run["seen"], run["written"], run["failed"], run["waiting"]) == (2, 2, 0, 0),
        "both were to be written",
        run,
    )
    sent = scene.at_autotask()
    days = [(scene.today + timedelta(days=more)).isoformat() for more in range(3)]
    wanted = [
        {"effective_on": day, "unit_change": change}
        for day, change in zip(days, (2, 3, 3), strict=True)
    ]
    _must(sent == wanted, f"Autotask was to get {wanted}, oldest first, each once", sent)
    return Told(
        "The contract is active again. Sync: what waited went out, oldest first, each once",
        {**run, "autotask": sent},
    )


def _green_is_proved(scene: Scene) -> Told:
    row = scene.mapping()
    _must(row["badge"] == "synced", "it was to be Synced", row)
    _must(row["proved_at"] is not None, "the time of proof was to be shown", row)
    _must(_units(row) == LATER and row["pending"] == 0, "18 were to be proved", row)
    return Told("Synced: read back and equal", _shown(row))


def _one_record_each(scene: Scene) -> Told:
    logs = scene.audit_logs()
    performed = [one["operation_id"] for one in logs]
    _must(
        performed == scene.operations,
        "one audit log was to stand for each performed operation, in order",
        performed,
    )
    return Told(
        "One audit log, Update Subscription on Connection, for each performed operation",
        {"audit_logs": [one["summary"] for one in logs]},
    )


def _units(row: Mapping[str, Any]) -> Any:
    return row["expected"]["units"]


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "badge": row["badge"],
        "waiting": row["pending"],
        "proved_units": _units(row),
        "proved_at": row["proved_at"],
    }


def _set_up(on: Stage, patience: float) -> Scene:
    now = desk().now()
    tenant_id = add_tenant("Storyteller Cloud", time_zone="UTC", now=now)
    user_id = add_user(
        tenant_id=tenant_id,
        email="ada@storyteller.example",
        password=correlation_id(),
        name="Ada",
        role=Role.ADMINISTRATOR,
        now=now,
        correlation_id=correlation_id(),
    )
    context = context_of_user(user_id)
    _, token = create_token(
        tenant_id=tenant_id,
        reseller_id=None,
        role=Role.OPERATOR,
        name="the story",
        now=now,
        correlation_id=correlation_id(),
    )
    today = desk().today(context)
    starts = date(today.year, today.month, 1)
    refs = on.simulator.load(
        companies=[{"ref": "company", "name": "Contoso"}],
        services=[
            {"ref": "service", "name": "Microsoft 365 Business Premium"}
            | {"unit_price": "26.40", "unit_cost": "21.12"}
        ],
        contracts=[
            {"ref": "contract", "company": "company", "name": CONTRACT}
            | {"start": starts.isoformat(), "end": (starts + timedelta(days=364)).isoformat()}
        ],
        lines=[
            {"ref": "line", "contract": "contract", "service": "service", "units": AT_FIRST}
            | {"unit_price": "26.40", "unit_cost": "21.12"}
        ],
    )
    connection_id = create_connection(
        NewConnection(
            name="Autotask",
            price_currency="USD",
            cost_currency="USD",
            credentials=Credentials(on.user, Secret(on.secret), Secret(on.code)),
            quiet_seconds=0,
        ),
        context=context,
        keys=settings.SEALING_KEYS,
        now=now,
        correlation_id=correlation_id(),
    )
    subscription_id = _mapped(context, connection_id, refs, starts, today)
    return Scene(
        api=httpx.Client(
            base_url=on.web,
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
            trust_env=False,
        ),
        stage=on,
        subscription_id=subscription_id,
        connection_id=connection_id,
        contract_id=refs["contract"],
        line_id=refs["line"],
        today=today,
        patience=patience,
    )


def _mapped(
    context: Context, connection_id: int, refs: Mapping[str, int], starts: date, today: date
) -> int:
    asked = desk().asked(context, source="story")
    customer_id, _ = add_customer(
        name="Contoso",
        external_id="contoso",
        context=context,
        now=asked.now,
        correlation_id=asked.correlation_id,
    )
    offer_id, _ = add_offer(
        OfferFacts(
            "CFQ7TTC0LCHC",
            "0002",
            "Microsoft 365 Business Premium",
            Segment.COMMERCIAL,
            Term.YEAR,
            BillingCycle.MONTHLY,
            OfferKind.NCE_LICENCE,
        ),
        tenant_id=context.tenant_id,
        actor=context.actor,
        now=asked.now,
        correlation_id=asked.correlation_id,
    )
    order = Order(
        customer_id=customer_id,
        offer_id=offer_id,
        provider_id="the-subscription",
        quantity=AT_FIRST,
        starts_on=starts,
        unit_price=Decimal("26.40"),
        unit_cost=Decimal("21.12"),
        price_currency="USD",
        cost_currency="USD",
    )
    subscription_id, _ = purchase(order, asked=asked)
    map_existing(
        subscription_id=subscription_id,
        connection_id=connection_id,
        place=Place(
            company_id=refs["company"],
            company_name="Contoso",
            contract_id=refs["contract"],
            contract_name=CONTRACT,
            service_id=refs["service"],
            service_name="Microsoft 365 Business Premium",
            line_id=refs["line"],
        ),
        effective_on=today,
        today=today,
        asked=asked,
    )
    return subscription_id
