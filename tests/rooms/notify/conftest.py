"""A tenancy whose messages go to real receivers on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from told import Desk

from factories import tenancy
from receivers import hook, mail_box


@pytest.fixture
def here(db: None) -> Iterator[Desk]:
    with mail_box() as box, hook() as receiver:
        yield Desk(tenancy(), box, receiver)
