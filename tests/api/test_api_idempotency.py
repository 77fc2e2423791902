"""A write with an Idempotency-Key is carried out once, whatever happens in between."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from api_calls import Api, api_of
from django.db import connection, transaction

from tallystick.identity.idempotency import Answer, KeyBusy, KeyReused, once
from tallystick.identity.models import ApiToken, IdempotentRequest
from tallystick.ledger.models import Operation
from tallystick.mappings.map_subscription import Place, map_subscription

ORDER = {"kind": "update_quantity", "quantity": 12}


@pytest.fixture
def address(api: Api) -> str:
    return f"/subscriptions/{api.of.subscription(quantity=10)}/operations"


def operations(api: Api) -> int:
    kinds = Operation.objects.filter(tenant_id=api.of.tenant_id, kind="update_quantity")
    return kinds.count()


def test_asked_again_the_stored_answer(api: Api, address: str) -> None:
    first = api.post(address, ORDER, Idempotency_Key="order-1")
    api.post(address, {"kind": "update_quantity", "quantity": 13})
    again = api.post(address, ORDER, Idempotency_Key="order-1")

    assert (first.status, again.status) == (201, 201)
    assert again.body == first.body
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert operations(api) == 2


@pytest.mark.parametrize("other", ["body", "address", "query", "method"])
def test_the_same_key_for_another_request(api: Api, address: str, other: str) -> None:
    assert api.post(address, ORDER, Idempotency_Key="order-1").status == 201
    said = {
        "body": lambda: api.post(address, {**ORDER, "quantity": 13}, Idempotency_Key="order-1"),
        "address": lambda: api.post("/customers", ORDER, Idempotency_Key="order-1"),
        "query": lambda: api.post(f"{address}?preview=true", ORDER, Idempotency_Key="order-1"),
        "method": lambda: api.put(address, ORDER, Idempotency_Key="order-1"),
    }[other]()

    assert said.status == 409
    assert said.body["type"] == "urn:tallystick:problem:idempotency-key-reused"
    assert operations(api) == 1


def test_what_was_refused_may_be_corrected_with_the_same_key(api: Api, address: str) -> None:
    assert api.post(address, {**ORDER, "quantity": 0}, Idempotency_Key="k").status == 422
    assert api.post(address, ORDER, Idempotency_Key="k").status == 201


def test_an_answer_without_a_body_is_given_again(api: Api) -> None:
    connection_id, subscription = api.of.connection(), api.of.subscription()
    one = f"/connections/{connection_id}/subscription-mappings/{subscription}"
    map_subscription(
        subscription,
        connection_id,
        Place(1, "Contoso", 2, "Cloud", 3, "M365", None),
        context=api.of.context,
        now=api.of.clock.now(),
        correlation_id="c",
    )
    assert [api.delete(one, Idempotency_Key="d").status for _ in range(2)] == [204, 204]


def test_keys_belong_to_a_token(api: Api, address: str) -> None:
    other = api_of(api.of)
    assert api.post(address, ORDER, Idempotency_Key="k").status == 201
    said = other.post(address, {**ORDER, "quantity": 13}, Idempotency_Key="k")
    assert said.status == 201


@pytest.mark.parametrize("key", ["", "a b", "x" * 201, "é"])
def test_a_key_that_is_none(api: Api, address: str, key: str) -> None:
    said = api.post(address, ORDER, Idempotency_Key=key)
    assert (said.status, said.fields) == (422, ["Idempotency-Key"])
    assert operations(api) == 0


def test_in_progress_is_said_and_not_waited_for(api: Api) -> None:
    token_id = ApiToken.objects.get(tenant_id=api.of.tenant_id).pk
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> Answer:
        begun.set()
        assert go_on.wait(20)
        return Answer(201, {"n": 1})

    def first() -> tuple[Answer, bool]:
        try:
            return once(token_id=token_id, key="k", digest=b"d", now=api.of.clock.now(), act=slow)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(first)
        assert begun.wait(20)
        with pytest.raises(KeyBusy):
            once(token_id=token_id, key="k", digest=b"d", now=api.of.clock.now(), act=slow)
        said = api.post("/customers", {"name": "A", "external_id": "a"}, Idempotency_Key="k")
        assert said.status == 409
        assert said.body["type"] == "urn:tallystick:problem:idempotency-key-busy"
        go_on.set()
        assert running.result(20) == (Answer(201, {"n": 1}), False)
    now = api.of.clock.now()
    assert once(token_id=token_id, key="k", digest=b"d", now=now, act=slow) == (
        Answer(201, {"n": 1}),
        True,
    )
    with pytest.raises(KeyReused):
        once(token_id=token_id, key="k", digest=b"other", now=now, act=slow)


def test_death_in_the_middle_leaves_neither_act_nor_answer(api: Api, address: str) -> None:
    class Killed(BaseException):
        pass

    token_id = ApiToken.objects.get(tenant_id=api.of.tenant_id).pk
    subscription = int(address.split("/")[2])

    def dies() -> Answer:
        assert transaction.get_connection().in_atomic_block
        api.of.quantity(subscription, 12)
        raise Killed

    with pytest.raises(Killed):
        once(token_id=token_id, key="k", digest=b"d", now=api.of.clock.now(), act=dies)
    assert operations(api) == 0
    assert IdempotentRequest.objects.filter(token_id=token_id).count() == 0
    assert api.post(address, ORDER, Idempotency_Key="k").status == 201


def test_many_at_once_are_carried_out_once(api: Api, address: str) -> None:
    def press(_: int) -> int:
        try:
            return Api(api.of, api.token).post(address, ORDER, Idempotency_Key="k").status
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(press, range(24)))
    assert set(statuses) <= {201, 409}
    assert 201 in statuses
    assert operations(api) == 1
