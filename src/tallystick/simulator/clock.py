"""The simulator's own clock: real, or frozen and stepped by whoever runs it.

The simulator shares no code with the rest of the product, so it cannot use the product's clock.
"""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta


class Clock:
    """Answers the present; ``advance`` moves it on, ``freeze`` stops it from moving by itself."""

    def __init__(self, frozen_at: datetime | None = None) -> None:
        if frozen_at is not None and frozen_at.tzinfo is None:
            raise ValueError("a frozen clock needs an aware moment")
        self._frozen_at = frozen_at
        self._offset = timedelta()

    @property
    def is_frozen(self) -> bool:
        return self._frozen_at is not None

    def now(self) -> datetime:
        """The present moment in UTC."""
        base = self._frozen_at
        if base is None:
            # The simulator stands alone: it may not import the product's clock.
            base = datetime.fromtimestamp(time.time_ns() / 1e9, UTC)
        return base + self._offset

    def today(self) -> date:
        """The present day, in UTC."""
        return self.now().date()

    def seconds(self) -> float:
        """The present as seconds, for delays and rolling windows; it follows ``advance``."""
        return self.now().timestamp()

    def advance(self, seconds: float) -> datetime:
        """Move on by ``seconds`` (never backwards) and answer the new moment."""
        if seconds < 0:
            raise ValueError("this clock does not run backwards")
        self._offset += timedelta(seconds=seconds)
        return self.now()

    def freeze(self, at: datetime | None) -> datetime:
        """Stop at ``at`` (``None`` runs again with real time) and forget earlier steps."""
        if at is not None and at.tzinfo is None:
            raise ValueError("a frozen clock needs an aware moment")
        self._frozen_at = at
        self._offset = timedelta()
        return self.now()
