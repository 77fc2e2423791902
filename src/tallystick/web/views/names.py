"""Customer Mapping and Offer Mapping: ours, theirs, and between them the suggestion."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from tallystick.connections.overrides import told
from tallystick.connections.queries import ConnectionView, get_connection
from tallystick.directory.queries import age
from tallystick.identity.roles import Right
from tallystick.kit.problem import InvalidInput, NotFound, Problem
from tallystick.mappings.choose import Chosen
from tallystick.mappings.exclude import exclude, include_again
from tallystick.mappings.jobs import request_refresh
from tallystick.mappings.kinds import Ours
from tallystick.mappings.show import Show
from tallystick.web.addresses import Address, choices
from tallystick.web.side_rows import NameRow
from tallystick.web.sides import SIDES, Side
from tallystick.web.told import section_of
from tallystick.web.visit import Visit, screen
from tallystick.web.words import counted

FILTERS = ("q", "show")
LONGEST_BACK = 1000
LONGEST_ID = 18  # digits
CHIPS = (
    (Show.NOT_MAPPED.value, "Hide Mapped"),
    (Show.MAPPED.value, Show.MAPPED.label),
    (Show.EXCLUDED.value, Show.EXCLUDED.label),
)


@screen("GET", "POST")
def names(visit: Visit, connection_id: int, side: str) -> HttpResponse:
    """The list; a POST accepts every clear suggestion."""
    connection = get_connection(visit.context, connection_id)
    of = SIDES[side]
    if visit.request.method == "POST":
        return _accept_clear(visit, connection, of)
    address = Address.read(visit.request.GET, FILTERS)
    page = of.page(
        visit.context,
        connection.id,
        show=address.value("show"),
        search=address.value("q"),
        cursor=address.cursor or None,
    )
    part = "_results" if visit.wants_part else "page"
    return visit.render(
        f"web/names/{part}.html",
        rail="connectors",
        connection=connection,
        side=of,
        refresh_to=of.address,
        rows=page.items,
        open=of.open(visit.context, connection.id),
        age=age(connection.id),
        address=address,
        back=visit.request.META.get("QUERY_STRING", "")[:LONGEST_BACK],
        chips=choices(address, "show", CHIPS),
        next=address.next(page.next_cursor),
        previous=address.previous(),
    )


@screen("GET", "POST")
def name(visit: Visit, connection_id: int, side: str, ours_id: int) -> HttpResponse:
    """One of ours: choose what it is, leave it out, take it back in, unmap it."""
    connection = get_connection(visit.context, connection_id)
    of = SIDES[side]
    row = of.row(visit.context, connection.id, ours_id)
    if row is None:
        raise NotFound(f"There is no such {of.ours} here.")
    if visit.request.method == "POST":
        return _carry_out(visit, connection, of, row)
    return _one(visit, connection, of, row)


@screen("POST")
def refresh(visit: Visit, connection_id: int, side: str) -> HttpResponse:
    """Read Autotask's companies, services and contracts anew, in the background."""
    connection = get_connection(visit.context, connection_id)
    if side not in {*SIDES, "subscription-mapping", "contracts"}:
        raise NotFound("There is no such page.")
    asked = request_refresh(
        connection.id,
        context=visit.context,
        now=visit.now,
        correlation_id=visit.correlation_id,
    )
    said = "Autotask's lists are being read anew." if asked else "They are being read already."
    messages.info(visit.request, f"{said} This page shows them when you look again.")
    return redirect(side, connection_id=connection.id)


def _one(
    visit: Visit,
    connection: ConnectionView,
    of: Side,
    row: NameRow,
    problem: InvalidInput | None = None,
) -> HttpResponse:
    # A search begins with our own name; whoever empties the field sees all of theirs.
    first = row.name.split(maxsplit=1)[0] if row.name.split() else ""
    search = visit.request.GET.get("q", first if row.theirs_id is None else "")[:200]
    part = "_choices" if visit.wants_part else "one"
    return visit.render(
        f"web/names/{part}.html",
        rail="connectors",
        status=400 if problem else 200,
        connection=connection,
        side=of,
        refresh_to=of.address,
        row=row,
        search=search,
        choices=of.choices(connection.id, search),
        age=age(connection.id),
        back=_back(visit),
        wrong=[error.message for error in problem.errors] if problem else [],
        reason=visit.request.POST.get("reason", "")[:300],
        mapped_for=_mapped_for(visit),
        told=None
        if of.kind is not Ours.CUSTOMER
        else section_of(told(connection, customer_id=row.id)),
    )


def _carry_out(visit: Visit, connection: ConnectionView, of: Side, row: NameRow) -> HttpResponse:
    visit.context.require(Right.MAP)
    act = visit.request.POST.get("act", "")
    try:
        said = _act(visit, connection, of, row, act)
    except InvalidInput as problem:
        if act == "exclude":
            return _one(visit, connection, of, row, problem)
        messages.error(visit.request, f"{row.name}: {problem.errors[0].message}.")
    except NotFound:
        raise
    except Problem as problem:
        messages.error(visit.request, str(problem))
    else:
        messages.success(visit.request, said)
    subscription_id = _mapped_for(visit)
    if act == "map" and subscription_id is not None:
        return redirect("map", connection_id=connection.id, subscription_id=subscription_id)
    back = _back(visit)
    at = reverse(of.address, kwargs={"connection_id": connection.id})
    return redirect(f"{at}?{back}" if back else at)


def _act(visit: Visit, connection: ConnectionView, of: Side, row: NameRow, act: str) -> str:
    """What was done, in words. Raises Problem."""
    by = _by(visit)
    posted = visit.request.POST
    if act == "map":
        text = posted.get("theirs", "")
        if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_ID):
            raise InvalidInput.one("theirs", f"choose a {of.theirs} of the list")
        return f"{row.name} is {of.choose(row.id, connection.id, int(text), by=by)}."
    if act == "unmap":
        of.unmap(row.id, connection.id, by=by)
        return f"{row.name} is not mapped any more. Nothing was changed in Autotask."
    if act == "exclude":
        exclude(
            of.kind,
            row.id,
            connection.id,
            reason=posted.get("reason", ""),
            context=by.context,
            now=by.now,
            correlation_id=by.correlation_id,
        )
        return f"{row.name} is left out. It is not counted as not mapped any more."
    if act == "include":
        include_again(
            of.kind,
            row.id,
            connection.id,
            context=by.context,
            now=by.now,
            correlation_id=by.correlation_id,
        )
        return f"{row.name} is to be mapped again."
    raise NotFound("There is no such act.")


def _accept_clear(visit: Visit, connection: ConnectionView, of: Side) -> HttpResponse:
    done = of.accept(connection.id, by=_by(visit))
    if done.mapped:
        messages.success(visit.request, f"{counted(done.mapped, of.ours)} mapped.")
    else:
        messages.info(visit.request, "There was no clear match left to accept.")
    for sentence in done.refused[:10]:
        messages.error(visit.request, sentence)
    return redirect(of.address, connection_id=connection.id)


def _by(visit: Visit) -> Chosen:
    return Chosen(context=visit.context, now=visit.now, correlation_id=visit.correlation_id)


def _mapped_for(visit: Visit) -> int | None:
    """The subscription whose mapping goes on when this is chosen."""
    text = visit.request.POST.get("for") or visit.request.GET.get("for", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_ID else None


def _back(visit: Visit) -> str:
    """The list's own query, to come back to; never another address."""
    given = visit.request.POST.get("back") or visit.request.GET.get("back", "")
    return "".join(sign for sign in given if sign.isprintable() and sign != "#")[:LONGEST_BACK]
