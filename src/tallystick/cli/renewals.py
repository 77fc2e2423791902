"""``tallystick renewals``: which terms end, and what is decided by then."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from datetime import date

from tallystick.cli.house import add_house, house, show, table

DAYS = 90


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_house(parser)
    parser.add_argument("--days", type=int, default=DAYS, help=f"how far ahead; {DAYS} if not said")
    parser.add_argument("--over", action="store_true", help="ended, and no renewal was recorded")
    parser.add_argument(
        "--needs", action="store_true", help="what waits for a person, each with why"
    )
    parser.add_argument("--end-of-term", metavar="WHAT", default="", help="renew, extend or cancel")
    parser.add_argument("--search", default="", help="any part of customer, offer or name")


def run(arguments: argparse.Namespace) -> int:
    with house(arguments, command="renewals") as asker:
        from tallystick.kit.paging import LARGEST_PAGE, every
        from tallystick.operations.commitments import commitments_of
        from tallystick.sources.csv_errors import printable
        from tallystick.sources.terms_told import terms_told
        from tallystick.subscriptions.terms_ending import terms_ending
        from tallystick.subscriptions.waiting_ends import why_waits

        views = list(
            every(
                lambda cursor: terms_ending(
                    asker.context,
                    today=asker.today,
                    days=arguments.days,
                    over=arguments.over,
                    needs=arguments.needs,
                    end_of_term=arguments.end_of_term,
                    search=arguments.search,
                    cursor=cursor,
                    limit=LARGEST_PAGE,
                )
            )
        )
        found = commitments_of(views, now=asker.now)
        waits = why_waits(asker.context, views, today=asker.today)
        told = terms_told(asker.context, [view.provider_id for view in views])
        lines = [
            {
                "last day": view.commitment_ends_on or "",
                "days": _days(view.commitment_ends_on, asker.today),
                "customer": view.customer.name,
                "subscription": view.name,
                "quantity": view.quantity,
                "then": view.end_of_term.label if view.end_is_said else view.then,
                "source says": told[view.provider_id].in_words(view)
                if view.provider_id in told
                else "",
                "may be reduced by": found[view.id].reducible if found[view.id].committed else "",
            }
            for view in views
        ]
        value = [
            {
                **asdict(view),
                "commitment": asdict(found[view.id]),
                "told": asdict(told[view.provider_id]) if view.provider_id in told else None,
                "needs_a_person": waits.get(view.id, ""),
            }
            for view in views
        ]
        empty = "Nothing waits for you." if arguments.needs else "No term ends in that time."
        said = [
            printable(f"{view.customer.name}, {view.name}: {waits[view.id]}")
            for view in views
            if view.id in waits
        ]
        show(arguments, value, [*table(lines, empty=empty), *said])
    return 0


def _days(last_day: date | None, today: date) -> int | str:
    from tallystick.subscriptions.terms_ending import days_left

    return "" if last_day is None else days_left(last_day, today=today)
