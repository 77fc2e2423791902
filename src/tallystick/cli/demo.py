"""``tallystick demo``."""

from __future__ import annotations

import argparse
import shutil

from tallystick.bootstrap.embedded import running_url
from tallystick.bootstrap.setup import setup
from tallystick.bootstrap.stage import stage
from tallystick.cli.say import say
from tallystick.kit.home import home

STEPS = """
  {web}/
  sign in as   {email}
  password     {password}

  Autotask's side, to watch and to break:  {simulator}/simulator/

  Try this: Administration > Connectors > Subscription Mapping. One subscription is red because
  its contract is inactive at Autotask, with two operations waiting. Open the contract in the
  simulator, make it active, and press Sync.

  Everything here is made up and begins anew every time. Ctrl-C stops it.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=8000, help="the next free one is taken")
    parser.add_argument("--simulator-port", type=int, default=4010, help="the next free one")


def run(arguments: argparse.Namespace) -> int:
    """Until Ctrl-C or SIGTERM."""
    place = home() / "demo"
    if running_url(place):
        say(f"A demo is running already in {place}")
        return 1
    shutil.rmtree(place, ignore_errors=True)
    with stage(
        place, say=say, port=arguments.port, simulator_port=arguments.simulator_port
    ) as running:
        setup(log_level="ERROR")
        from tallystick.bootstrap.demo import EMAIL, PASSWORD, fill

        fill(running, say=say)
        print(
            STEPS.format(
                web=running.web,
                email=EMAIL,
                password=PASSWORD,
                simulator=running.simulator.origin,
            ),
            flush=True,
        )
        running.supervisor.keep()
    say("Stopped")
    return 0
