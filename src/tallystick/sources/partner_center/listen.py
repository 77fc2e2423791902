"""A call of Partner Center's webhook: proved by Microsoft's signature, read for where to look.

Facts: https://learn.microsoft.com/partner-center/developer/partner-center-webhooks and its list of
events. A signature is RSA (PKCS #1 v1.5) over the body, byte for byte.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from tallystick.sources.hints.hinted import MOST_BYTES, Call, Hinted, NotHeard
from tallystick.sources.partner_center.certificate_store import CertificateStore
from tallystick.sources.partner_center.certificates import NotTrusted
from tallystick.sources.partner_center.read_subscription import Said

ALGORITHM: Final = "rsa-sha256"
SCHEME: Final = "signature"
UPDATED: Final = "subscription-updated"
TEST: Final = "test-created"
EVENTS: Final = (UPDATED, TEST)
# At the registration it is asked to sign in this header, which no proxy takes for a sign-in.
SIGNATURE: Final = "x-ms-signature"
_GUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_SUBSCRIPTION = re.compile(
    rf"(?:/webhooks)?/v1/customers/({_GUID})/subscriptions/({_GUID})/?\Z", re.ASCII
)
_PARTNER = re.compile(rf"({_GUID})_", re.ASCII)


class PartnerCenterListener:
    """Of every Partner Center: who signs is the same for all of them."""

    def __init__(self, store: CertificateStore) -> None:
        self._store = store

    def hints(self, source: Any, call: Call, now: datetime) -> Sequence[Hinted]:
        """Raises NotHeard: not signed by Microsoft, or about another partner."""
        check_signed(call, self._store, now=now)
        return read_call(call.body, partner=partner_of(source))


def check_signed(call: Call, store: CertificateStore, *, now: datetime) -> None:
    """What costs nothing first; a certificate is fetched last. Raises NotHeard."""
    if not call.body or len(call.body) > MOST_BYTES:
        raise NotHeard("The call has no body, or one that is too large.")
    if call.header("x-ms-signature-algorithm").lower() != ALGORITHM:
        raise NotHeard(f"The call is not signed by {ALGORITHM}.")
    signature = _signature(call)
    try:
        key = store.key(call.header("x-ms-certificate-url"), now=now)
    except NotTrusted as trouble:
        raise NotHeard(str(trouble)) from None
    try:
        key.verify(signature, call.body, PKCS1v15(), SHA256())
    except InvalidSignature:
        raise NotHeard("The signature is of another body, or by another key.") from None


def read_call(body: bytes, *, partner: str) -> list[Hinted]:
    """Its days and addresses are not believed: ids are taken out of them, and looked at there.

    ``partner``: the id of the source's own; empty when it is not known yet. Raises NotHeard.
    """
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise NotHeard("The call's body is not JSON.") from None
    if not isinstance(found, Mapping):
        raise NotHeard("The call's body is no event.")
    said = Said(found)
    told = _PARTNER.match(_path(said.text("auditUri")).rpartition("/")[2])
    if told is not None and partner and told.group(1) != partner:
        raise NotHeard("The call is about another partner.")
    where = _SUBSCRIPTION.match(_path(said.text("resourceUri")))
    if said.text("eventName").lower() != UPDATED or where is None:
        return []
    return [Hinted(where.group(1), where.group(2))]


def partner_of(source: Any) -> str:
    """The partner's id as its activity log told it; empty as long as it did not."""
    return str(source.cursor.get("partner", "")).lower()


def _signature(call: Call) -> bytes:
    """Of either header. Raises NotHeard."""
    text = call.header(SIGNATURE) or call.header("authorization")
    scheme, _, value = text.rpartition(" ")
    try:
        found = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if scheme.strip().lower() not in {"", SCHEME} or not found:
        raise NotHeard("The call is not signed.")
    return found


def _path(uri: str) -> str:
    """The path of an address, in lower case; it is never called."""
    try:
        return urlsplit(uri).path.lower()
    except ValueError:
        return ""
