"""Two lists become what lies between them: once, in order, and never an end by absence."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factories import tenancy
from tallystick.kit.problem import Conflicting, InvalidInput
from tallystick.ledger.models import Operation
from tallystick.sources.csv_errors import ImportRefused
from tallystick.sources.intake.event import Answer, State
from tallystick.sources.models import SourceEvent
from tallystick.sources.snapshot import lay_aside, read_cells
from tallystick.sources.snapshot.differ import differences
from tallystick.sources.snapshot.take_snapshot import (
    SnapshotAsked,
    SnapshotTaken,
    take_snapshot,
)
from tallystick.subscriptions.status import LIVE, EndOfTerm, SubscriptionStatus
from tellers import Teller, teller

ROW = {
    "customer": "Alder & Ash",
    "offer_id": "CFQ7TTC0LCHC:0002",
    "offer": "Microsoft 365 Business Premium",
    "term": "P1Y",
    "billing_cycle": "monthly",
    "quantity": "10",
    "unit_price": "15.20",
    "unit_cost": "12.10",
    "currency": "EUR",
    "starts_on": "2026-01-01",
    "ends_on": "2026-12-31",
    "status": "active",
    "end_of_term": "renew",
    "subscription": "",
}


@pytest.fixture
def told(db: None) -> Teller:
    return teller(tenancy())


def row(told: Teller, subject: str, **cells: str) -> dict[str, str]:
    return {**ROW, "customer_id": f"c-{told.of.tenant_id}", "subscription_id": subject, **cells}


def as_csv(rows: list[dict[str, str]], *, delimiter: str = ",") -> bytes:
    import csv

    out = io.StringIO()
    names = list(rows[0]) if rows else [*ROW, "customer_id", "subscription_id"]
    writer = csv.DictWriter(out, fieldnames=names, delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def compare(
    told: Teller, *rows: dict[str, str], data: bytes | None = None, **asked: Any
) -> SnapshotTaken:
    dry_run = asked.pop("dry_run", False)
    at = asked.pop("at", told.of.clock.now())
    return take_snapshot(
        io.BytesIO(as_csv(list(rows)) if data is None else data),
        SnapshotAsked(**{"taken_at": at, **asked}),
        source_id=told.added.source_id,
        context=told.of.context,
        now=told.of.clock.now(),
        wake=told.nudge,
        correlation_id="list",
        dry_run=dry_run,
    )


class TestTwoLists:
    def test_the_first_brings_what_there_is_and_the_same_again_nothing(self, told: Teller) -> None:
        one, other = told.subject(), told.subject()
        rows = [row(told, one), row(told, other, quantity="4")]
        first = compare(told, *rows)
        assert first.answers == {Answer.ACCEPTED: 2}
        again = compare(told, *rows)
        assert (again.rows, again.as_before, again.differences) == (2, 2, 0)
        assert len(told.ledger(one)) == 1

    @pytest.mark.parametrize(
        ("change", "kinds"),
        [
            ({"quantity": "12"}, ["update_quantity"]),
            ({"unit_price": "16"}, ["update_price_margin"]),
            ({"status": "suspended", "quantity": "12"}, ["update_quantity", "suspend"]),
            ({"status": "cancelled", "quantity": "0"}, ["cancel"]),
            ({"end_of_term": "extend"}, ["set_end_of_term"]),
            ({"subscription": "Desk"}, ["rename"]),
            ({"ends_on": "2027-12-31", "quantity": "12", "unit_price": "16"}, ["renew"]),
            ({"term": "P3Y", "quantity": "12"}, ["change_offer"]),
        ],
    )
    def test_what_is_between_them_is_recorded(
        self, told: Teller, change: dict[str, str], kinds: list[str]
    ) -> None:
        subject = told.subject()
        compare(told, row(told, subject))
        taken = compare(told, row(told, subject, **change))
        assert set(taken.answers) == {Answer.ACCEPTED}, taken.found
        assert [one[1] for one in told.ledger(subject)][1:] == kinds
        operation = Operation.objects.filter(subscription__provider_id=subject).latest("pk")
        assert operation.source == f"seen:{told.added.source_id}"
        assert operation.effective_on in {date(2026, 5, 10), date(2027, 1, 1)}
        assert compare(told, row(told, subject, **change)).differences == 0

    def test_what_starts_it_again_comes_before_what_needs_it_active(self, told: Teller) -> None:
        subject = told.subject()
        compare(told, row(told, subject, status="suspended"))
        taken = compare(told, row(told, subject, quantity="12", unit_price="16"))
        assert taken.answers == {Answer.ACCEPTED: 3}, taken.found
        assert [one[1] for one in told.ledger(subject)][1:] == [
            "reactivate",
            "update_quantity",
            "update_price_margin",
        ]

    def test_a_cell_may_hold_ends_of_lines_backslashes_and_quotes(self, told: Teller) -> None:
        one, other = told.subject(), told.subject()
        note = 'Alder \\N "and"\r\nAsh\n\\. \\n \x01'
        rows = [row(told, one, note=note), row(told, other, note="")]
        assert compare(told, *rows).differences == 2
        assert compare(told, *rows).as_before == 2
        taken = compare(told, rows[0], row(told, other, quantity="4", note=""))
        assert (taken.as_before, taken.differences) == (1, 1)

    @pytest.mark.parametrize("most", [1, 500])
    def test_rows_come_out_in_parts_of_so_many_characters(
        self, told: Teller, most: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(read_cells, "CHARACTERS_AT_ONCE", most)
        rows = [row(told, told.subject(), note="n" * 200) for _ in range(5)]
        assert compare(told, *rows).differences == 5

    def test_a_long_list_is_compared_as_a_short_one(
        self, told: Teller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(lay_aside, "SHORT", 0)
        monkeypatch.setattr(read_cells, "READ_AT_ONCE", 1)
        rows = [row(told, told.subject()) for _ in range(6)]
        assert compare(told, *rows).differences == 6
        rows[1]["quantity"] = rows[4]["quantity"] = "12"
        taken = compare(told, *rows[:5])
        assert (taken.as_before, taken.differences, taken.absent) == (3, 2, 0)
        assert [one.subject for one in taken.found] == [
            rows[1]["subscription_id"],
            rows[4]["subscription_id"],
        ]
        assert compare(told, *rows[:5], complete=True).absent == 1

    def test_the_same_with_other_ends_of_lines_is_as_before(self, told: Teller) -> None:
        data = as_csv([row(told, told.subject()) for _ in range(3)])
        compare(told, data=data)
        mixed = data.replace(b"\r\n", b"\n", 2)
        for again in (data.replace(b"\r\n", b"\n"), data.replace(b"\r\n", b"\r"), mixed, data[:-2]):
            assert compare(told, data=again).as_before == 3

    def test_the_same_in_other_columns_is_looked_at_and_no_change(self, told: Teller) -> None:
        subject = told.subject()
        cells = row(told, subject)
        compare(told, cells)
        turned = dict(reversed(cells.items()))
        for data in (as_csv([turned]), as_csv([cells], delimiter=";")):
            taken = compare(told, data=data)
            assert (taken.as_before, taken.differences) == (0, 0)

    def test_a_row_of_another_shape_is_named_by_its_line(self, told: Teller) -> None:
        rows = [row(told, told.subject(), note=f"Alder {n}\nAsh") for n in range(3)]
        data = as_csv(rows[:2]) + b"a,b\r\n" + as_csv(rows).split(b"\n", 1)[1]
        with pytest.raises(ImportRefused, match="missing data") as refused:
            compare(told, data=data)
        assert refused.value.errors[0].line == 4

    def test_list_after_list_at_one_moment(self, told: Teller) -> None:
        subject = told.subject()
        for quantity in range(1, 13):
            compare(told, row(told, subject, quantity=str(quantity)))
        assert told.held(subject).quantity == 12
        assert len(told.ledger(subject)) == 12

    def test_what_waits_for_a_person_is_said_once(self, told: Teller) -> None:
        subject = told.subject()
        compare(told, row(told, subject))
        taken = compare(told, row(told, subject, unit_price="152.00"))
        assert taken.answers == {Answer.UNAPPLIED: 1}
        assert told.held(subject).unit_price == Decimal("15.2000")
        assert compare(told, row(told, subject, unit_price="152.00")).differences == 0

    def test_what_is_recorded_here_and_new_to_the_source_is_compared_with_here(
        self, told: Teller
    ) -> None:
        held = told.of.subscription()
        from tallystick.subscriptions.models import Subscription

        mine = Subscription.objects.select_related("customer", "offer").get(pk=held)
        cells = row(
            told,
            mine.provider_id,
            quantity="11",
            offer_id=f"{mine.offer.product_id}:{mine.offer.sku_id}",
            ends_on="",
        )
        taken = compare(told, cells)
        assert [(one.type, one.after) for one in taken.found] == [
            ("subscription.quantity_changed", {"quantity": 11}),
            ("subscription.renewal_changed", {"end_of_term_action": "renew"}),
        ]

    def test_a_change_made_here_is_not_taken_back(self, told: Teller) -> None:
        from tallystick.operations.change_quantity import change_quantity

        subject = told.subject()
        compare(told, row(told, subject))
        change_quantity(
            subscription_id=told.held(subject).pk,
            quantity=15,
            today=told.of.today(),
            asked=told.of.asked(),
        )
        compare(told, row(told, subject, subscription="Desk"))
        assert told.held(subject).quantity == 15

    def test_a_look_stores_nothing_and_says_what_would_be(self, told: Teller) -> None:
        subject = told.subject()
        compare(told, row(told, subject))
        look = compare(told, row(told, subject, quantity="12"), dry_run=True)
        assert (look.stored, look.differences) == (False, 1)
        assert told.held(subject).quantity == 10
        assert compare(told, row(told, subject, quantity="12")).found == look.found


class TestFeedAndList:
    def test_what_was_told_is_not_found_again(self, told: Teller) -> None:
        subject = told.subject()
        told.tell(told.bought(subject), told.quantity(subject, 12))
        shown = row(told, subject, quantity="12", end_of_term="")
        assert compare(told, shown).differences == 0
        assert len(told.ledger(subject)) == 2
        # That it renews nobody had said: once that is news.
        found = [compare(told, {**shown, "end_of_term": "renew"}).differences for _ in "ab"]
        assert found == [1, 0]
        assert told.ledger(subject)[-1][1] == "set_end_of_term"

    def test_what_was_found_is_not_recorded_when_it_is_told_later(self, told: Teller) -> None:
        subject = told.subject()
        compare(told, row(told, subject))
        compare(told, row(told, subject, quantity="12"))
        taken = told.tell(told.quantity(subject, 11), told.quantity(subject, 12))
        assert [one.became.answer for one in taken] == [Answer.ACCEPTED] * 2
        assert "shown what came of it" in taken[0].became.because
        assert [one[3].get("quantity") for one in told.ledger(subject)] == [10, 12]

    def test_a_row_as_before_is_news_when_something_else_was_told_since(self, told: Teller) -> None:
        subject = told.subject()
        shown = row(told, subject)
        compare(told, shown)
        told.of.clock.advance(7200)
        told.tell(told.quantity(subject, 12, time=told.of.clock.now().isoformat()))
        lagging = compare(told, shown)
        assert (lagging.told_just_before, lagging.differences) == (1, 0)
        told.of.clock.advance(7200)
        later = compare(told, shown)
        assert [(one.type, one.after) for one in later.found] == [
            ("subscription.quantity_changed", {"quantity": 10})
        ]
        assert compare(told, shown).as_before == 1

    def test_a_list_that_lags_behind_the_feed_takes_nothing_back(self, told: Teller) -> None:
        subject = told.subject()
        told.tell(told.bought(subject))
        shown = row(told, subject, end_of_term="")
        compare(told, shown)
        now = told.of.clock.now()
        told.tell(told.quantity(subject, 12, time=now.isoformat()))
        lagging = compare(told, {**shown, "subscription": "x"}, at=now)
        assert (lagging.told_just_before, lagging.differences) == (1, 0)
        told.of.clock.advance(7200)
        later = compare(told, {**shown, "quantity": "12", "subscription": "x"})
        assert [one.type for one in later.found] == ["subscription.renamed"]

    @settings(
        max_examples=20,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(quantities=st.lists(st.integers(1, 30), min_size=1, max_size=5), data=st.data())
    def test_together_they_never_count_twice(
        self, db: None, quantities: list[int], data: st.DataObject
    ) -> None:
        """Told, shown, or both, in any mixture: each change is there once."""
        told = teller(tenancy())
        subject = told.subject()
        compare(told, row(told, subject))
        for quantity in quantities:
            told.of.clock.advance(7200)
            now = told.of.clock.now().isoformat()
            how = data.draw(st.sampled_from(["told", "shown", "both", "shown first"]))
            if how in {"told", "both"}:
                told.tell(told.quantity(subject, quantity, time=now))
            if how != "told":
                if how == "both":
                    told.of.clock.advance(7200)
                compare(told, row(told, subject, quantity=str(quantity)))
            if how == "shown first":
                told.tell(told.quantity(subject, quantity, time=now))
        moves = [10, *quantities]
        real = [b for a, b in zip(moves, quantities, strict=False) if a != b]
        assert [one[3]["quantity"] for one in told.ledger(subject)] == [10, *real]
        assert told.held(subject).quantity == quantities[-1]


class TestAbsence:
    def test_a_part_ends_nothing(self, told: Teller) -> None:
        one, other = told.subject(), told.subject()
        compare(told, row(told, one), row(told, other))
        taken = compare(told, row(told, one))
        assert (taken.absent, taken.differences) == (0, 0)
        assert told.held(other).status == "active"

    def test_nor_does_a_complete_one_that_does_not_say_so(self, told: Teller) -> None:
        one, other = told.subject(), told.subject()
        compare(told, row(told, one), row(told, other))
        taken = compare(told, row(told, one), complete=True)
        assert (taken.absent, taken.differences) == (1, 0)
        assert told.held(other).status == "active"

    def test_a_complete_one_that_says_so_does_once(self, told: Teller) -> None:
        one, other = told.subject(), told.subject()
        compare(told, row(told, one), row(told, other))
        asked = {"complete": True, "absent_is_cancelled": True}
        assert compare(told, row(told, one), **asked).answers == {Answer.ACCEPTED: 1}
        assert told.held(other).status == "cancelled"
        assert compare(told, row(told, one), **asked).absent == 0

    def test_one_that_is_shown_again_is_looked_at(self, told: Teller) -> None:
        rows = [row(told, told.subject()), row(told, told.subject())]
        compare(told, *rows)
        compare(told, rows[0], complete=True, absent_is_cancelled=True)
        again = compare(told, *rows)
        assert (again.as_before, again.differences) == (1, 1)

    def test_a_part_cannot_say_so(self, told: Teller) -> None:
        with pytest.raises(InvalidInput, match="complete"):
            compare(told, row(told, told.subject()), absent_is_cancelled=True)

    def test_many_at_once_are_a_broken_list(self, told: Teller) -> None:
        rows = [row(told, told.subject()) for _ in range(10)]
        compare(told, *rows)
        asked = {"complete": True, "absent_is_cancelled": True}
        with pytest.raises(Conflicting, match="6 subscriptions"):
            compare(told, *rows[:4], **asked)
        assert all(told.held(one["subscription_id"]).status == "active" for one in rows)
        taken = compare(told, *rows[:4], accept_many_absent=True, **asked)
        assert taken.answers == {Answer.ACCEPTED: 6}

    def test_an_empty_list_ends_nothing(self, told: Teller) -> None:
        rows = [row(told, told.subject()) for _ in range(10)]
        compare(told, *rows)
        with pytest.raises(Conflicting):
            compare(told, complete=True, absent_is_cancelled=True)


class TestBadLists:
    @pytest.mark.parametrize(
        ("data", "words"),
        [
            (b"", "is empty"),
            (b"subscription_id,quantity\ns,1\n", "customer is missing"),
            (b"\xff\xfea\x00", "UTF-16"),
            (b"[1, 2]", "not a list of JSON objects"),
            (b'[{"customer": ', "broken JSON"),
            (b'[{"customer": {"a": 1}}]', "no text or number"),
            (b"[" * 100_001, "not a list"),
        ],
    )
    def test_is_refused(self, told: Teller, data: bytes, words: str) -> None:
        with pytest.raises(ImportRefused, match=words):
            compare(told, data=data)
        assert not SourceEvent.objects.filter(source_id=told.added.source_id).exists()

    @pytest.mark.parametrize(
        ("cells", "words"),
        [
            ({"quantity": "1,000"}, "line 3, quantity"),
            ({"end_of_term": "stop"}, "line 3, end_of_term"),
            ({"currency": ""}, "line 3, currency"),
            ({"customer": "a\x07"}, "line 3, customer"),
            ({"subscription_id": " "}, "line 3, subscription_id"),
        ],
    )
    def test_a_wrong_row_refuses_all_of_it(
        self, told: Teller, cells: dict[str, str], words: str
    ) -> None:
        subject = told.subject()
        with pytest.raises(ImportRefused, match=words):
            compare(told, row(told, subject), row(told, told.subject(), **cells))
        assert told.ledger(subject) == []

    @pytest.mark.parametrize("short", [0, lay_aside.SHORT])
    @pytest.mark.parametrize("written", [str, str.upper])
    def test_a_row_as_before_and_another_of_the_same(
        self, told: Teller, written: Any, short: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(lay_aside, "SHORT", short)
        subject, other = told.subject(), told.subject()
        compare(told, row(told, other), row(told, subject))
        again = row(told, written(subject), quantity="12")
        with pytest.raises(ImportRefused, match=r"line 4.* is already on line 3"):
            compare(told, row(told, other), row(told, subject), again)
        assert len(told.ledger(subject)) == 1

    def test_a_subscription_that_is_there_twice(self, told: Teller) -> None:
        subject = told.subject()
        with pytest.raises(ImportRefused, match="is already on line 2"):
            compare(told, row(told, subject), row(told, subject.upper()))

    def test_a_row_of_another_shape(self, told: Teller) -> None:
        data = as_csv([row(told, told.subject())]) + b"a,b\r\n"
        with pytest.raises(ImportRefused, match="line 3, file: missing data"):
            compare(told, data=data)

    @pytest.mark.parametrize("blank", [b"\r\n", b"\n \n", b"\\.\r\n"])
    def test_a_row_of_nothing(self, told: Teller, blank: bytes) -> None:
        data = as_csv([row(told, told.subject())]) + blank
        with pytest.raises(ImportRefused, match="line 3, file: missing data"):
            compare(told, data=data)

    @pytest.mark.parametrize(
        ("customer", "words"), [("a\0b", "a NUL byte"), ("a\ud800b", "half of a character")]
    )
    def test_what_no_text_of_the_database_holds(
        self, told: Teller, customer: str, words: str
    ) -> None:
        rows = [row(told, told.subject()), row(told, told.subject(), customer=customer)]
        with pytest.raises(ImportRefused, match=f"line 3, file: holds {words}"):
            compare(told, data=json.dumps(rows).encode())

    def test_a_quote_without_its_end(self, told: Teller) -> None:
        first = as_csv([row(told, told.subject())])
        with pytest.raises(ImportRefused, match="line 3, file: has a row of more than 100,000"):
            compare(told, data=first + b'"Alder & Ash\r\n' + b"a,b\r\n" * 20_000)

    def test_a_moment_to_come(self, told: Teller) -> None:
        with pytest.raises(InvalidInput, match="taken_at"):
            compare(told, row(told, told.subject()), at=told.of.clock.now() + timedelta(minutes=1))


class TestForms:
    @pytest.mark.parametrize("form", ["semicolons", "json", "lines", "unknown column"])
    def test_all_say_the_same(self, told: Teller, form: str) -> None:
        subject = told.subject()
        compare(told, row(told, subject))
        cells = row(told, subject, quantity="12", subscription="Desk, “A”; B")
        data = {
            "semicolons": as_csv([cells], delimiter=";"),
            "json": json.dumps([{**cells, "quantity": 12, "extra": None}], indent=1).encode(),
            "lines": json.dumps(cells).encode() + b"\n",
            "unknown column": as_csv([{**cells, "Colour": "red"}]),
        }[form]
        taken = compare(told, data=data)
        assert [one.type for one in taken.found] == [
            "subscription.quantity_changed",
            "subscription.renamed",
        ]
        assert told.held(subject).friendly_name == "Desk, “A”; B"
        assert list(taken.unknown_columns) == (["Colour"] if "unknown" in form else [])


STATES = st.builds(
    State,
    quantity=st.integers(1, 9),
    status=st.sampled_from(sorted(SubscriptionStatus)),
    unit_price=st.none() | st.decimals(1, 20, places=4),
    unit_cost=st.none() | st.decimals(1, 20, places=4),
    currency=st.just("EUR"),
    term_ends_on=st.none() | st.dates(date(2026, 1, 1), date(2029, 1, 1)),
    end_of_term=st.sampled_from(sorted(EndOfTerm)),
    name=st.none() | st.text("ab", min_size=1, max_size=3),
    offer=st.sampled_from(["A", "B"]),
)


# Another test process may be hard at work meanwhile.
PURE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


class TestDiffer:
    @PURE
    @given(before=STATES, after=STATES)
    def test_put_over_the_first_the_differences_make_the_second(
        self, before: State, after: State
    ) -> None:
        state = before
        for one in differences(before, after):
            state = one.after.over(state)
        assert state == after.over(before)
        assert differences(state, after) == []

    @PURE
    @given(before=STATES, after=STATES)
    def test_no_field_is_said_twice(self, before: State, after: State) -> None:
        said = [name for one in differences(before, after) for name in one.after.as_json()]
        assert len(said) == len(set(said))

    def test_nothing_is_changed_while_it_is_suspended(self) -> None:
        active = State(quantity=1, status=SubscriptionStatus.ACTIVE)
        suspended = replace(active, status=SubscriptionStatus.SUSPENDED, quantity=2)
        types = [one.type.value for one in differences(active, suspended)]
        assert types == ["subscription.quantity_changed", "subscription.status_changed"]
        assert types[::-1] == [
            one.type.value for one in differences(suspended, replace(active, quantity=3))
        ]
        assert SubscriptionStatus.SUSPENDED in LIVE
