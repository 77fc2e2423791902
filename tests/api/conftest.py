"""Callers of the API, each with a token of its own; answered with a web server's rights."""

from __future__ import annotations

import pytest
from api_calls import Api, api_of

from as_process import requests_as_the_web_server
from factories import tenancy
from tallystick.identity.roles import Role

__all__ = ["requests_as_the_web_server"]


@pytest.fixture
def api(db: None) -> Api:
    return api_of(tenancy())


@pytest.fixture
def viewer(api: Api) -> Api:
    return api_of(api.of, Role.VIEWER)


@pytest.fixture
def stranger(db: None) -> Api:
    """Another tenant's administrator."""
    return api_of(tenancy())
