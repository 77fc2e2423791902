"""Look at lines of Autotask for whoever wants to know what would be sent. Nothing is stored.

Only a few look at once: whoever records always finds a place.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tallystick.bootstrap.clients import Calls, make_client, quick_wire
from tallystick.bootstrap.look_before import BillingOf
from tallystick.bootstrap.preview_charges import charges_ahead
from tallystick.connections.queries import living
from tallystick.connections.queries import load as load_connection
from tallystick.connections.trouble import BillingError, Unavailable
from tallystick.connectors.autotask.billing import AutotaskBilling
from tallystick.kit.clock import civil_day
from tallystick.ledger.group import lanes_of
from tallystick.ledger.models import Lane
from tallystick.mappings.resolve import Resolved, resolve
from tallystick.operations.finish import Asked
from tallystick.sync.charges_ahead import ChargesAhead
from tallystick.sync.load import Work
from tallystick.sync.port import Billing, Line, UnitRow

# As far back as a price of a yearly period may begin.
LOOKS_BACK = timedelta(days=400)
# Fewer than the web server has threads: whoever records always finds one.
AT_ONCE = 3
TOO_MANY = "Several people are looking at this moment."
_places = threading.BoundedSemaphore(AT_ONCE)


Place = tuple[int, Line]  # a connection's id, and the line there


@dataclass(frozen=True, slots=True)
class Seen:
    """The rows a line shows, or why they could not be read."""

    rows: tuple[UnitRow, ...] | None
    unread: str = ""


def quick_billing_of(connection_id: int, calls: Calls | None = None) -> Billing:
    """For looking only; ``calls`` are counted there. Raises Misconfigured."""
    return AutotaskBilling(make_client(connection_id, http=quick_wire(), calls=calls))


def read_lines(
    subscription_ids: Collection[int], asked: Asked, billing: BillingOf
) -> dict[Place, Seen]:
    """The lines that bill them, of this context's connections; one reading a connection."""
    lanes = Lane.objects.filter(
        lanes_of(subscription_ids), open=True, connection__in=living(asked.context)
    )
    mapped = [(lane.connection_id, resolve(lane.pk)) for lane in lanes]
    places = {
        (connection_id, Line(mapping.contract_id, mapping.line_id))
        for connection_id, mapping in mapped
        if mapping is not None and mapping.line_id is not None
    }
    return read_places(places, asked, billing)


def read_places(places: Collection[Place], asked: Asked, billing: BillingOf) -> dict[Place, Seen]:
    """One that cannot be read is no reason to say nothing."""
    found: dict[Place, Seen] = {}
    for connection_id in sorted({connection_id for connection_id, _ in places}):
        lines = [line for each, line in places if each == connection_id]
        today = civil_day(asked.now, load_connection(connection_id).time_zone)
        shown = _glance(connection_id, lines, today - LOOKS_BACK, billing)
        found |= {(connection_id, line): seen for line, seen in shown.items()}
    return found


def _glance(
    connection_id: int, lines: Sequence[Line], since: date, billing: BillingOf
) -> Mapping[Line, Seen]:
    """What these lines show from that day on, or why they could not be read. Only a few at once."""
    if not _places.acquire(blocking=False):
        return dict.fromkeys(lines, Seen(None, TOO_MANY))
    try:
        rows = billing(connection_id).observe(lines, since=since)
        return {line: Seen(rows[line]) for line in lines}
    except BillingError as error:
        return dict.fromkeys(lines, Seen(None, str(error)))
    finally:
        _places.release()


def glance(connection_id: int, line: Line, since: date, billing: BillingOf) -> Seen:
    """One line, from that day on."""
    return _glance(connection_id, [line], since, billing)[line]


def charges_now(work: Work, mapping: Resolved, billing: BillingOf) -> ChargesAhead:
    if not _places.acquire(blocking=False):
        return charges_ahead(work, mapping, _nobody_answers)
    try:
        return charges_ahead(work, mapping, lambda: billing(work.connection.id))
    finally:
        _places.release()


def _nobody_answers() -> Billing:
    raise Unavailable(TOO_MANY)
