"""Several operations at once: the same act of some subscriptions, or the rows of a file."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tallystick.cli.house import add_house, house, show, table
from tallystick.operations.acts import Act

if TYPE_CHECKING:
    from tallystick.bootstrap.asker import Asker
    from tallystick.bootstrap.preview_rows import RowAhead
    from tallystick.operations.at_once import Wanted
    from tallystick.subscriptions.queries import SubscriptionView

REFUSED = 2


def several(
    arguments: argparse.Namespace,
    asker: Asker,
    act: Act,
    values: Mapping[str, str],
    *,
    gaps: bool,
) -> int:
    """2 when some cannot be recorded: then none was. ``gaps``: those that have one are charged."""
    from tallystick.bootstrap.gap_charge import record_all_with_gaps
    from tallystick.bootstrap.named import subscription_named
    from tallystick.operations.at_once import NoneOfThem, Wanted, ask_of

    names = dict.fromkeys([arguments.subscription, *arguments.also])
    views = [subscription_named(asker, name) for name in names]
    wanted = [Wanted(view.id, act, values) for view in views]
    if arguments.preview:
        return _look(arguments, asker, wanted, views)
    try:
        done = record_all_with_gaps(
            [ask_of(one, asker.today) for one in wanted],
            range(len(wanted)) if gaps else (),
            where_there_is_one=True,
            asked=asker.asked(),
        )
    except NoneOfThem as refused:
        for place, problem in sorted(refused.problems.items()):
            print(f"tallystick: {views[place].provider_id}: {problem}", file=sys.stderr)
        print("tallystick: nothing was recorded", file=sys.stderr)
        return REFUSED
    lines = [
        {
            "subscription": view.provider_id,
            "customer": view.customer.name,
            "operation": one.recorded.sequence,
            "sent_to": len(one.recorded.lane_ids),
            "one-off charges": one.charges,
        }
        for view, one in zip(views, done, strict=True)
    ]
    show(arguments, lines, [*table(lines, empty=""), f"{len(done)} recorded."])
    return 0


def add_operations(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="CSV in UTF-8; see docs/import.md")
    parser.add_argument(
        "--dry-run", action="store_true", help="say what each row would do; store nothing"
    )
    add_house(parser)


def run_operations(arguments: argparse.Namespace) -> int:
    """2 when the file was refused: then nothing was stored."""
    with house(arguments, command="import") as asker:
        from tallystick.sources.csv_errors import ImportRefused
        from tallystick.sources.import_operations import import_operations, read_rows

        try:
            rows = read_rows(arguments.file, context=asker.context)
            if arguments.dry_run:
                wanted, views = [row.wanted for row in rows], [row.view for row in rows]
                return _look(arguments, asker, wanted, views)
            done = import_operations(rows, today=asker.today, asked=asker.asked())
        except ImportRefused as refused:
            for line in str(refused).splitlines():
                print(f"tallystick: {line}", file=sys.stderr)
            print("tallystick: nothing was imported", file=sys.stderr)
            if arguments.format == "json":
                errors = [asdict(error) for error in refused.errors]
                print(json.dumps({"stored": False, "errors": errors, "more_errors": refused.more}))
            return REFUSED
        said = f"{done.recorded} operations recorded."
        again = f" {done.known} rows of this file had been recorded before." if done.known else ""
        show(arguments, asdict(done), [said + again])
    return 0


def _look(
    arguments: argparse.Namespace,
    asker: Asker,
    wanted: Sequence[Wanted],
    views: Sequence[SubscriptionView],
) -> int:
    """2 when one of them could not be recorded."""
    from tallystick.bootstrap.preview_many import look_at_many
    from tallystick.bootstrap.preview_rows import rows_of, together
    from tallystick.operations.at_once import ask_of

    asks = [ask_of(one, asker.today) for one in wanted]
    rows = rows_of(
        look_at_many(asks, asked=asker.asked()), views, [one.act.label for one in wanted]
    )
    counts = together(rows)
    lines = [_line(row) for row in rows]
    said = table(lines, empty="")
    said += [
        f"{one.currency}, estimate: {one.this_period:+.2f} in the period of the change, "
        f"{one.next_period:+.2f} in the next"
        + (f"; {one.unknown} not known" if one.unknown else "")
        for one in counts.money
    ]
    said += [f"{row.subscription.provider_id}: {row.gap_in_words}" for row in rows if row.gap]
    said += sorted({words for row in rows for words in row.undo})
    said.append(
        f"{counts.sent} would be sent, {counts.stopped} recorded and not sent now, "
        f"{counts.nothing} recorded alone, {counts.wrong} cannot be recorded. "
        "Nothing was recorded."
    )
    told = [
        {**line, "cannot be undone": list(row.undo)} for line, row in zip(lines, rows, strict=True)
    ]
    show(arguments, {**asdict(counts), "operations": told}, said)
    return REFUSED if counts.wrong else 0


def _line(row: RowAhead) -> dict[str, Any]:
    return {
        "subscription": row.subscription.provider_id,
        "customer": row.subscription.customer.name,
        "operation": row.what,
        "asked": row.asked_on,
        "sent for": row.sent_on,
        "because": " ".join([row.posted, *row.why]).strip(),
        "gap": row.gap,
        "autotask gets": "; ".join(row.gets) or row.nothing,
        "this period": row.this_period,
        "next": row.next_period,
        "currency": row.currency if row.this_period is not None else "",
        "stops": row.stops,
    }
