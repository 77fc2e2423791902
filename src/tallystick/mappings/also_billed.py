"""Lines that may bill the same thing a second time: the company's others of the service. Pure.

A line that bills a mapped subscription is ours and does not count, nor does a contract that is
inactive or over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tallystick.mappings.places import ContractOption

MOST = 20


@dataclass(frozen=True, slots=True)
class OtherLine:
    """A line of the service that bills none of our subscriptions."""

    contract_id: int
    contract_name: str
    line_id: int


def other_lines(
    options: Sequence[ContractOption], *, chosen_line: int | None, from_on: date
) -> Sequence[OtherLine]:
    """``chosen_line`` None: a line of its own, beside all that are there."""
    return [
        OtherLine(option.contract.id, option.contract.name, line.line_id)
        for option in options
        if option.contract.active
        and (option.contract.ends_on is None or option.contract.ends_on >= from_on)
        for line in option.lines
        if not line.taken and line.line_id != chosen_line
    ][:MOST]
