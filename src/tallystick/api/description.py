"""What the API says of itself: as ninja writes it, with what the door does for every address."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from tallystick.api.problems import MEDIA_TYPE

# Answered by every address, whatever it is about.
EVERYWHERE: Final = (
    HTTPStatus.LENGTH_REQUIRED,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.INSUFFICIENT_STORAGE,
)
_JSON: Final = "application/json"


_KEY: Final = {
    "in": "header",
    "name": "Idempotency-Key",
    "description": "Asked again with the same key: the same answer, once carried out.",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
}


class Described(NinjaAPI):
    """Errors are RFC 9457 documents, of their own content type; writes take an Idempotency-Key."""

    def get_openapi_schema(self, **asked: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**asked)
        for methods in schema["paths"].values():
            for method, operation in methods.items():
                _say_problems(operation["responses"])
                if method != "get":
                    operation.setdefault("parameters", []).append(_KEY)
        return schema


def _say_problems(responses: dict[int, Any]) -> None:
    """In place; ninja's keys are numbers."""
    problem: Any = None
    for status, answer in responses.items():
        content = answer.get("content", {})
        if int(status) >= HTTPStatus.BAD_REQUEST and _JSON in content:
            problem = content[MEDIA_TYPE] = content.pop(_JSON)
    if problem is not None:
        for status in EVERYWHERE:
            said = {"description": status.phrase, "content": {MEDIA_TYPE: problem}}
            responses.setdefault(status.value, said)
