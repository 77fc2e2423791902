"""Our secret goes to one place only, and no log, error or repr ever shows it."""

from __future__ import annotations

import contextlib
import copy
import logging
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

import pytest
from tests.connector.bench import (
    CODE,
    CREDENTIALS,
    FIVE_MORE,
    LINE,
    SECRET,
    USER,
    billing_of,
    client_of,
    quick,
    soon,
)
from tests.connector.raw_server import Call, RawServer, page

from tallystick.connections.trouble import BillingError, Misconfigured
from tallystick.connectors.autotask import handshake
from tallystick.connectors.autotask.credentials import AutotaskCredentials
from tallystick.connectors.autotask.limits import LocalGate
from tallystick.connectors.autotask.wire import shared_http_client
from tallystick.kit.clock import SteppedClock
from tallystick.kit.log import configure

CANARIES = (SECRET, USER, CODE)


@contextmanager
def everything_is_logged(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> Iterator[None]:
    """What is not logged cannot leak: the most talkative setting.

    Within the test: the log writes to the standard error it finds when it is configured.
    """
    configure(level="DEBUG")
    try:
        with caplog.at_level(logging.DEBUG):
            yield
    finally:
        with capfd.disabled():
            configure(level="WARNING")


def _echo(call: Call) -> None:
    """A chatty or hostile server: repeats every header it got as its error text."""
    call.answer(500, {"errors": [f"{name}={value}" for name, value in call.headers.items()]})


def _echo_yes(call: Call) -> None:
    call.answer(200, {"itemId": None, "heard": call.headers})


ANSWERS: dict[str, Callable[[Call], None]] = {
    "echo": _echo,
    "echo yes": _echo_yes,
    "page": lambda call: page(call, [{"id": 1}]),
    "reset": lambda call: call.reset(),
    "html": lambda call: call.answer(200, b"<html>"),
    "401": lambda call: call.answer(401, b""),
    "403": lambda call: call.answer(403, {"errors": [call.headers["secret"]]}),
    "429": lambda call: call.answer(429, {"errors": [call.headers["apiintegrationcode"]]}),
    "redirect": lambda call: call.answer(302, b"", headers={"Location": "https://evil.test/"}),
    "bad header": lambda call: call.send(b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n"),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_no_canary_in_any_log_or_error(
    case: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    shown: list[str] = []
    with RawServer(ANSWERS[case]) as server, billing_of(server.origin) as billing:
        with everything_is_logged(caplog, capfd):
            shown.append(repr(billing.adjust(FIVE_MORE, deadline=soon())))
            try:
                shown.append(repr(billing.observe([LINE], since=date(2026, 5, 1))))
            except BillingError as failure:
                shown.append("".join(traceback.format_exception(failure)))
                # An error reporter that prints local variables gets no secret either.
                deep = traceback.TracebackException.from_exception(failure, capture_locals=True)
                locals_shown = "".join(deep.format())
                assert SECRET not in locals_shown
                assert CODE not in locals_shown
        # The canaries did travel, in headers: otherwise this test would prove nothing.
        assert all(call.headers["secret"] == SECRET for call in server.calls)
        assert server.calls
    shown.append(caplog.text)
    printed = capfd.readouterr()
    shown += [printed.out, printed.err]
    assert "autotask call" in printed.err
    for canary in CANARIES:
        assert canary not in "".join(shown)


def test_log_lines_name_path_status_and_time_and_nothing_else(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with (
        RawServer(lambda call: call.answer(200, {"itemId": 1})) as server,
        billing_of(server.origin) as billing,
        everything_is_logged(caplog, capfd),
    ):
        billing.adjust(FIVE_MORE, deadline=soon())
    printed = capfd.readouterr().err + caplog.text
    assert "/ATServicesRest/V1.0/Contracts/7001/ServiceAdjustments" in printed
    assert "?" not in printed.partition("Contracts/7001")[2].splitlines()[0]
    assert "unitChange" not in printed


def test_credentials_never_print_themselves() -> None:
    shown = f"{CREDENTIALS!r} {CREDENTIALS} {[CREDENTIALS]} {copy.copy(CREDENTIALS)!r}"
    assert not any(canary in shown for canary in CANARIES)


@pytest.mark.parametrize(
    "value", ["", " lead", "trail ", "new\nline", "nul\x00", "sécret", "x" * 600, "tab\there"]
)
@pytest.mark.parametrize("name", ["user_name", "secret", "integration_code"])
def test_a_value_that_cannot_be_a_header_is_named_but_not_quoted(name: str, value: str) -> None:
    values = {"user_name": USER, "secret": SECRET, "integration_code": CODE, name: value}
    with pytest.raises(Misconfigured) as refused:
        AutotaskCredentials(**values)
    words = str(refused.value)
    assert name.replace("_", " ") in words
    assert not value or value not in words


def test_the_zone_question_carries_no_secret() -> None:
    with RawServer(lambda call: page(call, [])) as server, client_of(server.origin) as client:
        client.zone()
    (asked,) = server.zone_calls
    assert SECRET.encode() not in asked.raw
    assert CODE.encode() not in asked.raw
    assert "secret" not in asked.headers


def test_one_tenants_cookie_does_not_travel_with_the_next_request() -> None:
    cookie = {"Set-Cookie": "session=tenant-a; Path=/"}
    with (
        RawServer(lambda call: call.answer(200, {"itemId": 1}, headers=cookie)) as server,
        billing_of(server.origin) as billing,
    ):
        for _ in range(2):
            billing.adjust(FIVE_MORE, deadline=soon())
    assert not any("cookie" in call.headers for call in server.calls)


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(lambda call: call.answer(200, {"itemId": 1})) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, proxy.origin)
        with (
            RawServer(lambda call: call.answer(200, {"itemId": 1})) as server,
            billing_of(server.origin) as billing,
        ):
            billing.adjust(FIVE_MORE, deadline=soon())
        assert (len(server.calls), proxy.connections) == (1, 0)


# Sockets: what the interpreter itself reports, whatever any library does

_watching = threading.local()


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    seen = getattr(_watching, "seen", None)
    if seen is None:
        return
    if event == "socket.connect":
        seen.append(arguments[1])
    elif event == "socket.getaddrinfo":
        seen.append(arguments[:2])


sys.addaudithook(_watch)


@contextlib.contextmanager
def sockets_opened() -> Iterator[list[object]]:
    """Every address this thread connects to or looks up."""
    _watching.seen = []
    try:
        yield _watching.seen
    finally:
        _watching.seen = None


def _lead_away(stranger: str) -> dict[str, Callable[[Call], None]]:
    away = f"{stranger}/ATServicesRest/V1.0/ContractServiceUnits/query/next?page=1"
    return {
        "redirect": lambda call: call.answer(307, b"", headers={"Location": away}),
        "next page": lambda call: page(call, [{"id": 1}], following=away),
        "other ways": lambda call: call.answer(
            200,
            b"{}",
            headers={"Content-Location": away, "Refresh": f"0; url={away}", "Link": away},
        ),
    }


@pytest.mark.parametrize("case", ["redirect", "next page", "other ways"])
def test_no_byte_leaves_to_an_origin_that_is_not_allowed(case: str) -> None:
    with RawServer(lambda call: call.answer(200, {"itemId": 1})) as stranger:
        behaviour = _lead_away(stranger.origin)[case]
        with (
            RawServer(behaviour) as server,
            billing_of(server.origin) as billing,
            sockets_opened() as opened,
        ):
            billing.adjust(FIVE_MORE, deadline=soon())
            with pytest.raises(BillingError):
                billing.observe([LINE], since=date(2026, 5, 1))
            # Even when an origin is allowed, only the zone lookup chooses where to send.
        assert (stranger.connections, stranger.bytes_received) == (0, 0)
        assert opened
        assert {place[1] for place in opened if isinstance(place, tuple)} == {server.port}


@pytest.mark.parametrize(
    "zone",
    [
        "http://169.254.169.254/ATServicesRest/",
        "http://127.1:1/ATServicesRest/",
        "http://evil.test/ATServicesRest/",
        "http://webservices2.autotask.net/ATServicesRest/",
        "https://webservices2.autotask.net@evil.test/ATServicesRest/",
        "https://evil.test/?.webservices2.autotask.net",
        "https://webservices2.autotask.net:8443/",
        "",
    ],
)
def test_a_bad_zone_answer_opens_no_socket_but_the_question(zone: str) -> None:
    with (
        RawServer(lambda call: call.answer(200, {"itemId": 1}), zone_url=zone or "x") as server,
        billing_of(server.origin) as billing,
        sockets_opened() as opened,
    ):
        billing.adjust(FIVE_MORE, deadline=soon())
    assert server.calls == []
    assert {place[1] for place in opened if isinstance(place, tuple)} == {server.port}


def test_the_second_lock_refuses_a_socket_the_first_one_missed() -> None:
    with (
        RawServer(lambda call: call.answer(200, {})) as stranger,
        RawServer(lambda call: call.answer(200, {})) as server,
        shared_http_client(quick(server.origin)) as wire,
    ):
        outcome = wire.exchange(
            method="GET",
            url=f"{stranger.origin}/x",
            headers={},
            body=None,
            deadline=soon(),
            most_bytes=1000,
        )
        assert stranger.connections == 0
    assert getattr(outcome, "sent", None) is False


def test_a_hostile_next_page_in_the_middle_of_a_write_path_changes_nothing() -> None:
    """An adjustment never reads a page; what an answer says beside its id is not acted on."""
    with (
        RawServer(lambda call: page(call, [], following="http://evil.test/")) as server,
        billing_of(server.origin) as billing,
    ):
        billing.adjust(FIVE_MORE, deadline=soon())
        assert len(server.calls) == 1


def test_handshake_words_have_no_canary() -> None:
    with RawServer(_echo) as server, shared_http_client(quick(server.origin)) as wire:
        checks = handshake.test(
            credentials=CREDENTIALS,
            gate=LocalGate(),
            http=wire,
            clock=SteppedClock(datetime(2026, 5, 1, tzinfo=UTC)),
            currencies=handshake.Currencies("EUR", "EUR"),
        )
    assert checks
    assert not any(canary in repr(checks) for canary in CANARIES)
