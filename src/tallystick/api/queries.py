"""What every address of the API says about itself and its query."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Schema

from tallystick.api.schemas_kit import Problem
from tallystick.kit.problem import FieldError, InvalidInput

REFUSALS = frozenset({400, 401, 403, 404, 409, 422})


def answers(status: int, schema: Any) -> dict[Any, Any]:
    """The answer of an address, and the problems it can answer instead."""
    return {status: schema, REFUSALS: Problem}


def no_other(request: HttpRequest, known: type[Schema] | set[str]) -> None:
    """A misspelt ``?preview=`` or filter is said, not ignored. Raises InvalidInput."""
    if isinstance(known, set):
        names = known
    else:
        names = {field.alias or name for name, field in known.model_fields.items()}
    if wrong := sorted(set(request.GET) - names):
        raise InvalidInput(
            [FieldError(name, "is not a parameter of this address") for name in wrong]
        )
