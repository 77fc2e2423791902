"""A link that works once: choose a password, as somebody invited or who lost theirs."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from tallystick.bootstrap.desk import desk
from tallystick.identity.invitations import choose_password
from tallystick.identity.invitations import welcome as what_it_is_for
from tallystick.kit.problem import Conflicting, InvalidInput
from tallystick.web.middleware import correlation_of
from tallystick.web.words import error_sentence

LABELS = {"password": "The password", "again": "It", "name": "Name", "email": "The address"}


@never_cache
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: HttpRequest, token: str) -> HttpResponse:
    """Looking uses nothing up: mail programs open links by themselves."""
    now = desk().now()
    found = what_it_is_for(token, now=now)
    if found is None:
        return render(request, "web/users/gone.html", status=404)
    errors: list[str] = []
    name = request.POST.get("name", found.name)[:200]
    if request.method == "POST":
        try:
            password = request.POST.get("password", "")
            if password != request.POST.get("again", ""):
                raise InvalidInput.one("again", "is not the same both times")
            choose_password(
                token,
                password=password,
                name=name,
                now=now,
                correlation_id=correlation_of(request),
            )
            return redirect("sign-in")
        except InvalidInput as problem:
            errors = [error_sentence(LABELS[one.field], one) for one in problem.errors]
        except Conflicting as problem:
            errors = [str(problem)]
    values = {"welcome": found, "errors": errors, "name": name}
    return render(request, "web/users/welcome.html", values, status=400 if errors else 200)
