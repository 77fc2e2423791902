"""Home: do I need to do anything, and may I post?"""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.bootstrap.desk import desk
from tallystick.bootstrap.home import home as look_at_home
from tallystick.connections.queries import get_connection
from tallystick.kit.days import parse_day
from tallystick.kit.problem import InvalidInput
from tallystick.sync.look_now import look_now
from tallystick.web.calls import bar
from tallystick.web.home_days import plots_of, since_yesterday
from tallystick.web.home_lines import SWEEPS, counts_of, mark_of, reasons_of
from tallystick.web.home_needs import needs_of
from tallystick.web.plots import lasted
from tallystick.web.visit import Visit, screen

# What is told as so long ago is told anew as often, also when nothing else has changed.
RENEWED_EVERY_MINUTES = 5


@screen("GET")
def home(visit: Visit) -> HttpResponse:
    """The whole page; every ten seconds the part below the title, when it would show another."""
    found = look_at_home(visit.context, up_to=_up_to(visit), now=visit.now)
    mark = mark_of(found, visit.now.minute // RENEWED_EVERY_MINUTES, visit.context.role)
    if visit.wants_part and visit.request.GET.get("was") == mark:
        return HttpResponse(status=204)
    return visit.render(
        f"web/home/{'_now' if visit.wants_part else 'page'}.html",
        rail="home",
        found=found,
        mark=mark,
        counts=counts_of(found),
        needs=needs_of(found),
        more=found.needing - len(found.needs),
        reasons=reasons_of(found),
        changed=since_yesterday(found.days),
        connections=[(one, bar(one.calls), SWEEPS[one.sweep]) for one in found.connections],
        plots=plots_of(found.days),
        days=[(one, lasted(one.day.to_green)) for one in reversed(found.days)],
    )


@screen("POST")
def look(visit: Visit, connection_id: int) -> HttpResponse:
    """A worker looks at every line now."""
    connection = get_connection(visit.context, connection_id)
    look_now(
        connection.id,
        context=visit.context,
        now=visit.now,
        start=desk().look,
        correlation_id=visit.correlation_id,
    )
    messages.success(
        visit.request,
        f"Every line of {connection.name} is looked at, by a worker. Nothing is sent.",
    )
    return redirect("home")


def _up_to(visit: Visit) -> date | None:
    """Raises InvalidInput naming the field."""
    text = visit.request.GET.get("up_to", "").strip()
    if not text:
        return None
    try:
        return parse_day(text)
    except ValueError as wrong:
        raise InvalidInput.one("up_to", str(wrong)) from None
