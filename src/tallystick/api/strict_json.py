"""JSON as the standard has it: no NaN, no key twice, no text the database cannot keep."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser

from tallystick.kit.problem import InvalidInput, Problem

_READ = "tallystick.body"


class Malformed(Problem):
    """The body is not JSON."""

    title = "The request could not be understood"


def read_body(request: HttpRequest, *, is_json: bool = True) -> None:
    """Read it once, before anything else is done. Raises Malformed, InvalidInput."""
    if not request.body or not is_json:
        return
    try:
        found = json.loads(
            request.body.decode(), parse_constant=_no_constant, object_pairs_hook=_no_key_twice
        )
        _check_text(found, "")
    except (ValueError, RecursionError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise Malformed(f"The body is not JSON: {why[:200]}. Nothing was changed.") from None
    request.META[_READ] = found


def sent(request: HttpRequest) -> Any:
    """In a view that reads its body itself: what was read before; None without one."""
    return request.META.get(_READ)


class BodyParser(Parser):
    """Hands ninja the body that was read before."""

    def parse_body(self, request: HttpRequest) -> Any:
        return request.META[_READ]


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a field is given twice")
    return found


def _check_text(value: Any, field: str) -> None:
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= char <= "\udfff" for char in value):
            raise InvalidInput.one(field or "body", "contains a character that cannot be stored")
    elif isinstance(value, dict):
        for name, part in value.items():
            _check_text(name, field)
            _check_text(part, f"{field}.{name}" if field else name)
    elif isinstance(value, list):
        for part in value:
            _check_text(part, field)
