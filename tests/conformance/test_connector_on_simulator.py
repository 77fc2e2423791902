"""The connector against the simulator: faults on the way, knobs, limits, and the ground truth."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from tests.conformance.stands import Simulated, simulated

from tallystick.connections.trouble import BillingError, Misconfigured, Unclear
from tallystick.connectors.autotask import handshake
from tallystick.connectors.autotask.billing import make_billing
from tallystick.connectors.autotask.credentials import AutotaskCredentials
from tallystick.connectors.autotask.directory import AutotaskDirectory
from tallystick.connectors.autotask.limits import LocalGate
from tallystick.connectors.autotask.settings import AutotaskServerSettings
from tallystick.connectors.autotask.threshold import read_threshold
from tallystick.connectors.autotask.wire import shared_http_client
from tallystick.kit import clock
from tallystick.sync.port import (
    AccessRefused,
    Adjustment,
    Applied,
    Line,
    NewLine,
    NoClearAnswer,
    Postponed,
    RefusalKind,
    Refused,
)

DAY = date(2026, 5, 3)
ADJUSTMENTS = "ServiceAdjustments"


@pytest.fixture
def here() -> Iterator[Simulated]:
    with simulated(read_timeout=5.0, write_timeout=2.0) as made:
        yield made


def soon(seconds: float = 10.0) -> float:
    return clock.monotonic() + seconds


def change(here: Simulated, units: int = 5, on: date = DAY, **rates: Decimal) -> object:
    return here.billing.adjust(Adjustment(here.line, on, units, **rates), deadline=soon())


def posts(here: Simulated) -> list[dict[str, object]]:
    return [
        entry
        for entry in here.simulator.requests()
        if entry["method"] == "POST" and ADJUSTMENTS in str(entry["path"])
    ]


# kind of fault, its settings, what we say, what really happened
FAULTS: list[tuple[str, dict[str, object], type, int]] = [
    ("lose_answer", {}, NoClearAnswer, 1),
    ("lose_before", {}, NoClearAnswer, 0),
    ("cut_request", {}, NoClearAnswer, 0),
    ("apply_late", {}, NoClearAnswer, 0),
    ("refuse", {}, Refused, 0),
    ("html_502", {}, NoClearAnswer, 0),
    ("html_502", {"applied": True, "status": 504}, NoClearAnswer, 1),
    ("html_200", {}, NoClearAnswer, 1),
    ("empty_200", {}, NoClearAnswer, 1),
    ("not_json", {}, NoClearAnswer, 1),
    ("error_500_no_errors", {}, NoClearAnswer, 0),
    ("forbidden", {}, Refused, 0),
    ("throttle", {}, Postponed, 0),
    ("throttle", {"status": 500}, Postponed, 0),
    ("throttle", {"seconds": 30}, Postponed, 0),
    ("truncate", {}, NoClearAnswer, 1),
    ("hang", {"seconds": 5}, NoClearAnswer, 0),
    ("slow", {"seconds": 0.3}, Applied, 1),
    ("huge_body", {}, NoClearAnswer, 1),
    ("gzip_bomb", {}, NoClearAnswer, 1),
    ("zone_move", {}, Applied, 1),
    ("redirect", {}, NoClearAnswer, 0),
]


@pytest.mark.parametrize(("kind", "settings", "said", "effects"), FAULTS)
def test_a_fault_on_a_write(
    here: Simulated, kind: str, settings: dict[str, object], said: type, effects: int
) -> None:
    here.simulator.add_fault(kind, method="POST", path=ADJUSTMENTS, **settings)
    answer = change(here)
    assert isinstance(answer, said), answer
    assert len(here.simulator.effects(here.line.line_id)) == effects
    # A moved zone is the one reason to send again: the first was refused unread.
    assert len(posts(here)) == (2 if kind == "zone_move" else 1)


READ_FAULTS: list[tuple[str, dict[str, object], bool]] = [
    ("lose_answer", {}, True),
    ("html_502", {}, True),
    ("error_500_no_errors", {}, True),
    ("zone_move", {}, True),
    ("slow", {"seconds": 0.3}, True),
    ("truncate", {}, True),
    ("html_200", {}, False),
    ("empty_200", {}, False),
    ("not_json", {}, False),
    ("refuse", {}, False),
    ("forbidden", {}, False),
    ("throttle", {}, False),
    ("huge_body", {}, False),
    ("gzip_bomb", {}, False),
    ("redirect", {}, False),
    ("page_loop", {}, False),
    ("foreign_next_page", {}, False),
    ("drop_row", {}, False),
    ("empty_items", {}, False),
]


@pytest.mark.parametrize(("kind", "settings", "heals"), READ_FAULTS)
def test_a_fault_on_a_read_is_healed_or_told_and_never_guessed(
    here: Simulated, kind: str, settings: dict[str, object], heals: bool
) -> None:
    before = here.billing.observe([here.line], since=DAY)
    here.simulator.add_fault(kind, path="ContractServiceUnits/query", **settings)
    if heals:
        assert here.billing.observe([here.line], since=DAY) == before
    else:
        with pytest.raises(BillingError):
            here.billing.observe([here.line], since=DAY)


def test_many_pages_are_one_complete_read() -> None:
    with simulated(extra_lines=60) as here:
        lines = [
            Line(here.line.contract_id, entry.id)
            for entry in AutotaskDirectory(here.client).lines()
            if entry.contract_id == here.line.contract_id
        ]
        assert len(lines) == 61
        seen = here.billing.observe(lines, since=date(2026, 1, 1))
        # 24 monthly rows each: three pages of 500 and a count.
        assert {len(rows) for rows in seen.values()} == {24}
        queries = [
            entry
            for entry in here.simulator.requests()
            if "contractserviceunits/query" in str(entry["path"]).lower()
        ]
        assert len(queries) == 4
        here.simulator.add_fault("drop_row", path="ContractServiceUnits/query/next", silent=True)
        with pytest.raises(Unclear):
            here.billing.observe(lines, since=date(2026, 1, 1))


@pytest.mark.parametrize("row_end", ["shared", "day_before"])
def test_both_ways_to_end_a_split_row_read_the_same(row_end: str) -> None:
    with simulated(knobs={"row_end": row_end}) as here:
        assert isinstance(change(here, 5), Applied)
        first, second, *_ = here.billing.observe([here.line], since=date(2026, 5, 1))[here.line]
    assert (first.starts_on, first.until, first.units) == (date(2026, 5, 1), DAY, 10)
    assert (second.starts_on, second.until, second.units) == (DAY, date(2026, 6, 1), 15)


def test_amounts_are_extended_and_exact(here: Simulated) -> None:
    assert isinstance(change(here, 0, unit_price=Decimal("21.3333")), Applied)
    row = here.billing.observe([here.line], since=DAY)[here.line][0]
    assert (row.starts_on, row.price, row.cost) == (DAY, Decimal("213.333"), Decimal("176"))


def test_hidden_costs_are_unknown() -> None:
    with simulated(knobs={"cost_hidden": "on"}) as here:
        row = here.billing.observe([here.line], since=DAY)[here.line][0]
        assert (row.cost, row.price) == (None, Decimal("220"))


def test_a_change_on_a_periods_first_day_leaves_no_ghost_row(here: Simulated) -> None:
    assert isinstance(change(here, 5, on=date(2026, 6, 1)), Applied)
    rows = here.billing.observe([here.line], since=date(2026, 5, 1))[here.line]
    assert [(str(row.starts_on), row.units) for row in rows[:3]] == [
        ("2026-05-01", 10),
        ("2026-06-01", 15),
        ("2026-07-01", 15),
    ]


def test_an_approved_period_is_seen(here: Simulated) -> None:
    here.simulator.approve_and_post(here.line.contract_id, date(2026, 5, 31))
    rows = here.billing.observe([here.line], since=date(2026, 5, 1))[here.line]
    assert [row.approved for row in rows[:2]] == [True, False]


KINDS = [
    ({"same_day": "refuse"}, [5, 5], RefusalKind.DUPLICATE_DAY),
    ({"negative_units": "refuse"}, [-11], RefusalKind.BELOW_ZERO),
    ({"zero_units": "refuse"}, [-10], RefusalKind.ZERO_UNITS),
]


@pytest.mark.parametrize(("knobs", "changes", "kind"), KINDS)
def test_refusals_have_their_kind(
    knobs: dict[str, object], changes: list[int], kind: RefusalKind
) -> None:
    with simulated(knobs=knobs) as here:
        for units in changes[:-1]:
            assert isinstance(change(here, units), Applied)
        answer = change(here, changes[-1])
    assert isinstance(answer, Refused), answer
    assert answer.kind is kind


def test_an_approved_period_that_refuses_is_named() -> None:
    with simulated(knobs={"posted_period": "refuse"}) as here:
        here.simulator.approve_and_post(here.line.contract_id, date(2026, 5, 31))
        answer = change(here)
    assert isinstance(answer, Refused)
    assert answer.kind is RefusalKind.APPROVED_PERIOD


def test_an_inactive_contract_is_seen_before_sending(here: Simulated) -> None:
    here.simulator.edit_contract(here.line.contract_id, status=0)
    facts = here.billing.describe([here.line])[here.line]
    assert facts.contract_found and not facts.contract_active


def test_both_answers_to_a_success_are_successes() -> None:
    for form, created in (("null", False), ("integer", True)):
        with simulated(knobs={"adjustment_item_id": form}) as here:
            answer = change(here)
            assert isinstance(answer, Applied)
            assert (answer.created_id is not None) == created


def test_a_created_line_is_found_by_its_reference_even_if_the_answer_was_lost(
    here: Simulated,
) -> None:
    here.simulator.add_fault("lose_answer", method="POST", path="Contracts/[0-9]+/Services$")
    new = NewLine(here.line.contract_id, here.service_id, "TS-000042")
    assert isinstance(here.billing.create_line(new, deadline=soon()), NoClearAnswer)
    found = here.billing.find_line(contract_id=here.line.contract_id, reference="TS-000042")
    assert len(found.line_ids) == 1
    made = Line(here.line.contract_id, found.line_ids[0])
    facts = here.billing.describe([made])[made]
    assert (facts.belongs_to_contract, facts.service_id) == (True, here.service_id)
    rows = here.billing.observe([made], since=DAY)[made]
    assert {row.units for row in rows} <= {0}
    first = Adjustment(made, DAY, 7, unit_price=Decimal("20"))
    assert isinstance(here.billing.adjust(first, deadline=soon()), Applied)
    assert here.billing.observe([made], since=DAY)[made][0].units == 7


@pytest.mark.parametrize("form", ["empty", "webapi", "errors"])
def test_wrong_credentials_are_refused_access(form: str) -> None:
    with simulated(knobs={"body_401": form}) as here:
        settings = AutotaskServerSettings(
            origins=frozenset({here.simulator.origin}), discovery_url=here.simulator.origin
        )
        for field, value in (("secret", "wrong-secret"), ("integration_code", "WRONG" * 5)):
            values = {
                "user_name": here.simulator.user,
                "secret": here.simulator.secret,
                "integration_code": here.simulator.code,
                field: value,
            }
            with shared_http_client(settings) as http:
                billing = make_billing(
                    credentials=AutotaskCredentials(**values),
                    settings=settings,
                    gate=LocalGate(),
                    http=http,
                )
                answer = billing.adjust(Adjustment(here.line, DAY, 1), deadline=soon())
                assert isinstance(answer, AccessRefused), answer
                with pytest.raises(Misconfigured):
                    billing.observe([here.line], since=DAY)
        assert here.simulator.effects() == []


def test_our_gate_keeps_us_below_the_vendors_thread_limit() -> None:
    with simulated(knobs={"latency_ms": 30}, extra_lines=11) as here:
        lines = [
            Line(here.line.contract_id, entry.id)
            for entry in AutotaskDirectory(here.client).lines()
            if entry.contract_id == here.line.contract_id
        ]
        answers: list[object] = []

        def work(line: Line) -> None:
            answers.append(here.billing.adjust(Adjustment(line, DAY, 1), deadline=soon(30)))
            here.billing.observe([line], since=DAY)

        threads = [threading.Thread(target=work, args=(line,)) for line in lines]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [type(answer) for answer in answers] == [Applied] * 12
        assert max(here.simulator.state()["most_concurrent"].values()) <= 3
        assert len(here.simulator.effects()) == 12


def test_the_hourly_limit_postpones() -> None:
    with simulated(knobs={"hourly_threshold": 0, "retry_after": 120}) as here:
        answer = change(here)
        assert isinstance(answer, Postponed), answer
        assert answer.retry_after_seconds == 120
        assert here.simulator.effects() == []


def test_what_we_count_is_what_the_vendor_counts(here: Simulated) -> None:
    change(here)
    here.billing.observe([here.line], since=DAY)
    here.billing.describe([here.line])
    spent = here.gate.spent
    assert here.simulator.state()["requests_past_hour"] == spent == 4
    assert read_threshold(here.client).limit == 10000


def test_the_directory(here: Simulated) -> None:
    directory = AutotaskDirectory(here.client)
    assert here.company_id in [entry.id for entry in directory.companies()]
    (service,) = directory.services()
    assert (service.id, service.unit_price, service.period_months) == (
        here.service_id,
        Decimal("22"),
        1,
    )
    (contract,) = directory.contracts()
    assert (contract.id, contract.company_id, contract.active, contract.period_months) == (
        here.line.contract_id,
        here.company_id,
        True,
        1,
    )
    (line,) = [one for one in directory.lines() if one.contract_id == here.line.contract_id]
    assert (line.id, line.service_id) == (here.line.line_id, here.service_id)


def test_the_handshake_passes(here: Simulated) -> None:
    settings = AutotaskServerSettings(
        origins=frozenset({here.simulator.origin}), discovery_url=here.simulator.origin
    )
    credentials = AutotaskCredentials(
        user_name=here.simulator.user,
        secret=here.simulator.secret,
        integration_code=here.simulator.code,
    )
    now = clock.SteppedClock(datetime(2026, 5, 1, 12, tzinfo=UTC))
    with shared_http_client(settings) as http:
        checks = handshake.test(
            credentials=credentials,
            gate=LocalGate(),
            http=http,
            clock=now,
            currencies=handshake.Currencies(price="EUR", cost="USD"),
        )
    failed = [check for check in checks if not check.ok and check.name != "clock"]
    assert not failed
    assert len(checks) >= 10
