"""Which addresses may be told something, and that nothing else is ever connected to."""

from __future__ import annotations

import socket
import sys
from collections.abc import Sequence
from typing import Any

import pytest

from receivers import hook
from tallystick.notify.target import is_public, read_target, rest_of
from tallystick.notify.wire import NotDelivered, Wire

GOOD = [
    "https://hooks.slack.com/services/T000/B000/XXXX",
    "https://prod-1.westeurope.logic.azure.com:443/workflows/a/run?sp=%2Ftriggers%2F&sig=Ab_-~.",
    "https://contoso.webhook.office.com/webhookb2/a@b/IncomingWebhook/c/d",
    "https://example.com",
    "https://example.com?key=1",
    "https://93.184.216.34/x",
    "https://[2606:2800:220:1:248:1893:25c8:1946]/x",
]
BAD = [
    "", "example.com", "ftp://example.com/", "http://example.com/", "javascript:alert(1)",
    "https://", "https:///path", "https://user@example.com/", "https://user:pw@example.com/",
    "https://example.com@127.0.0.1/", "https://example.com\\@127.0.0.1/", "https://exa mple.com/",
    "https://example.com/a b", "https://example.com/\r\nHost: x", "https://example.com/\nx",
    "https://example.com/#fragment", "https://example.com/\\x", "https://exämple.com/",
    "https://example.com:0/", "https://example.com:99999/", "https://example.com:x/",
    "https://example..com/", "https://-a.example.com/", "https://localhost/", "https://localhost./",
    "https://intranet/", "https://127.0.0.1/", "https://127.1/", "https://2130706433/",
    "https://0x7f000001/", "https://0177.0.0.1/", "https://0.0.0.0/", "https://10.0.0.1/",
    "https://172.16.0.1/", "https://192.168.1.1/", "https://169.254.169.254/latest/meta-data/",
    "https://100.64.0.1/", "https://198.18.0.1/", "https://224.0.0.1/", "https://255.255.255.255/",
    "https://[::1]/", "https://[::]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/",
    "https://[fe80::1]/", "https://[fc00::1]/", "https://[fd12::1]/", "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/", "https://[2001:0:1::1]/", "https://[ff02::1]/", "https://[::1",
    "https://example.com\t/", "https://example.com/\x00", "https://ex\u202eample.com/",
    "https://" + "a" * 300 + ".com/", "https://example.com/" + "a" * 2000,
]  # fmt: skip
PRIVATE = [
    "127.0.0.1",
    "10.1.2.3",
    "169.254.169.254",
    "::1",
    "fe80::1%eth0",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104 - refused, not bound to
]


@pytest.mark.parametrize("url", GOOD)
def test_a_plain_public_address_is_taken(url: str) -> None:
    assert read_target(url, allowed=()).scheme == "https"
    assert rest_of(url).startswith("/")


@pytest.mark.parametrize("url", BAD)
def test_everything_else_is_refused_without_being_quoted(url: str) -> None:
    with pytest.raises(ValueError, match=r"^(is|has|must) ") as refused:
        read_target(url, allowed=())
    assert len(url) < 20 or url not in str(refused.value)


def test_what_the_settings_name_is_allowed_and_no_other_port_of_it() -> None:
    allowed = {"http://127.0.0.1:8080", "https://intranet"}
    assert read_target("http://127.0.0.1:8080/x", allowed=allowed).port == 8080
    assert read_target("https://intranet/x", allowed=allowed)
    for url in ("http://127.0.0.1:8081/x", "https://127.0.0.1:8080/x", "http://intranet/x"):
        with pytest.raises(ValueError):
            read_target(url, allowed=allowed)


class Sockets:
    """Every connection this thread tries, told by the interpreter itself."""

    def __init__(self) -> None:
        self.tried: list[Any] = []
        self.listening = False
        sys.addaudithook(self._heard)

    def _heard(self, event: str, given: tuple[Any, ...]) -> None:
        if self.listening and event == "socket.connect":
            self.tried.append(given[1])


sockets = Sockets()


@pytest.mark.parametrize("found", [[one] for one in PRIVATE] + [["93.184.216.34", "10.0.0.1"], []])
def test_a_name_that_is_found_inside_is_never_connected_to(found: list[str]) -> None:
    wire = Wire(resolve=lambda *_: found, seconds=2)
    sockets.tried, sockets.listening = [], True
    try:
        with pytest.raises(NotDelivered, match="is not a public address"):
            wire.post("https://hooks.example.com/x", b"{}", {})
    finally:
        sockets.listening = False
    assert sockets.tried == []


def test_a_name_is_resolved_once_and_connected_to_as_it_was_found() -> None:
    asked: list[str] = []

    def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["192.0.2.1"] if len(asked) == 1 else ["127.0.0.1"]

    # 192.0.2.1 is nobody's (RFC 5737) and counts as not public: let it through by its origin.
    origin = "https://rebinding.example.com"
    wire = Wire(frozenset({origin}), resolve=rebinding, seconds=0.3)
    sockets.tried, sockets.listening = [], True
    try:
        with pytest.raises(NotDelivered):
            wire.post(f"{origin}/x", b"{}", {})
    finally:
        sockets.listening = False
    assert asked == ["rebinding.example.com"]
    assert sockets.tried == [("192.0.2.1", 443)]


def test_a_name_that_is_not_there() -> None:
    def nobody(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(NotDelivered, match=r"^hooks\.example\.com could not be found\.$"):
        Wire(resolve=nobody).post("https://hooks.example.com/x", b"{}", {})


def test_redirects_are_not_followed_and_answers_are_bounded() -> None:
    with hook() as elsewhere, hook() as here:
        wire = Wire(frozenset({here.origin, elsewhere.origin}), seconds=1.0)
        here.status, here.headers = 307, {"Location": elsewhere.url}
        with pytest.raises(NotDelivered, match=r"redirect \(307\)"):
            wire.post(here.url, b"{}", {})
        assert elsewhere.got == []
        here.status, here.headers, here.answer = 200, {}, b"x" * 200_000
        wire.post(here.url, b"{}", {})
        here.answer, here.drip = b"x" * 100, 0.2
        with pytest.raises(NotDelivered, match="did not answer in time"):
            wire.post(here.url, b"{}", {})


def test_tls_is_never_taken_down() -> None:
    with hook() as plain:
        origin = plain.origin.replace("http://", "https://")
        with pytest.raises(NotDelivered):
            Wire(frozenset({origin}), seconds=2.0).post(f"{origin}/x", b"{}", {})
        assert plain.got == []


def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        origin = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(NotDelivered, match="No connection"):
        Wire(frozenset({origin})).post(f"{origin}/x", b"{}", {})


def test_what_hides_an_address_is_looked_into() -> None:
    import ipaddress

    assert not is_public(ipaddress.ip_address("::ffff:10.0.0.1"))
    assert is_public(ipaddress.ip_address("64:ff9b::5db8:d822"))
    assert is_public(ipaddress.ip_address("8.8.8.8"))
