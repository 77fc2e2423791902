"""A read is complete or it is nothing: paging, hostile answers, retries, and what is concluded."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from tests.connector.bench import LINE, billing_of, client_of
from tests.connector.raw_server import Call, RawServer, page

from tallystick.connections.trouble import (
    BillingError,
    Misconfigured,
    Rejected,
    Throttled,
    Unavailable,
    Unclear,
)
from tallystick.connectors.autotask.client import at_least, equal
from tallystick.connectors.autotask.directory import AutotaskDirectory
from tallystick.connectors.autotask.limits import LocalGate
from tallystick.connectors.autotask.threshold import Threshold, read_threshold
from tallystick.sync.port import Line, UnitRow

ALL = [at_least("id", 0)]
MAY = date(2026, 5, 1)


class Pages:
    """Answers a query with the given pages in turn, and counts with their sum."""

    def __init__(self, *sizes: int, counted: int | None = None) -> None:
        self.sizes = sizes
        self.counted = sum(sizes) if counted is None else counted

    def __call__(self, call: Call) -> None:
        if call.path.endswith("/count"):
            call.answer(200, {"queryCount": self.counted})
            return
        number = int(call.target.partition("page=")[2] or "0")
        first = sum(self.sizes[:number])
        rows: list[dict[str, object]] = [
            {"id": first + place} for place in range(self.sizes[number])
        ]
        more = number + 1 < len(self.sizes)
        page(call, rows, following=self.next_url(call, number + 1) if more else None)

    def next_url(self, call: Call, number: int) -> str:
        base = call.path.removesuffix("/next")
        return f"{call.origin}{base}/next?page={number}"


def test_pages_are_posted_with_the_same_body_and_added_up() -> None:
    with RawServer(Pages(500, 500, 7)) as server, client_of(server.origin) as client:
        rows = client.query("Companies", where=ALL, fields=("companyName",))
    assert [row["id"] for row in rows] == list(range(1007))
    queries = [call for call in server.calls if not call.path.endswith("/count")]
    assert [call.method for call in queries] == ["POST"] * 3
    assert len({call.body for call in queries}) == 1
    assert queries[0].json() == {
        "MaxRecords": 500,
        "IncludeFields": ["id", "companyName"],
        "filter": [{"op": "gte", "field": "id", "value": 0}],
    }


def test_one_short_page_needs_no_count() -> None:
    with RawServer(Pages(3)) as server, client_of(server.origin) as client:
        assert len(client.query("Companies", where=ALL, fields=())) == 3
        assert len(server.calls) == 1


def test_nothing_is_believed_only_if_the_count_says_so_too() -> None:
    with RawServer(Pages(0)) as server, client_of(server.origin) as client:
        assert client.query("Companies", where=ALL, fields=()) == []
        assert len(server.calls) == 2
    with (
        RawServer(Pages(0, counted=1)) as server,
        client_of(server.origin) as client,
        pytest.raises(Unclear),
    ):
        client.query("Companies", where=ALL, fields=())


def test_a_full_last_page_is_checked_against_the_count() -> None:
    with RawServer(Pages(500)) as server, client_of(server.origin) as client:
        assert len(client.query("Companies", where=ALL, fields=())) == 500
        assert server.calls[-1].path.endswith("/Companies/query/count")


def _twice_the_same_page(call: Call) -> None:
    page(call, [{"id": 1}], following=f"{call.origin}/ATServicesRest/V1.0/X/query/next?page=1")


class Circle:
    """New rows for ever, always with the same next page."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, call: Call) -> None:
        self.asked += 1
        url = f"{call.origin}/ATServicesRest/V1.0/X/query/next?page=1"
        page(call, [{"id": self.asked}], following=url)


def _foreign(host: str) -> Callable[[Call], None]:
    return lambda call: page(
        call, [{"id": 1}], following=f"http://{host}/ATServicesRest/V1.0/X/query/next?page=1"
    )


def _raw_page(**changes: object) -> Callable[[Call], None]:
    answer = {"items": [{"id": 1}], "pageDetails": {"count": 1, "nextPageUrl": None}}
    return lambda call: call.answer(200, {**answer, **changes})


INCOMPLETE: dict[str, Callable[[Call], None]] = {
    "a cut chain": Pages(500, counted=501),
    "a row gone meanwhile": Pages(500, 20, counted=519),
    "a row too many": Pages(500, 20, counted=521),
    "an empty page in the middle": Pages(500, 0, 3),
    "the same rows again": _twice_the_same_page,
    "a circle": Circle(),
    "a foreign next page": _foreign("evil.test"),
    "a next page on another port": _foreign("127.0.0.1:1"),
    "a next page that is no text": _raw_page(pageDetails={"count": 1, "nextPageUrl": 7}),
    "a wrong count of the page": _raw_page(pageDetails={"count": 2, "nextPageUrl": None}),
    "no count of the page": _raw_page(pageDetails={"nextPageUrl": None}),
    "no page details": _raw_page(pageDetails=None),
    "no rows": _raw_page(items=None),
    "rows that are no rows": _raw_page(items=[1]),
    "a row without an id": _raw_page(items=[{"name": "x"}]),
    "a row with a textual id": _raw_page(items=[{"id": "1"}]),
    "a row with true as id": _raw_page(items=[{"id": True}]),
    "HTML": lambda call: call.answer(200, b"<html>maintenance</html>"),
    "nothing": lambda call: call.answer(200, b""),
    "NaN": lambda call: call.answer(200, b'{"items": [], "x": NaN}'),
    "too deep": lambda call: call.answer(200, b'{"a":' * 90000 + b"1" + b"}" * 90000),
    "too long": lambda call: call.answer(200, b'{"a": "' + b"x" * 5_000_000 + b'"}'),
    "a redirect": lambda call: call.answer(302, b"", headers={"Location": "/elsewhere"}),
}


@pytest.mark.parametrize("fault", INCOMPLETE)
def test_an_incomplete_or_odd_read_is_unclear(fault: str) -> None:
    with (
        RawServer(INCOMPLETE[fault]) as server,
        client_of(server.origin, max_read_bytes=4_000_000) as client,
        pytest.raises(Unclear),
    ):
        client.query("X", where=ALL, fields=())


def test_a_compression_bomb_costs_little_memory() -> None:
    data = gzip.compress(b'{"items": "' + b"0" * 300_000_000 + b'"}')
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(data)
    with (
        RawServer(lambda call: call.send(head + data)) as server,
        client_of(server.origin, read_timeout=20.0) as client,
    ):
        client.zone()
        tracemalloc.start()
        with pytest.raises(Unclear, match="longer"):
            client.query("X", where=ALL, fields=())
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 64 * 1024 * 1024, f"{peak / 1e6:.0f} MB"


def test_a_passing_failure_of_a_read_is_retried_a_few_times() -> None:
    def second_time_lucky(call: Call) -> None:
        if len(server.calls) == 1:
            call.reset()
        page(call, [{"id": 1}])

    gate = LocalGate()
    with RawServer(second_time_lucky) as server, client_of(server.origin, gate=gate) as client:
        assert len(client.query("X", where=ALL, fields=())) == 1
        assert gate.spent == 2


def test_a_lasting_failure_of_a_read_ends_after_the_retries() -> None:
    with (
        RawServer(lambda call: call.answer(503, b"")) as server,
        client_of(server.origin, read_retries=2) as client,
    ):
        with pytest.raises(Unavailable):
            client.query("X", where=ALL, fields=())
        assert len(server.calls) == 3


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (500, {"errors": ["Unable to find x."]}, Rejected),
        (403, {"errors": ["No right."]}, Rejected),
        (429, {}, Throttled),
        (500, {"errors": ["IntegrationCode is invalid."]}, Misconfigured),
    ],
)
def test_a_definite_no_is_not_retried(status: int, body: object, kind: type[BillingError]) -> None:
    with (
        RawServer(lambda call: call.answer(status, body)) as server,
        client_of(server.origin) as client,
    ):
        with pytest.raises(kind):
            client.query("X", where=ALL, fields=())
        assert len(server.calls) == 1


def test_a_401_asks_for_the_zone_once_more() -> None:
    with (
        RawServer(lambda call: call.answer(401, b"")) as server,
        client_of(server.origin) as client,
    ):
        with pytest.raises(Misconfigured):
            client.query("X", where=ALL, fields=())
        assert (len(server.calls), len(server.zone_calls)) == (2, 2)


def test_the_zone_is_remembered_by_the_shared_client() -> None:
    with RawServer(Pages(1)) as server, client_of(server.origin) as client:
        for _ in range(3):
            client.query("X", where=ALL, fields=())
        assert len(server.zone_calls) == 1


def test_a_query_without_a_filter_or_with_odd_limits_is_our_own_mistake() -> None:
    with client_of("http://127.0.0.1:9") as client:
        with pytest.raises(ValueError, match="filter"):
            client.query("X", where=[], fields=())
        for odd in (0, 501, -1):
            with pytest.raises(ValueError, match="MaxRecords"):
                client.query("X", where=ALL, fields=(), max_records=odd)


# Billing


def units(
    line_id: int, contract_id: int = 7001, number: int = 1, **more: object
) -> dict[str, object]:
    return {
        "id": number,
        "contractServiceID": line_id,
        "contractID": contract_id,
        "startDate": "2026-05-01T00:00:00Z",
        "endDate": "2026-05-31T00:00:00Z",
        "units": 10,
        "price": 231.0000,
        "cost": None,
        "approveAndPostDate": None,
        **more,
    }


def test_every_asked_line_has_its_rows() -> None:
    other = Line(contract_id=7002, line_id=9002)
    answer = [units(9001), units(9001, number=2, contractServiceID=None)]
    with (
        RawServer(lambda call: page(call, answer)) as server,
        billing_of(server.origin) as billing,
    ):
        seen = billing.observe([LINE, other], since=MAY)
    expected = UnitRow(MAY, date(2026, 6, 1), 10, Decimal("231.0"), None, approved=False)
    assert seen == {LINE: (expected,), other: ()}
    assert server.calls[0].json()["filter"] == [
        {"op": "in", "field": "contractServiceID", "value": [9001, 9002]},
        {"op": "gte", "field": "endDate", "value": "2026-05-01"},
    ]


def test_no_lines_no_call() -> None:
    with billing_of("http://127.0.0.1:9") as billing:
        assert billing.observe([], since=MAY) == {}
        assert billing.describe([]) == {}


def test_many_lines_are_asked_500_at_a_time() -> None:
    lines = [Line(contract_id=7001, line_id=number) for number in range(1201)]
    with RawServer(lambda call: page(call, [])) as server, billing_of(server.origin) as billing:
        assert len(billing.observe(lines, since=MAY)) == 1201
    asked = [
        call.json()["filter"][0]["value"]  # type: ignore[index]
        for call in server.calls
        if call.path.endswith("/query")
    ]
    assert [len(some) for some in asked] == [500, 500, 201]


def test_a_row_of_another_contract_is_named() -> None:
    with (
        RawServer(lambda call: page(call, [units(9001, contract_id=7999)])) as server,
        billing_of(server.origin) as billing,
        pytest.raises(Rejected, match=r"9001.*7999.*7001"),
    ):
        billing.observe([LINE], since=MAY)


def test_rows_nobody_asked_for_are_unclear() -> None:
    with (
        RawServer(lambda call: page(call, [units(9555)])) as server,
        billing_of(server.origin) as billing,
        pytest.raises(Unclear, match="9555"),
    ):
        billing.observe([LINE], since=MAY)


def _facts(call: Call) -> None:
    if "/ContractServices/" in call.path:
        page(
            call,
            [
                {"id": 9001, "contractID": 7001, "serviceID": 12},
                {"id": 9002, "contractID": 7999, "serviceID": 13},
            ],
        )
    else:
        page(
            call,
            [
                {
                    "id": 7001,
                    "companyID": 0,
                    "contractType": 7,
                    "status": 1,
                    "startDate": "2026-01-01T00:00:00Z",
                    "endDate": "2026-12-31T00:00:00Z",
                    "contractPeriodType": 2,
                },
                {"id": 7002, "companyID": 5, "contractType": 1, "status": 1},
            ],
        )


def test_what_is_true_of_lines() -> None:
    strange, missing = Line(7002, 9002), Line(7003, 9003)
    with RawServer(_facts) as server, billing_of(server.origin) as billing:
        facts = billing.describe([LINE, strange, missing])
    good = facts[LINE]
    assert (good.exists, good.belongs_to_contract, good.contract_found) == (True, True, True)
    assert (good.contract_active, good.period_months, good.company_id) == (True, 1, 0)
    assert (good.contract_starts_on, good.contract_ends_on) == (
        date(2026, 1, 1),
        date(2026, 12, 31),
    )
    assert good.service_id == 12
    odd = facts[strange]
    assert (odd.exists, odd.belongs_to_contract, odd.contract_active) == (True, False, False)
    none = facts[missing]
    assert (none.exists, none.belongs_to_contract, none.contract_found) == (False, False, False)


def _references(*found: str) -> Callable[[Call], None]:
    def behave(call: Call) -> None:
        if "/ContractServices/" in call.path:
            page(
                call,
                [
                    {"id": 9000 + n, "contractID": 7001, "internalDescription": text}
                    for n, text in enumerate(found)
                ],
            )
        else:
            page(call, [{"id": 7001, "companyID": 1}])

    return behave


def test_a_line_is_found_by_our_reference_and_only_by_it() -> None:
    with (
        RawServer(_references("ts-1", "TS-1 ", "TS-1")) as server,
        billing_of(server.origin) as billing,
    ):
        assert billing.find_line(contract_id=7001, reference="TS-1").line_ids == (9001, 9002)


def test_absent_is_said_of_a_visible_contract_only() -> None:
    with RawServer(_references()) as server, billing_of(server.origin) as billing:
        assert billing.find_line(contract_id=7001, reference="TS-1").line_ids == ()
        with pytest.raises(Unclear, match="7005"):
            billing.find_line(contract_id=7005, reference="TS-1")


# Threshold and directory


def test_the_threshold() -> None:
    answer = {
        "externalRequestThreshold": 10000,
        "requestThresholdTimeframe": 60,
        "currentTimeframeRequestCount": 124,
    }
    with (
        RawServer(lambda call: call.answer(200, answer)) as server,
        client_of(server.origin) as client,
    ):
        assert read_threshold(client) == Threshold(limit=10000, used=124, minutes=60)
    assert server.calls[0].path == "/ATServicesRest/V1.0/ThresholdInformation"


def test_the_directory_reads_what_a_person_chooses_from() -> None:
    rows: dict[str, list[dict[str, object]]] = {
        "Companies": [
            {"id": 2, "companyName": "b", "companyNumber": None, "isActive": True},
            {"id": 0, "companyName": "A", "companyNumber": "7", "isActive": 0},
        ],
        "Services": [
            {"id": 1, "name": "M365", "periodType": "2", "unitPrice": 1.5, "isActive": True}
        ],
        "Contracts": [{"id": 3, "companyID": 2, "contractName": "c", "status": 1}],
        "ContractServices": [{"id": 4, "contractID": 3, "serviceID": 1}],
    }

    def behave(call: Call) -> None:
        page(call, rows[call.path.split("/")[-2]])

    with RawServer(behave) as server, client_of(server.origin) as client:
        directory = AutotaskDirectory(client)
        assert [entry.id for entry in directory.companies()] == [0, 2]
        assert directory.services()[0].period_months == 1
        assert directory.contracts()[0].active
        assert directory.lines()[0].service_id == 1
    assert equal("companyType", 1) in server.calls[0].json()["filter"]  # type: ignore[operator]
