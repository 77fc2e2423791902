"""The keys Microsoft's calls are signed with: fetched from its own hosts, checked, kept.

The caller says where the certificate is, so nothing is fetched from anywhere else than the hosts
of the list, over https, bounded in size, time and number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from tallystick.sources.partner_center.certificates import (
    NotTrusted,
    check_trusted,
    issuer_addresses,
    read_certificates,
)
from tallystick.sources.wire import SourceTrouble, SourceWire

# The host of the sample in https://learn.microsoft.com/partner-center/developer/partner-center-webhooks.
SIGNING_HOST: Final = "3psostorageacct.blob.core.windows.net"
# Where Microsoft's certificates say that their issuers' are.
ISSUERS_HOST: Final = "www.microsoft.com"
ISSUERS_PATH: Final = "/pkiops/"
CERTIFICATE_HOSTS: Final = frozenset({SIGNING_HOST, ISSUERS_HOST})
MOST_BYTES: Final = 64 * 1024
SECONDS: Final = 10.0
# An hour; what could not be had is asked for again after a minute.
KEPT_SECONDS: Final = 3600.0
REFUSED_SECONDS: Final = 60.0
# Of a minute, whoever asks: a call that is not proved yet costs Microsoft and us no more.
MOST_FETCHES: Final = 6
MOST_ISSUERS: Final = 3
_PATH = re.compile(r"(?:/[A-Za-z0-9._-]+)+\.(?:cer|crt|pem)\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Found:
    """A chain that was fetched, or why there is none, and when."""

    chain: Sequence[x509.Certificate]
    refused: str
    at: float


class CertificateStore:
    """One a process; ``wire`` talks to ``CERTIFICATE_HOSTS`` alone, ``seconds`` grow evenly."""

    def __init__(
        self,
        wire: SourceWire,
        roots: Sequence[x509.Certificate],
        *,
        seconds: Callable[[], float],
    ) -> None:
        self._wire = wire
        self._roots = roots
        self._seconds = seconds
        self._found: dict[str, _Found] = {}
        self._fetched: list[float] = []
        self._lock = Lock()

    def key(self, url: str, *, now: datetime) -> RSAPublicKey:
        """Raises NotTrusted. Checked anew each time: a certificate may run out while it is kept."""
        check_address(url)
        with self._lock:  # of many calls at once the first one fetches
            found = self._kept(url) or self._fetch(url)
        if found.refused:
            raise NotTrusted(found.refused)
        return check_trusted(found.chain, self._roots, now=now)

    def _kept(self, url: str) -> _Found | None:
        found = self._found.get(url)
        if found is None:
            return None
        kept = REFUSED_SECONDS if found.refused else KEPT_SECONDS
        return found if self._seconds() - found.at < kept else None

    def _fetch(self, url: str) -> _Found:
        now = self._seconds()
        self._fetched = [at for at in self._fetched if now - at < REFUSED_SECONDS]
        if len(self._fetched) >= MOST_FETCHES:
            raise NotTrusted("Too many certificates were asked for within a minute.")
        self._fetched.append(now)
        # What is older than an hour goes, so that this never grows.
        self._found = {at: one for at, one in self._found.items() if now - one.at < KEPT_SECONDS}
        try:
            found = _Found(self._whole(read_certificates(self._get(url))), "", now)
        except (NotTrusted, SourceTrouble) as trouble:
            found = _Found((), str(trouble), now)
        self._found[url] = found
        return found

    def _whole(self, chain: list[x509.Certificate]) -> list[x509.Certificate]:
        """With the issuers that its own certificates name, as far as they are of Microsoft's."""
        while len(chain) <= MOST_ISSUERS and not self._is_root(chain[-1].issuer):
            address = next(filter(None, map(_issuer_address, issuer_addresses(chain[-1]))), None)
            if address is None:
                break
            chain = [*chain, read_certificates(self._get(address))[0]]
        return chain

    def _is_root(self, issuer: x509.Name) -> bool:
        return any(root.subject == issuer for root in self._roots)

    def _get(self, url: str) -> bytes:
        reply = self._wire("GET", url)
        if reply.status != 200:  # noqa: PLR2004 - HTTP's own
            raise SourceTrouble(f"The certificate's address answered {reply.status}.")
        return reply.body


def check_address(url: str) -> None:
    """Raises NotTrusted: it is not where Microsoft keeps the certificates it signs with."""
    try:
        parts = urlsplit(url)
        plain = parts.scheme == "https" and parts.netloc == SIGNING_HOST
    except ValueError:
        plain = False
    if not plain or parts.query or parts.fragment or not _PATH.match(parts.path):
        raise NotTrusted("The certificate's address is none of Microsoft's: it was not fetched.")


def _issuer_address(said: str) -> str | None:
    """Over https, whatever a certificate says; None when it is not one of Microsoft's."""
    try:
        parts = urlsplit(said)
    except ValueError:
        return None
    if parts.netloc != ISSUERS_HOST or not parts.path.startswith(ISSUERS_PATH):
        return None
    if parts.query or ".." in parts.path or not parts.path.isprintable():
        return None
    return f"https://{ISSUERS_HOST}{parts.path}"
