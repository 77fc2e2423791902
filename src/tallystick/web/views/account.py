"""One's own account: password, sign-in codes, sessions. For everybody who signs in."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters

from tallystick.bootstrap.openid import provider
from tallystick.identity.members import end_sessions
from tallystick.identity.openid import is_linked
from tallystick.identity.passwords import change_password
from tallystick.identity.second_factor import (
    begin_codes,
    confirm_codes,
    has_codes,
    recovery_left,
    requires_codes,
)
from tallystick.kit.problem import InvalidInput
from tallystick.web.qr import qr_code
from tallystick.web.visit import NEEDS_CODES, Visit, screen
from tallystick.web.words import error_sentence

LABELS = {"old": "The password you have", "password": "The new password", "again": "It"}


@screen("GET")
def account(visit: Visit) -> HttpResponse:
    return _page(visit)


@sensitive_post_parameters("old", "password", "again")
@screen("POST")
def account_password(visit: Visit) -> HttpResponse:
    """Ends every session, this one too: who knows the new password signs in with it."""
    posted = visit.request.POST
    try:
        if posted.get("password", "") != posted.get("again", ""):
            raise InvalidInput.one("again", "is not the same both times")
        change_password(
            visit.user_id,
            old=posted.get("old", ""),
            new=posted.get("password", ""),
            now=visit.now,
            correlation_id=visit.correlation_id,
        )
    except InvalidInput as problem:
        return _page(visit, [error_sentence(LABELS[one.field], one) for one in problem.errors])
    messages.success(visit.request, "The password was changed. Sign in with the new one.")
    return redirect("sign-in")


@screen("POST")
def account_sessions(visit: Visit) -> HttpResponse:
    end_sessions(visit.user_id, **visit.asking())
    logout(visit.request)
    return redirect("sign-in")


@screen("POST")
def account_codes(visit: Visit) -> HttpResponse:
    """The app's secret is shown once; a code of it turns it on."""
    begun = begin_codes(visit.user_id, keys=settings.SEALING_KEYS)
    return visit.render(
        "web/users/codes.html", begun=begun, qr=qr_code(begun.address), required=_required(visit)
    )


@screen("POST")
def account_codes_on(visit: Visit) -> HttpResponse:
    code = visit.request.POST.get("code", "")[:40]
    try:
        recovery = confirm_codes(visit.user_id, code, keys=settings.SEALING_KEYS, **visit.asking())
    except InvalidInput:
        messages.error(
            visit.request,
            "The code is not the one the app shows now. Nothing was turned on: begin again.",
        )
        return redirect("account")
    visit.request.session[NEEDS_CODES] = False
    return visit.render("web/users/recovery.html", recovery=recovery)


def _required(visit: Visit) -> bool:
    return requires_codes(visit.context.tenant_id)


def _page(visit: Visit, errors: list[str] | None = None) -> HttpResponse:
    return visit.render(
        "web/users/account.html",
        status=400 if errors else 200,
        errors=errors or [],
        codes=has_codes(visit.user_id),
        recovery_left=recovery_left(visit.user_id),
        codes_required=_required(visit),
        provider=provider(),
        linked=is_linked(visit.user_id),
    )
