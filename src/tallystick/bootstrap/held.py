"""What is held for review on a connection, each with what it will send once it is approved."""

from __future__ import annotations

from tallystick.bootstrap.glance import quick_billing_of
from tallystick.bootstrap.look_before import BillingOf
from tallystick.bootstrap.preview_many import look_at_waiting
from tallystick.bootstrap.preview_rows import RowAhead, rows_of
from tallystick.kit.paging import Page
from tallystick.ledger.queries import get_operations
from tallystick.operations.finish import Asked
from tallystick.subscriptions.queries import get_subscriptions
from tallystick.sync.approve import list_held

PAGE = 50


def held_rows(
    connection_id: int,
    *,
    customer_id: int | None = None,
    cursor: str | None = None,
    limit: int = PAGE,
    asked: Asked,
    billing: BillingOf = quick_billing_of,
) -> Page[RowAhead]:
    """By customer, the oldest first. Raises NotFound, InvalidInput."""
    page = list_held(
        asked.context, connection_id, customer_id=customer_id, cursor=cursor, limit=limit
    )
    by_id = {one.id: one for one in get_operations(page.items)}
    operations = [by_id[one] for one in page.items]
    wanted = {one.subscription_id for one in operations}
    views = {view.id: view for view in get_subscriptions(asked.context, wanted)}
    found = look_at_waiting(operations, connection_id, asked=asked, billing=billing)
    rows = rows_of(
        found,
        [views[one.subscription_id] for one in operations],
        [one.in_words() for one in operations],
    )
    return Page(rows, page.next_cursor)
