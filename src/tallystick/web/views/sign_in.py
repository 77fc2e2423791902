"""Sign in and out."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from django import forms
from django.conf import settings
from django.contrib.auth import login, logout
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from tallystick.audit.events import Event
from tallystick.audit.record import Subject, record
from tallystick.bootstrap.desk import desk
from tallystick.bootstrap.openid import provider
from tallystick.identity.people import context_of
from tallystick.identity.reach import SIGNING_IN, reach_of, reaching
from tallystick.identity.second_factor import check_code, has_codes, requires_codes
from tallystick.identity.sign_in import (
    BACKEND,
    DEVICE_FOR,
    Person,
    Tried,
    counts_of,
    half_of,
    half_signed_in,
    new_device,
    sign_in_with_password,
)
from tallystick.identity.throttle import begin_try, it_was_right
from tallystick.web.middleware import correlation_of
from tallystick.web.visit import NEEDS_CODES

# One sentence for a wrong address and a wrong password: nobody learns who has an account.
_HALF = "tallystick.half_signed_in"
DEVICE_COOKIE = "tallystick_device"
SIGN_IN_FIRST = (
    "Your {} account is linked to nobody here. Sign in with your password once, and link it under "
    "your name."
)
WRONG = "The e-mail address or the password is not right."


class SignInForm(forms.Form):
    email = forms.EmailField(max_length=254)
    password = forms.CharField(max_length=1000, strip=False)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask who it is, and lead to where they wanted to go."""
    wanted = safe_next(request)
    if request.method != "POST":
        if request.user.is_authenticated:
            return redirect(wanted)
        return _form(request, wanted)
    form = SignInForm(request.POST)
    tried = Tried(None)
    if form.is_valid():
        tried = sign_in_with_password(
            form.cleaned_data["email"],
            form.cleaned_data["password"],
            address=address_of(request),
            device=request.COOKIES.get(DEVICE_COOKIE, ""),
            now=desk().now(),
        )
    if tried.person is None:
        error = WRONG if tried.wait_until is None else _wait(tried.wait_until)
        return _form(request, wanted, email=request.POST.get("email", "")[:254], error=error)
    return go_on(request, tried.person, wanted)


def go_on(request: HttpRequest, person: Person, wanted: str) -> HttpResponse:
    """Who they are is shown; a code may still be asked for."""
    with reaching(SIGNING_IN):
        asks_for_code = has_codes(person.pk)
    if asks_for_code:
        return _ask_for_code(request, person, wanted)
    return begin_session(request, person, wanted)


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_code(request: HttpRequest) -> HttpResponse:
    """The second step: who has shown the password shows a code."""
    user_id, at, wanted = request.session.get(_HALF) or (0, "", "")
    person = half_signed_in((user_id, at), now=desk().now()) if at else None
    if person is None:
        return redirect("sign-in")
    if request.method != "POST":
        return render(request, "web/users/sign_in_code.html")
    counts = counts_of(person, what="code")
    if wait_until := begin_try(counts, now=desk().now()):
        return _code_form(request, _wait(wait_until))
    code = request.POST.get("code", "")[:40]
    with reaching(SIGNING_IN):
        right = check_code(person.pk, code, keys=settings.SEALING_KEYS, now=desk().now())
    if not right:
        return _code_form(request, "The code is not right, or was used already.")
    it_was_right(counts)
    del request.session[_HALF]
    return begin_session(request, person, wanted)


def _ask_for_code(request: HttpRequest, person: Person, wanted: str) -> HttpResponse:
    request.session.cycle_key()
    request.session[_HALF] = [*half_of(person, now=desk().now()), wanted]
    return redirect("sign-in-code")


def _code_form(request: HttpRequest, error: str) -> HttpResponse:
    return render(request, "web/users/sign_in_code.html", {"error": error}, status=400)


def begin_session(request: HttpRequest, person: Person, wanted: str) -> HttpResponse:
    """Whoever it is has shown it. Leads to where they wanted to go."""
    context = context_of(person)
    with reaching(reach_of(context)), transaction.atomic():
        login(request, person, backend=BACKEND)
        if requires_codes(context.tenant_id) and not has_codes(person.pk):
            request.session[NEEDS_CODES] = True
        record(
            Event.SIGN_IN,
            actor=context.actor,
            now=desk().now(),
            subject=Subject(tenant_id=context.tenant_id, reseller_id=context.reseller_id),
            correlation_id=correlation_of(request),
            summary=f"{context.actor.name} signed in",
        )
    response = redirect(wanted)
    response.set_cookie(
        DEVICE_COOKIE,
        new_device(person),
        max_age=DEVICE_FOR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def address_of(request: HttpRequest) -> str:
    """Who asks, by network address; behind proxies of ours, whom the outermost was asked by."""
    if settings.PROXIES:
        told = [one.strip() for one in request.headers.get("X-Forwarded-For", "").split(",")]
        if len(told) >= settings.PROXIES:
            return told[-settings.PROXIES]
    return str(request.META.get("REMOTE_ADDR", ""))


def _wait(until: datetime) -> str:
    minutes = max(1, ceil((until - desk().now()) / timedelta(minutes=1)))
    about = "a minute" if minutes == 1 else f"{minutes} minutes"
    return f"That was tried too often. Nothing was looked at. Wait {about}, then try again."


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("sign-in")


def _form(request: HttpRequest, wanted: str, *, email: str = "", error: str = "") -> HttpResponse:
    values = {"next": wanted, "email": email, "error": error, "provider": provider()}
    return render(request, "web/sign_in.html", values, status=400 if error else 200)


def safe_next(request: HttpRequest) -> str:
    """Where to go afterwards: an address of ours, else the first page."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return wanted
    return reverse(settings.LOGIN_REDIRECT_URL)
