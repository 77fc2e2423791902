"""A customer is known by the vendor's id; another name for the same id is a recorded change."""

import pytest

from factories import Tenancy, number, sibling, tenancy
from tallystick.audit.models import AuditLog
from tallystick.kit.ids import correlation_id
from tallystick.kit.problem import Conflicting, InvalidInput
from tallystick.subscriptions.add_customer import add_customer
from tallystick.subscriptions.models import Customer

pytestmark = pytest.mark.usefixtures("db")


def add(of: Tenancy, name: str, external_id: str) -> tuple[int, bool]:
    return add_customer(
        name=name,
        external_id=external_id,
        context=of.context,
        now=of.clock.now(),
        correlation_id=correlation_id(),
    )


def told(customer_id: int) -> list[tuple[str, str]]:
    found = AuditLog.objects.filter(customer_id=customer_id).order_by("id")
    return list(found.values_list("event", "summary"))


def test_a_new_name_of_a_known_customer_is_recorded_with_both() -> None:
    of, external_id = tenancy(), f"c-{number()}"
    first, new = add(of, "Contoso Ltd", external_id)
    again, known = add(of, "Contoso Limited", external_id)
    add(of, "Contoso Limited", external_id)

    assert (new, known, first) == (True, False, again)
    assert Customer.objects.get(pk=first).name == "Contoso Limited"
    assert told(first) == [
        ("customer.create", "Contoso Ltd"),
        ("customer.update", "Contoso Ltd is now Contoso Limited"),
    ]


def test_another_resellers_customer_is_neither_found_nor_renamed() -> None:
    of = tenancy(reseller=True)
    external_id = f"c-{number()}"
    customer_id, _ = add(of, "Contoso", external_id)
    with pytest.raises(Conflicting, match="cannot be used here"):
        add(sibling(of), "Mine now", external_id)
    assert Customer.objects.get(pk=customer_id).name == "Contoso"


@pytest.mark.parametrize(
    ("name", "external_id", "field"),
    [
        ("", "c-1", "customer_name"),
        ("x" * 301, "c-1", "customer_name"),
        ("a\x00b", "c-1", "customer_name"),
        ("Contoso", " ", "customer_id"),
        ("Contoso", "x" * 101, "customer_id"),
        ("Contoso", "\x00", "customer_id"),
    ],
)
def test_what_cannot_be_kept_names_its_field(name: str, external_id: str, field: str) -> None:
    of = tenancy()
    with pytest.raises(InvalidInput) as refused:
        add(of, name, external_id)
    assert [error.field for error in refused.value.errors] == [field]
    assert not Customer.objects.filter(tenant_id=of.tenant_id).exists()
