"""What went wrong, in words, with the number to ask about it."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.debug import sensitive_variables

from tallystick.kit.log import logger
from tallystick.kit.problem import (
    Conflicting,
    InvalidInput,
    NotAllowed,
    NotFound,
    Problem,
    TooMany,
    Unreachable,
)
from tallystick.kit.storage import StorageFull
from tallystick.web.middleware import correlation_of

_STATUS: dict[type[Problem], HTTPStatus] = {
    NotFound: HTTPStatus.NOT_FOUND,
    NotAllowed: HTTPStatus.FORBIDDEN,
    Conflicting: HTTPStatus.CONFLICT,
    Unreachable: HTTPStatus.BAD_GATEWAY,
    InvalidInput: HTTPStatus.BAD_REQUEST,
    TooMany: HTTPStatus.TOO_MANY_REQUESTS,
    StorageFull: HTTPStatus.INSUFFICIENT_STORAGE,
}


def told(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The page (or, for a part of a page, the notice) of a problem."""
    status = _STATUS.get(type(problem), HTTPStatus.BAD_REQUEST)
    response = _page(request, status, problem.title, _sentence(str(problem)))
    if isinstance(problem, TooMany):
        response["Retry-After"] = str(problem.seconds)
    return response


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django's signature
    return _page(
        request,
        HTTPStatus.BAD_REQUEST,
        "The request could not be understood",
        "Nothing was changed. Go back and try again.",
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django's signature
    return _page(
        request,
        HTTPStatus.FORBIDDEN,
        "Not allowed",
        "Your role may not do this. Nothing was changed.",
    )


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's signature
    return _page(
        request,
        HTTPStatus.FORBIDDEN,
        "This form is no longer valid",
        "It was open for too long, or was sent from another place. Nothing was changed. "
        "Open the page again and repeat what you did.",
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django's signature
    return _page(
        request,
        HTTPStatus.NOT_FOUND,
        "Not found",
        "There is no such page, or it is not in your context.",
    )


@sensitive_variables()
def server_error(request: HttpRequest) -> HttpResponse:
    number = correlation_of(request)
    logger("web").error("page failed", correlation_id=number, path=request.path)
    return _page(
        request,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "Tallystick met a fault of its own",
        "What you did may not have been recorded: look before you repeat it. "
        "Report the number below.",
    )


def _page(request: HttpRequest, status: HTTPStatus, title: str, words: str) -> HttpResponse:
    part = bool(getattr(request, "htmx", None))
    template = "web/errors/_notice.html" if part else "web/errors/page.html"
    values = {"title": title, "words": words, "number": correlation_of(request), "status": status}
    return render(request, template, values, status=status)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else text + "."
