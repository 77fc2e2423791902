"""What the pages that apply prices share: the ticks of the rows, and what they show."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.bootstrap.gap_charge import gaps_of
from tallystick.bootstrap.prices_ahead import look_ahead_at_prices
from tallystick.catalog.price_runs import Choice
from tallystick.operations.apply_prices import apply_prices
from tallystick.operations.look_at_prices import What, look_at_prices, total_of
from tallystick.operations.repriced import Repriced
from tallystick.web.visit import Visit

LOOKED_AT = 100
SHOWN = 50  # that change, at least, as long as there are more
MOST = 400  # rows of a page, with those that stay as they are
LONGEST_ID = 18


def choice_of(visit: Visit) -> Choice:
    """The ticks of this page, and those of the pages before it."""
    posted = visit.request.POST
    return Choice.of(
        _ids([*posted.getlist("exclude"), *posted.get("excluded", "").split(",")]),
        _ids([*posted.getlist("accept"), *posted.get("accepted", "").split(",")]),
        gap_charge=posted.get("gap_charge") == "yes",
    )


def look(visit: Visit, what: What) -> dict[str, Any]:
    """What ``web/prices/_repriced.html`` shows. Raises InvalidInput naming the cursor."""
    choice = choice_of(visit)
    found, after = _rows(visit, what, visit.request.POST.get("after") or None)
    ahead = look_ahead_at_prices(found, what, asked=visit.asked())
    return {
        "rows": [(one, ahead.of(one), ahead.why_not(one)) for one in found if not one.left],
        "ahead": ahead,
        "left": [one for one in found if one.left],
        "after": after,
        "totals": total_of(what, visit.context, choice),
        "on": what.on,
        "choice": choice,
        "excluded": ",".join(str(one) for one in sorted(choice.excluded)),
        "accepted": ",".join(str(one) for one in sorted(choice.accepted)),
    }


def carry_out(visit: Visit, what: What) -> HttpResponse:
    """On to the page that shows how far it is. Raises NotAllowed, InvalidInput."""
    run = apply_prices(what, choice=choice_of(visit), asked=visit.asked(), gaps=gaps_of)
    return redirect("price-run", run_id=run.id)


def _rows(visit: Visit, what: What, cursor: str | None) -> tuple[list[Repriced], str | None]:
    """Enough to fill a page: among many that stay as they are few may change."""
    rows: list[Repriced] = []
    while True:
        page = look_at_prices(what, visit.context, cursor=cursor, limit=LOOKED_AT)
        rows += page.items
        cursor = page.next_cursor
        changed = sum(1 for one in rows if not one.left)
        if cursor is None or changed >= SHOWN or len(rows) >= MOST:
            return rows, cursor


def _ids(texts: Iterable[str]) -> list[int]:
    """What is no id of ours is nobody's tick."""
    return [
        int(text) for text in texts if text.isascii() and text.isdigit() and len(text) <= LONGEST_ID
    ]
