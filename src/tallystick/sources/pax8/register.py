"""Register our address at Pax8, for every topic of it that is about subscriptions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tallystick.sources.hints.register import Wanted
from tallystick.sources.pax8.client import Pax8
from tallystick.sources.pax8.listen import authorization
from tallystick.sources.wire import Refused, SourceTrouble

NAME = "Tallystick"
ABOUT = "subscription"


class Pax8Registrar:
    """A Pax8, signed in to."""

    def __init__(self, pax8: Pax8) -> None:
        self._pax8 = pax8

    def register(self, wanted: Wanted) -> Mapping[str, Any]:
        """One of its own, beside those of others. Raises SourceTrouble."""
        topics = [one for one in self._pax8.topics() if ABOUT in one.lower()]
        if not topics:
            raise SourceTrouble("Pax8 has no topic about subscriptions for this account.")
        how = {"displayName": NAME, "url": wanted.address}
        how["authorization"] = authorization(wanted.secret)
        asked = [{"topic": one, "filters": []} for one in topics]
        known = str(wanted.known.get("id", ""))
        if known:
            try:
                self._pax8.change_webhook(known, how, asked)
            except Refused as refused:
                if refused.status != 404:  # noqa: PLR2004 - HTTP's own; deleted there meanwhile
                    raise
            else:
                return {"id": known, "topics": topics}
        made = self._pax8.make_webhook({**how, "active": True, "webhookTopics": asked})
        return {"id": made, "topics": topics}
