"""``tallystick notifications``: who is told what, and how."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from tallystick.cli.house import NOT_CONFIRMED, add_act, confirmed, house, show, table

if TYPE_CHECKING:
    from tallystick.bootstrap.asker import Asker
    from tallystick.kit.secrets import Secret
    from tallystick.notify.choice import By
    from tallystick.notify.recipients import RecipientView

ADDRESS = "TALLYSTICK_NOTIFICATION_URL"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="what", metavar="ACT", required=True)
    add_act(acts, "list", "who is told, and whether it arrives", _list)
    adding = add_act(acts, "add", "tell somebody", _add)
    adding.add_argument("channel", metavar="email|webhook|teams|slack")
    adding.add_argument("--name", default="", help="what people know it by")
    adding.add_argument("--to", metavar="ADDRESS", default="", help="an e-mail address")
    adding.add_argument(
        "--url-stdin", action="store_true", help=f"read the web address; else {ADDRESS}"
    )
    _add_choice(adding)
    changing = add_act(acts, "change", "tell of something else", _change)
    changing.add_argument("notification", help="its name, or its number")
    _add_choice(changing)
    for name, words, run_it in (
        ("test", "send a test now", _test),
        ("messages", "what was sent, newest first", _messages),
        ("new-key", "sign a webhook with another key", _new_key),
    ):
        add_act(acts, name, words, run_it).add_argument(
            "notification", help="its name, or its number"
        )
    removing = add_act(acts, "remove", "tell nobody there any more", _remove)
    removing.add_argument("notification", help="its name, or its number")
    removing.add_argument("--yes", action="store_true", help="without asking")


def run(arguments: argparse.Namespace) -> int:
    code: int = arguments.act(arguments)
    return code


def _add_choice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--topic", action="append", help="may be repeated; all if not said")
    parser.add_argument("--connection", metavar="NAME", help="only what happens on this one")
    parser.add_argument("--all-connections", action="store_true", help="of all of them again")
    parser.add_argument(
        "--remind-hours", type=int, metavar="HOURS", help="0: never; 24 if not said"
    )


def _list(arguments: argparse.Namespace) -> int:
    with house(arguments, command="notifications") as asker:
        from tallystick.kit.paging import LARGEST_PAGE, every
        from tallystick.notify.recipients import list_recipients

        views = list(
            every(lambda cursor: list_recipients(asker.context, cursor=cursor, limit=LARGEST_PAGE))
        )
        lines = [
            {
                "number": view.id,
                "name": view.name,
                "how": view.channel.label,
                "to": view.shown,
                "of": ", ".join(topic.value for topic in view.topics),
                "on": view.connection_name or "all",
                "last": view.last.state.label if view.last else "",
                "why not": view.last.failure if view.last else "",
            }
            for view in views
        ]
        show(arguments, [asdict(view) for view in views], table(lines, empty="Nobody is told."))
    return 0


def _add(arguments: argparse.Namespace) -> int:
    with house(arguments, command="notifications") as asker:
        from tallystick.kit.secrets import Secret
        from tallystick.notify.add import NewRecipient, add_recipient
        from tallystick.notify.choice import Choice
        from tallystick.notify.kinds import Topic

        choice = Choice(
            arguments.topic or [one.value for one in Topic],
            _connection(asker, arguments),
            24 if arguments.remind_hours is None else arguments.remind_hours,
        )
        target = Secret(arguments.to)
        if arguments.channel != "email":
            given = sys.stdin.readline() if arguments.url_stdin else os.environ.get(ADDRESS, "")
            target = Secret(given.strip())
        new = NewRecipient(arguments.name, arguments.channel, target, choice)
        added = add_recipient(new, by=_by(asker))
        said = ["Added. Try it: tallystick notifications test " + str(added.recipient_id)]
        value: dict[str, object] = {"id": added.recipient_id}
        if added.secret is not None:
            value["secret"] = added.secret.reveal()
            said += _shown_once(added.secret)
        show(arguments, value, said)
    return 0


def _change(arguments: argparse.Namespace) -> int:
    with house(arguments, command="notifications") as asker:
        from tallystick.notify.change import change_recipient
        from tallystick.notify.choice import Choice

        view = _named(asker, arguments)
        connection = _connection(asker, arguments)
        kept = None if arguments.all_connections else view.connection_id
        hours = arguments.remind_hours
        choice = Choice(
            arguments.topic or list(view.topics),
            kept if connection is None else connection,
            view.remind_hours if hours is None else hours,
        )
        change_recipient(view.id, choice, by=_by(asker))
        said = "Changed. What is wrong at this moment is told once more."
        show(arguments, {"id": view.id}, [said])
    return 0


def _test(arguments: argparse.Namespace) -> int:
    with house(arguments, command="notifications") as asker:
        from tallystick.bootstrap.notices import sender
        from tallystick.notify.send import send_test

        why = send_test(_named(asker, arguments).id, by=_by(asker), sender=sender())
        said = f"It did not arrive. {why}" if why else "It arrived."
        show(arguments, {"arrived": not why, "why": why}, [said])
    return 1 if why else 0


def _messages(arguments: argparse.Namespace) -> int:
    with house(arguments, command="notifications") as asker:
        from tallystick.notify.recipients import list_messages

        page = list_messages(asker.context, _named(asker, arguments).id, limit=100)
        lines = [
            {
                "at": f"{one.created_at:%Y-%m-%d %H:%M}",
                "subject": one.subject,
                "state": one.state.label,
                "tries": one.tries,
                "why not": one.failure,
            }
            for one in page.items
        ]
        value = [asdict(one) for one in page.items]
        show(arguments, value, table(lines, empty="Nothing was sent yet."))
    return 0


def _new_key(arguments: argparse.Namespace) -> int:
    with house(arguments, command="notifications") as asker:
        from tallystick.notify.change import new_secret

        made = new_secret(_named(asker, arguments).id, by=_by(asker))
        show(arguments, {"secret": made.reveal()}, _shown_once(made))
    return 0


def _remove(arguments: argparse.Namespace) -> int:
    with house(arguments, command="notifications") as asker:
        from tallystick.notify.change import remove_recipient

        view = _named(asker, arguments)
        if not confirmed(arguments, [f"{view.name} is told nothing any more."]):
            return NOT_CONFIRMED
        remove_recipient(view.id, by=_by(asker))
        show(arguments, {"removed": view.id}, [f"{view.name} is told nothing any more."])
    return 0


def _shown_once(secret: Secret) -> list[str]:
    return [
        f"Signed with {secret.reveal()}",
        "Keep it where it is verified: this is the only time it is shown.",
    ]


def _by(asker: Asker) -> By:
    from tallystick.bootstrap.notices import by

    return by(asker.context, correlation_id=asker.correlation_id)


def _connection(asker: Asker, arguments: argparse.Namespace) -> int | None:
    from tallystick.bootstrap.asker import connection_named

    if arguments.connection is None:
        return None
    return connection_named(asker, arguments.connection).id


def _named(asker: Asker, arguments: argparse.Namespace) -> RecipientView:
    """By its name, or its number. Raises InvalidInput."""
    from tallystick.bootstrap.asker import Candidate, one_named
    from tallystick.kit.paging import LARGEST_PAGE, every
    from tallystick.notify.recipients import list_recipients

    views = list(
        every(lambda cursor: list_recipients(asker.context, cursor=cursor, limit=LARGEST_PAGE))
    )
    found = [
        Candidate(view.id, (view.name, str(view.id)), f"{view.name} ({view.id})") for view in views
    ]
    chosen = one_named(arguments.notification, "notification", found).id
    return next(view for view in views if view.id == chosen)
