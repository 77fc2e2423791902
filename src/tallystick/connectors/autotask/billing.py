"""Autotask as a billing system: the port the engine speaks, in Autotask's words.

A line is a contract service (``ContractServices``) of a recurring service contract; what it bills
is read from ``ContractServiceUnits`` and changed only by ``ContractServiceAdjustments``, which can
be created but never read, changed or deleted (official page; the swagger has only POST). What is
billed once is a contract charge, which can (``charges``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import assert_never

from tallystick.connections.trouble import Rejected, Unclear
from tallystick.connectors.autotask.adjustments import (
    adjustment_body,
    new_line_body,
)
from tallystick.connectors.autotask.bodies import JsonObject, encode
from tallystick.connectors.autotask.charges import (
    changed_charge_body,
    charge_codes,
    find_charges,
    new_charge_body,
)
from tallystick.connectors.autotask.client import (
    MOST_RECORDS,
    AutotaskClient,
    at_least,
    at_most,
    equal,
    one_of,
)
from tallystick.connectors.autotask.credentials import AutotaskCredentials
from tallystick.connectors.autotask.fields import (
    text_or_none,
    whole,
)
from tallystick.connectors.autotask.limits import Gate
from tallystick.connectors.autotask.line_facts import line_facts
from tallystick.connectors.autotask.rows import UNIT_FIELDS, VendorRow, unit_rows, vendor_row
from tallystick.connectors.autotask.settings import AutotaskServerSettings
from tallystick.connectors.autotask.threshold import read_threshold
from tallystick.connectors.autotask.wire import Wire
from tallystick.kit.chunks import chunks
from tallystick.sync.charge_port import ChargeChange, ChargeCode, NewCharge, ShownCharge
from tallystick.sync.port import (
    NO_LINE,
    Adjustment,
    Answer,
    Found,
    Line,
    LineFacts,
    LineName,
    NewLine,
    Refused,
    UnitRow,
    Written,
)

_CONTRACT_FIELDS = (
    "companyID",
    "contractType",
    "status",
    "startDate",
    "endDate",
    "contractPeriodType",
)


class AutotaskBilling:
    """``tallystick.sync.port.Billing`` for one connection. Thread-safe; holds no state."""

    def __init__(self, client: AutotaskClient) -> None:
        self._client = client

    def observe(
        self, lines: Collection[Line], *, since: date, until: date | None = None
    ) -> Mapping[Line, tuple[UnitRow, ...]]:
        """See the port. One query per 500 lines (and its further pages).

        Raises Rejected when a row shows that a line belongs to another contract.
        """
        asked = {line.line_id for line in lines}
        rows: dict[int, list[VendorRow]] = {number: [] for number in asked}
        days = [at_least("endDate", since.isoformat())]
        if until is not None:
            days.append(at_most("startDate", until.isoformat()))
        for some in chunks(sorted(asked), MOST_RECORDS):
            answered = self._client.query(
                "ContractServiceUnits",
                where=[one_of("contractServiceID", some), *days],
                fields=UNIT_FIELDS,
            )
            for row in map(vendor_row, answered):
                if row.line_id is None:
                    continue  # old rows belong to no line and cannot be a line's
                if row.line_id not in asked:
                    raise Unclear(
                        f"Autotask answered with units of contract service {row.line_id}, which "
                        "was not asked for."
                    )
                rows[row.line_id].append(row)
        return {line: _rows_of(line, rows[line.line_id], since=since) for line in lines}

    def describe(self, lines: Collection[Line]) -> Mapping[Line, LineFacts]:
        """See the port. ``contract_active`` means status Active *and* type Recurring Service."""
        ids = {line.line_id for line in lines if line.line_id != NO_LINE}
        services = self._by_id("ContractServices", ids, ("contractID", "serviceID"))
        contracts = self._by_id("Contracts", {line.contract_id for line in lines}, _CONTRACT_FIELDS)
        return {
            line: line_facts(line, services.get(line.line_id), contracts.get(line.contract_id))
            for line in lines
        }

    def written(self, what: Written) -> str:
        """See the port."""
        try:
            return _encoded(what).decode("ascii")
        except ValueError:
            return ""

    def adjust(self, adjustment: Adjustment, *, deadline: float) -> Answer:
        """See the port. One POST; the same adjustment is always the same bytes."""
        path = f"Contracts/{int(adjustment.line.contract_id)}/ServiceAdjustments"
        return self._write(
            path, adjustment, endpoint="ContractServiceAdjustments", deadline=deadline
        )

    def find_line(self, *, contract_id: int, reference: str) -> Found:
        """See the port. Absent is only said of a contract the API user can see: a restricted
        security level answers with nothing although the data exists."""
        answered = self._client.query(
            "ContractServices",
            where=[equal("contractID", contract_id), equal("internalDescription", reference)],
            fields=("contractID", "internalDescription"),
        )
        # The database compares without letter case; a reference of ours is exact.
        ids = sorted(
            whole(row, "id")
            for row in answered
            if whole(row, "contractID") == contract_id
            and (text_or_none(row, "internalDescription") or "").strip() == reference.strip()
        )
        if not ids:
            self._see({contract_id})
        return Found(line_ids=tuple(ids))

    def create_line(self, new: NewLine, *, deadline: float) -> Answer:
        """See the port. One POST; the line has no units until it is adjusted."""
        path = f"Contracts/{int(new.contract_id)}/Services"
        return self._write(path, new, endpoint="ContractServices", deadline=deadline)

    def find_charges(self, wanted: Mapping[str, int]) -> Mapping[str, tuple[ShownCharge, ...]]:
        """See the port. A charge is found wherever it is now; absent is only said of a contract
        the API user can see, as in ``find_line``."""
        found = find_charges(self._client, wanted)
        self._see({wanted[reference] for reference, charges in found.items() if not charges})
        return found

    def charge_codes(self) -> Sequence[ChargeCode]:
        """See the port: the active Material Cost Codes."""
        return charge_codes(self._client)

    def create_charge(self, new: NewCharge, *, deadline: float) -> Answer:
        """See the port. One POST."""
        path = f"Contracts/{int(new.contract_id)}/Charges"
        return self._write(path, new, endpoint="ContractCharges", deadline=deadline)

    def change_charge(self, change: ChargeChange, *, deadline: float) -> Answer:
        """See the port. One PATCH, of the collection: what is left out stays as it is."""
        path = f"Contracts/{int(change.contract_id)}/Charges"
        return self._write(
            path, change, endpoint="ContractCharges", deadline=deadline, method="PATCH"
        )

    def shown_name(self, line: Line) -> str:
        """See the port. Spaces at the ends are nobody's."""
        rows = self._by_id("ContractServices", {line.line_id}, ("contractID", "invoiceDescription"))
        row = rows.get(line.line_id)
        if row is None or whole(row, "contractID") != line.contract_id:
            raise Rejected(
                f"Autotask shows no contract service {line.line_id} on contract {line.contract_id}."
            )
        return (text_or_none(row, "invoiceDescription") or "").strip()

    def name_line(self, name: LineName, *, deadline: float) -> Answer:
        """See the port. One PATCH of this one field; of a contract service Autotask lets nothing
        else be changed (official page), and leaves what is not named as it is."""
        return self._client.post_once(
            f"Contracts/{int(name.line.contract_id)}/Services",
            endpoint="ContractServices",
            body=_encoded(name),
            deadline=deadline,
            method="PATCH",
        )

    def threshold(self) -> tuple[int, int]:
        """See the port. One GET, which counts as a request itself."""
        read = read_threshold(self._client)
        return read.limit, read.used

    def _write(
        self, path: str, what: Written, *, endpoint: str, deadline: float, method: str = "POST"
    ) -> Answer:
        try:
            body = _encoded(what)
        except ValueError as failure:
            return Refused(f"Not sent to Autotask: {failure}.")
        return self._client.post_once(
            path, endpoint=endpoint, body=body, deadline=deadline, method=method
        )

    def _see(self, contract_ids: Collection[int]) -> None:
        """Raises Unclear for a contract that this API user is not shown."""
        hidden = set(contract_ids) - self._by_id("Contracts", contract_ids, ("companyID",)).keys()
        if hidden:
            raise Unclear(
                f"Autotask shows no contract {min(hidden)} to this API user, so nothing can be "
                "said about what is on it."
            )

    def _by_id(
        self, entity: str, numbers: Collection[int], fields: Sequence[str]
    ) -> dict[int, JsonObject]:
        found: dict[int, JsonObject] = {}
        for some in chunks(sorted(numbers), MOST_RECORDS):
            for row in self._client.query(entity, where=[one_of("id", some)], fields=fields):
                found[whole(row, "id")] = row
        return found


def make_billing(
    *,
    credentials: AutotaskCredentials,
    settings: AutotaskServerSettings,
    gate: Gate,
    http: Wire,
) -> AutotaskBilling:
    """Put together one connection's billing. ``http`` is the process's ``shared_http_client`` and
    must have been made with the same ``settings``."""
    if http.settings != settings:
        raise ValueError("the shared client was made with other settings")
    return AutotaskBilling(AutotaskClient(credentials=credentials, gate=gate, wire=http))


def _rows_of(line: Line, rows: Sequence[VendorRow], *, since: date) -> tuple[UnitRow, ...]:
    for row in rows:
        if row.contract_id != line.contract_id:
            raise Rejected(
                f"Contract service {line.line_id} belongs to contract {row.contract_id} in "
                f"Autotask, not to contract {line.contract_id} it is mapped with."
            )
    return unit_rows(rows, since=since)


def _encoded(what: Written) -> bytes:
    """Raises ValueError for what Autotask could not hold."""
    match what:
        case Adjustment():
            return encode(adjustment_body(what))
        case NewLine():
            return encode(new_line_body(what))
        case NewCharge():
            return encode(new_charge_body(what))
        case ChargeChange():
            return encode(changed_charge_body(what))
        case LineName():
            return encode({"id": what.line.line_id, "invoiceDescription": what.name})
        case _:
            assert_never(what)
