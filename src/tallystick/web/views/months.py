"""Month proofs: close a month, and what was found then."""

from __future__ import annotations

from datetime import date, timedelta

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from tallystick.books.compare_month import MonthOutcome
from tallystick.books.month_queries import get_proof, list_proofs, proof_lines
from tallystick.bootstrap.months import as_csv, as_json, close
from tallystick.connections.queries import list_connections
from tallystick.identity.reach import keep_reach
from tallystick.identity.roles import Right
from tallystick.kit.days import parse_month
from tallystick.kit.problem import InvalidInput
from tallystick.web.addresses import Address, choices
from tallystick.web.views.subscriptions import LONGEST_ID, id_in
from tallystick.web.visit import Visit, screen

FILES = {"csv": (as_csv, "text/csv; charset=utf-8"), "json": (as_json, "application/json")}


@screen("GET", "POST")
def months(visit: Visit) -> HttpResponse:
    """Every proof, newest first; a POST closes a month."""
    if visit.request.method == "POST":
        return _close(visit)
    address = Address.read(visit.request.GET, ("connection",))
    page = list_proofs(
        visit.context,
        connection_id=id_in(address, "connection"),
        cursor=address.cursor or None,
    )
    return visit.render(
        "web/months/page.html",
        rail="months",
        proofs=page.items,
        connections=list_connections(visit.context),
        last_month=_last_month(visit.today),
        address=address,
        next=address.next(page.next_cursor),
        previous=address.previous(),
    )


def _close(visit: Visit) -> HttpResponse:
    visit.context.require(Right.APPROVE)
    text = visit.request.POST.get("connection", "")
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_ID):
        raise InvalidInput.one("connection", "must be chosen")
    try:
        month = parse_month(visit.request.POST.get("month", ""))
    except ValueError as wrong:
        raise InvalidInput.one("month", str(wrong)) from None
    proof_id = close(
        int(text),
        month,
        context=visit.context,
        now=visit.now,
        correlation_id=visit.correlation_id,
    )
    messages.success(visit.request, "Every line was read from Autotask. The proof is kept.")
    return redirect("month", proof_id=proof_id)


def _last_month(today: date) -> str:
    return f"{today.replace(day=1) - timedelta(days=1):%Y-%m}"


@screen("GET")
def month(visit: Visit, proof_id: int) -> HttpResponse:
    """One proof: what differs first."""
    address = Address.read(visit.request.GET, ("outcome", "changed"))
    proof = get_proof(visit.context, proof_id)
    page = proof_lines(
        visit.context,
        proof.id,
        outcome=address.value("outcome"),
        changed=bool(address.value("changed")),
        cursor=address.cursor or None,
    )
    return visit.render(
        "web/months/proof.html",
        rail="months",
        proof=proof,
        lines=page.items,
        chips=choices(address, "outcome", [(one.value, one.label) for one in MonthOutcome]),
        changed_chips=choices(address, "changed", [("yes", "Changed since")], every="Either way"),
        address=address,
        next=address.next(page.next_cursor),
        previous=address.previous(),
    )


@screen("GET")
def month_file(visit: Visit, proof_id: int, kind: str) -> HttpResponseBase:
    """Every line, as it was found."""
    proof = get_proof(visit.context, proof_id)
    made, content_type = FILES[kind]
    name = f"month-{proof.month:%Y-%m}-proof-{proof.number}.{kind}"
    return StreamingHttpResponse(
        keep_reach(made(visit.context, proof.id)),
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
