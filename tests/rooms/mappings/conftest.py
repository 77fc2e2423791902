"""Many askers, and what they ask about."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crowd import Crowd, crowd
from desk import desk
from ground import Ground


@pytest.fixture
def all_at_once(db: None) -> Iterator[Crowd]:
    with crowd() as made:
        yield made


@pytest.fixture
def ground(db: None) -> Iterator[Ground]:
    with desk() as here:
        yield Ground(here)
