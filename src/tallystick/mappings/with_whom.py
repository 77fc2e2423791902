"""With whom a subscription could be billed on a taken line (ADR 0034)."""

from __future__ import annotations

from dataclasses import replace

from tallystick.connections.overrides import how_billed_each
from tallystick.connections.queries import get_connection
from tallystick.identity.context import Context
from tallystick.mappings.line_option import LineOption
from tallystick.mappings.models import SubscriptionMapping
from tallystick.mappings.places import Places
from tallystick.mappings.sharer import sharer_of
from tallystick.mappings.together import why_not
from tallystick.subscriptions.queries import SubscriptionView, get_subscriptions


def with_whom(
    context: Context, connection_id: int, view: SubscriptionView, places: Places
) -> Places:
    """The places of a subscription, each taken line with whom it bills and whether this one may be
    billed together with them. Three questions for any number of lines. Raises NotFound."""
    connection = get_connection(context, connection_id)
    taken = [line.line_id for option in places.options for line in option.lines if line.taken]
    if not taken:
        return places
    rows = SubscriptionMapping.objects.filter(connection_id=connection.id, line_id__in=taken)
    ids = list(rows.order_by("joined", "pk").values_list("line_id", "subscription_id"))
    # Only whom this context may see, on a reseller's connection only that reseller's.
    within = context.within(connection.reseller_id)
    seen = {one.id: one for one in get_subscriptions(within, [one for _, one in ids])}
    billed: dict[int, list[SubscriptionView]] = {}
    for line_id, one in ids:
        if one in seen and line_id is not None:
            billed.setdefault(line_id, []).append(seen[one])
    told = how_billed_each(connection, [view, *seen.values()])

    def option_of(line: LineOption) -> LineOption:
        if not (bills := billed.get(line.line_id)):
            return line
        first = bills[0]
        because = why_not(first, view, connection, told=(told[first.id], told[view.id]))
        return replace(line, bills=tuple(sharer_of(one) for one in bills), not_together=because)

    return replace(
        places,
        options=[
            replace(option, lines=[option_of(line) for line in option.lines])
            for option in places.options
        ],
    )
