"""Every error as an RFC 9457 problem document, with the number to ask about it."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from tallystick.api.auth import caller_of
from tallystick.api.correlation import correlation_of
from tallystick.api.wrong_fields import errors_of
from tallystick.identity.idempotency import KeyBusy, KeyReused
from tallystick.kit.log import logger
from tallystick.kit.problem import (
    Conflicting,
    FieldError,
    InvalidInput,
    NotAllowed,
    NotFound,
    Problem,
    TooMany,
    Unreachable,
)
from tallystick.kit.security_log import not_allowed, not_in_context
from tallystick.kit.storage import StorageFull, storage_is_full

MEDIA_TYPE = "application/problem+json"
TYPE = "urn:tallystick:problem:"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: its HTTP status, the end of its ``type``, its title."""

    status: HTTPStatus
    name: str
    title: str


BAD_REQUEST = Kind(HTTPStatus.BAD_REQUEST, "bad-request", "The request could not be understood")
NO_TOKEN = Kind(HTTPStatus.UNAUTHORIZED, "no-token", "No valid token")
NOT_FOUND = Kind(HTTPStatus.NOT_FOUND, "not-found", NotFound.title)
WRONG_METHOD = Kind(HTTPStatus.METHOD_NOT_ALLOWED, "wrong-method", "Not a method of this address")
CONFLICT = Kind(HTTPStatus.CONFLICT, "conflict", Conflicting.title)
NO_LENGTH = Kind(HTTPStatus.LENGTH_REQUIRED, "no-length", "The length of the body is not said")
TOO_LARGE = Kind(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", "The body is too large")
INVALID = Kind(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-input", InvalidInput.title)
FAULT = Kind(HTTPStatus.INTERNAL_SERVER_ERROR, "fault", "Tallystick met a fault of its own")
NOT_READY = Kind(HTTPStatus.SERVICE_UNAVAILABLE, "not-ready", "Not ready")

# The first that fits.
_KINDS: tuple[tuple[type[Problem], Kind], ...] = (
    (InvalidInput, INVALID),
    (NotFound, NOT_FOUND),
    (NotAllowed, Kind(HTTPStatus.FORBIDDEN, "not-allowed", NotAllowed.title)),
    (KeyReused, Kind(HTTPStatus.CONFLICT, "idempotency-key-reused", KeyReused.title)),
    (KeyBusy, Kind(HTTPStatus.CONFLICT, "idempotency-key-busy", KeyBusy.title)),
    (StorageFull, Kind(HTTPStatus.INSUFFICIENT_STORAGE, "storage-full", StorageFull.title)),
    (TooMany, Kind(HTTPStatus.TOO_MANY_REQUESTS, "too-many", TooMany.title)),
    (Unreachable, Kind(HTTPStatus.BAD_GATEWAY, "unreachable", Unreachable.title)),
    (Conflicting, CONFLICT),
)

UNCERTAIN = (
    "What you asked may not have been recorded: look before you repeat it, or repeat it with the "
    "same Idempotency-Key. Report the correlation id."
)


def document(
    request: HttpRequest, kind: Kind, detail: str, errors: Sequence[FieldError] = ()
) -> HttpResponse:
    body = {
        "type": TYPE + kind.name,
        "title": kind.title,
        "status": kind.status.value,
        "detail": detail,
        "correlation_id": correlation_of(request),
        "errors": [{"field": error.field, "message": error.message} for error in errors],
    }
    response = JsonResponse(body, status=kind.status, content_type=MEDIA_TYPE)
    if kind is NO_TOKEN:
        response["WWW-Authenticate"] = "Bearer"
    return response


def told(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The document of what a verb or a question raised."""
    kind = next((kind for raised, kind in _KINDS if isinstance(problem, raised)), BAD_REQUEST)
    _note(request, problem)
    errors = problem.errors if isinstance(problem, InvalidInput) else ()
    detail = "Nothing was stored: correct what “errors” names." if errors else str(problem)
    response = document(request, kind, detail, errors)
    if isinstance(problem, TooMany):
        response["Retry-After"] = str(problem.seconds)
    return response


def _note(request: HttpRequest, problem: Problem) -> None:
    """In the security log, when it is about who may see or do what."""
    say = {NotFound: not_in_context, NotAllowed: not_allowed}.get(type(problem))
    who = caller_of(request)
    if say is not None and who is not None:
        say(
            actor=who.context.actor.ref,
            method=request.method or "",
            path=request.path,
            correlation_id=correlation_of(request),
        )


def fault(request: HttpRequest, error: Exception) -> HttpResponse:
    """No internals: those are in the log, under the correlation id."""
    if storage_is_full(error):
        return told(request, StorageFull())
    logger("api").error(
        "call failed",
        correlation_id=correlation_of(request),
        method=request.method,
        path=request.path,
        # The places and the message, never the values that were at hand there.
        trace="".join(traceback.format_exception(error)),
    )
    return document(request, FAULT, UNCERTAIN)


def is_too_large(request: HttpRequest) -> HttpResponse:
    return document(request, TOO_LARGE, "Nothing was changed. Send it in several parts.")


def answer_in_problems(api: NinjaAPI) -> None:
    """Tell ninja how each failure is answered."""

    def no_token(request: HttpRequest, error: AuthenticationError) -> HttpResponse:  # noqa: ARG001 - ninja's signature
        detail = (
            "Send “Authorization: Bearer ts_...” with a token that is neither revoked nor over."
        )
        return document(request, NO_TOKEN, detail)

    def not_found(request: HttpRequest, error: Http404) -> HttpResponse:  # noqa: ARG001 - ninja's signature
        return document(request, NOT_FOUND, "There is nothing at this address.")

    def not_understood(request: HttpRequest, error: HttpError) -> HttpResponse:  # noqa: ARG001 - ninja's signature
        return document(request, BAD_REQUEST, "Nothing was changed. Send a JSON object.")

    def not_valid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        return told(request, InvalidInput(errors_of(error.errors)))

    def taken(request: HttpRequest, error: IntegrityError) -> HttpResponse:  # noqa: ARG001 - ninja's signature
        detail = "Somebody stored the same at this moment. Nothing was stored. Look, and ask again."
        return document(request, CONFLICT, detail)

    def too_large(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:  # noqa: ARG001 - ninja's signature
        return is_too_large(request)

    handlers: dict[type[Exception], Callable[[HttpRequest, Any], HttpResponse]] = {
        Problem: told,
        AuthenticationError: no_token,
        HttpError: not_understood,
        Http404: not_found,
        ValidationError: not_valid,
        IntegrityError: taken,
        RequestDataTooBig: too_large,
        Exception: fault,
    }
    for raised, handler in handlers.items():
        api.add_exception_handler(raised, handler)
