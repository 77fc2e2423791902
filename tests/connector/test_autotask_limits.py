"""Never more than three at once at one endpoint, one for the threshold, and a budget per hour."""

from __future__ import annotations

import threading
import time
from collections import Counter

import pytest
from tests.connector.bench import FIVE_MORE, billing_of, client_of, soon
from tests.connector.raw_server import Call, RawServer, page

from tallystick.connections.trouble import Throttled
from tallystick.connectors.autotask.client import at_least
from tallystick.connectors.autotask.limits import LocalGate
from tallystick.connectors.autotask.threshold import read_threshold
from tallystick.kit import clock
from tallystick.sync.port import Applied

ALLOWED = {"Contracts": 3, "Companies": 3, "ThresholdInformation": 1}


class Crowd:
    """Counts how many requests are under way at once per kind of endpoint.

    The first of a kind are answered once as many as are allowed have come, and a while later, in
    which one too many would come.
    """

    def __init__(self) -> None:
        self.now: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self._changed = threading.Condition()

    def __call__(self, call: Call) -> None:
        kind = call.path.split("/")[3]
        with self._changed:
            self.now[kind] += 1
            self.most[kind] = max(self.most[kind], self.now[kind])
            self._changed.notify_all()
            self._changed.wait_for(lambda: self.most[kind] >= ALLOWED[kind], timeout=15)
        time.sleep(0.03)
        with self._changed:
            self.now[kind] -= 1
        if kind == "Contracts":
            call.answer(200, {"itemId": 1})
        elif kind == "ThresholdInformation":
            call.answer(
                200,
                {
                    "externalRequestThreshold": 1,
                    "requestThresholdTimeframe": 60,
                    "currentTimeframeRequestCount": 0,
                },
            )
        else:
            page(call, [{"id": 1}])


def test_never_more_at_once_than_the_vendor_allows() -> None:
    crowd = Crowd()
    gate = LocalGate()
    answers: list[object] = []
    with (
        RawServer(crowd) as server,
        billing_of(server.origin, gate=gate, read_timeout=20.0) as billing,
        client_of(server.origin, gate=gate, read_timeout=20.0) as client,
    ):

        def work() -> None:
            answers.append(billing.adjust(FIVE_MORE, deadline=soon(20)))
            client.query("Companies", where=[at_least("id", 0)], fields=())
            read_threshold(client)

        threads = [threading.Thread(target=work) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert all(isinstance(answer, Applied) for answer in answers)
    assert len(answers) == 12
    assert crowd.most == ALLOWED
    assert gate.spent == 36


def test_the_hours_budget_runs_out_and_says_how_long() -> None:
    gate = LocalGate(hourly_budget=3)
    gate.spend("Contracts", 2)
    gate.spend("Companies")
    with pytest.raises(Throttled) as full:
        gate.spend("Contracts")
    assert full.value.retry_after_seconds is not None
    assert 0 < full.value.retry_after_seconds <= 3600


def test_a_place_is_waited_for_until_the_deadline() -> None:
    gate = LocalGate()
    with gate.slot("ThresholdInformation", deadline=None):
        begun = clock.monotonic()
        with (
            pytest.raises(Throttled),
            gate.slot("ThresholdInformation", deadline=begun + 0.1),
        ):
            raise AssertionError("there is one place only")
        assert clock.monotonic() - begun >= 0.1
        with gate.slot("Contracts", deadline=begun):
            pass  # another endpoint has places of its own
    with gate.slot("ThresholdInformation", deadline=clock.monotonic()):
        pass  # given back


def test_a_place_is_given_back_after_a_failure() -> None:
    gate = LocalGate()
    with (
        RawServer(lambda call: call.reset()) as server,
        billing_of(server.origin, gate=gate) as billing,
    ):
        for _ in range(5):
            billing.adjust(FIVE_MORE, deadline=soon())
        assert len(server.calls) == 5
