"""How the sources that we read are reached: one pool of connections, the server's settings."""

from __future__ import annotations

import os
import time
from functools import cache

from django.conf import settings

from tallystick.sources.models import Source
from tallystick.sources.partner_center.client import HOSTS, PartnerCenter
from tallystick.sources.partner_center.connect import application_of
from tallystick.sources.wire import SourceWire, stand_ins


@cache
def source_wire() -> SourceWire:
    """To Microsoft's hosts, or to stand-ins of them on loopback. Raises ValueError."""
    return SourceWire(HOSTS, stand_ins=stand_ins(os.environ))


def center_of(source: Source) -> PartnerCenter:
    """Raises CannotOpen."""
    application = application_of(source, settings.SEALING_KEYS)
    return PartnerCenter(application, source_wire(), wait=time.sleep)
