"""Bill a subscription together with another one, on its line; and apart from those on its line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.bootstrap.preview import look_ahead
from tallystick.bootstrap.share_words import units_in_words
from tallystick.connections.queries import ConnectionView, get_connection
from tallystick.identity.roles import Right
from tallystick.kit.problem import Conflicting, InvalidInput, Problem
from tallystick.ledger.record import Recorded
from tallystick.mappings.rows import Row, mapping_row, subscription_row
from tallystick.mappings.sharer import Sharer, sharer_of, units_of
from tallystick.operations.bill_together import bill_apart, bill_together
from tallystick.operations.finish import Asked
from tallystick.web import ahead, forms
from tallystick.web.visit import Visit, screen
from tallystick.web.words import error_sentence

Record = Callable[[Asked], Recorded]
_WHOSE = {"together": "together they", "apart": "the others"}


@screen("GET", "POST")
def together(visit: Visit, connection_id: int, subscription_id: int, with_id: int) -> HttpResponse:
    """From a day on the line of the other one shows what all of them have."""
    visit.context.require(Right.MAP)
    connection = get_connection(visit.context, connection_id)
    row = subscription_row(visit.context, subscription_id, now=visit.now)
    other = mapping_row(visit.context, connection.id, with_id, now=visit.now)
    if row.place is not None:  # the form was sent twice, or it is mapped already
        return redirect("subscription", subscription_id=row.subscription.id)
    first_day = max(visit.today, row.subscription.starts_on)
    values = {"effective_on": forms.first_day(visit.request.POST, first_day)}
    on_line = (sharer_of(other.subscription), *other.together)

    def record(asked: Asked) -> Recorded:
        return bill_together(
            subscription_id=row.subscription.id,
            connection_id=connection.id,
            with_id=with_id,
            effective_on=values["effective_on"],
            today=visit.today,
            asked=asked,
        ).recorded

    form = _Form(visit, connection, row, "together", values, on_line, other)
    if not form.is_to_be_recorded:
        return form.answer(record)
    if (refused := form.carry_out(record)) is not None:
        return refused
    messages.success(
        visit.request,
        f"{row.subscription.name} is billed together with {form.names}. The line is brought to "
        "what they have in the background.",
    )
    return redirect("subscription", subscription_id=row.subscription.id)


@screen("GET", "POST")
def apart(visit: Visit, connection_id: int, subscription_id: int) -> HttpResponse:
    """From a day on the line shows what the others have, and this one is Not Mapped."""
    visit.context.require(Right.MAP)
    connection = get_connection(visit.context, connection_id)
    row = subscription_row(visit.context, subscription_id, now=visit.now)
    if row.place is None and visit.request.method == "POST":  # the form was sent twice
        return redirect("subscription", subscription_id=row.subscription.id)
    row = mapping_row(visit.context, connection.id, subscription_id, now=visit.now)
    if not row.together:
        return redirect("unmap", connection_id=connection.id, subscription_id=row.subscription.id)
    values = {"effective_on": forms.first_day(visit.request.POST, visit.today)}

    def record(asked: Asked) -> Recorded:
        return bill_apart(
            subscription_id=row.subscription.id,
            connection_id=connection.id,
            effective_on=values["effective_on"],
            today=visit.today,
            asked=asked,
        )

    form = _Form(visit, connection, row, "apart", values, row.together, row)
    if not form.is_to_be_recorded:
        return form.answer(record)
    if (refused := form.carry_out(record)) is not None:
        return refused
    messages.success(
        visit.request,
        f"{row.subscription.name} is no longer billed together with {form.names}. The line is "
        "brought to what they have in the background; this one is Not Mapped now.",
    )
    return redirect("subscription", subscription_id=row.subscription.id)


class _Form:
    """The two pages' form: a day, what will happen, and what was refused beside its field."""

    def __init__(
        self,
        visit: Visit,
        connection: ConnectionView,
        row: Row,
        name: str,
        values: dict[str, str],
        on_line: Sequence[Sharer],
        billed: Row,
    ) -> None:
        """``on_line``: the others there; ``billed``: whose place the line is."""
        self.visit, self.row, self.name, self.values = visit, row, name, values
        self.token = forms.token_of(visit.request.POST)
        own = (sharer_of(row.subscription),) if name == "together" else ()
        self.names = " and ".join(one.label for one in on_line[:2]) + (
            f" and {len(on_line) - 2} more" if on_line[2:] else ""
        )
        self.shown: dict[str, Any] = {
            "connection": connection,
            "row": row,
            "view": row.subscription,
            "on_line": on_line,
            "where": billed.place,
            "pending": billed.badge.pending,
            "units": units_of((*on_line, *own)),
        }

    @property
    def is_to_be_recorded(self) -> bool:
        return self.visit.request.method == "POST" and not ahead.only_looks(self.visit)

    def answer(self, record: Record) -> HttpResponse:
        """The page, or only what will happen."""
        if self.visit.request.method != "POST":
            return self._page()
        try:
            panel = self._look(record)
        except InvalidInput as problem:
            if not self.visit.wants_part:
                return self._page(problem)
            wrong = [error_sentence(forms.LABELS.get(e.field, e.field), e) for e in problem.errors]
            panel = ahead.Panel(wrong=wrong)
        except Conflicting as problem:
            panel = ahead.Panel(wrong=[str(problem)])
        if self.visit.wants_part:
            return self.visit.render("web/operations/_ahead.html", panel=panel)
        return self._page(panel=panel)

    def carry_out(self, record: Record) -> HttpResponse | None:
        """None: it is recorded. Else the page again, with what was refused."""
        key = forms.source_id(self.token, self.name, *self.values.values())
        try:
            record(self.visit.asked(key))
        except (InvalidInput, Conflicting) as problem:
            return self._page(problem)
        return None

    def _look(self, record: Record) -> ahead.Panel:
        found = look_ahead(record, self.row.subscription.id, asked=self.visit.asked())
        first = units_in_words(found, whose=_WHOSE[self.name])
        return ahead.panel_of(found, first=first)

    def _page(
        self, problem: Problem | None = None, *, panel: ahead.Panel | None = None
    ) -> HttpResponse:
        wrong = problem if isinstance(problem, InvalidInput) else None
        errors = forms.other_errors(self.values, wrong)
        if problem is not None and wrong is None:
            errors.append(str(problem))
        return self.visit.render(
            f"web/subscription_mapping/{self.name}.html",
            rail="connectors",
            status=200 if problem is None else 400 if wrong else 409,
            token=self.token,
            fields=forms.fields(self.values, wrong, focus="effective_on"),
            errors=errors,
            panel=panel,
            **self.shown,
        )
