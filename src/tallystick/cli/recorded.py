"""Record an operation from the command line and say what became of it, or only look ahead."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from tallystick.cli.house import show

if TYPE_CHECKING:
    from tallystick.bootstrap.asker import Asker
    from tallystick.bootstrap.preview import Ahead
    from tallystick.ledger.record import Recorded
    from tallystick.operations.finish import Asked
    from tallystick.subscriptions.queries import SubscriptionView


def add_preview(parser: argparse.ArgumentParser) -> None:
    words = "say what will happen, and store nothing"
    parser.add_argument("--preview", action="store_true", help=words)


def look_or_record(
    arguments: argparse.Namespace,
    asker: Asker,
    view: SubscriptionView,
    looked_at: Callable[[Asked], Recorded],
    record: Callable[[Asked], Recorded],
) -> int:
    from tallystick.bootstrap.preview import look_ahead
    from tallystick.kit.days import in_words
    from tallystick.ledger.queries import get_operation
    from tallystick.operations.worth_knowing import worth_knowing

    if arguments.preview:
        show_ahead(arguments, look_ahead(looked_at, view.id, asked=asker.asked()))
        return 0
    done = record(asker.asked())
    operation = get_operation(done.operation_id)
    assert operation is not None  # noqa: S101 - recorded a moment ago
    sent = "Autotask is updated in the background." if done.lane_ids else "Nothing is sent."
    said = (
        f"Recorded as operation {done.sequence}: {operation.in_words()}, from "
        f"{in_words(operation.effective_on)}. {sent}"
    )
    warnings = worth_knowing(operation, now=asker.now)
    value = {
        "operation": done.sequence,
        "summary": operation.in_words(),
        "effective_on": operation.effective_on,
        "sent_to": len(done.lane_ids),
        "warnings": warnings,
    }
    show(arguments, value, [said, *warnings])
    return 0


def show_ahead(arguments: argparse.Namespace, ahead: Ahead) -> None:
    from dataclasses import asdict

    from tallystick.bootstrap.preview_words import in_sentences, nothing_sent

    said, nothing = in_sentences(ahead), nothing_sent(ahead)
    lines = [f"{ahead.operation.in_words()}. Nothing was recorded."]
    lines += [*ahead.warnings, *([nothing] if nothing else [])]
    for one in said:
        lines += ["", one.where, f"  {one.lead}", *(f"    {call}" for call in one.calls)]
        lines += [f"  Estimate: {one.estimate}"] if one.estimate else []
        lines += [f"  {words}" for words in (*one.warnings, *one.moves, *one.notes)]
    value = {
        "summary": ahead.operation.in_words(),
        "nothing_because": nothing,
        "warnings": ahead.warnings,
        "connections": [asdict(one) for one in said],
    }
    show(arguments, value, lines)
