"""Mapping files to import, and an export read back."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping

from desk import Desk
from tallystick.bootstrap.mapping_files import import_mappings
from tallystick.connectors.autotask.billing import AutotaskBilling
from tallystick.kit.sheet import from_sheet
from tallystick.mappings.kinds import Ours
from tallystick.sources.mapping_carry_out import How, ImportedMappings
from tallystick.sources.mapping_sheets import mappings_sheet
from tallystick.sync.port import Billing


def written(*rows: Mapping[str, str]) -> bytes:
    """A file as a person would save it."""
    text = io.StringIO(newline="")
    columns = list(dict.fromkeys(column for row in rows for column in row))
    writer = csv.DictWriter(text, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def exported(here: Desk, kind: Ours) -> bytes:
    return b"".join(
        mappings_sheet(
            kind,
            here.connection_id,
            context=here.of.context,
            now=here.of.clock.now(),
            today=here.of.today(),
        )
    )


def cells(data: bytes) -> list[dict[str, str]]:
    """An export as a spreadsheet shows it, with the marks taken away."""
    found: Iterable[Mapping[str, str]] = csv.DictReader(
        io.StringIO(data.decode("utf-8-sig"), newline="")
    )
    return [{name: from_sheet(text) for name, text in row.items()} for row in found]


def imported(here: Desk, kind: Ours, data: bytes, **how: object) -> ImportedMappings:
    def billing(connection_id: int) -> Billing:
        return AutotaskBilling(here.directory._client)  # type: ignore[attr-defined]

    return import_mappings(
        kind,
        io.BytesIO(data),
        here.connection_id,
        how=How(**how),  # type: ignore[arg-type]
        today=here.of.today(),
        asked=here.of.asked(),
        billing=billing,
    )
