"""Nudges that a worker takes up: part of the caller's transaction, idempotent, harmless to lose."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from procrastinate import App, exceptions
from procrastinate.contrib.django import app as procrastinate_app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task
from procrastinate.types import JSONValue

app: App = procrastinate_app

# What may take minutes, and must not hold up what takes seconds.
SLOW_QUEUE = "sweeps"


def defer(
    name: str,
    *,
    key: str,
    queue: str,
    at: datetime | None = None,
    priority: int = 0,
    **arguments: JSONValue,
) -> None:
    """Put a job in the caller's transaction; one of this key that is already waiting is enough.

    ``priority``: a higher one is taken up before all that wait.
    """
    job = configure_task(
        name=name,
        job_manager=JobManager(DjangoConnector()),
        queue=queue,
        queueing_lock=key,
        schedule_at=at,
        priority=priority,
    )
    try:
        with transaction.atomic():
            job.defer(**arguments)
    except exceptions.AlreadyEnqueued:
        pass
