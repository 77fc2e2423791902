"""What to set up in Autotask before connecting, right by right."""

from __future__ import annotations

from django.http import HttpResponse

from tallystick.web.visit import Visit, screen

# What we touch there, what for, and nothing more.
RIGHTS = (
    ("Companies", "View", "to find the company a customer is"),
    ("Services", "View", "to find the service an offer is billed as"),
    (
        "Contracts",
        "View; edit only to extend them",
        "to see that a contract is active, whose it is and until when; to set a later last day "
        "when you ask",
    ),
    (
        "Contract services",
        "View, add; edit only to write friendly names",
        "to find the line that bills a subscription, and to add a line of its own when you ask; to "
        "write its invoice description when the connection is told to",
    ),
    (
        "Contract service units",
        "View",
        "to read what a line bills, before and after each change: the proof",
    ),
    ("Contract service adjustments", "Add", "to change units, price and cost of a line"),
    (
        "Contract charges",
        "View, add, edit",
        "to bill the Azure amounts of a month, and what a price comes to before it can be billed",
    ),
    ("Billing codes", "View", "to find what charges are booked under"),
    ("Currencies", "View", "to compare the connection's currencies with Autotask's"),
)


@screen("GET")
def connector_guide(visit: Visit) -> HttpResponse:
    return visit.render("web/connectors/guide.html", rail="connectors", rights=RIGHTS)
