"""Delete a connection: its credentials and its names are gone, what happened on it stays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from tallystick.audit.events import Event
from tallystick.audit.record import Subject, record
from tallystick.connections.models import Connection
from tallystick.connections.queries import get_connection
from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.problem import Conflicting, NotFound
from tallystick.ledger.models import Delivery
from tallystick.ledger.queries import UNSETTLED
from tallystick.mappings.models import (
    CustomerMapping,
    CustomerSuggestion,
    Exclusion,
    OfferMapping,
    SubscriptionMapping,
)

LEFT_OVER = (CustomerMapping, OfferMapping, Exclusion, CustomerSuggestion)


@dataclass(frozen=True, slots=True)
class Consequences:
    """What deleting would end. ``mapped`` and ``unsettled`` forbid it while they are not 0."""

    mapped: int
    unsettled: int
    customers: int
    offers: int

    @property
    def refused(self) -> str:
        """Why it cannot be deleted now; empty when it can."""
        if self.mapped:
            what = "subscription is" if self.mapped == 1 else "subscriptions are"
            return (
                f"{self.mapped} {what} still mapped to it. Nothing was changed. Unmap them first: "
                "their later changes would be sent nowhere."
            )
        if self.unsettled:
            return (
                f"Not settled yet: {self.unsettled} operations. Nothing was changed. Sync or "
                "decide on them first."
            )
        return ""


def consequences(context: Context, connection_id: int) -> Consequences:
    """Raises NotFound."""
    connection = get_connection(context, connection_id)
    here = {"connection_id": connection.id}
    return Consequences(
        mapped=SubscriptionMapping.objects.filter(**here).count(),
        unsettled=Delivery.objects.filter(UNSETTLED, lane__connection_id=connection.id).count(),
        customers=CustomerMapping.objects.filter(**here).count(),
        offers=OfferMapping.objects.filter(**here).count(),
    )


def delete_connection(
    connection_id: int, *, context: Context, now: datetime, correlation_id: str
) -> None:
    """Raises NotFound, NotAllowed, Conflicting while anything is mapped or not settled."""
    context.require(Right.CONNECT)
    with transaction.atomic():
        row = (
            Connection.objects.select_for_update(no_key=True)
            .filter(**context.scope(), pk=connection_id, deleted_at__isnull=True)
            .first()
        )
        if row is None:
            raise NotFound("There is no such connection.")
        found = consequences(context, connection_id)
        if found.refused:
            raise Conflicting(found.refused)
        for table in LEFT_OVER:
            table._default_manager.filter(connection_id=row.pk).delete()
        # Nobody signs in with them any more, whoever reads the database or a backup of it.
        row.secret_sealed = row.code_sealed = b""
        row.user_name = ""
        row.deleted_at = now
        row.paused_at, row.paused_because, row.resume_at = now, "Deleted.", None
        row.save()
        record(
            Event.DELETE_CONNECTION,
            actor=context.actor,
            now=now,
            subject=Subject(
                tenant_id=row.tenant_id,
                reseller_id=row.reseller_id,
                connection_id=row.pk,
                connection_name=row.name,
            ),
            correlation_id=correlation_id,
            summary=f"{row.name}: {found.customers} customer and {found.offers} offer mappings "
            "ended with it",
            details={"customer_mappings": found.customers, "offer_mappings": found.offers},
        )
