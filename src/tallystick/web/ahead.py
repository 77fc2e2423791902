"""What will happen, said on an operation's form before it is recorded. Looking stores nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.http import HttpResponse

from tallystick.bootstrap.preview import Ahead, look_ahead
from tallystick.bootstrap.preview_words import Said, in_sentences, nothing_sent
from tallystick.kit.days import in_words
from tallystick.kit.money import parse_amount
from tallystick.kit.problem import InvalidInput
from tallystick.ledger.record import Recorded
from tallystick.operations.finish import Asked
from tallystick.subscriptions.large_change import large_change
from tallystick.subscriptions.queries import SubscriptionView
from tallystick.subscriptions.rules import ACCEPT
from tallystick.web import forms
from tallystick.web.visit import Visit
from tallystick.web.words import error_sentence

# The name of the button that only looks; the page's own looking sends it too.
LOOK = "look"


@dataclass(frozen=True, slots=True)
class Box:
    """To be ticked when a price moves by more than a factor 3. Its value is the words with both
    numbers: a tick is for these, and not for what is typed after it."""

    words: str
    ticked: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """By connection; or why nothing would be sent; or what is not right yet. ``warnings``: what
    should be known of the operation, wherever it is sent."""

    said: Sequence[Said] = ()
    nothing: str = ""
    wrong: Sequence[str] = ()
    box: Box | None = None
    warnings: Sequence[str] = ()
    # What will be recorded, where that is not what is recorded now.
    first: str = ""
    # One after another, of a decision and what follows it.
    steps: Sequence[str] = ()


def box_of(visit: Visit, view: SubscriptionView, values: Mapping[str, str]) -> Box | None:
    """None while the price that is typed does not move that far, or cannot be read."""
    try:
        price, cost = (_typed(values.get(name, "")) for name in ("unit_price", "unit_cost"))
    except ValueError:
        return None
    return box_for(visit, large_change(view, price, cost))


def box_for(visit: Visit, moves: str) -> Box | None:
    """``moves``: what moves that far, in words; empty: nothing does."""
    return Box(moves, visit.request.POST.get(ACCEPT) == moves) if moves else None


def accepts(visit: Visit, box: Box | None) -> bool:
    """Looking shows what would be, tick or no tick."""
    return only_looks(visit) or (box is not None and box.ticked)


def _typed(text: str) -> Decimal | None:
    return parse_amount(text) if text.strip() else None


def only_looks(visit: Visit) -> bool:
    """A part is asked for by the page while somebody types, and never records."""
    return visit.wants_part or LOOK in visit.request.POST


def look(
    visit: Visit,
    subscription_id: int,
    record: Callable[[Asked], Recorded],
    *,
    by_itself: bool = False,
) -> Panel:
    """``by_itself``: it happens on its day, and is said with it. Raises whatever recording it
    would raise."""
    found = look_ahead(record, subscription_id, asked=visit.asked())
    what, on = found.operation.in_words(), found.operation.effective_on
    return panel_of(found, first=f"By itself on {in_words(on)}: {what}." if by_itself else "")


def panel_of(found: Ahead, *, first: str = "") -> Panel:
    """What was found ahead, in sentences."""
    return Panel(
        said=in_sentences(found),
        nothing=nothing_sent(found),
        first=first,
        warnings=found.warnings,
    )


def part(
    visit: Visit,
    subscription_id: int,
    record: Callable[[Asked], Recorded],
    labels: Mapping[str, str] = forms.LABELS,
    box: Box | None = None,
    *,
    by_itself: bool = False,
) -> HttpResponse:
    """The panel alone. What is not right yet is said quietly: somebody is still typing."""
    try:
        panel = look(visit, subscription_id, record, by_itself=by_itself)
    except InvalidInput as problem:
        panel = Panel(
            wrong=[error_sentence(labels.get(one.field, one.field), one) for one in problem.errors]
        )
    return visit.render("web/operations/_ahead.html", panel=replace(panel, box=box))
