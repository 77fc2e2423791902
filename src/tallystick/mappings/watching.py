"""What a mapping page says beside its rows: what is not mapped, what will not be billed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from tallystick.connections.queries import get_connection
from tallystick.directory.queries import age, contracts_by_id, services_by_id
from tallystick.identity.context import Context
from tallystick.mappings.contract_rules import watch
from tallystick.mappings.not_mapped import not_mapped_anywhere, not_mapped_rows
from tallystick.mappings.rows import Row
from tallystick.mappings.stakes import NOTHING, Stake, stakes_by
from tallystick.subscriptions.not_seen import not_seen_rows


@dataclass(frozen=True, slots=True)
class NotMappedSubscriptions:
    number: int
    stake: Stake


def not_mapped_subscriptions(context: Context, connection_id: int) -> NotMappedSubscriptions:
    """Active ones that are billed by nothing here and are not left out. Raises NotFound."""
    connection = get_connection(context, connection_id)
    stakes = stakes_by("tenant_id", not_mapped_rows(context, connection.id))
    stake = stakes.get(connection.tenant_id, NOTHING)
    return NotMappedSubscriptions(stake.subscriptions, stake)


def not_mapped_at_stake(context: Context) -> Stake:
    """The same of all connections of a context together."""
    stakes = stakes_by("tenant_id", not_mapped_anywhere(context))
    return stakes.get(context.tenant_id, NOTHING)


def not_seen_at_stake(context: Context) -> Stake:
    """What people recorded and the subscription's source does not show; what has ended here is
    counted, and bills nothing."""
    rows = not_seen_rows(context)
    stake = stakes_by("tenant_id", rows).get(context.tenant_id, NOTHING)
    return replace(stake, subscriptions=rows.count())


def watch_rows(connection_id: int, rows: Sequence[Row], *, today: date) -> Mapping[int, str]:
    """By subscription: why its line will not be billed, now or soon. From the directory's copy."""
    if age(connection_id).read_at is None:
        return {}
    mapped = [row for row in rows if row.place is not None]
    contracts = contracts_by_id(
        connection_id, [row.place.contract_id for row in mapped if row.place]
    )
    services = services_by_id(connection_id, [row.place.service_id for row in mapped if row.place])
    found = {}
    for row in mapped:
        if row.place is None or row.subscription.quantity == 0:
            continue
        said = watch(
            contracts.get(row.place.contract_id),
            services.get(row.place.service_id),
            company_id=row.place.company_id,
            cycle=row.subscription.offer.billing_cycle,
            today=today,
        )
        if said:
            found[row.subscription.id] = said
    return found
