"""The key that credentials were sealed with is not here, or is another: nothing is lost by it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from checks import check_promises
from harness import Line, World, at
from tallystick.audit.models import AuditLog
from tallystick.connections.models import Connection
from tallystick.kit.key_ring import KeyRing
from tallystick.kit.secrets import new_key
from tallystick.sync.engine import Milestone

SEALED = ("secret_sealed", "code_sealed", "key_id")


def missing(world: World, settings: Any) -> None:
    settings.SEALING_KEYS = KeyRing([new_key()], source="TALLYSTICK_SECRET_KEY")


def wrong(world: World, settings: Any) -> None:
    """The key of that id is another one, as after an accident with the table."""
    settings.SEALING_KEYS = KeyRing([new_key()], source="TALLYSTICK_SECRET_KEY")
    here = settings.SEALING_KEYS.first().key_id
    Connection.objects.filter(pk=world.connection_id).update(key_id=here)


def stored(world: World) -> tuple[object, ...]:
    row = Connection.objects.filter(pk=world.connection_id).values_list(*SEALED).get()
    return tuple(bytes(one) if isinstance(one, memoryview) else one for one in row)


def held(world: World, line: Line, before: tuple[object, ...]) -> None:
    """Paused until a person resumes it, saying why; the stored secret is as it was."""
    row = world.connection()
    assert (row.paused_at is not None, row.resume_at) == (True, None)
    assert "stored secret" in row.paused_because
    assert "Nothing was sent" in row.paused_because
    assert "enter the credentials again" in row.paused_because.lower()
    assert "refused" not in row.paused_because, "Autotask was not asked"
    assert stored(world) == before
    assert (line.states()[-1], line.changes()) == ("pending", [])


@pytest.mark.parametrize("how", [missing, wrong])
def test_the_connection_is_paused_and_goes_on_when_the_key_is_back(
    world: World, settings: Any, how: Callable[[World, Any], None]
) -> None:
    line, ring = world.line(units=10), settings.SEALING_KEYS
    right = stored(world)[2]
    how(world, settings)
    before = stored(world)
    world.engine = world.another_worker()
    line.quantity(12)
    world.work()
    held(world, line, before)
    assert line.badge == "out_of_sync"
    assert line.cause == world.connection().paused_because

    settings.SEALING_KEYS = ring
    Connection.objects.filter(pk=world.connection_id).update(key_id=right)
    world.resume()
    world.work()
    assert (line.badge, line.changes()) == ("synced", [2])
    check_promises(line)


def test_sync_with_nothing_waiting_says_it_too(world: World, settings: Any) -> None:
    line = world.line(units=10)
    missing(world, settings)
    world.engine = world.another_worker()
    line.press_sync()
    line.drive()
    assert "this server does not have" in world.connection().paused_because
    assert "Nothing was sent" in world.connection().paused_because


def test_between_the_reading_and_the_sending(world: World, settings: Any) -> None:
    """Other credentials were stored in this very moment, by somebody with another key."""
    line = world.line(units=10)
    before = stored(world)

    def stored_elsewhere() -> None:
        Connection.objects.filter(pk=world.connection_id).update(key_id="feedf00d")
        world.engine.billing_for.turn_begins()  # type: ignore[attr-defined]  # of another lane

    world.engine = world.another_worker(reached=at(Milestone.OBSERVED, stored_elsewhere))
    line.quantity(12)
    world.work()
    held(world, line, (*before[:2], "feedf00d"))
    assert line.attempts() == []
    bugs = AuditLog.objects.filter(tenant_id=world.tenancy.tenant_id, event="engine.bug")
    assert not bugs.exists()
