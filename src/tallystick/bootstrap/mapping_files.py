"""Import a mappings file of any of the three kinds, by whatever it takes."""

from __future__ import annotations

from datetime import date

from tallystick.bootstrap.import_lines import import_lines
from tallystick.bootstrap.look_before import BillingOf, billing_of
from tallystick.mappings.choose import Chosen
from tallystick.mappings.kinds import Ours
from tallystick.operations.finish import Asked
from tallystick.sources.csv_source import Source
from tallystick.sources.mapping_carry_out import How, ImportedMappings
from tallystick.sources.mapping_names import import_names


def import_mappings(
    kind: Ours,
    source: Source,
    connection_id: int,
    *,
    how: How,
    today: date,
    asked: Asked,
    billing: BillingOf = billing_of,
) -> ImportedMappings:
    """Subscriptions read Autotask, and are not imported inside a transaction.

    Raises ImportRefused, NotFound, NotAllowed, Conflicting, Unreachable; nothing is stored.
    """
    if kind is Ours.SUBSCRIPTION:
        return import_lines(
            source, connection_id, how=how, today=today, asked=asked, billing=billing
        )
    by = Chosen(asked.context, asked.now, asked.correlation_id)
    return import_names(kind, source, connection_id, how=how, by=by)
