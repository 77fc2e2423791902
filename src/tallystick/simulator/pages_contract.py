"""The pages of the contracts: all of them by company, and one with lines, rows and notes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tallystick.simulator.control import Control
from tallystick.simulator.entities import ACTIVE, BILLING_ITEM_TYPES, INACTIVE, PERIOD_TYPES
from tallystick.simulator.faults import Fault
from tallystick.simulator.lines import Line
from tallystick.simulator.markup import Markup, button, fill, hidden, joined, link, safe, table
from tallystick.simulator.world import World

_SHOWN_CONTRACTS = 200
_SHOWN_NOTES = 50
_ADJUSTMENTS = "ServiceAdjustments"
_BREAKERS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("Refuse the next adjustment", {"kind": "refuse"}),
    ("Refuse until removed", {"kind": "refuse", "times": ""}),
    ("Lose the next answer", {"kind": "lose_answer"}),
    ("Apply the next one late", {"kind": "apply_late"}),
    ("Answer the next with 502", {"kind": "html_502"}),
    ("Throttle the next", {"kind": "throttle"}),
)


def overview_page(control: Control, wanted: str) -> Markup:
    """Contracts by company, with their lines and the units of today."""
    world = control.machine.world
    today = world.clock.today()
    by_company: dict[int, list[dict[str, Any]]] = {}
    shown = 0
    for contract in world.table("Contracts"):
        company = world.find("Companies", contract["companyID"]) or {}
        text = f"{company.get('companyName')} {contract['contractName']} {contract['id']}".lower()
        if wanted.lower() in text and shown < _SHOWN_CONTRACTS:
            by_company.setdefault(contract["companyID"], []).append(contract)
            shown += 1
    cards = []
    for company_id, contracts in by_company.items():
        company = world.find("Companies", company_id) or {}
        rows = []
        for contract in contracts:
            names = [
                f"{_service_name(world, line)}: {_units_today(line, today)}"
                for line in world.lines_of(contract["id"])
            ]
            rows.append(
                (
                    link(f"/simulator/contracts/{contract['id']}", contract["contractName"]),
                    _status_tag(contract),
                    f"{contract['startDate']} to {contract['endDate']}",
                    "; ".join(names) or None,
                )
            )
        body = table(("Contract", "Status", "Dates", "Units today"), rows)
        name = safe(company.get("companyName"))
        cards.append(
            Markup(
                f'<section class="card"><h2>{name} <span class="quiet">company {company_id}'
                f"</span></h2>{body}</section>"
            )
        )
    total = len(world.table("Contracts"))
    return fill(
        "overview.html",
        q=wanted,
        count=f"{shown} of {total} contracts",
        companies=joined(cards) or Markup('<p class="card quiet">No contracts.</p>'),
        faults=fault_table(control.machine.faults.all(), "/simulator/"),
    )


def contract_page(control: Control, contract_id: int) -> Markup | None:
    """One contract, or ``None`` when there is none of that id."""
    machine = control.machine
    world = machine.world
    contract = world.find("Contracts", contract_id)
    if contract is None:
        return None
    company = world.find("Companies", contract["companyID"]) or {}
    back = f"/simulator/contracts/{contract_id}"
    own = {"back": back, "contract_id": contract_id}
    is_active = contract["status"] == ACTIVE
    switch = button(
        "Make inactive" if is_active else "Make active",
        "status",
        {**own, "status": INACTIVE if is_active else ACTIVE},
    )
    breakers = [
        button(label, "fault", {**own, "path": _ADJUSTMENTS, "method": "POST", **settings})
        for label, settings in _BREAKERS
    ]
    tools = [
        button("Carry out late writes", "release", own, plain=True),
        button("Remove all faults", "clear-faults", own, plain=True),
    ]
    faults = [fault for fault in machine.faults.all() if fault.contract_id in (None, contract_id)]
    return fill(
        "contract.html",
        id=contract_id,
        company=company.get("companyName"),
        name=contract["contractName"],
        number=contract["contractNumber"],
        status="active" if is_active else "inactive",
        status_class="good" if is_active else "bad",
        starts=contract["startDate"],
        ends=contract["endDate"],
        period=PERIOD_TYPES.get(contract["contractPeriodType"], "Monthly"),
        today=world.clock.today(),
        hidden=hidden(own),
        breakers=joined([switch, *breakers, *tools]),
        faults=fault_table(faults, back),
        lines=joined(_line(world, line, back) for line in world.lines_of(contract_id)),
        items=_items(world, contract_id),
        notes=_notes(world, contract_id),
    )


def _line(world: World, line: Line, back: str) -> Markup:
    today = world.clock.today()
    rows = []
    marked = None
    for index, row in enumerate(line.rows):
        if row.span.starts_on <= today < row.span.until:
            marked = index
        rows.append(
            (
                row.id,
                row.span.starts_on,
                row.end_date(),
                row.span.units,
                row.span.unit_price,
                row.price(),
                row.cost(),
                "posted" if row.posted_at else None,
            )
        )
    heads = ("Row", "From", "To", "Units", "Unit price", "Price", "Cost", "Posted")
    record = world.find("ContractServices", line.id) or {}
    current = line.row_on(today)
    return fill(
        "line.html",
        id=line.id,
        service=_service_name(world, line),
        units=current.span.units if current else 0,
        price=current.span.unit_price if current else None,
        effects=len(world.effects_of.get(line.id, ())),
        description=record.get("internalDescription") or "no internal description",
        today=today,
        hidden=hidden({"back": f"{back}#line-{line.id}"}),
        open=Markup(" open"),
        rows=table(heads, rows, numbers=(3, 4, 5, 6), marked=marked),
    )


def _items(world: World, contract_id: int) -> Markup:
    rows = [
        (
            item["id"],
            item["itemDate"],
            BILLING_ITEM_TYPES.get(item["billingItemType"]),
            item["itemName"],
            item["quantity"],
            item["extendedPrice"],
        )
        for item in world.table("BillingItems").having("contractID", contract_id)
    ]
    heads = ("Item", "Date", "Type", "Service", "Quantity", "Price")
    return table(heads, rows, numbers=(4, 5), empty="None: nothing is approved and posted yet.")


def _notes(world: World, contract_id: int) -> Markup:
    notes = world.table("ContractNotes").having("contractID", contract_id)[-_SHOWN_NOTES:]
    rows = [
        (f"{note['createDateTime']:%Y-%m-%d %H:%M}", note["title"], note["description"])
        for note in reversed(notes)
    ]
    return table(("Written", "Title", "Text"), rows)


def fault_table(faults: Iterable[Fault], back: str) -> Markup:
    """The faults not yet removed, each with its button."""
    rows = [
        (
            fault.id,
            fault.kind,
            f"{fault.method or 'any verb'}, {fault.path or 'any path'}",
            f"contract {fault.contract_id}" if fault.contract_id else fault.contract_service_id,
            f"{fault.hits} of {'∞' if fault.times is None else fault.times}",
            button("Remove", "remove-fault", {"id": fault.id, "back": back}, plain=True),
        )
        for fault in faults
    ]
    return table(("No.", "Fault", "Requests", "Only for", "Struck", ""), rows, empty="No faults.")


def _status_tag(contract: dict[str, Any]) -> Markup:
    if contract["status"] == ACTIVE:
        return Markup('<span class="tag good">active</span>')
    return Markup('<span class="tag bad">inactive</span>')


def _service_name(world: World, line: Line) -> str:
    service = world.find("ServiceBundles" if line.is_bundle else "Services", line.service_id)
    return str(service["name"]) if service is not None else f"service {line.service_id}"


def _units_today(line: Line, today: Any) -> int:
    row = line.row_on(today)
    return row.span.units if row is not None else 0
