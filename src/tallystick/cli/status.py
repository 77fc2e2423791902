"""``tallystick status``: is all well, for people and for scripts."""

from __future__ import annotations

import argparse
from datetime import date

from tallystick.cli.house import add_house, house, show
from tallystick.kit.problem import InvalidInput

ALL_WELL, UNDER_WAY, NEEDS_YOU, DID_NOT_RUN = 0, 10, 11, 12


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--up-to", metavar="DAY", help="may one post up to this day?")
    parser.epilog = (
        f"Exit code: {ALL_WELL} all well and proved, {UNDER_WAY} on its way or nothing mapped yet, "
        f"{NEEDS_YOU} something needs a person, {DID_NOT_RUN} a worker or a look at every line "
        "did not run. 1 and 2 are errors of the command itself."
    )
    add_house(parser)


def run(arguments: argparse.Namespace) -> int:
    with house(arguments, command="status") as asker:
        from tallystick.bootstrap.home import home

        found = home(asker.context, up_to=_day(arguments.up_to), now=asker.now)
        line, may = found.headline, found.may_post
        lines = [line.words, may.words, *(f"  {one.words}" for one in may.reasons)]
        for need in found.needs:
            view = need.row.subscription
            lines.append(f"{view.customer.name}, {view.name}: {need.row.badge.cause}")
        value = {
            "tone": line.tone.value,
            "words": line.words,
            "first": list(line.first),
            "needs": list(line.needs),
            "may_post": {
                "up_to": may.day,
                "answer": may.answer.value,
                "reasons": [
                    {"why": one.why.value, "number": one.number, "words": one.words}
                    for one in may.reasons
                ],
            },
            "mapped": found.counts.mapped,
            "not_mapped": found.not_mapped.subscriptions,
            "undecided": found.undecided,
            "worker_seen_at": found.worker_seen_at,
        }
        show(arguments, value, lines)
    if line.first:
        return DID_NOT_RUN
    if line.needs:
        return NEEDS_YOU
    return ALL_WELL if line.all_well else UNDER_WAY


def _day(text: str | None) -> date | None:
    """Raises InvalidInput naming the option."""
    from tallystick.kit.days import parse_day

    try:
        return parse_day(text) if text else None
    except ValueError as wrong:
        raise InvalidInput.one("up-to", str(wrong)) from None
