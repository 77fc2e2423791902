"""The server itself: connections kept, pipelined, broken, oversized."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest

from .tenants import Tenant


def talk(tenant: Tenant, data: bytes) -> bytes:
    address = urlsplit(tenant.sim.origin)
    with socket.create_connection((address.hostname, address.port or 0), timeout=5) as sock:
        sock.sendall(data)
        received = b""
        while chunk := sock.recv(65536):
            received += chunk
        return received


def test_requests_in_a_row_on_one_connection_are_answered_in_order(tenant: Tenant) -> None:
    one = b"GET /simulator/knobs HTTP/1.1\r\nHost: x\r\n\r\n"
    last = b"GET /ATServicesRest/none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    received = talk(tenant, one + one + last)
    assert received.count(b"HTTP/1.1 200") == 2
    assert received.rindex(b"HTTP/1.1 404") > received.rindex(b"HTTP/1.1 200")


def test_latency_keeps_the_order_too(tenant: Tenant) -> None:
    tenant.sim.set_knobs(latency_ms=100)
    sim = tenant.sim
    head = (
        f"Host: x\r\nUserName: {sim.user}\r\nSecret: {sim.secret}\r\n"
        f"ApiIntegrationCode: {sim.code}\r\n"
    ).encode()
    first = b"GET /ATServicesRest/V1.0/Companies/0 HTTP/1.1\r\n" + head + b"\r\n"
    last = b"GET /simulator/knobs HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    received = talk(tenant, first + last)
    assert received.index(b'{"item":') < received.index(b'{"same_day":')


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: minus\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nx: " + b"y" * 200_000 + b"\r\n\r\n", b"431"),
    ],
)
def test_what_is_not_http_is_refused(tenant: Tenant, data: bytes, status: bytes) -> None:
    assert talk(tenant, data).startswith(b"HTTP/1.1 " + status)
    assert tenant.http.get("Companies/0").status_code == 200


def test_a_request_too_large_is_refused(tenant: Tenant) -> None:
    answer = tenant.http.post("Companies/query", content=b" " * (17 * 1024 * 1024))
    assert answer.status_code == 413


def test_a_client_is_told_to_go_on(tenant: Tenant) -> None:
    received = talk(
        tenant,
        b"POST /simulator/release HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
        b"Connection: close\r\nContent-Length: 2\r\n\r\n{}",
    )
    assert b'{"released":0}' in received


def test_an_older_http_is_answered_and_closed(tenant: Tenant) -> None:
    received = talk(tenant, b"GET /simulator/knobs HTTP/1.0\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 200")


def test_head_is_answered_without_a_body(tenant: Tenant) -> None:
    assert tenant.http.head("Companies/0").status_code == 405
