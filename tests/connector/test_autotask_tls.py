"""Certificates are always checked, and a connection is never tried in clear instead."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.connector.bench import FIVE_MORE, billing_of, soon
from tests.connector.raw_server import Call, RawServer

from tallystick.sync.port import Applied, NotSent

# Far enough on both sides that the tests do not depend on the day they run.
LONG_AGO, FAR_AWAY = datetime(2001, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)


class Authority:
    """A certificate authority for one test."""

    def __init__(self, folder: Path, name: str = "Test authority") -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = (
            self._builder(self.name, FAR_AWAY)
            .public_key(self.key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self.key, hashes.SHA256())
        )
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def _builder(self, subject: x509.Name, until: datetime) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .serial_number(x509.random_serial_number())
            .not_valid_before(LONG_AGO)
            .not_valid_after(until)
        )

    def server(self, *, address: str = "127.0.0.1", until: datetime = FAR_AWAY) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            self._builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")]), until)
            .public_key(key.public_key())
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]),
                critical=False,
            )
            .sign(self.key, hashes.SHA256())
        )
        file = self.folder / "server.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def yes(call: Call) -> None:
    call.answer(200, {"itemId": 1})


def test_a_trusted_certificate_is_accepted(tmp_path: Path) -> None:
    ours = Authority(tmp_path)
    with (
        RawServer(yes, tls=ours.server()) as server,
        billing_of(server.origin, ca_file=str(ours.file)) as billing,
    ):
        assert isinstance(billing.adjust(FIVE_MORE, deadline=soon()), Applied)


BAD: dict[str, Callable[[Authority, Path], ssl.SSLContext]] = {
    "expired": lambda ours, _: ours.server(until=LONG_AGO + timedelta(days=1)),
    "of another host": lambda ours, _: ours.server(address="127.0.0.9"),
    "of nobody we know": lambda _, folder: Authority(folder, "Stranger").server(),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_certificate_means_not_sent_and_not_one_byte_of_a_request(
    case: str, tmp_path: Path
) -> None:
    ours = Authority(tmp_path)
    with (
        RawServer(yes, tls=BAD[case](ours, tmp_path)) as server,
        billing_of(server.origin, ca_file=str(ours.file)) as billing,
    ):
        answer = billing.adjust(FIVE_MORE, deadline=soon())
    assert isinstance(answer, NotSent), answer
    assert "certificate" in answer.reason
    assert (server.calls, server.zone_calls, server.bytes_received) == ([], [], 0)


def test_a_server_that_only_speaks_in_clear_gets_nothing() -> None:
    with RawServer(yes) as server:
        https = server.origin.replace("http://", "https://")
        with billing_of(https) as billing:
            assert isinstance(billing.adjust(FIVE_MORE, deadline=soon(2)), NotSent)
        assert server.calls == []


def test_without_the_operators_own_authority_a_private_one_is_not_trusted(tmp_path: Path) -> None:
    with (
        RawServer(yes, tls=Authority(tmp_path).server()) as server,
        billing_of(server.origin) as billing,
    ):
        assert isinstance(billing.adjust(FIVE_MORE, deadline=soon()), NotSent)
