"""One to one holds when twenty map customers and offers at the same moment."""

from __future__ import annotations

from collections.abc import Callable

from crowd import CROWD, Act, Crowd, by_api, by_verb, refusals, winners
from ground import ROUNDS, Ground, excludes, in_turn, is_excluded
from tallystick.audit.events import Event
from tallystick.kit.ids import correlation_id
from tallystick.kit.problem import Conflicting, NotFound
from tallystick.mappings.choose import choose_company, choose_service
from tallystick.mappings.kinds import Ours
from tallystick.mappings.map_names import unmap_customer
from tallystick.mappings.models import (
    CustomerMapping,
    OfferMapping,
    SubscriptionMapping,
)


def test_one_service_and_many_offers(ground: Ground, all_at_once: Crowd) -> None:
    here = ground.here
    for round_ in range(ROUNDS):
        service = here.refs[f"s{round_}"]
        offers = [ground.of.offer(f"Offer {n}") for n in range(CROWD)]
        for offer in offers:
            ground.of.subscription(customer_id=ground.customer, offer_id=offer)
        said = all_at_once.do(
            [
                by_api(
                    ground.token,
                    "PUT",
                    f"/connections/{here.connection_id}/offer-mappings/{offer}",
                    {"service_id": service},
                )
                if number % 2
                else by_verb(_service(ground, offer, service))
                for number, offer in enumerate(offers)
            ]
        )
        assert winners(said) == 1
        assert refusals(said) == {
            f"Service {round_} is mapped to another offer already: one service, one offer. "
            "Nothing was changed."
        }
        assert OfferMapping.objects.filter(service_id=service, offer_id__in=offers).count() == 1
        made = ground.audited(Event.CREATE_OFFER_MAPPING, details__service_id=service)
        assert made == 1


def test_one_company_and_many_customers(ground: Ground, all_at_once: Crowd) -> None:
    for round_ in range(ROUNDS):
        company = ground.here.refs[f"c{round_}"]
        customers = [ground.of.customer() for _ in range(CROWD)]
        said = all_at_once.do(
            [
                _put_company(ground, customer, company)
                if number % 2
                else by_verb(_company(ground, customer, company))
                for number, customer in enumerate(customers)
            ]
        )
        assert winners(said) == 1
        assert refusals(said) == {
            f"Company {round_} is mapped to another customer already: one to one. "
            "Nothing was changed."
        }
        assert CustomerMapping.objects.filter(customer_id__in=customers).count() == 1
        assert ground.audited(Event.CREATE_CUSTOMER_MAPPING, customer_id__in=customers) == 1


def test_one_customer_and_many_companies(ground: Ground, all_at_once: Crowd) -> None:
    for _ in range(ROUNDS):
        customer = ground.of.customer()
        # Those of earlier rounds are taken: a refusal, too.
        companies = [ground.here.refs[f"c{number}"] for number in range(CROWD)]
        said = all_at_once.do(
            [
                _put_company(ground, customer, company)
                if number % 2
                else by_verb(_company(ground, customer, company))
                for number, company in enumerate(companies)
            ]
        )
        assert winners(said) == 1
        assert CustomerMapping.objects.filter(customer_id=customer).count() == 1
        assert ground.audited(Event.CREATE_CUSTOMER_MAPPING, customer_id=customer) == 1


def test_mapping_a_subscription_and_unmapping_its_customer(
    ground: Ground, all_at_once: Crowd
) -> None:
    """Never is one mapped whose customer is not."""
    here = ground.here
    at = f"/connections/{here.connection_id}/customer-mappings"
    for round_ in range(ROUNDS):
        ground.customer = ground.of.customer()
        company = here.refs["c"]
        CustomerMapping.objects.filter(connection_id=here.connection_id, company_id=company).update(
            company_id=-ground.customer
        )
        choose_company(ground.customer, here.connection_id, company, by=ground.by())
        subscription = ground.subscription()

        said = all_at_once.do(
            in_turn(
                ground.maps(subscription, here.connection_id, f"k{round_}"),
                by_verb(_unmap(ground, ground.customer)),
                ground.puts(subscription, here.connection_id, f"k{round_}"),
                by_api(ground.token, "DELETE", f"{at}/{ground.customer}", also=[404]),
            )
        )
        assert winners(said) == 1
        mapped = SubscriptionMapping.objects.filter(subscription_id=subscription).exists()
        named = CustomerMapping.objects.filter(customer_id=ground.customer).exists()
        assert mapped == named
        made = ground.audited(Event.CREATE_SUBSCRIPTION_MAPPING, subscription_id=subscription)
        gone = ground.audited(Event.DELETE_CUSTOMER_MAPPING, customer_id=ground.customer)
        assert (made, gone) == ((1, 0) if mapped else (0, 1))


def test_mapping_and_excluding_a_customer(ground: Ground, all_at_once: Crowd) -> None:
    """Excluded first, the mapping ends it; mapped first, the exclusion is refused."""
    here = ground.here
    at = f"/connections/{here.connection_id}/customer-mappings"
    for round_ in range(ROUNDS):
        customer, company = ground.of.customer(), here.refs[f"c{round_}"]
        said = all_at_once.do(
            in_turn(
                by_verb(_company(ground, customer, company)),
                by_verb(excludes(ground, Ours.CUSTOMER, customer)),
                _put_company(ground, customer, company),
                by_api(ground.token, "PUT", f"{at}/{customer}/exclusion", {"reason": "ours"}),
            )
        )
        assert CustomerMapping.objects.filter(customer_id=customer).count() == 1
        assert not is_excluded(ground, Ours.CUSTOMER, customer)
        made = ground.audited(Event.CREATE_CUSTOMER_MAPPING, customer_id=customer)
        left_out = ground.audited(Event.EXCLUDE_FROM_MAPPING, customer_id=customer)
        assert made == 1
        assert winners(said) == made + left_out <= 2


def _service(ground: Ground, offer: int, service: int) -> Callable[[], object]:
    return lambda: choose_service(offer, ground.here.connection_id, service, by=ground.by())


def _company(ground: Ground, customer: int, company: int) -> Callable[[], object]:
    return lambda: choose_company(customer, ground.here.connection_id, company, by=ground.by())


def _put_company(ground: Ground, customer: int, company: int) -> Act:
    at = f"/connections/{ground.here.connection_id}/customer-mappings/{customer}"
    return by_api(ground.token, "PUT", at, {"company_id": company})


def _unmap(ground: Ground, customer: int) -> Callable[[], object]:
    def unmap() -> None:
        try:
            unmap_customer(
                customer,
                ground.here.connection_id,
                context=ground.of.context,
                now=ground.of.clock.now(),
                correlation_id=correlation_id(),
            )
        except NotFound as gone:  # somebody else has unmapped it
            raise Conflicting(str(gone)) from gone

    return unmap
