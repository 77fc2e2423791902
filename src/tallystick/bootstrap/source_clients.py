"""How the sources that we read are reached: one pool of connections, the server's settings."""

from __future__ import annotations

import os
import time
from functools import cache
from pathlib import Path
from typing import Final

import certifi
from cryptography.x509 import load_pem_x509_certificates
from django.conf import settings
from django.db import transaction

from tallystick.kit.clock import monotonic
from tallystick.kit.secrets import Secret
from tallystick.sources.choose_price_sheet import REFRESH_TOKEN, keep_refresh_token
from tallystick.sources.hints.hinted import Listener
from tallystick.sources.hints.register import Registrar
from tallystick.sources.kinds import SourceKind
from tallystick.sources.models import Source
from tallystick.sources.partner_center.certificate_store import (
    CERTIFICATE_HOSTS,
    MOST_BYTES,
    SECONDS,
    CertificateStore,
)
from tallystick.sources.partner_center.client import HOSTS as MICROSOFT
from tallystick.sources.partner_center.client import PartnerCenter, sign_in_of
from tallystick.sources.partner_center.connect import application_of
from tallystick.sources.partner_center.listen import PartnerCenterListener
from tallystick.sources.partner_center.price_sheets import PriceSheets
from tallystick.sources.partner_center.read_source import PartnerCenterReader
from tallystick.sources.partner_center.register import PartnerCenterRegistrar
from tallystick.sources.pax8.client import HOSTS as PAX8
from tallystick.sources.pax8.client import Pax8
from tallystick.sources.pax8.connect import credentials_of
from tallystick.sources.pax8.listen import Pax8Listener
from tallystick.sources.pax8.read_source import Pax8Reader
from tallystick.sources.pax8.register import Pax8Registrar
from tallystick.sources.reading import Reader
from tallystick.sources.record_traffic import Traffic
from tallystick.sources.sealing import open_secrets
from tallystick.sources.wire import SourceWire, stand_ins

# The roots that Microsoft's signing certificates must lead to: a file in PEM.
ROOTS: Final = "TALLYSTICK_SOURCE_CA_FILE"


@cache
def source_wire() -> SourceWire:
    """To the vendors' hosts, or to stand-ins of them on loopback. Raises ValueError."""
    return SourceWire(MICROSOFT | PAX8, stand_ins=stand_ins(os.environ))


@cache
def certificates() -> CertificateStore:
    """The keys Microsoft's calls are signed with. Raises SystemExit: a setting cannot be meant."""
    wire = SourceWire(
        CERTIFICATE_HOSTS,
        stand_ins=stand_ins(os.environ),
        most_bytes=MOST_BYTES,
        seconds=SECONDS,
    )
    file = os.environ.get(ROOTS, "").strip() or certifi.where()
    try:
        roots = load_pem_x509_certificates(Path(file).read_bytes())
    except (OSError, ValueError):
        raise SystemExit(f"tallystick: {ROOTS}: {file} has no certificates in PEM") from None
    return CertificateStore(wire, roots, seconds=monotonic)


def reader_of(source: Source) -> Reader:
    """Raises CannotOpen."""
    if source.kind == SourceKind.PAX8.value:
        return Pax8Reader(_pax8(source))
    return PartnerCenterReader(_center(source))


def recording_reader_of(source: Source, traffic: Traffic) -> Reader:
    """As ``reader_of``; ``traffic`` hears every answer. Raises CannotOpen."""
    wire = SourceWire(MICROSOFT | PAX8, stand_ins=stand_ins(os.environ), heard=traffic.heard)
    if source.kind == SourceKind.PAX8.value:
        return Pax8Reader(_pax8(source, wire))
    return PartnerCenterReader(_center(source, wire))


def registrar_of(source: Source) -> Registrar:
    """Raises CannotOpen."""
    if source.kind == SourceKind.PAX8.value:
        return Pax8Registrar(_pax8(source))
    return PartnerCenterRegistrar(_center(source))


def listener_of(source: Source) -> Listener | None:
    """None: its kind does not call us to say where to look."""
    match SourceKind(source.kind):
        case SourceKind.PARTNER_CENTER:
            return PartnerCenterListener(certificates())
        case SourceKind.PAX8:
            return Pax8Listener(settings.SEALING_KEYS)
        case SourceKind.EVENTS:
            return None


def price_sheets_of(source: Source) -> PriceSheets:
    """Raises CannotOpen."""
    application = application_of(source, settings.SEALING_KEYS)
    wire = source_wire()

    def keep(token: Secret) -> None:
        with transaction.atomic():
            row = Source.objects.select_for_update(no_key=True).get(pk=source.pk)
            keep_refresh_token(row, token, settings.SEALING_KEYS)
            row.save(update_fields=["secret_sealed", "key_id"])

    return PriceSheets(
        sign_in_of(application, wire),
        wire,
        refresh_token=open_secrets(source, settings.SEALING_KEYS).get(REFRESH_TOKEN),
        keep=keep,
    )


def hook_address(hook: str) -> str:
    """Where a source calls us, as seen from outside."""
    return f"{settings.PUBLIC_URL}/api/v1/hints/for/{hook}"


def _pax8(source: Source, wire: SourceWire | None = None) -> Pax8:
    return Pax8(credentials_of(source, settings.SEALING_KEYS), wire or source_wire())


def _center(source: Source, wire: SourceWire | None = None) -> PartnerCenter:
    application = application_of(source, settings.SEALING_KEYS)
    return PartnerCenter(application, wire or source_wire(), wait=time.sleep)
