"""A stream for words nobody must wait for: when there is no room for them, work goes on.

A log on a full disk refuses every line. What the program does for its customers does not depend on
being able to say so; how much was not said is told as soon as there is room.
"""

from __future__ import annotations

import io
import threading
from typing import TextIO


class Patient(io.TextIOBase):
    """Writes to ``stream``; what it refuses is counted and left."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._lost = 0

    @property
    def encoding(self) -> str:  # type: ignore[override]  # a plain attribute there
        return self._stream.encoding

    def isatty(self) -> bool:
        return self._stream.isatty()

    def write(self, text: str) -> int:
        with self._lock:
            try:
                if self._lost:
                    self._stream.write(f"{self._lost} lines of the log were lost: no room.\n")
                    self._stream.flush()
                    self._lost = 0
                self._stream.write(text)
                self._stream.flush()
            except OSError:
                self._lost += text.count("\n")
        return len(text)

    def flush(self) -> None:
        """Every write is flushed."""
