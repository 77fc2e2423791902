"""Threads, the rolling hour, latency."""

from __future__ import annotations

import threading
import time

import httpx
import pytest

from tallystick.simulator.clock import Clock
from tallystick.simulator.knobs import Knobs
from tallystick.simulator.limits import Limits

from .tenants import THREADS, Tenant, running_tenant, where

# So long is each request held that all have come before the first is answered, on a computer that
# has much else to do.
LONG_MS = 3000


def at_once(tenant: Tenant, paths: list[str]) -> list[httpx.Response]:
    answers: list[httpx.Response] = []
    # One client, made before the first asks: making one takes longer than a request.
    with httpx.Client(
        base_url=tenant.http.base_url, headers=tenant.http.headers, timeout=30
    ) as client:
        threads = [
            threading.Thread(target=lambda path=path: answers.append(client.get(path)))
            for path in paths
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return answers


@pytest.mark.parametrize("status", [429, 500])
def test_a_fourth_concurrent_request_for_an_entity_is_refused(tenant: Tenant, status: int) -> None:
    tenant.sim.set_knobs(latency_ms=LONG_MS, thread_limit_status=status)
    answers = at_once(tenant, ["Companies/0"] * 3 + ["Companies/entityInformation"] * 2)
    refused = [answer for answer in answers if answer.status_code != 200]
    assert [answer.status_code for answer in refused] == [status] * 2
    assert all(tenant.errors(answer, status) == [THREADS] for answer in refused)
    assert all("retry-after" not in answer.headers for answer in refused)
    assert tenant.sim.state()["most_concurrent"]["Companies"] == 3


def test_other_entities_have_threads_of_their_own(tenant: Tenant) -> None:
    tenant.sim.set_knobs(latency_ms=LONG_MS)
    answers = at_once(tenant, ["Companies/0"] * 3 + ["Contracts/1"] * 3 + ["Services/1"] * 3)
    assert {answer.status_code for answer in answers} == {200}
    most = tenant.sim.state()["most_concurrent"]
    assert [most[entity] for entity in ("Companies", "Contracts", "Services")] == [3, 3, 3]


def test_the_thread_limit_can_be_moved(tenant: Tenant) -> None:
    tenant.sim.set_knobs(latency_ms=LONG_MS, thread_limit=1)
    answers = at_once(tenant, ["Companies/0"] * 2)
    assert sorted(answer.status_code for answer in answers) == [200, 429]
    assert "threshold of 1 threads" in answers[0].text + answers[1].text


def test_the_threshold_is_told_and_counts_itself(tenant: Tenant) -> None:
    tenant.http.get("Companies/0")
    told = tenant.http.get("ThresholdInformation").json()
    assert told == {
        "externalRequestThreshold": 10000,
        "requestThresholdTimeframe": 60,
        "currentTimeframeRequestCount": 2,
    }


@pytest.mark.parametrize("status", [429, 500])
def test_beyond_the_hourly_threshold_everything_waits_for_the_hour_to_roll(
    tenant: Tenant, status: int
) -> None:
    tenant.sim.set_knobs(hourly_threshold=3, hourly_status=status, latency_tiers="off")
    for _ in range(3):
        assert tenant.http.get("Companies/0").status_code == 200
        tenant.sim.advance(600)
    refused = tenant.adjust("2026-05-03", 1)
    assert refused.status_code == status
    assert "threshold" in refused.json()["errors"][0]
    assert tenant.sim.effects() == []
    tenant.sim.advance(1801)
    assert tenant.http.get("Companies/0").status_code == 200
    assert tenant.http.get("Companies/0").status_code == status


def test_zone_information_and_the_control_routes_are_not_counted(tenant: Tenant) -> None:
    tenant.sim.set_knobs(hourly_threshold=1, latency_tiers="off")
    tenant.http.get("Companies/0")
    for _ in range(5):
        zone = httpx.get(f"{tenant.http.base_url}zoneInformation", params={"user": tenant.sim.user})
        assert zone.status_code == 200
        assert httpx.get(tenant.sim.origin + "/simulator/state").status_code == 200
    assert tenant.sim.state()["requests_past_hour"] == 1


def test_other_integrations_use_the_same_hour(tenant: Tenant) -> None:
    tenant.sim.set_knobs(other_integration_calls=9_999)
    told = tenant.http.get("ThresholdInformation").json()
    assert told["currentTimeframeRequestCount"] == 10_000
    assert tenant.http.get("Companies/0").status_code == 429


def test_retry_after(tenant: Tenant) -> None:
    tenant.sim.set_knobs(hourly_threshold=0, retry_after=17)
    assert tenant.http.get("Companies/0").headers["retry-after"] == "17"


@pytest.mark.parametrize(("used", "held"), [(0, 0.0), (49, 0.0), (50, 0.5), (74, 0.5), (75, 1.0)])
def test_usage_adds_latency_in_tiers(used: int, held: float) -> None:
    knobs = Knobs({"hourly_threshold": "100", "other_integration_calls": str(used)})
    limits = Limits(clock=Clock(), knobs=knobs)
    assert limits.latency() == held
    knobs.set_many({"latency_ms": "200"})
    assert limits.latency() == pytest.approx(held + 0.2)
    knobs.set_many({"latency_tiers": "off"})
    assert limits.latency() == pytest.approx(0.2)


def test_a_request_is_held_for_as_long_as_it_is_said(tenant: Tenant) -> None:
    tenant.sim.set_knobs(latency_ms=300)
    started = time.monotonic()
    tenant.http.get("Companies/0")
    assert time.monotonic() - started >= 0.3


def test_latency_does_not_block_others() -> None:
    with running_tenant(knobs={"latency_ms": 300, "thread_limit": 50}) as own:
        answers = at_once(own, ["Companies/0"] * 20)
        assert {answer.status_code for answer in answers} == {200}
        assert own.sim.state()["most_concurrent"]["Companies"] > 1
        assert own.items("Companies", where("id", 0))
