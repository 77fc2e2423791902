"""Which line a row of a subscription mappings file asks for, and what counts there first. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import assert_never

from tallystick.bootstrap.look_before import Seen
from tallystick.bootstrap.mapping import FirstSync
from tallystick.kit.problem import FieldError, InvalidInput
from tallystick.mappings.places import ContractOption
from tallystick.sources.mapping_cells import OWN
from tallystick.sources.mapping_said import Said
from tallystick.subscriptions.rules import read_effective_day


@dataclass(frozen=True, slots=True)
class There:
    """``line_id`` None: a line of its own."""

    contract_id: int
    line_id: int | None
    first_sync: FirstSync
    day: date


def there_of(row: Said, option: ContractOption, today: date, given: set[int]) -> There:
    """``given``: lines that earlier rows have got, to which this one's is added.

    Nothing about money is decided by leaving a cell empty. Raises InvalidInput.
    """
    line, first_sync = row.more["line"], row.more["first_sync"]
    errors = [
        FieldError(column, f"is empty: write {words}")
        for column, words in (("line", "use or own"), ("first_sync", "adopt, bring, leave or none"))
        if row.more[column] is None
    ]
    if errors:
        raise InvalidInput(errors)
    line_id = None if line == OWN else _free_line(option, given)
    if line_id is not None:
        given.add(line_id)
    how = FirstSync(str(first_sync))
    if how is FirstSync.ADOPT and line_id is None:
        raise InvalidInput.one("first_sync", "a line of its own has nothing to adopt yet")
    day = read_effective_day(row.more["effective_on"], today=today)
    return There(option.contract.id, line_id, how, day)


def _free_line(option: ContractOption, given: set[int]) -> int:
    """The one line that can be meant. Raises InvalidInput."""
    free = [line for line in option.lines if not line.taken and line.line_id not in given]
    if len(free) == 1:
        return free[0].line_id
    name = option.contract.name
    if not free:
        raise InvalidInput.one("line", f"{name} has no free line of its service: write own")
    raise InvalidInput.one(
        "line",
        f"{len(free)} lines of its service are free on {name}: choose one on the page, or write "
        "own",
    )


def in_words(there: There, seen: Seen | None, units: int) -> str:
    line = "a line of its own" if there.line_id is None else "the line that is there"
    match there.first_sync:
        case FirstSync.ADOPT:
            shows = seen.look.in_words() if seen and seen.look else "nothing"
            return f"{line}: Autotask shows {shows}, which is expected from now on"
        case FirstSync.BRING:
            return f"{line}: brought to {units} units from {there.day.isoformat()}"
        case FirstSync.LEAVE:
            return f"{line}: left as it is until {there.day.isoformat()}"
        case FirstSync.NONE:
            return f"{line}: left as it is until its next change"
        case _:
            assert_never(there.first_sync)
