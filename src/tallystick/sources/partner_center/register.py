"""Register our address at Partner Center: one address for a partner, signed calls to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from tallystick.sources.hints.register import Occupied, Wanted
from tallystick.sources.partner_center.client import PartnerCenter
from tallystick.sources.partner_center.listen import EVENTS
from tallystick.sources.partner_center.read_subscription import Said
from tallystick.sources.wire import SourceTrouble


class PartnerCenterRegistrar:
    """A Partner Center, signed in to."""

    def __init__(self, center: PartnerCenter) -> None:
        self._center = center

    def register(self, wanted: Wanted) -> Mapping[str, Any]:
        """Asks for a test call as well. Raises SourceTrouble, Occupied."""
        there = self._center.registration()
        known = "" if there is None else Said(there).text("webhookUrl")
        if known not in {"", wanted.address} and not wanted.replace:
            raise Occupied(urlsplit(known).hostname or "somebody else")
        self._center.register(wanted.address, EVENTS, anew=there is None)
        try:
            self._center.ask_for_a_test_call()
        except SourceTrouble:
            return {"test": "not asked for"}  # it is registered all the same
        return {"test": "asked for"}
