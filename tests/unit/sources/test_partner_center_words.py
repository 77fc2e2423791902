"""What Partner Center writes, in every spelling seen in its samples, as twins of our own."""

from __future__ import annotations

from typing import Any

import pytest

from tallystick.sources.intake.event import CustomerSaid
from tallystick.sources.moments import read_moment, vendor_moment
from tallystick.sources.partner_center.read_audit import read_audit
from tallystick.sources.partner_center.read_subscription import read_subscription
from tallystick.sources.unread import Unread

WHO = CustomerSaid("c-1", "Alder & Ash")
SHOWN: dict[str, Any] = {
    "id": "A356AC8C-0000-44F4-BF85-C7F29044AF99",
    "offerId": "CFQ7TTC0LCHC:0002:CFQ7TTC0K971",
    "offerName": "Microsoft 365 Business Premium",
    "friendlyName": "Front desk",
    "quantity": 10,
    "creationDate": "2026-01-01T08:30:00.1234567Z",
    "effectiveStartDate": "2026-01-01T00:00:00Z",
    "commitmentEndDate": "2026-12-31T00:00:00Z",
    "status": "active",
    "autoRenewEnabled": True,
    "billingType": "license",
    "billingCycle": "monthly",
    "termDuration": "P1Y",
    "attributes": {"objectType": "Subscription"},
}


def row(**changes: Any) -> dict[str, str]:
    found = read_subscription({**SHOWN, **changes}, WHO)
    assert isinstance(found, dict), found
    return found


class TestSubscriptions:
    def test_ids_in_any_letters_are_one(self) -> None:
        assert row()["subscription_id"] == "a356ac8c-0000-44f4-bf85-c7f29044af99"

    def test_what_is_scheduled_for_the_next_term_is_told_in_words(self) -> None:
        assert row()["next_term"] == row()["cancel_by"] == ""
        product = {
            "productId": "CFQ7TTC0LCHC",
            "skuId": "0002",
            "availabilityId": "x",
            "billingCycle": "annual",
            "termDuration": "P1Y",
        }
        told = {"product": product, "quantity": 12}
        assert row(scheduledNextTermInstructions=told)["next_term"] == (
            "12 licences, 1 year, annual"
        )
        other = {"Product": {**product, "SkuId": "0009", "TermDuration": "P7Y"}}
        assert row(ScheduledNextTermInstructions=other)["next_term"] == (
            "P7Y, annual, CFQ7TTC0LCHC:0009"
        )
        assert row(scheduledNextTermInstructions=None)["next_term"] == ""
        until = row(cancellationAllowedUntilDate="2026-05-17T08:30:00.1234567Z")
        assert until["cancel_by"] == "2026-05-17T08:30:00.1234567Z"

    def test_pascal_case_is_the_same(self) -> None:
        spelt = {name[0].upper() + name[1:]: value for name, value in SHOWN.items()}
        assert read_subscription(spelt, WHO) == row()

    @pytest.mark.parametrize(
        ("offer_id", "offer", "kind"),
        [
            ("CFQ7TTC0LCHC:0002:CFQ7TTC0K971", "CFQ7TTC0LCHC:0002", "nce_licence"),
            ("CFQ7TTC0LCHC:0002:ANOTHER", "CFQ7TTC0LCHC:0002", "nce_licence"),
            ("CFQ7TTC0LCHC:0002", "CFQ7TTC0LCHC:0002", "nce_licence"),
            (
                "C0BD2E08-11AC-4836-BDC7-3712E744922F",
                "C0BD2E08-11AC-4836-BDC7-3712E744922F:legacy",
                "legacy_licence",
            ),
            ("DZH318Z0BPS6:0001:DZH318Z0BML5", "DZH318Z0BPS6:0001", "azure_plan"),
        ],
    )
    def test_an_offer_has_three_shapes_and_its_last_part_is_not_relied_on(
        self, offer_id: str, offer: str, kind: str
    ) -> None:
        found = row(offerId=offer_id)
        assert (found["offer_id"], found["kind"]) == (offer, kind)

    def test_azure_before_the_new_commerce(self) -> None:
        found = row(
            offerId="MS-AZR-0145P",
            billingType="usage",
            commitmentEndDate="9999-12-10T00:00:00Z",
            termDuration=None,
            billingCycle=None,
            autoRenewEnabled=False,
        )
        assert found["offer_id"] == "MS-AZR-0145P:legacy"
        assert (found["kind"], found["ends_on"], found["term"]) == ("azure_plan", "", "none")

    @pytest.mark.parametrize(
        ("written", "day"),
        [
            ("2026-12-31T00:00:00Z", "2026-12-31"),
            ("2026-12-31T23:59:59.9999999Z", "2026-12-31"),
            ("2026-12-31T00:21:45.9263727+00:00", "2026-12-31"),
            ("2026-12-31T22:00:00-07:00", "2026-12-31"),
            ("9999-12-31T00:00:00Z", ""),
            (None, ""),
        ],
    )
    def test_days_are_taken_as_written_and_the_last_one_is_included(
        self, written: str | None, day: str
    ) -> None:
        assert row(commitmentEndDate=written)["ends_on"] == day

    @pytest.mark.parametrize("written", ["Monthly", "monthly", "MONTHLY"])
    def test_words_in_any_letters(self, written: str) -> None:
        assert row(billingCycle=written)["billing_cycle"] == "monthly"

    @pytest.mark.parametrize("written", ["one_time", "OneTime"])
    def test_once(self, written: str) -> None:
        assert row(billingCycle=written, termDuration="")["billing_cycle"] == "one_time"

    @pytest.mark.parametrize(("written", "read"), [(25, "25"), ("25", "25"), (25.0, "25")])
    def test_a_quantity_as_number_or_text(self, written: Any, read: str) -> None:
        assert row(quantity=written)["quantity"] == read

    @pytest.mark.parametrize(
        ("changes", "end"),
        [
            ({}, "renew"),
            ({"autoRenewEnabled": False}, "extend"),
            ({"autoRenewEnabled": False, "scheduledActions": [{"actionType": "Cancel"}]}, "cancel"),
            ({"autoRenewEnabled": False, "scheduledActions": ["odd", {}]}, "extend"),
            ({"autoRenewEnabled": False, "offerId": "DZH318Z0BPS6:0001"}, "cancel"),
            ({"autoRenewEnabled": None}, ""),
        ],
    )
    def test_not_to_renew_is_no_end_by_itself(self, changes: dict[str, Any], end: str) -> None:
        assert row(**changes)["end_of_term"] == end

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"id": ""}, "no id"),
            ({"status": "pending"}, "is not final"),
            ({"status": "hibernating"}, "not known here"),
            ({"termDuration": "P7Y"}, "term “P7Y”"),
            ({"billingCycle": "weekly"}, "billing cycle “weekly”"),
            ({"offerId": None}, "names no offer"),
            ({"effectiveStartDate": "soon"}, "cannot be read"),
            ({"commitmentEndDate": "2026-02-30T00:00:00Z"}, "cannot be read"),
        ],
    )
    def test_what_is_not_known_is_said_and_not_guessed(
        self, changes: dict[str, Any], words: str
    ) -> None:
        found = read_subscription({**SHOWN, **changes}, WHO)
        assert isinstance(found, Unread)
        assert words in found.because

    def test_other_kinds(self) -> None:
        assert row(productType={"id": "AzureReservation"})["kind"] == "azure_reservation"
        assert row(isMicrosoftProduct=False)["kind"] == "marketplace"
        assert row(productType="odd", links=None, refundOptions=[{}])["kind"] == "nce_licence"


RECORD: dict[str, Any] = {
    "id": "partner_customer_updatesubscription_637346859797753934",
    "customerId": "E905B566-4779-4E57-944C-7B1B5312705B",
    "customerName": "Alder",
    "resourceType": "subscription",
    "operationType": "update_subscription",
    "operationDate": "2026-05-02T23:26:19.7753934Z",
    "operationStatus": "succeeded",
}


class TestActivityLog:
    @pytest.mark.parametrize(
        ("changes", "subjects"),
        [
            ({}, set()),
            ({"resourceNewValue": '{"Id":"S-1","Quantity":12}'}, {"s-1"}),
            ({"resourceOldValue": '{"Id":"S-1"}'}, {"s-1"}),
            ({"resourceNewValue": '{"Id": '}, set()),
            ({"resourceNewValue": {"id": "s-1"}}, {"s-1"}),
            ({"customizedData": [{"key": "SubscriptionId-0", "value": "S-2"}]}, {"s-2"}),
            ({"customizedData": [{"key": "SubscriptionId-1", "value": None}, "odd"]}, set()),
            (
                {
                    "resourceType": "order",
                    "operationType": "create_order",
                    "resourceNewValue": '{"Id":"o-1","LineItems":[{"SubscriptionId":"S-3"}]}',
                },
                {"s-3"},
            ),
        ],
    )
    def test_whom_it_touched_with_none_one_or_both_values(
        self, changes: dict[str, Any], subjects: set[str]
    ) -> None:
        found = read_audit({**RECORD, **changes})
        assert found is not None
        assert found.subjects == subjects
        assert (found.day, found.done) == ("2026-05-02", True)

    def test_without_an_id_it_is_known_by_its_content(self) -> None:
        one = read_audit({**RECORD, "id": None})
        same = read_audit({**dict(reversed(RECORD.items())), "id": None})
        other = read_audit({**RECORD, "id": None, "customerName": "Ash"})
        assert one is not None
        assert one == same
        assert other is not None
        assert one.id != other.id

    @pytest.mark.parametrize(
        "changes",
        [
            {"operationStatus": "failed"},
            {"operationType": "update_customer_user_licenses"},
            {"customerId": None},
            {"operationDate": "then"},
        ],
    )
    def test_what_touches_nothing(self, changes: dict[str, Any]) -> None:
        assert read_audit({**RECORD, **changes}) is None


class TestMoments:
    def test_seven_digits_are_all_kept(self) -> None:
        one = vendor_moment("2020-09-02T23:26:19.7753934Z")
        other = vendor_moment("2020-09-02T23:26:19.7753935Z")
        assert one.at == other.at
        assert one.key < other.key

    @pytest.mark.parametrize(
        ("written", "utc"),
        [
            ("2015-11-25T06: 41: 12Z", "2015-11-25T06:41:12+00:00"),
            ("2017-06-15T15:56:04.077-07:00", "2017-06-15T22:56:04.077000+00:00"),
            ("2020-12-10T11:00:00-0300", "2020-12-10T14:00:00+00:00"),
            ("2020-12-10T11:00:00", "2020-12-10T11:00:00+00:00"),
            ("2015-11-25T06:41:12\u202fZ", "2015-11-25T06:41:12+00:00"),
        ],
    )
    def test_as_vendors_write_them(self, written: str, utc: str) -> None:
        assert vendor_moment(written).at.isoformat() == utc

    @pytest.mark.parametrize(
        "written", ["", "now", "2026-02-30T00:00:00Z", "9999-12-31T23:00:00-23:59", "２026-01-01"]
    )
    def test_what_is_none(self, written: str) -> None:
        with pytest.raises(ValueError, match="is not a moment"):
            vendor_moment(written)

    def test_ours_need_an_offset(self) -> None:
        with pytest.raises(ValueError, match="offset"):
            read_moment("2026-05-03T09:00:00")
