"""Operations from a CSV file: choose it, see what each row would do, confirm."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.bootstrap.preview_many import MOST_AT_ONCE
from tallystick.bootstrap.preview_rows import RowAhead, together
from tallystick.identity.roles import Right
from tallystick.operations.acts import Act
from tallystick.sources.csv_errors import ImportRefused
from tallystick.sources.import_operations import Row, import_operations, read_rows
from tallystick.sources.operation_cells import MOST_BYTES
from tallystick.web.held_file import held, hold
from tallystick.web.views.mapping_files import sentences
from tallystick.web.views.several import look
from tallystick.web.visit import Visit, screen
from tallystick.web.words import counted


@screen("GET", "POST")
def operations_file(visit: Visit) -> HttpResponse:
    """Nothing is stored before it is confirmed."""
    visit.context.require(Right.OPERATE)
    if visit.request.method != "POST":
        return _page(visit)
    try:
        data = _data(visit)
        rows = read_rows(BytesIO(data), context=visit.context)
        if "confirm" in visit.request.POST:
            return _import(visit, rows)
        import_operations(rows, today=visit.today, asked=visit.asked(), dry_run=True)
        shown = rows[:MOST_AT_ONCE]
        found = look(visit, [row.wanted for row in shown], [row.view for row in shown])
        return _page(visit, rows=found, held_file=hold(data), all_rows=len(rows))
    except ImportRefused as refused:
        return _page(visit, said=sentences(refused))


def _data(visit: Visit) -> bytes:
    """Raises ImportRefused."""
    if "held" in visit.request.POST:
        return held(visit.request.POST["held"])
    chosen = visit.request.FILES.get("file")
    if chosen is None:
        raise ImportRefused.whole("is to be chosen")
    data: bytes = chosen.read(MOST_BYTES + 1)
    return data


def _import(visit: Visit, rows: Sequence[Row]) -> HttpResponse:
    done = import_operations(rows, today=visit.today, asked=visit.asked())
    words = f"{counted(done.recorded, 'operation')} recorded."
    if done.known:
        words += f" {counted(done.known, 'row')} of this file had been recorded before."
    messages.success(visit.request, words)
    return redirect("subscriptions")


def _page(
    visit: Visit,
    *,
    rows: Sequence[RowAhead] = (),
    held_file: str = "",
    all_rows: int = 0,
    said: Sequence[str] = (),
) -> HttpResponse:
    return visit.render(
        "web/operations/file.html",
        rail="subscriptions",
        status=400 if said else 200,
        acts=list(Act),
        rows=rows,
        counts=together(rows),
        unread=next((row.unread for row in rows if row.unread), ""),
        held=held_file,
        all_rows=all_rows,
        shown=MOST_AT_ONCE,
        said=said,
    )
