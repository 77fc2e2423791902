"""What will happen, said on an operation's form before it is recorded. Looking stores nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.http import HttpResponse

from tallystick.bootstrap.preview import look_ahead
from tallystick.bootstrap.preview_words import Said, in_sentences, nothing_sent
from tallystick.kit.problem import InvalidInput
from tallystick.ledger.record import Recorded
from tallystick.operations.finish import Asked
from tallystick.web import forms
from tallystick.web.visit import Visit
from tallystick.web.words import error_sentence

# The name of the button that only looks; the page's own looking sends it too.
LOOK = "look"


@dataclass(frozen=True, slots=True)
class Panel:
    """By connection; or why nothing would be sent; or what is not right yet."""

    said: Sequence[Said] = ()
    nothing: str = ""
    wrong: Sequence[str] = ()


def only_looks(visit: Visit) -> bool:
    """A part is asked for by the page while somebody types, and never records."""
    return visit.wants_part or LOOK in visit.request.POST


def look(visit: Visit, subscription_id: int, record: Callable[[Asked], Recorded]) -> Panel:
    """Raises whatever recording it would raise."""
    found = look_ahead(record, subscription_id, asked=visit.asked())
    return Panel(said=in_sentences(found), nothing=nothing_sent(found))


def part(
    visit: Visit,
    subscription_id: int,
    record: Callable[[Asked], Recorded],
    labels: Mapping[str, str] = forms.LABELS,
) -> HttpResponse:
    """The panel alone. What is not right yet is said quietly: somebody is still typing."""
    try:
        panel = look(visit, subscription_id, record)
    except InvalidInput as problem:
        panel = Panel(
            wrong=[error_sentence(labels.get(one.field, one.field), one) for one in problem.errors]
        )
    return visit.render("web/operations/_ahead.html", panel=panel)
