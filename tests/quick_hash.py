"""Passwords of tests: Argon2id as in the product, with next to no work.

Hundreds of tests make a person, and the product's hash costs a fifth of a second of a processor by
design. What the product itself is set to is looked at in ``rooms/identity/test_members.py``; the
commands and the browser's tests run it.
"""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher


class QuickArgon2(Argon2PasswordHasher):
    time_cost = 1
    memory_cost = 8
    parallelism = 1
