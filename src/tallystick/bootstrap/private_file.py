"""A new file that only its owner can read: whole, or not there at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from tallystick.kit.problem import InvalidInput


def check_new(target: Path) -> None:
    """Before anybody is asked anything. Raises InvalidInput."""
    if target.exists():
        raise not_written(f"{target} exists already; name a new file")
    if not target.parent.is_dir():
        raise not_written(f"the folder {target.parent} does not exist")


def not_written(why: str) -> InvalidInput:
    return InvalidInput.one("record", f"{why}. No file was written.")


def write_private(target: Path, text: str) -> None:
    """Whole, and readable by us alone from its first byte on. Raises OSError."""
    handle, name = tempfile.mkstemp(prefix=".tallystick-", dir=target.parent)  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        if target.exists():  # it was not when we began: somebody else's file
            raise FileExistsError(None, f"{target} was made by somebody else meanwhile")
        Path(name).rename(target)
    finally:
        Path(name).unlink(missing_ok=True)
