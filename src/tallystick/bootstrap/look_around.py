"""Around a line that is to be mapped: who changed it lately, and what else bills the same thing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tallystick.identity.context import Context
from tallystick.ledger.second_writer import RECENT, UnitChange
from tallystick.ledger.sightings import days_written
from tallystick.mappings.also_billed import OtherLine, other_lines
from tallystick.mappings.map_subscription import Place
from tallystick.mappings.places import places_for
from tallystick.subscriptions.queries import SubscriptionView
from tallystick.sync.first_look import Look, units_on
from tallystick.sync.port import Billing, Line
from tallystick.sync.unexplained import changes_in


@dataclass(frozen=True, slots=True)
class Beside:
    """Another line of the service that bills the company; ``units`` None: could not be read."""

    other: OtherLine
    units: int | None

    def in_words(self) -> str:
        """``Cloud 2026: 12 units``."""
        units = "its units could not be read" if self.units is None else f"{self.units} units"
        return f"{self.other.contract_name}: {units}"


def changed_by_others(connection_id: int, place: Place, look: Look | None) -> Sequence[UnitChange]:
    """What was read of the line that nobody here wrote, for whichever subscription."""
    if look is None or place.line_id is None:
        return ()
    since = look.since - RECENT
    written = days_written(connection_id, place.line_id, since=since)
    return changes_in(look.history, since=since, written=written)


def billed_beside(
    context: Context,
    connection_id: int,
    view: SubscriptionView,
    place: Place,
    *,
    day: date,
    billing: Billing,
) -> Sequence[Beside]:
    """Other lines of the service that bill something on that day. One call, and only for them."""
    options = places_for(context, connection_id, [view], today=day)[view.id].options
    others = other_lines(options, chosen_line=place.line_id, from_on=day)
    lines = {Line(one.contract_id, one.line_id): one for one in others}
    units = units_on(billing, set(lines), day=day)
    return [Beside(one, units[line]) for line, one in lines.items() if units[line] != 0]
