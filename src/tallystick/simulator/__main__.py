"""``python -m tallystick.simulator``."""

from __future__ import annotations

import argparse
import sys

from tallystick.simulator.command import add_arguments, run


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="tallystick simulator", description="A stand-in for Autotask's REST API."
    )
    add_arguments(parser)
    return run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
