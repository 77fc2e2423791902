"""Sign in and out."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib.auth import authenticate, login, logout
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
from tallystick.identity.people import context_of
from tallystick.web.middleware import correlation_of

# One sentence for a wrong address and a wrong password: nobody learns who has an account.
WRONG = "The e-mail address or the password is not right."


class SignInForm(forms.Form):
    email = forms.EmailField(max_length=254)
    password = forms.CharField(max_length=1000, strip=False)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask who it is, and lead to where they wanted to go."""
    wanted = _safe_next(request)
    if request.method != "POST":
        if request.user.is_authenticated:
            return redirect(wanted)
        return _form(request, wanted)
    form = SignInForm(request.POST)
    person = None
    if form.is_valid():
        person = authenticate(
            request, username=form.cleaned_data["email"], password=form.cleaned_data["password"]
        )
    if person is None:
        return _form(request, wanted, email=request.POST.get("email", "")[:254], error=WRONG)
    context = context_of(person)
    with transaction.atomic():
        login(request, person)
        record(
            Event.SIGN_IN,
            actor=context.actor,
            now=desk().now(),
            subject=Subject(tenant_id=context.tenant_id, reseller_id=context.reseller_id),
            correlation_id=correlation_of(request),
            summary=f"{context.actor.name} signed in",
        )
    return redirect(wanted)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("sign-in")


def _form(request: HttpRequest, wanted: str, *, email: str = "", error: str = "") -> HttpResponse:
    values = {"next": wanted, "email": email, "error": error}
    return render(request, "web/sign_in.html", values, status=400 if error else 200)


def _safe_next(request: HttpRequest) -> str:
    """Where to go afterwards: an address of ours, else the first page."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return wanted
    return reverse(settings.LOGIN_REDIRECT_URL)
