"""Whether the API user may do what a request asks, where a tenant's recording says something."""

from __future__ import annotations

from tallystick.simulator import errors
from tallystick.simulator.errors import Refusal
from tallystick.simulator.fields import Entity
from tallystick.simulator.routes import Resource

_ACT_OF_VERB = {
    "GET": "query",
    "POST": "create",
    "PATCH": "update",
    "PUT": "update",
    "DELETE": "delete",
}


def check_right(entity: Entity, resource: Resource, method: str) -> None:
    """Metadata is told whatever the rights are. Raises Refusal."""
    match resource:
        case Resource.QUERY | Resource.NEXT_PAGE | Resource.COUNT:
            act = "query"
        case Resource.ITEM | Resource.COLLECTION:
            act = _ACT_OF_VERB[method]
        case _:
            return
    if act in entity.denied:
        raise Refusal(errors.NO_RIGHT.format(act=act))
