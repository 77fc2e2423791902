"""What the tests of this room are given."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from lane_bench import Bench, as_application, as_owner, new_bench


@pytest.fixture
def bench(db: None) -> Bench:
    """A lane of a tenant of its own; its first sync waits."""
    return new_bench()


@pytest.fixture
def owner(db: None) -> Iterator[psycopg.Connection[Any]]:
    """Raw SQL with every right; rolled back."""
    with as_owner() as session:
        yield session


@pytest.fixture
def application(db: None) -> Iterator[psycopg.Connection[Any]]:
    """Raw SQL with the application's rights; rolled back."""
    with as_application() as session:
        yield session
