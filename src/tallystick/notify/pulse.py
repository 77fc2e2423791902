"""When a worker last looked. The gap to its next look is when nobody worked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from tallystick.notify.models import Pulse

# Longer than a restart; a worker looks every few seconds.
GONE_AFTER = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Away:
    """From when to when nobody worked."""

    since: datetime
    until: datetime


def away_until(now: datetime) -> Away | None:
    """The gap that ends now. None when a worker was here a moment ago, or never."""
    since = gone_since(now=now)
    return None if since is None else Away(since, now)


def beat(*, now: datetime) -> None:
    """A worker is here, and has told what there was to tell."""
    with transaction.atomic():
        row, made = Pulse.objects.select_for_update(no_key=True).get_or_create(
            pk=1, defaults={"at": now}
        )
        if not made and now > row.at:
            row.at = now
            row.save(update_fields=["at"])


def gone_since(*, now: datetime) -> datetime | None:
    """When a worker was here last, if that is too long ago. None too where there never was one."""
    at = Pulse.objects.values_list("at", flat=True).first()
    return at if at is not None and now - at > GONE_AFTER else None
