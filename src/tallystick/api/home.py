"""Home: do I need to do anything, and may I post?"""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Query, Router, Status

from tallystick.api.auth import READ, SYNC, caller
from tallystick.api.queries import answers, no_other
from tallystick.api.schemas_home import HomeOut, HomeQuery
from tallystick.bootstrap.desk import desk
from tallystick.bootstrap.home import home as look_at_home
from tallystick.sync.look_now import look_now

router = Router(tags=["Home"])


@router.get("/home", auth=READ, response=answers(200, HomeOut), summary="What stands now")
def home(request: HttpRequest, asked: Query[HomeQuery]) -> HomeOut:
    """``up_to``: the last of the month when it is left out, in its first half of the last month."""
    no_other(request, HomeQuery)
    who = caller(request)
    return HomeOut.of(look_at_home(who.context, up_to=asked.up_to, now=who.now))


@router.post(
    "/connections/{int:connection_id}/look",
    auth=SYNC,
    response=answers(202, None),
    summary="Look at every line now",
)
def look(request: HttpRequest, connection_id: int) -> Status[None]:
    """In the background; nothing is sent. 409 while the connection is paused."""
    who = caller(request)
    look_now(
        connection_id,
        context=who.context,
        now=who.now,
        start=desk().look,
        correlation_id=who.correlation_id,
    )
    return Status(202, None)
