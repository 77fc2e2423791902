"""Where this installation keeps its files."""

from __future__ import annotations

import os
from pathlib import Path


def home() -> Path:
    """``TALLYSTICK_HOME``, else ``./var`` in a checkout, else the user's data folder."""
    if configured := os.environ.get("TALLYSTICK_HOME"):
        return Path(configured).resolve()
    project = Path("pyproject.toml")
    if project.is_file() and 'name = "tallystick"' in project.read_text():
        return Path("var").resolve()
    return Path.home() / ".local" / "share" / "tallystick"
