"""Sign in with an OpenID provider, and link one's account to it."""

from __future__ import annotations

from secrets import compare_digest

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from tallystick.bootstrap.desk import desk
from tallystick.bootstrap.openid import Provider, Question, new_question, provider
from tallystick.identity.openid import NotBelieved, link, linked_person, unlink
from tallystick.kit.problem import Conflicting
from tallystick.web.views.errors import told
from tallystick.web.views.sign_in import SIGN_IN_FIRST, go_on, safe_next
from tallystick.web.visit import Visit, screen

_ASKED, _LINKING = "tallystick.openid", "tallystick.openid_link"


@never_cache
@require_GET
def openid(request: HttpRequest) -> HttpResponse:
    """To the provider; nothing is decided here."""
    return _send(request, safe_next(request))


@screen("POST")
def openid_link(visit: Visit) -> HttpResponse:
    """To the provider, to come back as the one who is signed in."""
    visit.request.session[_LINKING] = True
    return _send(visit.request, reverse("account"))


@screen("POST")
def openid_unlink(visit: Visit) -> HttpResponse:
    unlink(visit.user_id, **visit.asking())
    messages.success(visit.request, "Unlinked: you sign in with your password.")
    return redirect("account")


@never_cache
@require_GET
def openid_back(request: HttpRequest) -> HttpResponse:
    """The browser comes back with a code; the answer counts only for the question it was asked."""
    found = _provider()
    state, nonce, verifier, wanted = request.session.pop(_ASKED, None) or ("", "", "", "")
    linking = bool(request.session.pop(_LINKING, False))
    try:
        given = request.GET.get("state", "")
        if not state or not compare_digest(given.encode(), state.encode()):
            raise NotBelieved("This answer belongs to no question of this browser. Begin again.")
        asked = Question(state, nonce, verifier)
        code = request.GET.get("code", "")[:4000]
        subject = found.subject(code, asked, _back(request), now=desk().now())
    except NotBelieved as problem:
        return told(request, problem)
    if linking and request.user.is_authenticated:
        return _link(request, issuer=found.issuer, subject=subject)
    person = linked_person(found.issuer, subject)
    if person is None:
        messages.warning(request, SIGN_IN_FIRST.format(found.name))
        return redirect("sign-in")
    return go_on(request, person, wanted)


def _link(request: HttpRequest, *, issuer: str, subject: str) -> HttpResponse:
    @screen("GET")
    def carry_out(visit: Visit) -> HttpResponse:
        try:
            link(visit.user_id, issuer, subject, **visit.asking())
        except Conflicting as problem:
            messages.warning(visit.request, str(problem))
        else:
            messages.success(visit.request, "Linked: from now on you can sign in with it.")
        return redirect("account")

    answer = carry_out(request)
    assert isinstance(answer, HttpResponse)  # noqa: S101 - for the type checker; nothing is streamed
    return answer


def _send(request: HttpRequest, wanted: str) -> HttpResponse:
    found, asked = _provider(), new_question()
    request.session[_ASKED] = [asked.state, asked.nonce, asked.verifier, wanted]
    try:
        return redirect(found.address(asked, _back(request)))
    except NotBelieved as problem:
        return told(request, problem)


def _back(request: HttpRequest) -> str:
    return request.build_absolute_uri(reverse("openid-back"))


def _provider() -> Provider:
    """Raises Http404 when the settings name none."""
    found = provider()
    if found is None:
        raise Http404
    return found
