"""Which rows of a mapping list are shown."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from tallystick.kit.problem import InvalidInput
from tallystick.mappings.kinds import Ours
from tallystick.mappings.models import Exclusion


class Show(StrEnum):
    NOT_MAPPED = "not_mapped"
    MAPPED = "mapped"
    EXCLUDED = "excluded"

    @property
    def label(self) -> str:
        return {
            Show.NOT_MAPPED: "Not Mapped",
            Show.MAPPED: "Mapped",
            Show.EXCLUDED: "Excluded",
        }[self]


def exclusion_of(kind: Ours, ours_id: int, connection_id: int) -> str:
    """Why it is left out; empty when it is not."""
    rows = Exclusion.objects.filter(connection_id=connection_id, kind=kind.value, ours_id=ours_id)
    return rows.values_list("reason", flat=True).first() or ""


def exclusions_of(kind: Ours, connection_id: int) -> Mapping[int, str]:
    """By ours: why each of this kind is left out."""
    rows = Exclusion.objects.filter(connection_id=connection_id, kind=kind.value)
    return dict(rows.values_list("ours_id", "reason"))


def check_show(text: str) -> Show | None:
    """None for all of them. Raises InvalidInput naming ``show``."""
    if not text:
        return None
    try:
        return Show(text)
    except ValueError:
        known = ", ".join(one.value for one in Show)
        raise InvalidInput.one("show", f"must be one of {known}") from None
