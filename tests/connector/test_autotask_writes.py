"""One adjustment is one POST, and its outcome is never told better than it is known."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable

import pytest
from tests.connector.bench import FIVE_MORE, LINE, billing_of, soon
from tests.connector.raw_server import Call, RawServer

from tallystick.connectors.autotask.limits import LocalGate
from tallystick.kit import clock
from tallystick.sync.port import (
    AccessRefused,
    Adjustment,
    Applied,
    LineName,
    NewLine,
    NoClearAnswer,
    NotSent,
    Postponed,
    RefusalKind,
    Refused,
)

THREADS = "The Autotask API thread threshold of 3 threads has been exceeded."


def test_a_success_without_an_id_is_a_success() -> None:
    with (
        RawServer(lambda call: call.answer(200, {"itemId": None})) as server,
        billing_of(server.origin) as billing,
    ):
        answer = billing.adjust(FIVE_MORE, deadline=soon())
    assert isinstance(answer, Applied)
    assert answer.created_id is None
    (post,) = server.calls
    assert (post.method, post.path) == (
        "POST",
        "/ATServicesRest/V1.0/Contracts/7001/ServiceAdjustments",
    )
    assert post.body == (
        b'{"contractID":7001,"contractServiceID":9001,"effectiveDate":"2026-05-03","unitChange":5}'
    )
    assert post.body == billing.written(FIVE_MORE).encode()
    assert post.headers["content-type"] == "application/json"


def _cut_in_the_headers(call: Call) -> None:
    call.send(b"HTTP/1.1 200 OK\r\nContent-Ty")
    call.close()


def _cut_in_the_body(call: Call) -> None:
    call.send(b'HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{"itemId": 1')
    call.close()


def _cut_in_a_chunk(call: Call) -> None:
    call.send(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{"itemId": nu')
    call.close()


def _reset_in_the_body(call: Call) -> None:
    call.send(b'HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{"itemId": 1')
    call.reset()


def _drip(call: Call) -> None:
    call.send(b"HTTP/1.1 200 OK\r\n")
    for number in range(200):
        call.send(f"X-{number}: slow\r\n".encode())
        time.sleep(0.1)


def _not_http(call: Call) -> None:
    call.send(b"220 mail.example.test ESMTP\r\n")
    call.close()


UNCLEAR: dict[str, Callable[[Call], None]] = {
    "answer lost by reset": lambda call: call.reset(),
    "answer lost by close": lambda call: call.close(),
    "no answer in time": lambda call: call.hang(),
    "answer dripped for ever": _drip,
    "cut in the headers": _cut_in_the_headers,
    "cut in the body": _cut_in_the_body,
    "cut in a chunk": _cut_in_a_chunk,
    "reset in the body": _reset_in_the_body,
    "not even HTTP": _not_http,
    "200 with HTML": lambda call: call.answer(200, b"<html>ok</html>"),
    "200 and empty": lambda call: call.answer(200, b""),
    "200 with half a JSON": lambda call: call.answer(200, b'{"itemId": 1'),
    "200 with a list": lambda call: call.answer(200, [1]),
    "200 with NaN": lambda call: call.answer(200, b'{"itemId": NaN}'),
    "200 very deep": lambda call: call.answer(200, b'{"a":' * 50000 + b"1" + b"}" * 50000),
    "200 far too long": lambda call: call.answer(200, b'{"a":"' + b"x" * 3_000_000 + b'"}'),
    "200 gzip bomb": lambda call: call.answer(
        200, b'{"a":"' + b"x" * 40_000_000 + b'"}', packed=True
    ),
    "200 unknown compression": lambda call: call.answer(
        200, {"itemId": 1}, headers={"Content-Encoding": "br"}
    ),
    "200 damaged compression": lambda call: call.answer(
        200, b"not gzip", headers={"Content-Encoding": "gzip"}
    ),
    "500 without words": lambda call: call.answer(500, b"<html>Server Error</html>"),
    "500 with empty errors": lambda call: call.answer(500, {"errors": []}),
    "502": lambda call: call.answer(502, b"<html>Bad Gateway</html>"),
    "503": lambda call: call.answer(503, b""),
    "504": lambda call: call.answer(504, {"errors": ["gateway"]}),
    "redirect": lambda call: call.answer(
        302, b"", headers={"Location": f"{call.origin}/elsewhere"}
    ),
    "redirect that keeps the method": lambda call: call.answer(
        307, b"", headers={"Location": f"{call.origin}/elsewhere"}
    ),
}


@pytest.mark.parametrize("fault", UNCLEAR)
def test_whatever_happens_after_sending_is_no_clear_answer(fault: str) -> None:
    with RawServer(UNCLEAR[fault]) as server, billing_of(server.origin) as billing:
        answer = billing.adjust(FIVE_MORE, deadline=soon())
        assert isinstance(answer, NoClearAnswer), answer
        assert len(server.calls) == 1, "one adjustment is one request, whatever comes back"


def test_our_own_time_limit_does_not_wait_for_a_dripping_server() -> None:
    with RawServer(_drip) as server, billing_of(server.origin) as billing:
        begun = clock.monotonic()
        billing.adjust(FIVE_MORE, deadline=begun + 0.5)
        assert clock.monotonic() - begun < 10  # it drips for 20 seconds


DEFINITE: dict[str, tuple[Callable[[Call], None], type]] = {
    "500 with words": (lambda call: call.answer(500, {"errors": ["No."]}), Refused),
    "403": (lambda call: call.answer(403, {"errors": ["No right."]}), Refused),
    "404 as HTML": (lambda call: call.answer(404, b"<html>not found</html>"), Refused),
    "405": (lambda call: call.answer(405, {"Message": "does not support POST"}), Refused),
    "429": (lambda call: call.answer(429, b""), Postponed),
    "threads at 500": (lambda call: call.answer(500, {"errors": [THREADS]}), Postponed),
    "threads at 503": (lambda call: call.answer(503, f"<p>{THREADS}".encode()), Postponed),
    "wrong tracking identifier": (
        lambda call: call.answer(500, {"errors": ["IntegrationCode is invalid."]}),
        AccessRefused,
    ),
}


@pytest.mark.parametrize("case", DEFINITE)
def test_a_definite_answer_is_told_as_one(case: str) -> None:
    behaviour, kind = DEFINITE[case]
    with RawServer(behaviour) as server, billing_of(server.origin) as billing:
        answer = billing.adjust(FIVE_MORE, deadline=soon())
        assert isinstance(answer, kind), answer
        assert len(server.calls) == 1


def test_a_refusal_comes_in_autotasks_words_and_kind() -> None:
    words = "Attempt to insert duplicate data into contract_service_period"
    with (
        RawServer(lambda call: call.answer(500, {"errors": [words]})) as server,
        billing_of(server.origin) as billing,
    ):
        answer = billing.adjust(FIVE_MORE, deadline=soon())
    assert answer == Refused(words, RefusalKind.DUPLICATE_DAY)


def test_nobody_listening_is_not_sent() -> None:
    with RawServer(lambda call: call.close()) as zone:
        gone = socket.create_server(("127.0.0.1", 0))
        origin = f"http://127.0.0.1:{gone.getsockname()[1]}"
        gone.close()
        zone.zone_url = f"{origin}/ATServicesRest/"
        with billing_of(zone.origin, origin) as billing:
            answer = billing.adjust(FIVE_MORE, deadline=soon())
    assert isinstance(answer, NotSent), answer
    assert zone.calls == []


def test_an_unknown_host_is_not_sent() -> None:
    with billing_of("https://no-such-host.invalid") as billing:
        assert isinstance(billing.adjust(FIVE_MORE, deadline=soon()), NotSent)


def test_a_host_that_never_accepts_is_not_sent() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        waiting = []
        for _ in range(8):  # fill the queue of connections, so the next one hangs
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(address)
            waiting.append(one)
        try:
            with billing_of(f"http://127.0.0.1:{address[1]}", connect_timeout=0.3) as billing:
                assert isinstance(billing.adjust(FIVE_MORE, deadline=soon()), NotSent)
        finally:
            for one in waiting:
                one.close()


def test_after_the_deadline_nothing_is_sent_not_even_a_zone_question() -> None:
    with (
        RawServer(lambda call: call.answer(200, {"itemId": 1})) as server,
        billing_of(server.origin) as billing,
    ):
        assert isinstance(billing.adjust(FIVE_MORE, deadline=clock.monotonic()), NotSent)
        assert server.connections == 0


def test_waiting_for_a_place_past_the_deadline_sends_nothing() -> None:
    gate = LocalGate()
    let_go = threading.Event()

    def occupy() -> None:
        with gate.slot("ContractServiceAdjustments", deadline=None):
            let_go.wait(10)

    threads = [threading.Thread(target=occupy) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        with (
            RawServer(lambda call: call.answer(200, {"itemId": 1})) as server,
            billing_of(server.origin, gate=gate) as billing,
        ):
            answer = billing.adjust(FIVE_MORE, deadline=soon(0.3))
            assert isinstance(answer, NotSent), answer
            assert server.calls == []
    finally:
        let_go.set()
        for thread in threads:
            thread.join()


def test_an_empty_budget_postpones_and_sends_nothing() -> None:
    with (
        RawServer(lambda call: call.answer(200, {"itemId": 1})) as server,
        billing_of(server.origin, gate=LocalGate(hourly_budget=0)) as billing,
    ):
        answer = billing.adjust(FIVE_MORE, deadline=soon())
        assert isinstance(answer, Postponed)
        assert answer.retry_after_seconds
        assert server.calls == []


def test_retry_after_is_passed_on() -> None:
    with (
        RawServer(lambda call: call.answer(429, b"", headers={"Retry-After": "90"})) as server,
        billing_of(server.origin) as billing,
    ):
        answer = billing.adjust(FIVE_MORE, deadline=soon())
    assert isinstance(answer, Postponed)
    assert answer.retry_after_seconds == 90


def test_a_moved_tenant_is_found_again_and_the_change_made_once() -> None:
    with (
        RawServer(lambda call: call.answer(401, b"")) as old,
        RawServer(lambda call: call.answer(200, {"itemId": None})) as new,
        billing_of(old.origin, new.origin) as billing,
    ):

        def move(call: Call) -> None:
            old.zone_url = f"{new.origin}/ATServicesRest/"
            call.answer(401, b"")

        old.behaviour = move
        assert isinstance(billing.adjust(FIVE_MORE, deadline=soon()), Applied)
        assert (len(old.calls), len(new.calls)) == (1, 1)
        assert len(old.zone_calls) == 2


def test_refused_credentials_are_tried_twice_and_no_more() -> None:
    gate = LocalGate()
    with (
        RawServer(lambda call: call.answer(401, b"")) as server,
        billing_of(server.origin, gate=gate) as billing,
    ):
        assert isinstance(billing.adjust(FIVE_MORE, deadline=soon()), AccessRefused)
        assert len(server.calls) == 2
        assert gate.spent == 2


def test_a_zone_that_points_elsewhere_gets_nothing() -> None:
    with (
        RawServer(lambda call: call.answer(200, {"itemId": 1})) as stranger,
        RawServer(lambda call: call.close(), zone_url=f"{stranger.origin}/ATServicesRest/") as zone,
        billing_of(zone.origin) as billing,
    ):
        answer = billing.adjust(FIVE_MORE, deadline=soon())
        assert isinstance(answer, AccessRefused), answer
        assert (stranger.connections, stranger.bytes_received) == (0, 0)
        assert zone.calls == []


def test_a_zone_that_cannot_be_asked_means_not_sent() -> None:
    with (
        RawServer(lambda call: call.answer(503, b""), answers_zone=False) as server,
        billing_of(server.origin) as billing,
    ):
        assert isinstance(billing.adjust(FIVE_MORE, deadline=soon()), NotSent)


def test_an_unknown_user_is_refused_access() -> None:
    words = {"errors": ["Zone information could not be determined"]}
    with (
        RawServer(lambda call: call.answer(500, words), answers_zone=False) as server,
        billing_of(server.origin) as billing,
    ):
        assert isinstance(billing.adjust(FIVE_MORE, deadline=soon()), AccessRefused)


def test_a_connection_the_server_closed_while_idle_is_not_used() -> None:
    def answer_and_close(call: Call) -> None:
        call.answer(200, {"itemId": 1})
        call.close()

    with RawServer(answer_and_close) as server, billing_of(server.origin) as billing:
        for _ in range(5):
            assert isinstance(billing.adjust(FIVE_MORE, deadline=soon()), Applied)
            time.sleep(0.05)
        assert len(server.calls) == 5


def test_a_connection_lost_between_two_requests_is_told_honestly() -> None:
    """The server reads the second request of a kept connection and resets: it may have acted."""

    def second_time_reset(call: Call) -> None:
        if len(server.calls) == 2:
            call.reset()
        call.answer(200, {"itemId": 1})

    with RawServer(second_time_reset) as server, billing_of(server.origin) as billing:
        assert isinstance(billing.adjust(FIVE_MORE, deadline=soon()), Applied)
        assert isinstance(billing.adjust(FIVE_MORE, deadline=soon()), NoClearAnswer)
        assert len(server.calls) == 2
        assert server.calls[0].connection == server.calls[1].connection


def test_a_server_that_closes_whenever_it_likes_never_gets_one_adjustment_twice() -> None:
    """The race of a kept connection: closed by the server just as we begin to send."""

    def sometimes_close(call: Call) -> None:
        call.answer(200, {"itemId": 1})
        pause = len(server.calls) % 5
        if pause:
            time.sleep(pause * 0.0004)
            call.close() if pause % 2 else call.reset()

    with RawServer(sometimes_close) as server, billing_of(server.origin) as billing:
        for number in range(200):
            answer = billing.adjust(
                Adjustment(line=LINE, effective_on=FIVE_MORE.effective_on, unit_change=number + 1),
                deadline=soon(),
            )
            heard = [call for call in server.calls if call.json()["unitChange"] == number + 1]
            match answer:
                case Applied():
                    assert len(heard) == 1
                case NotSent():
                    assert heard == []
                case _:
                    assert isinstance(answer, NoClearAnswer), answer
                    assert len(heard) <= 1
            if number % 3:
                time.sleep(0.0005)


def test_a_resend_is_byte_identical() -> None:
    with (
        RawServer(lambda call: call.answer(200, {"itemId": 1})) as server,
        billing_of(server.origin) as billing,
    ):
        for _ in range(2):
            billing.adjust(FIVE_MORE, deadline=soon())
    first, second = server.calls
    assert first.raw == second.raw


def test_a_new_line_carries_our_reference_and_no_units() -> None:
    with (
        RawServer(lambda call: call.answer(200, {"itemId": 9002})) as server,
        billing_of(server.origin) as billing,
    ):
        answer = billing.create_line(
            NewLine(contract_id=7001, service_id=12, reference="TS-1"), deadline=soon()
        )
    assert isinstance(answer, Applied)
    assert answer.created_id == 9002
    (post,) = server.calls
    assert post.path == "/ATServicesRest/V1.0/Contracts/7001/Services"
    assert post.body == b'{"contractID":7001,"serviceID":12,"internalDescription":"TS-1"}'


def test_what_cannot_be_written_is_refused_before_sending() -> None:
    with (
        RawServer(lambda call: call.answer(200, {"itemId": 1})) as server,
        billing_of(server.origin) as billing,
    ):
        new = NewLine(contract_id=7001, service_id=12, reference="x" * 101)
        assert isinstance(billing.create_line(new, deadline=soon()), Refused)
        assert server.connections == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(status: int) -> None:
    with RawServer(lambda call: call.answer(200, {"itemId": 1})) as other:
        away = {"Location": f"{other.origin}/ATServicesRest/V1.0/Contracts"}
        with (
            RawServer(lambda call: call.answer(status, b"", headers=away)) as server,
            # Even to an allowed origin: only our own zone lookup chooses where to send.
            billing_of(server.origin, other.origin) as billing,
        ):
            assert isinstance(billing.adjust(FIVE_MORE, deadline=soon()), NoClearAnswer)
            assert other.connections == 0


def test_a_name_is_one_patch_of_one_field() -> None:
    name = LineName(LINE, "Zentrale „Nord“")
    with (
        RawServer(lambda call: call.answer(200, {"itemId": LINE.line_id})) as server,
        billing_of(server.origin) as billing,
    ):
        answer = billing.name_line(name, deadline=soon())
        written = billing.written(name)
    assert isinstance(answer, Applied)
    (patch,) = server.calls
    assert (patch.method, patch.path) == ("PATCH", "/ATServicesRest/V1.0/Contracts/7001/Services")
    assert patch.body == written.encode()
    assert json.loads(patch.body) == {"id": 9001, "invoiceDescription": "Zentrale „Nord“"}
