"""Autotask as a billing system: the port the engine speaks, in Autotask's words.

A line is a contract service (``ContractServices``) of a recurring service contract; what it bills
is read from ``ContractServiceUnits`` and changed only by ``ContractServiceAdjustments``, which can
be created but never read, changed or deleted (official page; the swagger has only POST).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from tallystick.connections.trouble import Rejected, Unclear
from tallystick.connectors.autotask.adjustments import (
    adjustment_body,
    new_line_body,
)
from tallystick.connectors.autotask.bodies import JsonObject, encode
from tallystick.connectors.autotask.client import (
    MOST_RECORDS,
    AutotaskClient,
    at_least,
    equal,
    one_of,
)
from tallystick.connectors.autotask.credentials import AutotaskCredentials
from tallystick.connectors.autotask.fields import (
    day_or_none,
    text_or_none,
    whole,
    whole_or_none,
)
from tallystick.connectors.autotask.limits import Gate
from tallystick.connectors.autotask.rows import UNIT_FIELDS, VendorRow, unit_rows, vendor_row
from tallystick.connectors.autotask.settings import AutotaskServerSettings
from tallystick.connectors.autotask.threshold import read_threshold
from tallystick.connectors.autotask.wire import Wire
from tallystick.kit.chunks import chunks
from tallystick.sync.port import (
    NO_LINE,
    Adjustment,
    Answer,
    Found,
    Line,
    LineFacts,
    NewLine,
    Refused,
    UnitRow,
)

RECURRING_SERVICE = 7  # Contracts.contractType, official page of ContractServices
ACTIVE = 1  # Contracts.status, picklist seen live
MONTHS_OF_PERIOD = {2: 1, 3: 3, 4: 6, 5: 12}
"""``contractPeriodType`` in months: monthly, quarterly, semi-annual, yearly (seen live)."""

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
        self, lines: Collection[Line], *, since: date
    ) -> Mapping[Line, tuple[UnitRow, ...]]:
        """See the port. One query per 500 lines (and its further pages).

        Raises Rejected when a row shows that a line belongs to another contract.
        """
        asked = {line.line_id for line in lines}
        rows: dict[int, list[VendorRow]] = {number: [] for number in asked}
        for some in chunks(sorted(asked), MOST_RECORDS):
            answered = self._client.query(
                "ContractServiceUnits",
                where=[one_of("contractServiceID", some), at_least("endDate", since.isoformat())],
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
            line: _facts(line, services.get(line.line_id), contracts.get(line.contract_id))
            for line in lines
        }

    def written(self, what: Adjustment | NewLine) -> str:
        """See the port."""
        try:
            return _encoded(what).decode("ascii")
        except ValueError:
            return ""

    def adjust(self, adjustment: Adjustment, *, deadline: float) -> Answer:
        """See the port. One POST; the same adjustment is always the same bytes."""
        try:
            body = _encoded(adjustment)
        except ValueError as failure:
            return Refused(f"Not sent to Autotask: {failure}.")
        return self._client.post_once(
            f"Contracts/{int(adjustment.line.contract_id)}/ServiceAdjustments",
            endpoint="ContractServiceAdjustments",
            body=body,
            deadline=deadline,
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
        if not ids and contract_id not in self._by_id("Contracts", {contract_id}, ("companyID",)):
            raise Unclear(
                f"Autotask shows no contract {contract_id} to this API user, so nothing can be "
                "said about its services."
            )
        return Found(line_ids=tuple(ids))

    def create_line(self, new: NewLine, *, deadline: float) -> Answer:
        """See the port. One POST; the line has no units until it is adjusted."""
        try:
            body = _encoded(new)
        except ValueError as failure:
            return Refused(f"Not sent to Autotask: {failure}.")
        return self._client.post_once(
            f"Contracts/{int(new.contract_id)}/Services",
            endpoint="ContractServices",
            body=body,
            deadline=deadline,
        )

    def threshold(self) -> tuple[int, int]:
        """See the port. One GET, which counts as a request itself."""
        read = read_threshold(self._client)
        return read.limit, read.used

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


def _encoded(what: Adjustment | NewLine) -> bytes:
    """Raises ValueError for what Autotask could not hold."""
    body = adjustment_body(what) if isinstance(what, Adjustment) else new_line_body(what)
    return encode(body)


def _facts(line: Line, service: JsonObject | None, contract: JsonObject | None) -> LineFacts:
    """What is true of one line, from its contract service's and its contract's row."""
    belongs = service is not None and whole(service, "contractID") == line.contract_id
    seen = contract or {}
    return LineFacts(
        line=line,
        exists=service is not None,
        belongs_to_contract=belongs,
        contract_found=contract is not None,
        contract_active=whole_or_none(seen, "status") == ACTIVE
        and whole_or_none(seen, "contractType") == RECURRING_SERVICE,
        contract_starts_on=day_or_none(seen, "startDate"),
        contract_ends_on=day_or_none(seen, "endDate"),
        period_months=period_months(seen),
        company_id=whole_or_none(seen, "companyID"),
        service_id=whole_or_none(service or {}, "serviceID"),
    )


def period_months(row: JsonObject, field: str = "contractPeriodType") -> int | None:
    """Months of a period type; it is an integer in REST, on some tenants written as text."""
    value = row.get(field)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:3])
    return MONTHS_OF_PERIOD.get(value) if isinstance(value, int) else None
