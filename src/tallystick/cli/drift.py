"""``tallystick drift``: what differs between our lines and Autotask, compare now, decide."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tallystick.cli.house import NOT_CONFIRMED, add_act, confirmed, house, show, table
from tallystick.kit.problem import Conflicting, InvalidInput

if TYPE_CHECKING:
    from tallystick.bootstrap.asker import Asker
    from tallystick.ledger.corrections import Sent
    from tallystick.ledger.record import Recorded
    from tallystick.mappings.drift_rows import DriftRow
    from tallystick.operations.finish import Asked


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="what", metavar="ACT", required=True)
    listing = add_act(acts, "list", "what differs, most money a month first", _list)
    listing.add_argument("--connection", help="only of this one: its name, or its number")
    listing.add_argument("--agreed", action="store_true", help="what is silent by a decision")
    looking = add_act(acts, "look", "compare lines with Autotask, in the background", _look)
    looking.add_argument("connection", help="its name, or its number")
    looking.add_argument(
        "subscription", nargs="*", help="its provider id, or its name; all if none"
    )
    keeping = add_act(acts, "keep", "what Autotask shows is expected from now on", _keep)
    keeping.add_argument(
        "--record-quantity", action="store_true", help="record its number as the quantity too"
    )
    restoring = add_act(acts, "restore", "one change back to what was proved", _restore)
    restoring.add_argument("--effective-on", metavar="DAY", help="the soonest day if left out")
    restoring.add_argument("--preview", action="store_true", help="say what would be sent")
    agreeing = add_act(acts, "agree", "leave both as they are until a day", _agree)
    agreeing.add_argument("--until", metavar="DAY", required=True, help="like 2026-12-31")
    correcting = add_act(acts, "correct", "send the opposite of a change of ours", _correct)
    correcting.add_argument("number", nargs="?", help="of the try; says which there are without")
    correcting.add_argument("--effective-on", metavar="DAY", help="the soonest day if left out")
    correcting.add_argument("--preview", action="store_true", help="say what would be sent")
    correcting.add_argument("--subscription", required=True, help="its provider id, or its name")
    correcting.add_argument("--reason", default="", help="kept in the audit log")
    correcting.add_argument("--yes", action="store_true", help="without asking")
    for one in (keeping, restoring, agreeing):
        one.add_argument("subscription", help="its provider id, or its name")
        one.add_argument("--reason", required=True, help="kept in the audit log")
        one.add_argument("--yes", action="store_true", help="without asking")


def run(arguments: argparse.Namespace) -> int:
    code: int = arguments.act(arguments)
    return code


def _list(arguments: argparse.Namespace) -> int:
    """1 when something waits for a decision."""
    with house(arguments, command="drift") as asker:
        from tallystick.bootstrap.asker import connection_named
        from tallystick.kit.paging import LARGEST_PAGE, every
        from tallystick.mappings.drift_rows import AGREED, OPEN, list_drifts

        here = connection_named(asker, arguments.connection).id if arguments.connection else None
        found = every(
            lambda cursor: list_drifts(
                asker.context,
                now=asker.now,
                connection_id=here,
                state=AGREED if arguments.agreed else OPEN,
                cursor=cursor,
                limit=LARGEST_PAGE,
            )
        )
        lines = [_line(one) for one in found]
        show(arguments, lines, table(lines, empty="Nothing differs, as far as was compared."))
    return 1 if lines and not arguments.agreed else 0


def _line(one: DriftRow) -> dict[str, object]:
    wrong = one.wrong
    return {
        "subscription": f"{one.row.subscription.customer.name}, {one.row.subscription.name}",
        "expected": wrong.expected.units,
        "autotask": wrong.found.units if wrong.found else 0,
        "price": wrong.found.unit_price if wrong.found else None,
        "from": one.began_on,
        "seen": f"{one.since:%Y-%m-%d %H:%M}",
        "who": one.kind.label,
        "a_month": one.stake,
        "until": one.agreed.until if one.agreed else None,
    }


def _look(arguments: argparse.Namespace) -> int:
    with house(arguments, command="drift") as asker:
        from tallystick.bootstrap.asker import connection_named
        from tallystick.bootstrap.desk import desk
        from tallystick.bootstrap.named import subscription_named
        from tallystick.sync.look_now import look_now

        here = connection_named(asker, arguments.connection)
        ids = [subscription_named(asker, text).id for text in arguments.subscription]
        lines = look_now(
            here.id,
            subscription_ids=ids or None,
            start=desk().look,
            **asker.acting(),
        )
        said = f"{lines} lines are compared in the background. Nothing is sent."
        show(arguments, {"lines": lines}, [said])
    return 0


def _keep(arguments: argparse.Namespace) -> int:
    return _decide(arguments, "keep", record_quantity=arguments.record_quantity)


def _restore(arguments: argparse.Namespace) -> int:
    if arguments.preview:
        return _preview(arguments)
    return _decide(arguments, "restore", effective_on=arguments.effective_on)


def _agree(arguments: argparse.Namespace) -> int:
    return _decide(arguments, "agree", until=arguments.until)


def _decide(
    arguments: argparse.Namespace,
    how: str,
    *,
    until: str | None = None,
    effective_on: str | None = None,
    record_quantity: bool = False,
) -> int:
    with house(arguments, command="drift") as asker:
        from tallystick.operations.decide_drift import Decision, How, decide_drift

        drift = _open_drift(asker, arguments.subscription)
        if not confirmed(arguments, [drift.row.badge.cause, f"Decision: {How(how).label}."]):
            return NOT_CONFIRMED
        decision = Decision(How(how), arguments.reason, until, effective_on, record_quantity)
        done = decide_drift(drift.id, decision, today=asker.today, asked=asker.asked())
        said = f"Decided: {How(how).label}."
        said += f" Recorded as operation {done.sequence}." if done else " Nothing is sent."
        value = {"drift": drift.id, "how": how, "operation": done.sequence if done else None}
        show(arguments, value, [said])
    return 0


def _correct(arguments: argparse.Namespace) -> int:
    with house(arguments, command="drift") as asker:
        from tallystick.bootstrap.named import subscription_named
        from tallystick.bootstrap.preview import look_ahead
        from tallystick.cli.recorded import show_ahead
        from tallystick.operations.correct import correct, correctable

        view = subscription_named(asker, arguments.subscription)
        found = {str(one.sent.number): one for one in correctable(asker.context, view.id)}
        if arguments.number is None:
            lines = [
                {
                    "try": one.sent.number,
                    "units": f"{one.sent.unit_change:+d}",
                    "price": _price(one.sent),
                    "from": one.sent.effective_on,
                    "refused": one.refused,
                }
                for one in found.values()
            ]
            show(arguments, lines, table(lines, empty="Nothing was sent that took effect."))
            return 0
        if arguments.number not in found:
            raise InvalidInput.one("number", f"must be one of {', '.join(found) or 'none'}")
        sent = found[arguments.number].sent

        def record(asked: Asked) -> Recorded:
            return correct(
                sent.attempt_id,
                reason=arguments.reason,
                effective_on=arguments.effective_on,
                asked=asked,
            )

        if arguments.preview:
            show_ahead(arguments, look_ahead(record, view.id, asked=asker.asked()))
            return 0
        what = f"{-sent.unit_change:+d} units are sent"
        if sent.repriced is not None:
            what = f"The unit price {sent.repriced.price_before:f} is sent"
        words = f"{what}: the opposite of try {sent.number}."
        if not confirmed(arguments, [words]):
            return NOT_CONFIRMED
        done = record(asker.asked())
        show(arguments, {"operation": done.sequence}, [f"Recorded as operation {done.sequence}."])
    return 0


def _price(sent: Sent) -> str:
    """``15.2000 to 17.0000``; empty of what changed units."""
    found = sent.repriced
    return "" if found is None else f"{found.price_before:f} to {found.price:f}"


def _preview(arguments: argparse.Namespace) -> int:
    with house(arguments, command="drift") as asker:
        from tallystick.bootstrap.preview import look_ahead
        from tallystick.cli.recorded import show_ahead
        from tallystick.operations.restore_ours import restore_ours

        drift = _open_drift(asker, arguments.subscription)
        ahead = look_ahead(
            lambda asked: restore_ours(
                drift.id,
                reason=arguments.reason,
                effective_on=arguments.effective_on,
                asked=asked,
            ),
            drift.row.subscription.id,
            asked=asker.asked(),
        )
        show_ahead(arguments, ahead)
    return 0


def _open_drift(asker: Asker, text: str) -> DriftRow:
    """The one difference of this subscription. Raises InvalidInput, Conflicting."""
    from tallystick.bootstrap.named import subscription_named
    from tallystick.mappings.drift_rows import AGREED, OPEN, list_drifts

    view = subscription_named(asker, text)
    for state in (OPEN, AGREED):
        found = list_drifts(asker.context, now=asker.now, subscription_id=view.id, state=state)
        if len(found.items) > 1:
            raise InvalidInput.one("subscription", "differs on two contracts: decide on the page")
        if found.items:
            return found.items[0]
    raise Conflicting(
        f"Nothing is known to differ for {view.customer.name}, {view.name}. Nothing was changed. "
        "Compare it first: tallystick drift look."
    )
