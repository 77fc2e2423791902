"""Northwind Cloud, a reseller that does not exist: its customers and what they hold."""

from __future__ import annotations

from dataclasses import dataclass

from tallystick.catalog.terms import BillingCycle, OfferKind, Segment, Term

# name, product, sku, what the customer pays and what we pay per month
OFFERS = (
    ("Microsoft 365 Business Basic", "CFQ7TTC0LH18", "0001", "7.20", "5.76"),
    ("Microsoft 365 Business Standard", "CFQ7TTC0LDPB", "0001", "15.60", "12.48"),
    ("Microsoft 365 Business Premium", "CFQ7TTC0LCHC", "0002", "26.40", "21.12"),
    ("Microsoft 365 E3", "CFQ7TTC0LFLX", "0001", "43.20", "34.56"),
    ("Microsoft 365 E5", "CFQ7TTC0LFLZ", "0002", "68.40", "54.72"),
    ("Exchange Online (Plan 1)", "CFQ7TTC0LH16", "0001", "4.80", "3.84"),
    ("Microsoft Defender for Business", "CFQ7TTC0LGTQ", "0001", "3.60", "2.88"),
    ("Visio Plan 2", "CFQ7TTC0HD32", "0002", "18.00", "14.40"),
)
FACTS = (Segment.COMMERCIAL, Term.YEAR, BillingCycle.MONTHLY, OfferKind.NCE_LICENCE)

CUSTOMERS = (
    "Alder & Ash Architects",
    "Birchwood Dental Group",
    "Blue Harbour Shipping",
    "Brightwater Veterinary",
    "Cedar Logistics",
    "Copperfield Accountants",
    "Crescent Hotels",
    "Dogwood Legal",
    "Elm Street Books",
    "Fairview Estates",
    "Fir Engineering",
    "Ginkgo Foods",
    "Granite Insurance",
    "Greenfield Farms",
    "Harbour Light Theatre",
    "Hazel Clinic",
    "Ivy Interiors",
    "Juniper Travel",
    "Kestrel Aviation",
    "Lakeside Academy",
    "Linden Pharmacy",
    "Maple Construction",
    "Meridian Print",
    "Oak & Iron Works",
    "Orchard Bakery",
    "Pine Ridge Outdoor",
    "Quarry Stone Supplies",
    "Redwood Financial",
    "Silver Birch Care Homes",
    "Willow Design Studio",
)


@dataclass(frozen=True, slots=True)
class Holding:
    """One subscription of the demo: whose, which offer, how many."""

    customer: int
    offer: int
    quantity: int


# Two each: everybody has an office suite, and something beside it.
HOLDINGS = tuple(
    holding
    for number in range(len(CUSTOMERS))
    for holding in (
        Holding(number, (1, 2, 0, 3, 2, 4)[number % 6], 4 + (number * 7) % 43),
        Holding(number, (5, 6, 7)[number % 3], 2 + (number * 5) % 17),
    )
)
# The last few have been bought and not been mapped yet; their customers are new, too, and are
# called a little otherwise at Autotask.
NOT_MAPPED = 6
NEW_CUSTOMERS = {
    27: "Redwood Financial, LLC",
    28: "Silver Birch Care Homes Limited",
    29: "Willow Studio for Design",
}

# What happens today, by the number of the subscription: the new quantity is the old one and this.
CHANGES = {3: 2, 8: 5, 12: -1, 17: 3, 22: 1, 30: 4, 35: 2, 41: -2, 47: 6}
CANCELLED = 27
REFUSED = 14  # its contract is made inactive at Autotask; two changes wait
DRIFTED = 19  # somebody changed its units at Autotask by hand
