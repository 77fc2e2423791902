"""What every call goes through before and after its view.

1. Give the call its correlation id.
2. Find out who calls, and whether they called too often (``identity/how_often``); a body is read
   only of somebody who may call at all.
3. A write happens in one transaction: an answer that refuses leaves nothing behind. With an
   Idempotency-Key it happens once (``identity/idempotency``). A write that consists of many
   commits each of them, so that nobody waits for their locks; its acts must bear repetition.
4. Whatever was not answered as JSON becomes a problem document.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from tallystick.api import problems
from tallystick.api.auth import Caller, caller_of, say_once, stored_nothing
from tallystick.api.correlation import HEADER, correlation_of
from tallystick.api.strict_json import read_body, sent
from tallystick.api.uploads import read_upload, takes_a_file, uploaded
from tallystick.identity.how_often import ask
from tallystick.identity.idempotency import (
    Answer,
    answered_before,
    check_key,
    once,
    request_digest,
)
from tallystick.identity.reach import NOTHING, reach_of, reaching
from tallystick.kit.problem import FieldError, InvalidInput, Problem

View = Callable[..., HttpResponse]
READING = {"GET", "HEAD", "OPTIONS"}
REPLAYED = "Idempotent-Replayed"
# Asked again, each press of Sync joins the run that is there: no transaction around them all.
COMMITS_EACH = {"sync-many"}
# These ask somebody else, and nobody is asked anything inside a transaction.
ASKS_OTHERS = {
    "map-subscription",
    "map-subscription-look",
    "map-subscription-accept",
    "map-subscription-first-sync",
    "continue-look",
    "extend-contract",
    "close-month",
    "sync-dry-run",
    "test-connection",
    "preview-drift",
    "preview-operations",
    "preview-correction",
    "resolve-delivery",
    "test-source",
    "read-source",
    "read-source-prices",
    "refresh-customer",
    "register-webhook",
    "import-subscription-mappings",
    "test-notification",
}
# These do so where their body says so: what a gap comes to, and what a look shows, is read there.
ASK_IF_SAID = {"record_an_operation", "record-several", "apply_margin_rule", "apply_price_list"}
SAYS_SO = {"dry_run", "gap_charge"}
# So does whoever only looks ahead, at any address: what ninja reads as yes, in any letters.
LOOKS_AHEAD = {"true", "1", "yes", "on", "t", "y"}
# Made of thousands of rows, or of many answers of Autotask's: an organisation has so many a minute.
HEAVY = {
    "audit_logs_file",
    "month_proof_file",
    "proof_file",
    "export_customer_mappings",
    "export_offer_mappings",
    "export_subscription_mappings",
    "import-customer-mappings",
    "import-offer-mappings",
    "import-subscription-mappings",
    "import-operations",
    "import-prices",
    "import-azure-costs",
    "import-vendor-invoice",
    "import-snapshot",
    "preview-operations",
    "record-several",
    "affected",
    "apply_margin_rule",
    "apply_price_list",
    "sync-dry-run",
    "sweep",
    "look",
    "close-month",
    "refresh_directory",
    "read-source",
    "read-source-prices",
}
# Their body is a file.
TAKES_CSV = {
    "import-customer-mappings",
    "import-offer-mappings",
    "import-subscription-mappings",
}


def door(view: View) -> View:
    """Wrap one of ninja's views."""

    @csrf_exempt  # nothing here is done in the name of a cookie
    @wraps(view)
    def enter(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        correlation = correlation_of(request)
        try:
            response = _enter(request, lambda: view(request, *args, **kwargs))
        except Problem as problem:
            response = problems.told(request, problem)
        except RequestDataTooBig:
            response = problems.is_too_large(request)
        except UnreadablePostError:
            response = problems.document(
                request, problems.BAD_REQUEST, "The body broke off. Nothing was changed."
            )
        except DatabaseError as error:  # also when the transaction could not be committed
            response = problems.fault(request, error)
        response[HEADER] = correlation
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return enter


def _enter(request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
    _check_query(request)
    caller = caller_of(request)
    if caller is not None:
        ask(caller.context, heavy=_name_of(request) in HEAVY)
    with reaching(NOTHING if caller is None else reach_of(caller.context)):
        return _within(request, view, caller)


def _within(
    request: HttpRequest, view: Callable[[], HttpResponse], caller: Caller | None
) -> HttpResponse:
    if request.method in READING or caller is None:
        return _told_in_json(request, view())
    if request.headers.get("Transfer-Encoding") and not request.headers.get("Content-Length"):
        return problems.document(
            request, problems.NO_LENGTH, "Nothing was changed. Send a Content-Length, not chunks."
        )
    if takes_a_file(request):
        read_upload(request)
    else:
        read_body(request, is_json=_name_of(request) not in TAKES_CSV)
    key = request.headers.get("Idempotency-Key")
    if key is not None:
        return _once(request, view, check_key(key), caller)
    if _commits_each(request):
        return _told_in_json(request, view())
    with transaction.atomic(durable=True):
        response = _told_in_json(request, view())
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            transaction.set_rollback(True)
    return response


def _commits_each(request: HttpRequest) -> bool:
    looks = request.GET.get("preview", "").lower() in LOOKS_AHEAD
    name = _name_of(request)
    asks = name in ASK_IF_SAID and _says_so(sent(request))
    return looks or asks or name in COMMITS_EACH | ASKS_OTHERS


def _says_so(body: Any) -> bool:
    """Anywhere in it, before it is checked: anything but no."""
    if isinstance(body, dict):
        return any(
            (name in SAYS_SO and part not in (None, False)) or _says_so(part)
            for name, part in body.items()
        )
    return isinstance(body, list) and any(map(_says_so, body))


def _name_of(request: HttpRequest) -> str | None:
    """The name of the address that is called."""
    return request.resolver_match.url_name if request.resolver_match else None


def _once(
    request: HttpRequest, view: Callable[[], HttpResponse], key: str, caller: Caller
) -> HttpResponse:
    content = uploaded(request).digest if takes_a_file(request) else request.body
    digest = request_digest(request.method or "", request.get_full_path(), content)
    given: list[HttpResponse] = []

    def act() -> Answer:
        given.append(_told_in_json(request, view()))
        content = given[0].content
        body = json.loads(content) if content else None
        return Answer(given[0].status_code, body, stores=not stored_nothing(request))

    if _commits_each(request):
        say_once(request, request_digest(f"{caller.token_id}", key, digest))
        done = answered_before(token_id=caller.token_id, key=key, digest=digest) or act()
    else:
        done = None
    answer, replayed = once(
        token_id=caller.token_id,
        key=key,
        digest=digest,
        now=caller.now,
        act=act if done is None else lambda: done,
    )
    if not replayed:
        return given[0]
    content = b"" if answer.body is None else json.dumps(answer.body).encode()
    response = HttpResponse(content, status=answer.status, content_type="application/json")
    response[REPLAYED] = "true"
    return response


def _check_query(request: HttpRequest) -> None:
    wrong = [
        FieldError(name.replace("\x00", ""), "contains a character that cannot be searched for")
        for name, values in request.GET.lists()
        if any("\x00" in text for text in (name, *values))
    ]
    if wrong:
        raise InvalidInput(wrong)


def _told_in_json(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = ", ".join(sorted(response.get("Allow", "").split(", ")))
        response = problems.document(
            request, problems.WRONG_METHOD, f"This address answers {allowed}."
        )
        response["Allow"] = allowed
    return response


def nothing_here(request: HttpRequest, **_: Any) -> HttpResponse:
    """Every address under /api that is not one."""
    return problems.document(request, problems.NOT_FOUND, "There is nothing at this address.")
