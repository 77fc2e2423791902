"""A signed-in person's visit to a page, and the decorator every page goes through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypedDict
from zoneinfo import ZoneInfo

from django.contrib.auth.views import redirect_to_login
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from tallystick.bootstrap.desk import desk
from tallystick.catalog.price_asked import By
from tallystick.identity.context import Context
from tallystick.identity.how_often import ask
from tallystick.identity.people import context_name, context_of, tenant_zone
from tallystick.identity.reach import reach_of, reaching
from tallystick.identity.roles import Right
from tallystick.kit.clock import civil_day
from tallystick.kit.problem import NotAllowed, NotFound, Problem
from tallystick.kit.security_log import not_allowed, not_in_context
from tallystick.kit.storage import StorageFull, storage_is_full
from tallystick.operations.finish import Asked
from tallystick.web.middleware import correlation_of
from tallystick.web.views.errors import told

# Made of thousands of rows, or of many answers of Autotask's: an organisation has so many a minute.
HEAVY_FILES = {
    "audit-logs-export",
    "month-csv",
    "month-json",
    "invoice-csv",
    "customer-mapping-export",
    "offer-mapping-export",
    "subscription-mapping-export",
}
HEAVY_FORMS = {
    "customer-mapping-import",
    "offer-mapping-import",
    "subscription-mapping-import",
    "operations-file",
    "several",
    "price-imports",
    "price-list-apply",
    "margin-rule-apply",
    "drift-look",
    "look-now",
    "months",
    "invoices",
    "refresh-directory",
    "source-changes",
    "source-everything",
    "source-prices",
}
Parts = ParamSpec("Parts")
# The name audit logs and operations carry for what was done here.
SOURCE = "screen"
# In a session of somebody whose organisation requires codes and who has none yet.
NEEDS_CODES = "tallystick.needs_codes"


class Asking(TypedDict):
    """Who asks, when, and what belongs to the act."""

    context: Context
    now: datetime
    correlation_id: str


@dataclass(frozen=True, slots=True)
class Visit:
    """Who asks, in which context, at which moment."""

    request: HttpRequest
    context: Context
    now: datetime
    zone: ZoneInfo
    place: str
    correlation_id: str

    @property
    def user_id(self) -> int:
        """Who it is: pages are for people alone."""
        return int(self.context.actor.ref.partition("/")[2])

    @property
    def today(self) -> date:
        return civil_day(self.now, self.zone.key)

    @property
    def wants_part(self) -> bool:
        """Only the part that changes was asked for, not the page around it."""
        htmx: HtmxDetails | None = getattr(self.request, "htmx", None)
        return bool(htmx) and not (htmx and (htmx.history_restore_request or htmx.boosted))

    def by(self) -> By:
        """What a verb on prices is told about its asker."""
        return By(self.context, self.now, self.today, self.correlation_id)

    def asking(self) -> Asking:
        """What most verbs of a context are told about their asker."""
        return {"context": self.context, "now": self.now, "correlation_id": self.correlation_id}

    def asked(self, source_id: str | None = None) -> Asked:
        """What a verb is told about its asker."""
        return desk().asked(
            self.context, source=SOURCE, source_id=source_id, correlation=self.correlation_id
        )

    def render(
        self, template: str, *, rail: str = "", status: int = 200, **values: Any
    ) -> HttpResponse:
        """``rail`` is the address name of the rail's item this page belongs to."""
        chrome = {
            "rail": rail,
            "place": self.place,
            "person": self.context.actor.name,
            "role": self.context.role.label,
            "is_csp": self.context.reseller_id is None,
            "may": {right.value: self.context.may(right) for right in Right},
            "now": self.now,
            "today": self.today,
            "zone": self.zone,
        }
        response = render(self.request, template, {**values, **chrome}, status=status)
        patch_vary_headers(response, ["HX-Request"])
        return response


Page = Callable[Concatenate[Visit, Parts], HttpResponseBase]


def screen(*methods: str) -> Callable[[Page[Parts]], Callable[..., HttpResponseBase]]:
    """For signed-in people only; a Problem becomes a page in words."""

    def around(page: Page[Parts]) -> Callable[..., HttpResponseBase]:
        @never_cache
        @require_http_methods([*methods, *(["HEAD"] if "GET" in methods else [])])
        @wraps(page)
        def answer(
            request: HttpRequest, *args: Parts.args, **kwargs: Parts.kwargs
        ) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _to_sign_in(request)
            context = context_of(request.user)
            with reaching(reach_of(context)):
                return _answered(page, request, context, *args, **kwargs)

        return answer

    return around


def _answered(
    page: Page[Parts],
    request: HttpRequest,
    context: Context,
    *args: Parts.args,
    **kwargs: Parts.kwargs,
) -> HttpResponseBase:
    if request.session.get(NEEDS_CODES) and not request.path.startswith("/account"):
        return redirect("account")
    try:
        ask(context, heavy=_is_heavy(request))
        context.require(Right.READ)
        return page(_visit(request, context), *args, **kwargs)
    except Problem as problem:
        _note(request, context, problem)
        return told(request, problem)
    except OperationalError as error:
        if storage_is_full(error):
            return told(request, StorageFull())
        raise


def _is_heavy(request: HttpRequest) -> bool:
    name = request.resolver_match.url_name if request.resolver_match else None
    return name in HEAVY_FILES or (request.method == "POST" and name in HEAVY_FORMS)


def _note(request: HttpRequest, context: Context, problem: Problem) -> None:
    """In the security log, when it is about who may see or do what."""
    say = {NotFound: not_in_context, NotAllowed: not_allowed}.get(type(problem))
    if say is not None:
        say(
            actor=context.actor.ref,
            method=request.method or "",
            path=request.path,
            correlation_id=correlation_of(request),
        )


def _visit(request: HttpRequest, context: Context) -> Visit:
    return Visit(
        request=request,
        context=context,
        now=desk().now(),
        zone=ZoneInfo(tenant_zone(context.tenant_id)),
        place=context_name(context),
        correlation_id=correlation_of(request),
    )


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    # After signing in people land on a page again, never on a form's address.
    back = request.get_full_path() if request.method == "GET" else "/"
    response = redirect_to_login(back)
    if getattr(request, "htmx", None):
        return HttpResponseClientRedirect(redirect_to_login("/").url)
    return response
