"""Whether a certificate is one that Microsoft signs its calls with. Pure.

It must lead to a trusted root, be in force, name a host of ``microsoft.com``, and its issuer must
be of the organisation that Microsoft's page on webhooks asks for. That it was revoked is not found
out: it is in force for some months, and all that is believed of a call is where to look.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import DNSName
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

ORGANISATION: Final = "Microsoft Corporation"
DOMAIN: Final = ".microsoft.com"
MOST_CERTIFICATES: Final = 8
_PEM: Final = b"-----BEGIN CERTIFICATE-----"


class NotTrusted(Exception):
    """It is no certificate of Microsoft's, or not in force; the sentence says why."""


def read_certificates(content: bytes) -> list[x509.Certificate]:
    """One in DER, or several in PEM, the signing one first. Raises NotTrusted."""
    try:
        found = (
            x509.load_pem_x509_certificates(content)
            if content.lstrip().startswith(_PEM)
            else [x509.load_der_x509_certificate(content)]
        )
    except ValueError:
        raise NotTrusted("What is at the certificate's address is no certificate.") from None
    if len(found) > MOST_CERTIFICATES:
        raise NotTrusted("There are too many certificates at the certificate's address.")
    return found


def check_trusted(
    chain: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], *, now: datetime
) -> RSAPublicKey:
    """The key that signs. ``chain``: the signing certificate first. Raises NotTrusted."""
    leaf = chain[0]
    at = now.astimezone(UTC).replace(tzinfo=None)
    if not leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc:
        raise NotTrusted("The certificate is not in force.")
    policy = PolicyBuilder().store(Store(list(roots))).time(at)
    try:
        policy.build_server_verifier(DNSName(_name_of(leaf))).verify(leaf, list(chain[1:]))
    except (VerificationError, ValueError):
        raise NotTrusted("The certificate does not lead to a root that is trusted.") from None
    organisations = leaf.issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    if [one.value for one in organisations] != [ORGANISATION]:
        raise NotTrusted("The certificate was not issued by Microsoft.")
    key = leaf.public_key()
    if not isinstance(key, RSAPublicKey):
        raise NotTrusted("The certificate's key is of another kind.")
    return key


def issuer_addresses(certificate: x509.Certificate) -> list[str]:
    """Where it says that the certificate of its issuer is."""
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess)
    except (x509.ExtensionNotFound, ValueError):
        return []
    return [
        one.access_location.value
        for one in access.value
        if one.access_method == AuthorityInformationAccessOID.CA_ISSUERS
        and isinstance(one.access_location, x509.UniformResourceIdentifier)
    ]


def _name_of(leaf: x509.Certificate) -> str:
    """A host of Microsoft's that it is for. Raises NotTrusted."""
    try:
        extension = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        names = extension.value.get_values_for_type(x509.DNSName)
    except (x509.ExtensionNotFound, ValueError):
        names = []
    for name in names:
        if name.lower().endswith(DOMAIN):
            return name.replace("*", "any")
    raise NotTrusted("The certificate is for no host of Microsoft's.")
