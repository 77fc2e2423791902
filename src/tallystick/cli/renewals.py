"""``tallystick renewals``: which terms end, and what is decided by then."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from tallystick.cli.house import add_house, house, show, table

DAYS = 90


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_house(parser)
    parser.add_argument("--days", type=int, default=DAYS, help=f"how far ahead; {DAYS} if not said")
    parser.add_argument("--over", action="store_true", help="ended, and no renewal was recorded")
    parser.add_argument("--end-of-term", metavar="WHAT", default="", help="renew, extend or cancel")
    parser.add_argument("--search", default="", help="any part of customer, offer or name")


def run(arguments: argparse.Namespace) -> int:
    with house(arguments, command="renewals") as asker:
        from tallystick.kit.paging import LARGEST_PAGE, every
        from tallystick.operations.commitments import commitments_of
        from tallystick.subscriptions.terms_ending import days_left, terms_ending

        views = list(
            every(
                lambda cursor: terms_ending(
                    asker.context,
                    today=asker.today,
                    days=arguments.days,
                    over=arguments.over,
                    end_of_term=arguments.end_of_term,
                    search=arguments.search,
                    cursor=cursor,
                    limit=LARGEST_PAGE,
                )
            )
        )
        found = commitments_of(views, now=asker.now)
        lines = [
            {
                "last day": view.commitment_ends_on,
                "days": days_left(view.commitment_ends_on, today=asker.today),
                "customer": view.customer.name,
                "subscription": view.name,
                "quantity": view.quantity,
                "then": view.end_of_term.label,
                "may be reduced by": found[view.id].reducible if found[view.id].committed else "",
            }
            for view in views
            if view.commitment_ends_on is not None
        ]
        value = [{**asdict(view), "commitment": asdict(found[view.id])} for view in views]
        show(arguments, value, table(lines, empty="No term ends in that time."))
    return 0
