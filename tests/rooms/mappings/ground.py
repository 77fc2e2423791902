"""Two contracts with many lines, for what must hold when many ask at once."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from itertools import cycle, islice
from typing import Any

from crowd import CROWD, Act, by_api, by_verb
from desk import Desk
from factories import TODAY, Tenancy
from tallystick.audit.events import Event
from tallystick.audit.models import AuditLog
from tallystick.bootstrap.continuing import continue_one
from tallystick.bootstrap.mapping import FirstSync, map_line
from tallystick.identity.tokens import create_token
from tallystick.kit.ids import correlation_id
from tallystick.mappings.choose import Chosen, choose_company, choose_service
from tallystick.mappings.exclude import exclude
from tallystick.mappings.kinds import Ours
from tallystick.mappings.models import Exclusion

ROUNDS = int(os.environ.get("TALLYSTICK_CROWD_ROUNDS", "3"))
NEXT = date(2098, 1, 1)
LINE_TAKEN = (
    "Another subscription is already billed by this line of the contract, or will be. Nothing was "
    "changed. Choose another line, or a line of its own."
)
MAPPED_ALREADY = (
    "This subscription is already mapped to a connection. Nothing was changed. It has to be "
    "unmapped there first."
)
MANY = range(max(CROWD, 2 * ROUNDS))


class Ground:
    """A company with two contracts and many lines, and a subscription whenever one is asked for."""

    def __init__(self, here: Desk) -> None:
        self.here = here
        self.of = here.of
        self.customer = here.of.customer("Contoso")
        self.offer = here.of.offer()
        self.token = token_of(here.of)
        here.load(
            companies=[{"ref": "c", "name": "Contoso GmbH"}]
            + [{"ref": f"c{n}", "name": f"Company {n}"} for n in MANY],
            services=[{"ref": "s", "name": "M365", "unit_price": "15.20", "unit_cost": "12.10"}]
            + [{"ref": f"s{n}", "name": f"Service {n}", "unit_price": "1"} for n in MANY],
            contracts=[
                {"ref": "k", "company": "c", "name": "Cloud", "start": "2026-01-01"}
                | {"end": "2099-12-31"},
                {"ref": "n", "company": "c", "name": "Next", "start": "2026-01-01"}
                | {"end": "2099-12-31"},
            ],
            lines=[
                {"ref": f"{contract}{n}", "contract": contract, "service": "s", "units": 10}
                for contract in ("k", "n")
                for n in MANY
            ],
        )
        here.read()
        self.name(here.connection_id)

    def name(self, connection_id: int, *, of: Tenancy | None = None) -> None:
        by = self.by(of or self.of)
        choose_company(self.customer, connection_id, self.here.refs["c"], by=by)
        choose_service(self.offer, connection_id, self.here.refs["s"], by=by)

    def by(self, of: Tenancy | None = None) -> Chosen:
        of = of or self.of
        return Chosen(of.context, of.clock.now(), correlation_id())

    def subscription(self) -> int:
        return self.of.subscription(customer_id=self.customer, offer_id=self.offer)

    def maps(
        self, subscription: int, connection_id: int, line: str | None, of: Tenancy | None = None
    ) -> Act:
        """By verb."""
        asker = of or self.of
        return by_verb(
            lambda: map_line(
                subscription,
                connection_id,
                contract_id=self.here.refs["k"],
                line_id=None if line is None else self.here.refs[line],
                first_sync=FirstSync.NONE if line else FirstSync.BRING,
                today=TODAY,
                asked=asker.asked(),
            )
        )

    def puts(self, subscription: int, connection_id: int, line: str | None, token: str = "") -> Act:
        """Through the API."""
        body: dict[str, Any] = {"contract_id": self.here.refs["k"], "first_sync": "none"}
        body |= {"line": "own"} if line is None else {"line": "use"}
        if line is not None:
            body["contract_service_id"] = self.here.refs[line]
        return by_api(token or self.token, "PUT", one(connection_id, subscription), body)

    def goes_on(self, subscription: int, line: str | None) -> Act:
        return by_verb(
            lambda: continue_one(
                subscription,
                self.here.connection_id,
                contract_id=self.here.refs["n"],
                line_id=None if line is None else self.here.refs[line],
                from_on=NEXT,
                today=TODAY,
                asked=self.of.asked(),
            )
        )

    def posts_on(self, subscription: int, line: str | None) -> Act:
        body: dict[str, Any] = {"contract_id": self.here.refs["n"], "from_on": NEXT.isoformat()}
        body |= {"line": "own"} if line is None else {"line": "use"}
        if line is not None:
            body["contract_service_id"] = self.here.refs[line]
        at = one(self.here.connection_id, subscription) + "/continue"
        return by_api(self.token, "POST", at, body)

    def audited(self, event: Event, **of: object) -> int:
        rows = AuditLog.objects.filter(tenant_id=self.of.tenant_id, event=event.value, **of)
        return rows.count()


def token_of(of: Tenancy) -> str:
    return create_token(
        tenant_id=of.tenant_id,
        reseller_id=of.reseller_id,
        role=of.context.role,
        name="script",
        now=of.clock.now(),
        correlation_id=correlation_id(),
    )[1]


def one(connection_id: int, subscription: int) -> str:
    return f"/connections/{connection_id}/subscription-mappings/{subscription}"


def in_turn(*acts: Act) -> list[Act]:
    """As many as the crowd has people."""
    return list(islice(cycle(acts), CROWD))


def excludes(ground: Ground, kind: Ours, ours_id: int) -> Callable[[], object]:
    return lambda: exclude(
        kind,
        ours_id,
        ground.here.connection_id,
        reason="our own licences",
        context=ground.of.context,
        now=ground.of.clock.now(),
        correlation_id=correlation_id(),
    )


def is_excluded(ground: Ground, kind: Ours, ours_id: int) -> bool:
    return Exclusion.objects.filter(
        connection_id=ground.here.connection_id, kind=kind.value, ours_id=ours_id
    ).exists()
