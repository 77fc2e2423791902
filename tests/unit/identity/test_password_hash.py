"""What a password is kept as. Other tests hash with next to no work (``quick_hash``)."""

from __future__ import annotations

from django.conf import settings
from django.utils.module_loading import import_string

from tallystick import settings as of_the_product


def test_the_products_hash_is_argon2id_and_costs_what_it_should() -> None:
    (path,) = of_the_product.PASSWORD_HASHERS
    hasher = import_string(path)()
    stored = hasher.encode("a long and quiet evening", hasher.salt())
    kept = hasher.decode(stored)
    assert kept["variety"] == "argon2id"
    assert kept["memory_cost"] >= 64 * 1024, "kibibytes"
    assert kept["time_cost"] >= 2
    assert hasher.verify("a long and quiet evening", stored)
    assert not hasher.verify("a long and quiet morning", stored)
    assert settings.PASSWORD_HASHERS != of_the_product.PASSWORD_HASHERS
