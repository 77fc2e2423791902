"""``tallystick story``."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tallystick.bootstrap.setup import setup
from tallystick.bootstrap.stage import stage
from tallystick.cli.say import say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument(
        "--knob",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="play it on a simulator that behaves otherwise (docs/simulator.md)",
    )
    parser.add_argument("--patience", type=float, default=60, help="seconds a step may take")
    parser.add_argument("--port", type=int, default=8500, help="the next free one is taken")
    parser.add_argument("--simulator-port", type=int, default=4500, help="the next free one")


def run(arguments: argparse.Namespace) -> int:
    """1 when any step is not as the article says. Leaves nothing behind."""
    with (
        tempfile.TemporaryDirectory(prefix="tallystick-story-") as folder,
        stage(
            _open_to_its_owner(Path(folder)),
            say=say,
            port=arguments.port,
            simulator_port=arguments.simulator_port,
            knobs=arguments.knob,
        ) as on,
    ):
        setup(log_level="ERROR")
        from tallystick.bootstrap.story import NotAsTold, tell

        told: list[dict[str, object]] = []
        problem: str | None = None
        for number, step in enumerate(tell(on, patience=arguments.patience), start=1):
            try:
                done = step()
            except NotAsTold as error:
                problem = f"Step {number} is not as told: {error}"
                break
            told.append({"title": done.title, "seen": dict(done.seen)})
            if not arguments.json:
                _print(number, done.title, dict(done.seen))
        if arguments.json:
            print(json.dumps({"ok": problem is None, "steps": told, "problem": problem}, indent=2))
        elif problem is None:
            print("\nAs the article says.", flush=True)
        if problem is not None:
            print(f"tallystick: {problem}", file=sys.stderr)
    return 0 if problem is None else 1


def _print(number: int, title: str, seen: dict[str, object]) -> None:
    print(f"\n{number}. {title}", flush=True)
    for name, value in seen.items():
        print(f"     {name.replace('_', ' ')}: {value}", flush=True)


def _open_to_its_owner(folder: Path) -> Path:
    # As root the database runs as somebody else, who must be able to enter.
    folder.chmod(0o711)
    return folder
