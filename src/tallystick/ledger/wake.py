"""What a verb asks for after it has recorded: that somebody looks at the lanes it touched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Wake(Protocol):
    """Nudges the engine to look at these lanes once the transaction has committed."""

    def __call__(self, lane_ids: Sequence[int]) -> None: ...
