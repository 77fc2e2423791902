"""What a command tells the person in front of it while it works."""

from __future__ import annotations

import sys
from contextlib import suppress


def say(text: str) -> None:
    """On a full disk too: nothing waits for being told."""
    with suppress(OSError):
        print(f"· {text}", file=sys.stderr, flush=True)
