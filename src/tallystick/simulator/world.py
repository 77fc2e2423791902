"""Everything a tenant holds: its records, its lines with their rows, and what changed them.

Records are dicts of API fields; unit rows are computed. Nothing here locks: the machine does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from tallystick.simulator.clock import Clock
from tallystick.simulator.entities import ENTITIES, PERIOD_MONTHS
from tallystick.simulator.jsontext import money
from tallystick.simulator.knobs import Knobs
from tallystick.simulator.lines import Line, UnitRow
from tallystick.simulator.periods import Span, Window, rows_of
from tallystick.simulator.table import Table

ROWS_OF_SERVICES = "ContractServiceUnits"
ROWS_OF_BUNDLES = "ContractServiceBundleUnits"

_INDEXED = {
    "Contracts": ("companyID",),
    "ContractServices": ("contractID", "serviceID"),
    ROWS_OF_SERVICES: ("contractServiceID", "contractID"),
    "ContractServiceBundles": ("contractID",),
    ROWS_OF_BUNDLES: ("contractServiceBundleID", "contractID"),
    "ContractNotes": ("contractID",),
    "ContractCharges": ("contractID",),
    "ServiceBundleServices": ("serviceBundleID",),
    "PriceListServices": ("serviceID",),
    "BillingItems": ("contractID", "contractServiceID", "contractServicePeriodID"),
}


@dataclass(frozen=True, slots=True)
class Publication:
    """Rows of a line that reads will see from ``due`` on (seconds of the simulator's clock)."""

    due: float
    line: Line
    rows: tuple[UnitRow, ...]


class World:
    """One tenant's data."""

    def __init__(self, *, clock: Clock, knobs: Knobs) -> None:
        self.clock = clock
        self.knobs = knobs
        self.tables: dict[str, Table[Any]] = {
            name: Table(_INDEXED.get(name, ())) for name in ENTITIES
        }
        self.lines: dict[int, Line] = {}
        self.bundle_lines: dict[int, Line] = {}
        self.effects: list[dict[str, Any]] = []
        self.effects_of: dict[int, list[dict[str, Any]]] = {}
        self.hand_edits: list[dict[str, Any]] = []
        self.udf_fields: dict[str, list[dict[str, Any]]] = {}
        self._last_ids: dict[str, int] = {}
        self._rate_order = 0
        self._unpublished: deque[Publication] = deque()

    # Ids and records

    def next_id(self, name: str) -> int:
        """A new id. Each kind of record starts at a different number, so mix-ups show."""
        last = self._last_ids.get(name)
        if last is None:
            last = 1000 * (1 + list(ENTITIES).index(name)) if name in ENTITIES else 0
        self._last_ids[name] = last + 1
        return last + 1

    def next_rate_order(self) -> int:
        self._rate_order += 1
        return self._rate_order

    def table(self, name: str) -> Table[Any]:
        return self.tables[name]

    def add(self, name: str, values: dict[str, Any], record_id: int | None = None) -> int:
        """Add a record with all of its entity's fields; missing ones are null. Answers its id."""
        record_id = self.next_id(name) if record_id is None else record_id
        record: dict[str, Any] = dict.fromkeys(ENTITIES[name].fields)
        record.update(values)
        record["id"] = record_id
        self.tables[name].put(record_id, record)
        return record_id

    def find(self, name: str, record_id: object) -> dict[str, Any] | None:
        """The record of that id, if there is one."""
        if not isinstance(record_id, int) or isinstance(record_id, bool):
            return None
        record: dict[str, Any] | None = self.tables[name].get(record_id)
        return record

    # Lines and rows

    def window_of(self, contract_id: int) -> Window:
        """The life of a contract and the length of its periods (monthly when it says nothing)."""
        contract: dict[str, Any] = self.tables["Contracts"].get(contract_id) or {}
        return Window(
            starts_on=contract["startDate"],
            ends_on=contract["endDate"],
            months=PERIOD_MONTHS.get(contract["contractPeriodType"], 1),
        )

    def lines_of(self, contract_id: int) -> list[Line]:
        """The contract's lines, services first, in id order."""
        services = [
            self.lines[record["id"]]
            for record in self.tables["ContractServices"].having("contractID", contract_id)
        ]
        bundles = [
            self.bundle_lines[record["id"]]
            for record in self.tables["ContractServiceBundles"].having("contractID", contract_id)
        ]
        return services + bundles

    def lines_of_service(self, contract_id: int, service_id: int) -> list[Line]:
        """The lines of one service on one contract, lowest id first; there may be several."""
        return [
            line
            for line in self.lines_of(contract_id)
            if not line.is_bundle and line.service_id == service_id
        ]

    def register(self, line: Line) -> None:
        (self.bundle_lines if line.is_bundle else self.lines)[line.id] = line

    def rebuild(
        self, line: Line, *, spans: list[Span] | None = None, delayed: bool = False
    ) -> None:
        """Compute the line's rows anew (or take ``spans``) and show them, ``delayed`` by the knob.

        A row that starts on the same day as before keeps its id.
        """
        table_name = ROWS_OF_BUNDLES if line.is_bundle else ROWS_OF_SERVICES
        if spans is None:
            spans = rows_of(
                self.window_of(line.contract_id),
                unit_price=line.unit_price,
                unit_cost=line.unit_cost,
                changes=line.changes,
            )
        old = {row.span.starts_on: row for row in line.rows}
        row_ids, rows = {}, []
        for span in spans:
            start = span.starts_on
            posted_at = line.posted.get(start)
            known = old.get(start)
            if known is None or known.span != span or known.posted_at != posted_at:
                row_id = known.id if known is not None else self.next_id(table_name)
                known = UnitRow(row_id, line, span, posted_at, self.knobs)
            rows.append(known)
            row_ids[start] = known.id
        line.rows, line.row_ids = tuple(rows), row_ids
        delay = self.knobs["units_delay_seconds"] if delayed else 0.0
        waiting = any(item.line is line for item in self._unpublished)
        if delay > 0 or waiting:
            due = self.clock.seconds() + delay
            self._unpublished.append(Publication(due, line, line.rows))
            self._unpublished = deque(sorted(self._unpublished, key=lambda item: item.due))
        else:
            self._publish(line, line.rows)

    def publish_due(self) -> None:
        """Show every delayed row whose time has come. Call before reading unit rows."""
        while self._unpublished and self._unpublished[0].due <= self.clock.seconds():
            item = self._unpublished.popleft()
            self._publish(item.line, item.rows)

    def publish_all(self) -> None:
        """Show every delayed row now."""
        while self._unpublished:
            item = self._unpublished.popleft()
            self._publish(item.line, item.rows)

    def _publish(self, line: Line, rows: Iterable[UnitRow]) -> None:
        name, field = (
            (ROWS_OF_BUNDLES, "contractServiceBundleID")
            if line.is_bundle
            else (ROWS_OF_SERVICES, "contractServiceID")
        )
        table = self.tables[name]
        shown = table.ids_having(field, (line.id,))
        wanted = {row.id: row for row in rows}
        for row_id in shown - wanted.keys():
            table.remove(row_id)
        for row_id in sorted(wanted):
            if table.get(row_id) is not wanted[row_id]:
                table.put(row_id, wanted[row_id])

    def show_prices(self, line: Line) -> None:
        """Write the line's current rates into its record, in both currencies."""
        name = "ContractServiceBundles" if line.is_bundle else "ContractServices"
        scale = self.knobs["currency_scale"]
        list_price, price = line.list_price, line.latest_price
        shown: dict[str, Any] = {
            "unitPrice": money(list_price),
            "internalCurrencyUnitPrice": None if list_price is None else money(list_price * scale),
            "internalCurrencyAdjustedPrice": None if price is None else money(price * scale),
        }
        if line.is_bundle:
            shown["adjustedPrice"] = money(price)
        else:
            shown["unitCost"] = money(line.latest_cost)
        self.tables[name].update(line.id, shown)

    def refresh(self) -> None:
        """After a knob that changes how money is shown."""
        for line in (*self.lines.values(), *self.bundle_lines.values()):
            self.show_prices(line)

    def note(self, contract_id: int, title: str, description: str) -> int:
        """Write a note on a contract, as Autotask does by itself when its services change."""
        now = self.clock.now()
        return self.add(
            "ContractNotes",
            {
                "contractID": contract_id,
                "title": title[:250],
                "description": description[:8000],
                "createDateTime": now,
                "lastActivityDate": now,
                "creatorResourceID": self.api_user_id,
            },
        )

    @property
    def api_user_id(self) -> int:
        for record in self.tables["Resources"]:
            return int(record["id"])
        return 0

    def record_effect(self, effect: dict[str, Any]) -> dict[str, Any]:
        """Append to the ground truth; it is never edited or shortened."""
        effect = {"seq": len(self.effects) + 1, **effect}
        self.effects.append(effect)
        line_id = effect["contract_service_id"]
        if line_id is not None:
            self.effects_of.setdefault(line_id, []).append(effect)
        return effect

    def units_on(self, contract_service_id: int, day: date) -> int | None:
        """The true units of a line on a day; ``None`` outside its contract."""
        row = self.lines[contract_service_id].row_on(day)
        return None if row is None else row.span.units
