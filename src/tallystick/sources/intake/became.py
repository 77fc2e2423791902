"""What became of an event. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from tallystick.sources.intake.event import Answer


@dataclass(frozen=True, slots=True)
class Became:
    """What became of it; ``operation_id`` None: no operation."""

    answer: Answer
    because: str = ""
    operation_id: int | None = None
