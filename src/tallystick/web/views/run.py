"""A run: what Sync is doing, live, and what it did, counted."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpResponse

from tallystick.connections.queries import get_connection
from tallystick.ledger.badge import Badge
from tallystick.ledger.queries import DeliveryView, OperationView
from tallystick.ledger.runs import RunView
from tallystick.ledger.state import IN_FLIGHT, SETTLED, STOPPED, State
from tallystick.mappings.rows import subscription_row
from tallystick.subscriptions.queries import get_subscription
from tallystick.sync.request import run_in_context
from tallystick.web.visit import Visit, screen

# After so long without an end the page says that it may take longer, and why.
LONG = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Line:
    """One operation of the run, on the run's connection."""

    operation: OperationView
    outcome: DeliveryView

    @property
    def moving(self) -> bool:
        return self.outcome.state in IN_FLIGHT


@dataclass(frozen=True, slots=True)
class Progress:
    """What the page shows at one moment; ``mark`` changes when it would show something else."""

    run: RunView
    lines: Sequence[Line]
    waiting: int
    slow: bool
    badge: Badge | None = None  # of a look at Autotask: nothing was waiting

    @property
    def mark(self) -> str:
        seen = [f"{line.operation.id}:{line.outcome.state}" for line in self.lines]
        told = [*seen, self.run.state, str(self.slow), str(self.waiting)]
        return hashlib.sha256("|".join(told).encode()).hexdigest()[:16]

    @property
    def done(self) -> int:
        return sum(1 for line in self.lines if line.outcome.state in SETTLED)

    @property
    def stopped(self) -> Line | None:
        return next((line for line in self.lines if line.outcome.state in STOPPED), None)


@screen("GET")
def run(visit: Visit, run_id: int) -> HttpResponse:
    """The whole page."""
    found = run_in_context(visit.context, run_id)
    connection = get_connection(visit.context, found.connection_id)
    return visit.render(
        "web/run/page.html",
        rail="connectors",
        progress=progress_of(visit, found),
        connection=connection,
        subscription=get_subscription(visit.context, found.subscription_id),
    )


@screen("GET")
def progress(visit: Visit, run_id: int) -> HttpResponse:
    """Asked every second while it runs; answers nothing when nothing has changed."""
    shown = progress_of(visit, run_in_context(visit.context, run_id))
    if shown.mark == visit.request.GET.get("was"):
        return HttpResponse(status=204)
    return visit.render("web/run/_progress.html", progress=shown)


def progress_of(visit: Visit, found: RunView) -> Progress:
    """Lines appear as their turn comes; what has not been looked at yet is only counted."""
    lines = [
        Line(operation, outcome)
        for operation in found.operations
        for outcome in operation.deliveries
        if outcome.connection_id == found.connection_id
    ]
    running = found.finished_at is None
    begun = [line for line in lines if not running or _begun(line)]
    return Progress(
        run=found,
        lines=begun,
        waiting=len(lines) - len(begun),
        slow=running and visit.now - found.started_at > LONG,
        badge=None if running or found.seen else _badge(visit, found),
    )


def _badge(visit: Visit, found: RunView) -> Badge:
    return subscription_row(visit.context, found.subscription_id, now=visit.now).badge


def _begun(line: Line) -> bool:
    return line.outcome.state is not State.PENDING or bool(line.outcome.cause)
