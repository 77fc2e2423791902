"""The stand-in signs its calls as Microsoft does, by a chain of its own: root, issuer, signer."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import (
    AuthorityInformationAccessOID,
    ExtendedKeyUsageOID,
    NameOID,
)

HOST = "pcnotifications-dispatch.microsoft.com"
CERTIFICATE_PATH = f"/cert/{HOST}.cer"
CERTIFICATE_URL = f"https://3psostorageacct.blob.core.windows.net{CERTIFICATE_PATH}"
ISSUER_PATH = "/pkiops/certs/stand-in-issuer.crt"
# Certificates say it with http; whoever reads one may know better.
ISSUER_URL = f"http://www.microsoft.com{ISSUER_PATH}"


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate that may sign others, and its key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs calls. ``root``: what must be trusted, as a file in PEM has it."""

    root: Authority
    issuer: Authority
    certificate: x509.Certificate
    key: rsa.RSAPrivateKey

    @property
    def root_pem(self) -> bytes:
        return self.root.certificate.public_bytes(Encoding.PEM)

    @property
    def issuer_der(self) -> bytes:
        return self.issuer.certificate.public_bytes(Encoding.DER)

    @property
    def certificate_der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    def headers(self, body: bytes, *, in_authorization: bool = False) -> dict[str, str]:
        """As they are sent with this body; in one header, or in the other."""
        signature = base64.b64encode(self.key.sign(body, padding.PKCS1v15(), SHA256())).decode()
        name = "Authorization" if in_authorization else "x-ms-signature"
        return {
            name: f"Signature {signature}",
            "X-MS-Certificate-Url": CERTIFICATE_URL,
            "X-MS-Signature-Algorithm": "rsa-sha256",
            "Content-Type": "application/json",
        }


def make_signer(
    *,
    now: datetime,
    days: int = 90,
    host: str = HOST,
    organisation: str = "Microsoft Corporation",
    root: Authority | None = None,
) -> Signer:
    """In force from the day before ``now`` for ``days``; one that is over has fewer than none."""
    begins, ends = now.astimezone(UTC) - timedelta(days=400), now + timedelta(days=3650)
    root = root or _authority("Stand-in Root", "Stand-in", None, begins, ends)
    issuer = _authority("Stand-in Issuing CA", organisation, root, begins, ends)
    key = _key()
    name = _name(host, organisation)
    begun = now - timedelta(days=1) if days > 0 else now - timedelta(days=100)
    certificate = (
        _builder(name, issuer.certificate.subject, key, begun, now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(_issued_by(issuer.key), critical=False)
        .add_extension(
            x509.AuthorityInformationAccess(
                [
                    x509.AccessDescription(
                        AuthorityInformationAccessOID.CA_ISSUERS,
                        x509.UniformResourceIdentifier(ISSUER_URL),
                    )
                ]
            ),
            critical=False,
        )
        .sign(issuer.key, SHA256())
    )
    return Signer(root, issuer, certificate, key)


def _authority(
    common: str, organisation: str, above: Authority | None, begins: datetime, ends: datetime
) -> Authority:
    key = _key()
    name = _name(common, organisation)
    builder = (
        _builder(name, above.certificate.subject if above else name, key, begins, ends)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_SIGNS, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if above is not None:
        builder = builder.add_extension(_issued_by(above.key), critical=False)
    return Authority(builder.sign((above.key if above else key), SHA256()), key)


def _builder(
    name: x509.Name, issuer: x509.Name, key: rsa.RSAPrivateKey, begins: datetime, ends: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
    )


def _issued_by(key: rsa.RSAPrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _name(common: str, organisation: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "US"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


_SIGNS = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)
