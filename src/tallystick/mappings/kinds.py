"""The kinds of our nouns that are mapped."""

from __future__ import annotations

from enum import StrEnum


class Ours(StrEnum):
    CUSTOMER = "customer"
    OFFER = "offer"
    SUBSCRIPTION = "subscription"
