from __future__ import annotations

from collections.abc import Iterator

import pytest

from .tenants import Tenant, running_tenant


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    """One monthly contract for 2026 with one line of 10 units; the clock stands at 1 May, noon."""
    with running_tenant() as made:
        yield made
