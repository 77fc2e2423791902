"""``tallystick prices``: apply the price lists of a day, read the price sheet of a source."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING

from tallystick.cli.house import add_act, house, show, table
from tallystick.kit.days import in_words, parse_day

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tallystick.bootstrap.asker import Asker
    from tallystick.bootstrap.prices_ahead import PricesAhead
    from tallystick.catalog.price_runs import Choice
    from tallystick.operations.look_at_prices import ByList
    from tallystick.operations.repriced import Repriced


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="what", metavar="ACT", required=True)
    one = add_act(acts, "apply", "give subscriptions the prices that count on a day", _apply)
    one.add_argument("--on", metavar="DAY", type=_day, required=True, help="billed from then on")
    words = "with a one-off charge, of each its own, for the days until the price is billed"
    one.add_argument("--gap-charge", action="store_true", help=words)
    one.add_argument("--dry-run", action="store_true", help="only show what would change")
    words = "leave this subscription as it is; may be repeated"
    one.add_argument("--exclude", metavar="PROVIDER_ID", action="append", default=[], help=words)
    words = "its price moves by more than a factor 3 and is right; may be repeated"
    one.add_argument("--accept", metavar="PROVIDER_ID", action="append", default=[], help=words)
    one = add_act(acts, "read", "read the price sheet of a source now", _read)
    one.add_argument("source", help="its name or number")
    one.add_argument("--dry-run", action="store_true", help="show what would be; store nothing")
    words = "also take prices that move by more than a factor 3"
    one.add_argument("--accept-large-moves", action="store_true", help=words)


def run(arguments: argparse.Namespace) -> int:
    code: int = arguments.act(arguments)
    return code


def _day(text: str) -> date:
    try:
        return parse_day(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _apply(arguments: argparse.Namespace) -> int:
    """1 when a price that moves by more than a factor 3 waits for somebody."""
    with house(arguments, command="prices") as asker:
        from tallystick.catalog.price_runs import Choice
        from tallystick.operations.look_at_prices import ByList
        from tallystick.subscriptions.rules import check_applied_day

        check_applied_day(arguments.on, today=asker.today)
        choice = Choice.of(
            _ids(asker, "exclude", arguments.exclude),
            _ids(asker, "accept", arguments.accept),
            gap_charge=arguments.gap_charge,
        )
        act = _look if arguments.dry_run else _carry_out
        return act(asker, ByList(arguments.on), choice, arguments)


def _read(arguments: argparse.Namespace) -> int:
    """2 when the sheet was refused or held, and then nothing was stored."""
    with house(arguments, command="prices") as asker:
        from tallystick.bootstrap.accounts import source_named
        from tallystick.bootstrap.source_clients import price_sheets_of
        from tallystick.cli.import_sheets import summary
        from tallystick.sources.read_prices import PriceReading, read_prices_now

        done = read_prices_now(
            source_named(asker.context, arguments.source).id,
            PriceReading(price_sheets_of, asker.now, asker.correlation_id),
            context=asker.context,
            accept_large_moves=arguments.accept_large_moves,
            dry_run=arguments.dry_run,
        )
        show(arguments, asdict(done), summary(done))
    return 0


def _look(asker: Asker, what: ByList, choice: Choice, arguments: argparse.Namespace) -> int:
    from tallystick.bootstrap.prices_ahead import look_ahead_at_prices
    from tallystick.kit.paging import every
    from tallystick.operations.look_at_prices import look_at_prices, total_of

    rows = list(every(lambda cursor: look_at_prices(what, asker.context, cursor=cursor)))
    totals = total_of(what, asker.context, choice)
    ahead = look_ahead_at_prices(rows, what, asked=asker.asked())
    lines = [_line(one, choice, ahead) for one in rows]
    said = table(lines, empty="Every subscription has these prices already.")
    said += [
        f"{money.currency} a month: price {money.price_before} to {money.price_after}, "
        f"cost {money.cost_before} to {money.cost_after}"
        for money in totals.money
    ]
    said += [f"{row.subscription.provider_id}: {row.gap_in_words}" for row in ahead.rows if row.gap]
    if ahead.gaps:
        money = ", ".join(ahead.gaps_in_words)
        said.append(f"Billed later than they count: {ahead.gaps}, about {money} until then.")
    if ahead.unread:
        said.append(f"Autotask was not read: {ahead.unread}")
    said.append(f"Autotask was asked {ahead.calls} times.")
    said.append(f"{totals.change} would change, {totals.held} held, {totals.left} would not.")
    value = {
        "change": totals.change,
        "held": totals.held,
        "left": totals.left,
        "excluded": totals.excluded,
        "a_month": [asdict(money) for money in totals.money],
        "autotask_calls": ahead.calls,
        "subscriptions": lines,
    }
    show(arguments, value, said)
    return 0


def _carry_out(asker: Asker, what: ByList, choice: Choice, arguments: argparse.Namespace) -> int:
    """All of it in this process; a worker goes on when it is stopped."""
    from tallystick.bootstrap.gap_charge import gaps_of
    from tallystick.catalog.price_runs import get_price_run, left_of
    from tallystick.kit.paging import every
    from tallystick.operations.apply_prices import apply_prices
    from tallystick.operations.repriced import HELD

    asked = asker.asked()
    run_id = apply_prices(what, choice=choice, asked=asked, here=True, gaps=gaps_of).id
    done = get_price_run(asker.context, run_id)
    left = list(every(lambda cursor: left_of(asker.context, run_id, cursor=cursor)))
    said: Sequence[str] = [
        *(f"{one.customer_name}, {one.subscription_name}: {one.why}" for one in left),
        f"{done.recorded} have the prices of {in_words(what.on)}, {done.left_out} were excluded, "
        f"{done.left} not changed.",
    ]
    value = {
        "run": run_id,
        "recorded": done.recorded,
        "excluded": done.left_out,
        "left": [asdict(one) for one in left],
    }
    show(arguments, value, said)
    return 1 if any(one.why == HELD for one in left) else 0


def _line(one: Repriced, choice: Choice, ahead: PricesAhead) -> dict[str, object]:
    why = "excluded" if one.view.id in choice.excluded else one.stands(choice)
    return {
        "subscription": one.view.provider_id,
        "customer": one.view.customer.name,
        "from": one.day,
        "price": one.view.unit_price,
        "new price": one.unit_price,
        "cost": one.view.unit_cost,
        "new cost": one.unit_cost,
        "currency": one.price_currency,
        "billed from": ", ".join(str(row.sent_on) for row in ahead.of(one) if row.sent_on),
        "posted": " ".join(row.posted for row in ahead.of(one)),
        "gap": ", ".join(str(row.gap) for row in ahead.of(one) if row.gap),
        "stops": " ".join(row.stops for row in ahead.of(one)) or ahead.why_not(one),
        "why not": why,
    }


def _ids(asker: Asker, field: str, provider_ids: Sequence[str]) -> list[int]:
    """Raises InvalidInput naming the option."""
    from tallystick.kit.problem import InvalidInput
    from tallystick.subscriptions.queries import subscription_by_provider_id

    found = []
    for provider_id in provider_ids:
        view = subscription_by_provider_id(asker.context, provider_id.strip())
        if view is None:
            raise InvalidInput.one(field, f"there is no subscription “{provider_id[:100]}”")
        found.append(view.id)
    return found
