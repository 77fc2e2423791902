"""What the commands that work on an organisation have in common: who asks, and how it is shown."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tallystick.bootstrap.database import database, migrate_in_child
from tallystick.bootstrap.setup import setup
from tallystick.cli.say import say

if TYPE_CHECKING:
    from tallystick.bootstrap.asker import Asker

TEXT, JSON = "text", "json"
NOT_CONFIRMED = 2
Run = Callable[[argparse.Namespace], int]


def add_house(parser: argparse.ArgumentParser) -> None:
    """The options every one of them has."""
    parser.add_argument(
        "--organisation", "--tenant", metavar="NAME", help="needed only when there are several"
    )
    parser.add_argument("--format", choices=[TEXT, JSON], default=TEXT)
    parser.add_argument(
        "--json", dest="format", action="store_const", const=JSON, help="as --format json"
    )


def add_act(
    acts: argparse._SubParsersAction[argparse.ArgumentParser], name: str, words: str, run: Run
) -> argparse.ArgumentParser:
    """One act of a group: ``tallystick connections pause``."""
    one = acts.add_parser(name, help=words, description=words[0].upper() + words[1:] + ".")
    add_house(one)
    one.set_defaults(act=run)
    return one


@contextmanager
def house(arguments: argparse.Namespace, *, command: str) -> Iterator[Asker]:
    """The database at this version, and who asks. Raises InvalidInput, CannotStart."""
    with database(say=say):
        migrate_in_child()
        setup(log_level="WARNING")
        from tallystick.bootstrap.asker import asker_for
        from tallystick.identity.reach import reach_of, reaching

        asker = asker_for(arguments.organisation, command=command)
        with reaching(reach_of(asker.context)):
            yield asker


def show(arguments: argparse.Namespace, value: object, lines: Sequence[str]) -> None:
    """One JSON object for programs, lines for people."""
    if arguments.format == JSON:
        print(json.dumps(value, default=str, ensure_ascii=False))
    else:
        print("\n".join(lines))


def table(rows: Sequence[Mapping[str, object]], *, empty: str) -> list[str]:
    """Columns under their names; what a terminal could be steered with is not printed."""
    from tallystick.sources.csv_errors import printable

    if not rows:
        return [empty]
    names = list(rows[0])
    cells = [names, *([printable(_text(row[name])) for name in names] for row in rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(names))]
    return [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]


def confirmed(arguments: argparse.Namespace, consequences: Sequence[str]) -> bool:
    """Says what will happen; goes on with ``--yes``, or when a person types yes."""
    if arguments.yes:
        return True
    for line in consequences:
        print(line, file=sys.stderr)
    if sys.stdin.isatty():
        print("Type yes to go on: ", end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip().lower() == "yes":
            return True
    print("tallystick: nothing was done; repeat it with --yes", file=sys.stderr)
    return False


def _text(value: object) -> str:
    return "" if value is None else str(value)
