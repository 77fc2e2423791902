"""The control desk: everything one can do to a stand-in besides talking to its API.

Used by the Python handle, the JSON routes under ``/simulator/`` and the pages alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tallystick.simulator.adjust import hand_edit
from tallystick.simulator.billing import approve_and_post
from tallystick.simulator.entities import ENTITIES
from tallystick.simulator.errors import Refusal
from tallystick.simulator.jsontext import money
from tallystick.simulator.lines import Line
from tallystick.simulator.loading import load
from tallystick.simulator.machine import Machine
from tallystick.simulator.routes import zone_prefix
from tallystick.simulator.writes import update


class ControlError(ValueError):
    """What was asked cannot be done, and why."""


class Control:
    """Thread-safe; answers plain values that can be written as JSON. Raises ValueError."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._lock = machine.lock

    @property
    def machine(self) -> Machine:
        """The stand-in itself; hold its ``lock`` around any use."""
        return self._machine

    # Looking

    def state(self) -> dict[str, Any]:
        """The stand-in at a glance: user, code, metadata, clock, knobs, faults, counts, limits."""
        machine = self._machine
        with self._lock:
            return {
                "user": machine.options.user,
                "code": machine.options.code,
                "api_path": zone_prefix(machine.knobs["zone"]),
                "metadata": machine.recording.summary() if machine.recording else None,
                "now": machine.clock.now(),
                "clock_frozen": machine.clock.is_frozen,
                "knobs": machine.knobs.as_dict(),
                "faults": [fault.as_dict() for fault in machine.faults.all()],
                "records": {name: len(table) for name, table in machine.world.tables.items()},
                "effects": len(machine.world.effects),
                "hand_edits": list(machine.world.hand_edits),
                "late_writes": len(machine.late),
                "requests": machine.log.last_seq,
                "requests_past_hour": machine.limits.usage(),
                "most_concurrent": {
                    endpoint: most for (_, endpoint), most in machine.limits.most_inside.items()
                },
            }

    def effects(self, contract_service_id: int | None = None) -> list[dict[str, Any]]:
        """The ground truth: every adjustment that took effect, in the order applied.

        Keys: seq, contract_service_id, contract_service_bundle_id, contract_id, service_id,
        effective_on, unit_change, unit_price, unit_cost, units (afterwards, on that day),
        replaced, created_line, adjustment_id, applied_at, request_seq.
        """
        with self._lock:
            world = self._machine.world
            if contract_service_id is None:
                return list(world.effects)
            return list(world.effects_of.get(contract_service_id, ()))

    def requests(self, after: int = 0, limit: int | None = None) -> list[dict[str, Any]]:
        """The request log, oldest first: entries with a ``seq`` greater than ``after``.

        Keys: seq, time, method, path, code (shortened), body, status (null when nothing was
        answered), answer, ending, fault, fault_id, contract_service_id, applied_late.
        """
        with self._lock:
            return [entry.as_dict() for entry in self._machine.log.after(after, limit)]

    def rows(self, contract_service_id: int) -> list[dict[str, Any]]:
        """The true unit rows of a line as the API would show them, whatever reads show now."""
        with self._lock:
            entity = ENTITIES["ContractServiceUnits"]
            line = self._line(contract_service_id)
            return [{name: row.get(name) for name in entity.fields} for row in line.rows]

    def units_on(self, contract_service_id: int, day: date) -> int | None:
        """The true units of a line on a day; ``None`` outside its contract."""
        with self._lock:
            self._line(contract_service_id)
            return self._machine.world.units_on(contract_service_id, day)

    def knobs(self) -> dict[str, Any]:
        with self._lock:
            return self._machine.knobs.as_dict()

    def faults(self) -> list[dict[str, Any]]:
        with self._lock:
            return [fault.as_dict() for fault in self._machine.faults.all()]

    # Doing

    def set_knobs(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Set several knobs, all or none; answers all knobs."""
        self._machine.set_knobs(values)
        return self.knobs()

    def add_fault(self, kind: str, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Put a fault in force; answers it with its id."""
        with self._lock:
            return self._machine.faults.add(kind, **settings).as_dict()

    def remove_fault(self, fault_id: int) -> bool:
        with self._lock:
            return self._machine.faults.remove(fault_id)

    def clear_faults(self) -> None:
        with self._lock:
            self._machine.faults.clear()

    def release(self) -> int:
        """Carry out all late writes now and show delayed rows; answers how many writes."""
        return self._machine.release()

    def approve_and_post(self, contract_id: int, up_to: date) -> list[int]:
        """Post the contract's periods that start on or before ``up_to``; answers new item ids."""
        with self._lock:
            try:
                return approve_and_post(self._machine.world, contract_id, up_to)
            except LookupError as why:
                raise ControlError(str(why)) from why

    def hand_edit(
        self,
        contract_service_id: int,
        on: date,
        units: int | None = None,
        unit_price: Decimal | None = None,
    ) -> dict[str, Any]:
        """Edit a line as a person does in Autotask's screens; answers units and price that day."""
        with self._lock:
            line = self._line(contract_service_id)
            hand_edit(self._machine.world, line, on=on, units=units, unit_price=unit_price)
            row = line.row_on(on)
            assert row is not None  # noqa: S101 - the edit checked the day
            return {
                "contract_service_id": line.id,
                "on": on,
                "units": row.span.units,
                "unit_price": money(row.span.unit_price),
            }

    def load(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Add companies, services, contracts, lines; answers their ids (see ``loading``)."""
        with self._lock:
            try:
                return load(self._machine.world, wanted)
            except Refusal as refusal:
                raise ControlError(str(refusal)) from refusal

    def load_metadata(self, document: Any) -> dict[str, Any]:
        """Put a tenant's recorded metadata in force; answers where it comes from and what it has.

        Raises RecordingError and changes nothing.
        """
        return self._machine.load_metadata(document).summary()

    def edit_contract(self, contract_id: int, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Change API fields of a contract (``status``, ``endDate``...) as a person would."""
        with self._lock:
            world = self._machine.world
            body = {**fields, "id": contract_id}
            try:
                update(world, ENTITIES["Contracts"], body, parent_id=None, replace=False)
            except Refusal as refusal:
                raise ControlError(str(refusal)) from refusal
            return dict(world.find("Contracts", contract_id) or {})

    def advance(self, seconds: float) -> datetime:
        """Move the clock on and carry out what has become due; answers the new moment."""
        with self._lock:
            now = self._machine.clock.advance(seconds)
            self._machine.tick()
            return now

    def freeze(self, at: datetime | None) -> datetime:
        """Stop the clock at a moment, or let it run again."""
        with self._lock:
            return self._machine.clock.freeze(at)

    def reset(self) -> None:
        """Back to how it was started: data, knobs, faults, log, effects, clock."""
        self._machine.reset()

    def _line(self, contract_service_id: int) -> Line:
        line = self._machine.world.lines.get(contract_service_id)
        if line is None:
            raise ControlError(f"there is no contract service {contract_service_id}")
        return line
