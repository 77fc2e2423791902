"""``tallystick export``."""

from __future__ import annotations

from tallystick.cli.mapping_file_command import add_export as add_arguments
from tallystick.cli.mapping_file_command import export as run

__all__ = ["add_arguments", "run"]
