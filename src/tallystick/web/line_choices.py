"""The lines a person may choose from, as a list shows and sends them. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tallystick.kit.problem import InvalidInput
from tallystick.mappings.places import Places
from tallystick.operations.move_line import ChosenLine

OWN = "own"
LONGEST_NUMBER = 18


def line_choices(places: Places) -> Sequence[tuple[str, str]]:
    """Free lines of the contracts that fit, and one of its own on each."""
    choices = []
    for option in places.options:
        if option.wrong:
            continue
        name = option.contract.name
        choices += [
            (f"{option.contract.id}/{line.line_id}", f"{name}: the line {line.name}")
            for line in option.lines
            if not line.taken
        ]
        choices.append((f"{option.contract.id}/{OWN}", f"{name}: a line of its own"))
    return choices


def read_line(text: str) -> ChosenLine | None:
    """``1034/own`` or ``1034/2011``; nothing is None. Raises InvalidInput."""
    if not text:
        return None
    contract, _, line = text.partition("/")
    if not is_number(contract) or not (line == OWN or is_number(line)):
        raise InvalidInput.one("line", "is none of the list")
    return ChosenLine(int(contract), None if line == OWN else int(line))


def is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER
