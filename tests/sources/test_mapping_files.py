"""Customer and Offer Mapping out to a spreadsheet and back: looked at first, all or nothing."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mapping_files import cells, exported, imported, written

from desk import Desk, desk
from factories import sibling, tenancy
from tallystick.audit.events import Event
from tallystick.audit.models import AuditLog
from tallystick.bootstrap.mapping_files import import_mappings
from tallystick.directory.models import CompanyEntry
from tallystick.identity.context import Context
from tallystick.identity.roles import Role
from tallystick.kit.problem import Conflicting, NotAllowed, NotFound
from tallystick.mappings.choose import choose_company
from tallystick.mappings.exclude import exclude
from tallystick.mappings.kinds import Ours
from tallystick.mappings.models import CustomerMapping, Exclusion, OfferMapping
from tallystick.sources.csv_errors import ImportRefused
from tallystick.sources.mapping_carry_out import How
from tallystick.sources.mapping_decide import Act
from tallystick.sources.mapping_said import MOST_BYTES
from tallystick.sources.mapping_sheets import mappings_sheet
from tallystick.subscriptions.models import Customer

COMPANIES = [
    {"ref": "alpen", "name": "Alpenblick Gastronomie GmbH"},
    {"ref": "beta", "name": "Beta Logistics Ltd"},
    {"ref": "one", "name": "Twin Ltd"},
    {"ref": "two", "name": "Twin Ltd"},
    {"ref": "ibex", "name": "Ibex Insurance", "is_active": False},
]
SERVICES = [
    {"ref": "monthly", "name": "Microsoft 365 Business Premium", "unit_price": "22"},
    {"ref": "yearly", "name": "M365 Annual", "unit_price": "240", "period_type": 5},
]


@pytest.fixture
def here(db: None) -> Iterator[Desk]:
    with desk() as made:
        made.load(companies=COMPANIES, services=SERVICES)
        made.read()
        yield made


def events(here: Desk) -> list[str]:
    found = AuditLog.objects.filter(tenant_id=here.of.tenant_id).order_by("id")
    return [one.event for one in found if "mapping" in one.event]


def mapped(here: Desk) -> dict[str, str]:
    found = CustomerMapping.objects.filter(connection_id=here.connection_id)
    return {one.customer.name: one.company_name for one in found.select_related("customer")}


def number(here: Desk, ref: str, text: str) -> None:
    CompanyEntry.objects.filter(connection_id=here.connection_id, ref=here.refs[ref]).update(
        number=text
    )


class TestCustomers:
    def test_looked_at_then_imported_then_again(self, here: Desk) -> None:
        alpen, beta = here.of.customer("Alpenblick"), here.of.customer("Beta")
        ours = here.of.customer("Ourselves")
        external = Customer.objects.get(pk=alpen).external_id
        number(here, "beta", "B-7")
        file = written(
            {"customer_id": external, "company": "Alpenblick Gastronomie GmbH"},
            {"customer": "Beta", "company": "B-7"},
            {"customer": "Ourselves", "excluded_because": "our own licences"},
        )
        look = imported(here, Ours.CUSTOMER, file, dry_run=True)
        assert (look.stored, look.changed, look.wrong) == (False, 3, 0)
        assert [(row.line, row.act, row.words) for row in look.rows] == [
            (2, Act.MAP, "mapped to Alpenblick Gastronomie GmbH"),
            (3, Act.MAP, "mapped to Beta Logistics Ltd"),
            (4, Act.EXCLUDE, "left out: our own licences"),
        ]
        assert (mapped(here), events(here)) == ({}, [])

        done = imported(here, Ours.CUSTOMER, file, seen=look.fingerprint)
        assert (done.stored, done.changed) == (True, 3)
        assert mapped(here) == {
            "Alpenblick": "Alpenblick Gastronomie GmbH",
            "Beta": "Beta Logistics Ltd",
        }
        one = Event.CREATE_CUSTOMER_MAPPING.value
        assert events(here) == [one, one, Event.EXCLUDE_FROM_MAPPING.value]
        assert {alpen, beta, ours} == set(
            AuditLog.objects.filter(
                tenant_id=here.of.tenant_id, correlation_id__in=_correlations(here)
            ).values_list("customer_id", flat=True)
        )

        again = imported(here, Ours.CUSTOMER, file)
        assert (again.stored, again.changed, again.unchanged) == (False, 0, 3)
        assert len(events(here)) == 3

    def test_nothing_is_imported_while_a_row_is_wrong(self, here: Desk) -> None:
        for name in ("Alpenblick", "Beta", "Twin", "Ibex", "Same", "Same"):
            here.of.customer(name)
        file = written(
            {"customer": "Alpenblick", "company": "Alpenblick Gastronomie GmbH"},
            {"customer": "Twin", "company": "Twin Ltd"},
            {"customer": "Ibex", "company": "Ibex Insurance"},
            {"customer": "Beta", "company": "Nobody"},
            {"customer": "Same", "company": "Beta Logistics Ltd"},
            {"customer": "beta", "company": "Beta Logistics Ltd"},
            {"customer": "Alpenblick", "company": "Beta Logistics Ltd"},
            {"company": "Beta Logistics Ltd"},
        )
        with pytest.raises(ImportRefused) as refused:
            imported(here, Ours.CUSTOMER, file)
        said = [str(error) for error in refused.value.errors]
        assert said == [
            "line 3, company: “Twin Ltd” is 2 in Autotask: Twin Ltd (no number) and Twin Ltd (no "
            "number). Write the number of the one that is meant, or choose it on the page",
            "line 4, company: Ibex Insurance is inactive in Autotask. Activate it there and "
            "refresh",
            "line 5, company: “Nobody” is the name or number of no company in Autotask, as it was "
            "last read. Refresh the list, or write it exactly as there",
            said[3],
            "line 7, customer: “beta” is recorded here as “Beta”",
            "line 8, customer: is already on line 2",
            "line 9, customer_id: is empty: which customer is it?",
        ]
        assert said[3].startswith("line 6, customer: is 2 customers here: cust-")
        assert said[3].count("/Same") == 2, "both are named with their ids"
        assert mapped(here) == {}

        number(here, "two", "T-2")
        right = written({"customer": "Twin", "company": "T-2"})
        assert imported(here, Ours.CUSTOMER, right).changed == 1
        done = imported(here, Ours.CUSTOMER, file, rows_that_fit=True)
        assert (done.changed, done.wrong) == (1, 6)
        assert mapped(here)["Alpenblick"] == "Alpenblick Gastronomie GmbH"
        assert done.rows[1].errors == (), "the name of what it is mapped to is clear"

    def test_a_company_that_two_rows_want_is_the_first_ones(self, here: Desk) -> None:
        here.of.customer("One")
        here.of.customer("Two")
        rows = [{"customer": name, "company": "Beta Logistics Ltd"} for name in ("One", "Two")]
        with pytest.raises(ImportRefused, match="line 3, row: Beta Logistics Ltd is mapped to an"):
            imported(here, Ours.CUSTOMER, written(*rows))
        assert mapped(here) == {}
        assert imported(here, Ours.CUSTOMER, written(*rows), rows_that_fit=True).changed == 1

    def test_what_is_mapped_is_changed_and_unmapped_only_when_it_is_written(
        self, here: Desk
    ) -> None:
        beta = here.of.customer("Beta")
        choose_company(beta, here.connection_id, here.refs["beta"], by=here.by())
        to = {"customer": "Beta", "company": "Alpenblick Gastronomie GmbH"}
        with pytest.raises(ImportRefused, match="it is mapped to Beta Logistics Ltd here: write"):
            imported(here, Ours.CUSTOMER, written(to))
        assert imported(here, Ours.CUSTOMER, written({"customer": "Beta"})).changed == 0, (
            "an empty cell leaves it alone"
        )
        change = written({**to, "act": "change"})
        (row,) = imported(here, Ours.CUSTOMER, change).rows
        assert row.words == "mapped to Alpenblick Gastronomie GmbH instead of Beta Logistics Ltd"
        assert imported(here, Ours.CUSTOMER, change).changed == 0

        with pytest.raises(ImportRefused, match=r"it is mapped to Alpenblick .* now, not to Beta"):
            gone = {"customer": "Beta", "company": "Beta Logistics Ltd", "act": "unmap"}
            imported(here, Ours.CUSTOMER, written(gone))
        unmap = written({**to, "act": "unmap"})
        assert imported(here, Ours.CUSTOMER, unmap).changed == 1
        assert mapped(here) == {}
        assert imported(here, Ours.CUSTOMER, unmap).changed == 0, "nor is it mapped again"
        assert events(here)[1:] == [
            Event.DELETE_CUSTOMER_MAPPING.value,
            Event.CREATE_CUSTOMER_MAPPING.value,
            Event.DELETE_CUSTOMER_MAPPING.value,
        ]

    def test_reasons(self, here: Desk) -> None:
        beta = here.of.customer("Beta")
        row = {"customer": "Beta", "excluded_because": "theirs"}
        imported(here, Ours.CUSTOMER, written(row))
        with pytest.raises(
            ImportRefused, match=r"left out already, because: theirs\. Write change"
        ):
            imported(here, Ours.CUSTOMER, written({**row, "excluded_because": "ours"}))
        change = {**row, "excluded_because": "ours", "act": "change"}
        assert imported(here, Ours.CUSTOMER, written(change)).changed == 1
        assert Exclusion.objects.get(connection_id=here.connection_id).reason == "ours"
        with pytest.raises(ImportRefused, match=r"left out because: ours\. Look again"):
            imported(here, Ours.CUSTOMER, written({**row, "act": "include"}))
        include = written({**row, "excluded_because": "ours", "act": "include"})
        assert [imported(here, Ours.CUSTOMER, include).changed for _ in range(2)] == [1, 0]

        choose_company(beta, here.connection_id, here.refs["beta"], by=here.by())
        both = {"customer": "Beta", "company": "Beta Logistics Ltd", "excluded_because": "ours"}
        for wrong, words in [
            (both, "and company are both filled"),
            ({**row}, "it is mapped to Beta Logistics Ltd here"),
            ({**row, "act": "unmap"}, "is filled, and act says unmap"),
            ({**both, "excluded_because": "", "act": "include"}, "takes it back in by itself"),
            ({"customer": "Beta", "act": "change"}, "neither company nor excluded_because"),
            ({"customer": "Beta", "act": "delete"}, "“delete” is not one of: unmap, change"),
            ({**row, "excluded_because": "x" * 301, "act": "change"}, "1 to 300 characters"),
        ]:
            with pytest.raises(ImportRefused, match=words):
                imported(here, Ours.CUSTOMER, written(wrong))
        assert mapped(here) == {"Beta": "Beta Logistics Ltd"}, "also the unmapping was taken back"
        assert imported(here, Ours.CUSTOMER, written({**row, "act": "change"})).changed == 1
        assert mapped(here) == {}

    def test_what_has_changed_since_the_look_is_refused(self, here: Desk) -> None:
        beta = here.of.customer("Beta")
        file = written({"customer": "Beta", "company": "Beta Logistics Ltd"})
        look = imported(here, Ours.CUSTOMER, file, dry_run=True)
        choose_company(beta, here.connection_id, here.refs["beta"], by=here.by())
        with pytest.raises(Conflicting, match=r"changed since you looked\. Nothing was imported"):
            imported(here, Ours.CUSTOMER, file, seen=look.fingerprint)

    def test_cells_that_were_shifted_are_seen(self, here: Desk) -> None:
        one = Customer.objects.get(pk=here.of.customer("One"))
        here.of.customer("Two")
        row = {"customer_id": one.external_id, "customer": "Two", "company": "Beta Logistics Ltd"}
        with pytest.raises(ImportRefused, match="customer: is “Two” in the file, “One” here"):
            imported(here, Ours.CUSTOMER, written(row))

    def test_a_reseller_sees_and_maps_its_own_and_a_viewer_nothing(self, db: None) -> None:
        mine = tenancy(reseller=True)
        other = sibling(mine)
        with desk(mine) as here:
            here.load(companies=COMPANIES)
            other.customer("Theirs")
            here.read()
            assert cells(exported(here, Ours.CUSTOMER)) == []
            with pytest.raises(ImportRefused, match="“Theirs” is no customer of this connection"):
                row = {"customer": "Theirs", "company": "Beta Logistics Ltd"}
                imported(here, Ours.CUSTOMER, written(row))
            for role, out, back in [
                (Role.VIEWER, False, False),
                (Role.AUDITOR, True, False),
                (Role.OPERATOR, True, True),
            ]:
                context = Context(mine.tenant_id, mine.reseller_id, role, mine.context.actor)
                here.of.context = context
                for may, act in [
                    (out, lambda: exported(here, Ours.CUSTOMER)),
                    (back, lambda: imported(here, Ours.CUSTOMER, b"customer\nx", dry_run=True)),
                ]:
                    if may:
                        act()
                        continue
                    with pytest.raises(NotAllowed):
                        act()
            stranger = tenancy()
            with pytest.raises(NotFound):
                import_mappings(
                    Ours.OFFER,
                    _file(b"offer\nx"),
                    here.connection_id,
                    how=How(),
                    today=here.of.today(),
                    asked=stranger.asked(),
                )
            with pytest.raises(NotFound):
                mappings_sheet(
                    Ours.OFFER,
                    here.connection_id,
                    context=stranger.context,
                    now=here.of.clock.now(),
                    today=here.of.today(),
                )


class TestFiles:
    @pytest.mark.parametrize(
        ("data", "words"),
        [
            (b"", "is empty"),
            (b"customer,company\n", "has no rows"),
            ("customer\nx".encode("utf-16"), "is in UTF-16"),
            ("customer\nCafé".encode("latin-1"), "is not in UTF-8"),
            (b"customer,company\nx", "has 1 fields, the header has 2"),
            (b"customer,customer\nx,y", "customer: is there twice"),
            (b"customer,kompanie\nx,y", "“kompanie” is not a column"),
            (b'customer\n"x', "never closed"),
            (b"customer\n" + b"x" * MOST_BYTES, "is larger than 2 MB"),
        ],
    )
    def test_what_cannot_be_read_is_said_also_when_only_looked_at(
        self, here: Desk, data: bytes, words: str
    ) -> None:
        for dry_run in (True, False):
            with pytest.raises(ImportRefused, match=words):
                imported(here, Ours.CUSTOMER, data, dry_run=dry_run, rows_that_fit=True)

    def test_as_spreadsheets_save_it(self, here: Desk) -> None:
        here.of.customer("Beta")
        file = "\ufeffCustomer;Company\r\nBeta;Beta Logistics Ltd\r\n;\r\n".encode()
        assert imported(here, Ours.CUSTOMER, file).changed == 1


class TestOffers:
    def test_offers_are_told_apart_by_their_terms(self, here: Desk) -> None:
        monthly = here.of.offer("Premium")
        here.of.subscription(offer_id=monthly)
        (row,) = cells(exported(here, Ours.OFFER))
        assert (row["offer"], row["term"], row["billing_cycle"]) == ("Premium", "P1Y", "monthly")
        assert (row["licences"], row["a_month"], row["currency"]) == ("10", "152.00", "EUR")

        filled = {**row, "service": "Microsoft 365 Business Premium"}
        assert imported(here, Ours.OFFER, written(filled)).changed == 1
        assert OfferMapping.objects.get(connection_id=here.connection_id).offer_id == monthly
        assert imported(here, Ours.OFFER, exported(here, Ours.OFFER)).changed == 0

        with pytest.raises(ImportRefused, match="term: is “P3Y” in the file, “P1Y” here"):
            imported(here, Ours.OFFER, written({**row, "term": "P3Y"}))
        yearly = {"offer": "Premium", "service": "M365 Annual", "act": "change"}
        with pytest.raises(ImportRefused, match="service: M365 Annual is yearly in Autotask, the"):
            imported(here, Ours.OFFER, written(yearly))
        assert OfferMapping.objects.filter(connection_id=here.connection_id).count() == 1


EVIL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
NAMES = st.lists(
    st.tuples(st.sampled_from("=+-@'\t\r\n; ＝﹢") | st.just(""), EVIL, st.sampled_from("mxo")),
    max_size=6,
)


@pytest.fixture(scope="module")
def kept(django_db_setup: None, django_db_blocker: object) -> Iterator[Desk]:
    with django_db_blocker.unblock(), desk() as made:  # type: ignore[attr-defined]
        yield made


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rows=NAMES)
def test_an_export_imported_again_changes_nothing(kept: Desk, rows: list[tuple[str, ...]]) -> None:
    """Whatever names there are, and however each stands: ours and theirs are text of others."""
    made = []
    for number, (first, rest, standing) in enumerate(rows):
        name = first + rest
        if not name.strip():
            continue
        customer = kept.of.customer(name)
        made.append(name.strip())
        company = CompanyEntry.objects.create(
            connection_id=kept.connection_id,
            ref=customer * 10 + number,
            name=name[:290],
            number=rest[:50],
            active=True,
            seen_at=kept.of.clock.now(),
        )
        if standing == "m":
            choose_company(customer, kept.connection_id, company.ref, by=kept.by())
        if standing == "x" and " ".join(rest.split()):
            by = kept.by()
            exclude(
                Ours.CUSTOMER,
                customer,
                kept.connection_id,
                reason=rest,
                context=by.context,
                now=by.now,
                correlation_id=by.correlation_id,
            )
    data = exported(kept, Ours.CUSTOMER)
    assert {row["customer"] for row in cells(data)} >= set(made)
    if b"\n" not in data.strip():
        return
    done = imported(kept, Ours.CUSTOMER, data)
    assert [row for row in done.rows if row.errors] == []
    assert (done.changed, done.stored) == (0, False)


def _correlations(here: Desk) -> list[str]:
    found = AuditLog.objects.filter(
        tenant_id=here.of.tenant_id, event=Event.CREATE_CUSTOMER_MAPPING.value
    )
    return list(found.values_list("correlation_id", flat=True))


def _file(data: bytes) -> io.BytesIO:
    return io.BytesIO(data)
