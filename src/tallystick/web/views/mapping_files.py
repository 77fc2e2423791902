"""A mapping list as CSV: take it out, look at one, bring it in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect

from tallystick.bootstrap.mapping_files import import_mappings
from tallystick.connections.queries import ConnectionView, get_connection
from tallystick.identity.reach import keep_reach
from tallystick.identity.roles import Right
from tallystick.kit.problem import Conflicting, Problem
from tallystick.mappings.kinds import Ours
from tallystick.sources.csv_errors import ImportRefused
from tallystick.sources.mapping_carry_out import How, ImportedMappings, Outcome
from tallystick.sources.mapping_decide import Act
from tallystick.sources.mapping_said import MOST_BYTES
from tallystick.sources.mapping_sheets import mappings_sheet
from tallystick.web.held_file import held, hold
from tallystick.web.visit import Visit, screen
from tallystick.web.words import counted, error_sentence

SHOWN = 200
SAID = 20


@dataclass(frozen=True, slots=True)
class Side:
    """A mapping page, and what its file is about."""

    kind: Ours
    title: str
    ours: str


FILES = {
    "customer-mapping": Side(Ours.CUSTOMER, "Customer Mapping", "customer"),
    "offer-mapping": Side(Ours.OFFER, "Offer Mapping", "offer"),
    "subscription-mapping": Side(Ours.SUBSCRIPTION, "Subscription Mapping", "subscription"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the preview."""

    line: int
    ours: str
    words: str
    errors: Sequence[str]


@screen("GET")
def export(visit: Visit, connection_id: int, side: str) -> StreamingHttpResponse:
    kind = FILES[side].kind
    pieces = mappings_sheet(
        kind, connection_id, context=visit.context, now=visit.now, today=visit.today
    )
    name = f"{kind.value}-mappings-{connection_id}.csv"
    return StreamingHttpResponse(
        keep_reach(pieces),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@screen("GET", "POST")
def import_file(visit: Visit, connection_id: int, side: str) -> HttpResponse:
    """Choose a file, see what each row would do, confirm."""
    visit.context.require(Right.MAP)
    connection = get_connection(visit.context, connection_id)
    if visit.request.method != "POST":
        return _page(visit, connection, side)
    try:
        data = _data(visit)
        if "confirm" in visit.request.POST:
            return _import(visit, connection, side, data)
        return _look(visit, connection, side, data)
    except ImportRefused as refused:
        return _page(visit, connection, side, said=sentences(refused))
    except Problem as problem:
        return _page(visit, connection, side, said=[str(problem)])


def _data(visit: Visit) -> bytes:
    """Raises ImportRefused."""
    if "held" in visit.request.POST:
        return held(visit.request.POST["held"])
    chosen = visit.request.FILES.get("file")
    if chosen is None:
        raise ImportRefused.whole("is to be chosen")
    data: bytes = chosen.read(MOST_BYTES + 1)
    return data


def _look(
    visit: Visit, connection: ConnectionView, side: str, data: bytes, said: Sequence[str] = ()
) -> HttpResponse:
    done = _carry_out(visit, connection, side, data, How(dry_run=True))
    return _page(visit, connection, side, look=done, held_file=hold(data), said=said)


def _import(visit: Visit, connection: ConnectionView, side: str, data: bytes) -> HttpResponse:
    posted = visit.request.POST
    how = How(rows_that_fit=posted["confirm"] == "fit", seen=posted.get("seen", "")[:100] or "-")
    try:
        done = _carry_out(visit, connection, side, data, how)
    except Conflicting as problem:
        return _look(visit, connection, side, data, [str(problem)])
    words = f"{counted(done.changed, FILES[side].ours)} imported."
    if done.wrong:
        words += f" {counted(done.wrong, 'row')} did not fit: left as it was."
    messages.success(visit.request, words)
    return redirect(side, connection_id=connection.id)


def _carry_out(
    visit: Visit, connection: ConnectionView, side: str, data: bytes, how: How
) -> ImportedMappings:
    return import_mappings(
        FILES[side].kind,
        BytesIO(data),
        connection.id,
        how=how,
        today=visit.today,
        asked=visit.asked(),
    )


def _page(
    visit: Visit,
    connection: ConnectionView,
    side: str,
    *,
    look: ImportedMappings | None = None,
    held_file: str = "",
    said: Sequence[str] = (),
) -> HttpResponse:
    rows = look.rows if look else ()
    wrong = [_line(row) for row in rows if row.errors]
    changing = [_line(row) for row in rows if not row.errors and row.act is not Act.NOTHING]
    return visit.render(
        "web/mapping_files/page.html",
        rail="connectors",
        status=400 if said else 200,
        connection=connection,
        address=side,
        side=FILES[side],
        said=said,
        look=look,
        held=held_file,
        wrong=wrong[:SHOWN],
        changing=changing[:SHOWN],
        more_wrong=max(0, len(wrong) - SHOWN),
        more_changing=max(0, len(changing) - SHOWN),
    )


def _line(row: Outcome) -> Line:
    errors = [error_sentence(error.field, error) for error in row.errors]
    return Line(row.line, row.ours, row.words, errors)


def sentences(refused: ImportRefused) -> list[str]:
    said = [
        f"Line {error.line}: {error_sentence(error.field, error)}"
        if error.line is not None
        else error_sentence("The file", error)
        for error in refused.errors[:SAID]
    ]
    more = len(refused.errors) - len(said) + refused.more
    return [*said, f"And {more} more."] if more else said
