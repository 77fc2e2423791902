"""What the buttons of the pages do: one verb each, answering a sentence for the next page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

from tallystick.simulator.control import Control

Form = Mapping[str, str]


def _knobs(control: Control, form: Form) -> str:
    values = {name: value for name, value in form.items() if name != "back"}
    control.set_knobs(values)
    return "Knobs saved."


def _status(control: Control, form: Form) -> str:
    status = int(form["status"])
    control.edit_contract(int(form["contract_id"]), {"status": status})
    return "The contract is active." if status else "The contract is inactive."


def _end_date(control: Control, form: Form) -> str:
    control.edit_contract(int(form["contract_id"]), {"endDate": form["end_date"]})
    return f"The contract ends on {form['end_date']}."


def _hand_edit(control: Control, form: Form) -> str:
    units = form.get("units", "").strip()
    price = form.get("unit_price", "").strip()
    if not units and not price:
        return "Nothing to edit: give units or a unit price."
    try:
        amount = Decimal(price) if price else None
    except InvalidOperation as why:
        raise ValueError(f"{price!r} is not a price") from why
    done = control.hand_edit(
        int(form["contract_service_id"]),
        date.fromisoformat(form["on"]),
        int(units) if units else None,
        amount,
    )
    return f"Edited by hand: {done['units']} units from {form['on']}."


def _fault(control: Control, form: Form) -> str:
    settings: dict[str, object] = {}
    for name in ("method", "path", "message"):
        if form.get(name, "").strip():
            settings[name] = form[name].strip()
    for name in ("contract_service_id", "contract_id", "skip", "seconds", "status"):
        if form.get(name, "").strip():
            settings[name] = form[name].strip()
    times = form.get("times", "1").strip()
    settings["times"] = int(times) if times else None
    fault = control.add_fault(form["kind"], settings)
    return f"Fault {fault['id']} ({fault['kind']}) is in force."


def _remove_fault(control: Control, form: Form) -> str:
    control.remove_fault(int(form["id"]))
    return "Fault removed."


def _clear_faults(control: Control, _: Form) -> str:
    control.clear_faults()
    return "All faults removed."


def _release(control: Control, _: Form) -> str:
    return f"{control.release()} late writes carried out."


def _approve(control: Control, form: Form) -> str:
    items = control.approve_and_post(int(form["contract_id"]), date.fromisoformat(form["up_to"]))
    return f"Approved and posted up to {form['up_to']}: {len(items)} billing items."


def _advance(control: Control, form: Form) -> str:
    return f"The clock shows {control.advance(float(form['seconds'])):%Y-%m-%d %H:%M:%S} UTC."


def _reset(control: Control, _: Form) -> str:
    control.reset()
    return "Everything is as at the start."


FORMS: Mapping[str, Callable[[Control, Form], str]] = {
    "knobs": _knobs,
    "status": _status,
    "end-date": _end_date,
    "hand-edit": _hand_edit,
    "fault": _fault,
    "remove-fault": _remove_fault,
    "clear-faults": _clear_faults,
    "release": _release,
    "approve": _approve,
    "advance": _advance,
    "reset": _reset,
}
