"""Numbers as a form or an address gives them."""

from __future__ import annotations

from collections.abc import Sequence

from tallystick.kit.problem import InvalidInput

LONGEST_ID = 18  # digits
MOST_AT_ONCE = 1000


def id_of(text: str) -> int | None:
    """None for nothing, and for what is no number of ours."""
    fits = text.isascii() and text.isdigit() and len(text) <= LONGEST_ID
    return int(text) if fits else None


def ids_of(texts: Sequence[str]) -> list[int]:
    """Raises InvalidInput (drifts)."""
    found = [id_of(text) for text in texts]
    if len(texts) > MOST_AT_ONCE or None in found:
        raise InvalidInput.one("drifts", "is not of the list")
    return [one for one in found if one is not None]
