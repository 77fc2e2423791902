"""Who signed a call of Partner Center: a chain of our own, and every way in which it is not one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from factories import START, TODAY
from tallystick.simulator.partner_center.running import Running, running_partner_center
from tallystick.simulator.partner_center.signing import CERTIFICATE_URL, Signer, make_signer
from tallystick.sources.hints.hinted import Call, Hinted, NotHeard
from tallystick.sources.partner_center.certificate_store import (
    CERTIFICATE_HOSTS,
    MOST_BYTES,
    MOST_FETCHES,
    CertificateStore,
    check_address,
)
from tallystick.sources.partner_center.certificates import NotTrusted
from tallystick.sources.partner_center.listen import check_signed, read_call
from tallystick.sources.wire import SourceWire

CUSTOMER = "4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04"
SUBJECT = "a356ac8c-e310-44f4-bf85-c7f29044af99"
PARTNER = "3b33e682-00c3-41ee-9dd2-a548adf56438"
BODY = json.dumps(
    {
        "EventName": "subscription-updated",
        "ResourceUri": f"http://api.partnercenter.microsoft.com/webhooks/v1/customers/{CUSTOMER}"
        f"/subscriptions/{SUBJECT}",
        "ResourceName": "subscription",
        "AuditUri": None,
        "ResourceChangeUtcDate": "2026-05-03T16:19:06.3520276+00:00",
    }
).encode()


@pytest.fixture(scope="module")
def signer() -> Signer:
    return make_signer(now=START)


@pytest.fixture
def at(signer: Signer) -> Iterator[Running]:
    with running_partner_center(today=TODAY) as running:
        running.center.calling.signer = signer
        yield running


@dataclass
class Post:
    """The store, as a server has it, and what time it is there."""

    at: Running
    store: CertificateStore
    seconds: float = 0.0
    now: datetime = START

    def heard(
        self, body: bytes = BODY, headers: Mapping[str, str] | None = None, **changes: str
    ) -> None:
        """``changes``: headers by name, ``""`` leaves one out."""
        signer = self.at.center.calling.signer
        assert signer is not None
        given = dict(headers or signer.headers(BODY)) | {
            name.replace("_", "-"): value for name, value in changes.items()
        }
        call = Call({name.lower(): value for name, value in given.items()}, body)
        check_signed(call, self.store, now=self.now)

    @property
    def fetched(self) -> list[str]:
        return [one for one in self.at.center.calls if "/cert" in one]


@pytest.fixture
def post(at: Running, signer: Signer) -> Post:
    wire = SourceWire(CERTIFICATE_HOSTS, stand_ins=at.stand_ins, most_bytes=MOST_BYTES)
    roots = x509.load_pem_x509_certificates(signer.root_pem)
    post = Post(at, CertificateStore(wire, roots, seconds=lambda: post.seconds))
    return post


class TestSigned:
    def test_by_a_chain_that_leads_to_a_trusted_root(self, post: Post) -> None:
        post.heard()
        assert post.fetched == [
            "GET /cert/pcnotifications-dispatch.microsoft.com.cer",
            "GET /pkiops/certs/stand-in-issuer.crt",
        ]

    def test_in_either_header(self, post: Post, signer: Signer) -> None:
        post.heard(headers=signer.headers(BODY, in_authorization=True))
        post.heard(x_ms_signature=signer.headers(BODY)["x-ms-signature"].removeprefix("Signature "))

    def test_a_certificate_is_fetched_once_for_a_thousand_calls(self, post: Post) -> None:
        for _ in range(1000):
            post.heard()
        assert len(post.fetched) == 2

    @pytest.mark.parametrize(
        "body",
        [BODY + b" ", BODY[:-1], BODY.replace(SUBJECT.encode(), CUSTOMER.encode()), b"{}", b""],
    )
    def test_another_body_is_not_heard(self, post: Post, body: bytes) -> None:
        with pytest.raises(NotHeard):
            post.heard(body)

    def test_a_body_that_is_too_large_is_not_even_looked_at(
        self, post: Post, signer: Signer
    ) -> None:
        large = b"x" * (64 * 1024 + 1)
        with pytest.raises(NotHeard, match="too large"):
            post.heard(large, signer.headers(large))
        assert post.fetched == []

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"x_ms_signature": ""}, "not signed"),
            ({"x_ms_signature": "Signature not/base64!"}, "not signed"),
            ({"x_ms_signature": "Signature é"}, "not signed"),
            ({"x_ms_signature": "Bearer bm9ib2R5"}, "not signed"),
            ({"x_ms_signature": "Signature bm9ib2R5"}, "another body"),
            ({"X_MS_Signature_Algorithm": ""}, "rsa-sha256"),
            ({"X_MS_Signature_Algorithm": "none"}, "rsa-sha256"),
            ({"X_MS_Signature_Algorithm": "rsa-sha1"}, "rsa-sha256"),
            ({"X_MS_Certificate_Url": ""}, "none of Microsoft's"),
        ],
    )
    def test_what_is_missing_or_odd_is_not_heard(
        self, post: Post, changes: dict[str, str], words: str
    ) -> None:
        with pytest.raises(NotHeard, match=words):
            post.heard(**changes)


HOST = "3psostorageacct.blob.core.windows.net"


class TestWhereFrom:
    @pytest.mark.parametrize(
        "url",
        [
            CERTIFICATE_URL.replace("https", "http"),
            "https://evil.example/cert/pcnotifications-dispatch.microsoft.com.cer",
            f"https://{HOST}.evil.example/cert/a.cer",
            f"https://{HOST}@evil.example/cert/a.cer",
            f"https://user@{HOST}/cert/a.cer",
            f"https://{HOST}:8443/cert/a.cer",
            f"https://{HOST}/cert/a.cer?x=1",
            f"https://{HOST}/cert/a.cer#x",
            f"https://{HOST}/cert/../../a",
            f"https://{HOST}/cert/a%2ecer",
            f"https://{HOST}\r\nHost: evil.example/a.cer",
            "https://www.microsoft.com/pkiops/certs/a.crt",
            "https://169.254.169.254/latest/meta-data/a.cer",
            "https://[::1]/a.cer",
            "https://[bad/a.cer",
            "file:///etc/ssl/a.cer",
            "//evil.example/a.cer",
        ],
    )
    def test_from_anywhere_else_nothing_is_fetched(self, post: Post, url: str) -> None:
        with pytest.raises(NotHeard, match="none of Microsoft's"):
            post.heard(X_MS_Certificate_Url=url)
        assert post.fetched == []

    def test_the_address_of_microsofts_own_sample_is_one(self) -> None:
        check_address(f"https://{HOST}/cert/pcnotifications-dispatch.microsoft.com.cer")

    def test_other_names_at_the_right_host_cost_few_calls(self, post: Post) -> None:
        for number in range(100):
            with pytest.raises(NotHeard):
                post.heard(X_MS_Certificate_Url=f"https://{HOST}/cert/n{number}.cer")
        asked = [one for one in post.at.center.calls if ".cer" in one]
        assert len(asked) == MOST_FETCHES
        with pytest.raises(NotHeard, match="Too many"):
            post.heard()
        post.seconds = 61.0
        post.heard()


class TestWhoseCertificate:
    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"days": -1}, "not in force"),
            ({"host": "pcnotifications.contoso.example"}, "no host of Microsoft's"),
            ({"organisation": "Contoso"}, "not issued by Microsoft"),
        ],
    )
    def test_not_one_of_microsofts(
        self, post: Post, signer: Signer, changes: dict[str, Any], words: str
    ) -> None:
        """By an authority that is trusted."""
        post.at.center.calling.signer = make_signer(now=START, root=signer.root, **changes)
        with pytest.raises(NotHeard, match=words):
            post.heard()

    def test_of_another_root(self, post: Post) -> None:
        post.at.center.calling.signer = make_signer(now=START)
        with pytest.raises(NotHeard, match="does not lead to a root"):
            post.heard()

    def test_signed_by_itself(self, post: Post, signer: Signer) -> None:
        for own, words in (
            (signer.root.certificate, "no host of Microsoft's"),
            (signed_by_itself(signer), "does not lead to a root"),
        ):
            post.seconds += 3601.0
            post.at.center.calling.signer = replace(signer, certificate=own)
            with pytest.raises(NotHeard, match=words):
                post.heard()

    def test_without_its_issuer(self, post: Post, signer: Signer) -> None:
        other = make_signer(now=START)
        post.at.center.calling.signer = replace(signer, issuer=other.issuer)
        with pytest.raises(NotHeard, match="does not lead to a root"):
            post.heard()

    def test_that_runs_out_while_it_is_kept(self, post: Post) -> None:
        post.heard()
        post.now += timedelta(days=91)
        with pytest.raises(NotHeard, match="not in force"):
            post.heard()

    def test_several_in_one_file(self, post: Post, signer: Signer) -> None:
        """Then nothing more is fetched."""
        pem = signer.certificate.public_bytes(Encoding.PEM)
        pem += signer.issuer.certificate.public_bytes(Encoding.PEM)
        post.at.center.calling.file = pem
        post.heard()
        assert len(post.fetched) == 1

    @pytest.mark.parametrize(
        ("file", "words"),
        [
            (b"<html>", "no certificate"),
            (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "no certificate"),
            (b"x" * (65 * 1024), "more than 64 kB"),
        ],
    )
    def test_what_is_no_certificate_is_bounded_and_said(
        self, post: Post, file: bytes, words: str
    ) -> None:
        post.at.center.calling.file = file
        for _ in range(3):
            with pytest.raises(NotHeard, match=words):
                post.heard()
        assert len(post.fetched) == 1, "and is not asked for again at once"
        post.at.center.calling.file = None
        post.seconds = 61.0
        post.heard()


def signed_by_itself(signer: Signer) -> x509.Certificate:
    """With everything else as it should be."""
    given = signer.certificate
    builder = (
        x509.CertificateBuilder()
        .subject_name(given.subject)
        .issuer_name(given.subject)
        .public_key(signer.key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(given.not_valid_before_utc)
        .not_valid_after(given.not_valid_after_utc)
    )
    for extension in given.extensions:
        builder = builder.add_extension(extension.value, critical=extension.critical)
    return builder.sign(signer.key, SHA256())


class TestWhatItSays:
    def test_where_to_look(self) -> None:
        assert read_call(BODY, partner="") == [Hinted(CUSTOMER, SUBJECT)]

    @pytest.mark.parametrize(
        "change",
        [
            {"EventName": "test-created"},
            {"EventName": "invoice-ready"},
            {"ResourceUri": "http://localhost:16722/v1/webhooks/registration/test"},
            {"ResourceUri": None},
            {"ResourceUri": "https://[bad"},
            {"ResourceUri": f"https://evil.example/v1/customers/{CUSTOMER}/subscriptions/../x"},
        ],
    )
    def test_nothing_to_look_at(self, change: dict[str, Any]) -> None:
        assert read_call(json.dumps({**json.loads(BODY), **change}).encode(), partner="") == []

    @pytest.mark.parametrize("body", [b"[]", b"{", b"1", b"[" * 5000, b"\xff\xfe"])
    def test_no_event(self, body: bytes) -> None:
        with pytest.raises(NotHeard):
            read_call(body, partner="")

    def test_about_another_partner(self) -> None:
        audit = f"https://api.partnercenter.microsoft.com/v1/auditrecords/{PARTNER}_{CUSTOMER}_x_1"
        body = json.dumps({**json.loads(BODY), "AuditUri": audit}).encode()
        assert read_call(body, partner=PARTNER)
        assert read_call(body, partner=""), "nobody knows yet whose source it is"
        with pytest.raises(NotHeard, match="another partner"):
            read_call(body, partner=CUSTOMER)

    def test_nothing_is_trusted_by_saying_so(self, post: Post) -> None:
        with pytest.raises(NotTrusted):
            post.store.key("https://evil.example/a.cer", now=START)
