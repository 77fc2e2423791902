"""How the sources that we read are reached: one pool of connections, the server's settings."""

from __future__ import annotations

import os
import time
from functools import cache

from django.conf import settings

from tallystick.sources.kinds import SourceKind
from tallystick.sources.models import Source
from tallystick.sources.partner_center.client import HOSTS as MICROSOFT
from tallystick.sources.partner_center.client import PartnerCenter
from tallystick.sources.partner_center.connect import application_of
from tallystick.sources.partner_center.read_source import PartnerCenterReader
from tallystick.sources.pax8.client import HOSTS as PAX8
from tallystick.sources.pax8.client import Pax8
from tallystick.sources.pax8.connect import credentials_of
from tallystick.sources.pax8.read_source import Pax8Reader
from tallystick.sources.reading import Reader
from tallystick.sources.wire import SourceWire, stand_ins


@cache
def source_wire() -> SourceWire:
    """To the vendors' hosts, or to stand-ins of them on loopback. Raises ValueError."""
    return SourceWire(MICROSOFT | PAX8, stand_ins=stand_ins(os.environ))


def reader_of(source: Source) -> Reader:
    """Raises CannotOpen."""
    keys = settings.SEALING_KEYS
    if source.kind == SourceKind.PAX8.value:
        return Pax8Reader(Pax8(credentials_of(source, keys), source_wire()))
    center = PartnerCenter(application_of(source, keys), source_wire(), wait=time.sleep)
    return PartnerCenterReader(center)
