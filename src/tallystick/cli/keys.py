"""``tallystick keys``."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tallystick.bootstrap.database import database, migrate_in_child
from tallystick.bootstrap.setup import setup
from tallystick.cli.say import say

if TYPE_CHECKING:
    from tallystick.bootstrap.keys import Rotated, Shown

SAY_EVERY = 500
LATER = (
    "People stay signed in if they open a page before an older key is removed; 12 hours after the "
    "rotation nobody needs it for that. A backup needs the keys of its day: keep a copy of them "
    "with it"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", metavar="list|rotate|remove", required=True)
    acts.add_parser("list", help="the keys there are, and what each is needed for")
    rotating = acts.add_parser("rotate", help="seal everything with a new key, while all runs")
    rotating.add_argument(
        "--new-key",
        action="store_true",
        help="only print a new key, for TALLYSTICK_SECRET_KEY; nothing is changed",
    )
    removing = acts.add_parser("remove", help="take off an older key that nothing needs any more")
    removing.add_argument("key_id", metavar="KEY_ID", help="as list shows it")


def run(arguments: argparse.Namespace) -> int:
    """1 when something could not be done, or a stored secret does not open."""
    if arguments.act == "rotate" and arguments.new_key:
        return _print_new_key()
    with database(say=say):
        migrate_in_child()
        setup(log_level="WARNING")
        from tallystick.bootstrap.keys import remove, rotate, show

        if arguments.act == "list":
            print("\n".join(in_words(show())))
            return 0
        if arguments.act == "remove":
            remove(arguments.key_id)
            say(f"The key {arguments.key_id} is removed; a copy of it opens older backups only")
            return 0
        rotated = rotate(progress=_progress())
        _tell(rotated)
        tell_missing(show().missing)
    return 1 if rotated.not_opened else 0


def in_words(shown: Shown) -> list[str]:
    """What ``list`` prints: ids and counts, never a key."""
    lines = [f"Keys in {shown.source}, newest first:"]
    for row in shown.rows:
        use = "seals and opens" if row.seals else "opens"
        lines.append(f"  {row.key_id}  {use:<15}  {row.values} sealed values")
    lines += [
        f"  {key_id}  not here         {values} sealed values that do not open"
        for key_id, values in sorted(shown.missing.items())
    ]
    return lines


def _print_new_key() -> int:
    """Alone on standard output. No database is asked, and nothing is changed."""
    from tallystick.kit.secrets import new_key

    print(new_key().text())
    say(
        "Put it before what TALLYSTICK_SECRET_KEY has now, with a comma between them; restart web "
        "and workers; then run tallystick keys rotate"
    )
    return 0


def _progress() -> Callable[[int], None]:
    said = 0

    def progress(done: int) -> None:
        nonlocal said
        if done - said >= SAY_EVERY:
            said = done
            say(f"{done} connections")

    return progress


def _tell(rotated: Rotated) -> None:
    one = rotated.connections == 1
    what = f"{rotated.connections} connection{' was' if one else 's were'} sealed anew"
    if rotated.notifications:
        what += f", and {rotated.notifications} notification{'s' * (rotated.notifications != 1)}"
    if rotated.sources:
        what += f", and {rotated.sources} source{'' if rotated.sources == 1 else 's'}"
    if rotated.made:
        say(f"Made the key {rotated.key_id}; {what}")
    elif rotated.connections or rotated.notifications or rotated.sources:
        say(f"Finished with the key {rotated.key_id}, which was there: {what}")
    else:
        say(f"Nothing was left to seal with the key {rotated.key_id}")
    for name in rotated.not_opened:
        say(f"{name}: its credentials do not open and were left as they are. Enter them again")
    say(LATER)


def tell_missing(missing: Mapping[str, int]) -> None:
    """Which stored secrets nobody can open, and what to do; nothing when there are none."""
    for key_id, values in sorted(missing.items()):
        say(
            f"{values} sealed values are under the key {key_id}, which is not here. Put that key "
            "back, after the others, or enter the credentials again"
        )
