"""The bodies of the two writes. The same facts always give the same bytes.

Vendor facts: ``unitChange`` is a signed int32 delta; ``unitChange`` 0 with ``adjustedUnitPrice``
re-prices (seen live); ``effectiveDate`` keeps the date as written whatever time is sent (official
page); ``internalDescription`` holds 100 characters and can be queried (entity metadata).
"""

from __future__ import annotations

from tallystick.connectors.autotask.bodies import Written, exact_money
from tallystick.sync.port import Adjustment, NewLine

LONGEST_REFERENCE = 100
_INT32 = 2**31

Body = dict[str, Written]


def adjustment_body(adjustment: Adjustment) -> Body:
    """The fields sent for an adjustment: ids and units int, amounts Decimal with 4 decimals, the
    day as ``YYYY-MM-DD``. A rate that is ``None`` is left out, so the line's own rate stays.

    Raises ValueError when Autotask could not hold it, or when it would change nothing.
    """
    if not -_INT32 <= adjustment.unit_change < _INT32:
        raise ValueError("the change of units is too large for Autotask")
    rates = (adjustment.unit_price, adjustment.unit_cost)
    if adjustment.unit_change == 0 and rates == (None, None):
        raise ValueError("the adjustment would change nothing")
    # The line is always named by its own id: with a service id Autotask would add a line that is
    # not there without a word.
    body: Body = {
        "contractID": adjustment.line.contract_id,
        "contractServiceID": adjustment.line.line_id,
        "effectiveDate": adjustment.effective_on.isoformat(),
        "unitChange": adjustment.unit_change,
    }
    if adjustment.unit_price is not None:
        body["adjustedUnitPrice"] = exact_money(adjustment.unit_price)
    if adjustment.unit_cost is not None:
        body["adjustedUnitCost"] = exact_money(adjustment.unit_cost)
    return body


def new_line_body(new: NewLine) -> Body:
    """The fields sent to create a line. Raises ValueError for an unusable reference or amount.

    The price is not sent: ``unitPrice`` is read-only for the API (entity metadata), so it comes
    with the first adjustment. ``unitCost`` is writable.
    """
    reference = new.reference
    if not reference.strip() or len(reference) > LONGEST_REFERENCE or not reference.isprintable():
        raise ValueError("the reference must be 1 to 100 printable characters")
    body: Body = {
        "contractID": new.contract_id,
        "serviceID": new.service_id,
        "internalDescription": reference,
    }
    if new.unit_cost is not None:
        body["unitCost"] = exact_money(new.unit_cost)
    return body
