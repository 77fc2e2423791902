"""``tallystick approvals``: what is held for review, and letting it go or not."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from tallystick.cli.house import NOT_CONFIRMED, add_act, confirmed, house, show, table
from tallystick.kit.problem import InvalidInput

if TYPE_CHECKING:
    from tallystick.bootstrap.asker import Asker
    from tallystick.bootstrap.preview_rows import RowAhead
    from tallystick.connections.queries import ConnectionView


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="what", metavar="ACT", required=True)
    listing = add_act(acts, "list", "what waits for approval, and what each will send", _list)
    approving = add_act(acts, "approve", "let what waits go, oldest first", _approve)
    rejecting = add_act(acts, "reject", "do not send the oldest one of a subscription", _reject)
    for one in (listing, approving, rejecting):
        one.add_argument("connection", help="its name, or its number")
    listing.add_argument("--customer", help="only of this one: its name, or its id")
    approving.add_argument("subscription", nargs="*", help="its provider id, or its name")
    approving.add_argument("--customer", help="all of this one's: its name, or its id")
    approving.add_argument("--all", action="store_true", help="all that waits")
    approving.add_argument("--yes", action="store_true", help="with --all, without asking")
    rejecting.add_argument("subscription", help="its provider id, or its name")
    rejecting.add_argument("--reason", required=True, help="kept in the audit log")


def run(arguments: argparse.Namespace) -> int:
    code: int = arguments.act(arguments)
    return code


def _list(arguments: argparse.Namespace) -> int:
    with house(arguments, command="approvals") as asker:
        from tallystick.bootstrap.held import held_rows
        from tallystick.kit.paging import every

        here, customer_id = _here(arguments, asker)
        rows = list(
            every(
                lambda cursor: held_rows(
                    here.id, customer_id=customer_id, cursor=cursor, asked=asker.asked()
                )
            )
        )
        lines = [_line(row) for row in rows]
        show(arguments, lines, table(lines, empty="Nothing waits for approval."))
    return 0


def _approve(arguments: argparse.Namespace) -> int:
    ways = [bool(arguments.subscription), bool(arguments.customer), arguments.all]
    if sum(ways) != 1:
        raise InvalidInput.one("subscription", "name some, or a --customer, or say --all")
    with house(arguments, command="approvals") as asker:
        from tallystick.bootstrap.desk import desk
        from tallystick.bootstrap.named import subscription_named
        from tallystick.sync.approve import approve_many, waiting_for_approval

        here, customer_id = _here(arguments, asker)
        found = waiting_for_approval(asker.context, here.id)
        words = f"{found.operations} operations are sent to Autotask, oldest first."
        if arguments.all and not confirmed(arguments, [words]):
            return NOT_CONFIRMED
        named = [subscription_named(asker, text).id for text in arguments.subscription]
        done = approve_many(
            here.id,
            subscription_ids=named or None,
            customer_id=customer_id,
            seen_at=asker.now,
            wake=desk().wake,
            **asker.acting(),
        )
        value = {"operations": done.operations, "subscriptions": done.subscriptions}
        said = f"Approved: {done.operations} operations of {done.subscriptions} subscriptions."
        show(arguments, value, [said if done.operations else "Nothing waited for approval."])
    return 0


def _reject(arguments: argparse.Namespace) -> int:
    """The oldest first: what waits behind it says the whole quantity anyway."""
    with house(arguments, command="approvals") as asker:
        from tallystick.bootstrap.desk import desk
        from tallystick.bootstrap.named import subscription_named
        from tallystick.ledger.kinds import Resolution
        from tallystick.mappings.rows import mapping_row
        from tallystick.sync.resolve import resolve

        here, _ = _here(arguments, asker)
        view = subscription_named(asker, arguments.subscription)
        row = mapping_row(asker.context, here.id, view.id, now=asker.now)
        if row.head is None or not row.badge.to_approve:
            raise InvalidInput.one("subscription", "has nothing that waits for approval")
        resolve(
            row.head.id,
            here.id,
            how=Resolution.SKIP.value,
            reason=arguments.reason,
            wake=desk().wake,
            **asker.acting(),
        )
        value = {"operation": row.head.sequence, "summary": row.head.in_words()}
        show(arguments, value, [f"Not sent: operation {row.head.sequence}, {row.head.in_words()}."])
    return 0


def _here(arguments: argparse.Namespace, asker: Asker) -> tuple[ConnectionView, int | None]:
    """Raises InvalidInput with the candidates."""
    from tallystick.bootstrap.asker import connection_named
    from tallystick.bootstrap.named import ours_named
    from tallystick.mappings.kinds import Ours

    here = connection_named(asker, arguments.connection)
    if not getattr(arguments, "customer", None):
        return here, None
    return here, ours_named(asker, here, Ours.CUSTOMER, arguments.customer).id


def _line(row: RowAhead) -> dict[str, Any]:
    return {
        "customer": row.subscription.customer.name,
        "subscription": row.subscription.provider_id,
        "operation": row.what,
        "asked": row.asked_on,
        "sent for": row.sent_on,
        "autotask gets": "; ".join(row.gets) or row.nothing,
        "this period": row.this_period,
        "next": row.next_period,
        "currency": row.currency,
        "stops": row.stops,
    }
