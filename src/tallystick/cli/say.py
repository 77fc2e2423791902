"""What a command tells the person in front of it while it works."""

from __future__ import annotations

import sys


def say(text: str) -> None:
    print(f"· {text}", file=sys.stderr, flush=True)
