"""What each fault does to a request and its answer."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Iterator
from typing import Any

from tallystick.simulator import errors
from tallystick.simulator.api import Call
from tallystick.simulator.faults import Fault
from tallystick.simulator.jsontext import read, write_bytes
from tallystick.simulator.machine import Late, Machine
from tallystick.simulator.messages import (
    HTML,
    Answer,
    Ending,
    framework_error,
    refused,
)
from tallystick.simulator.requestlog import Entry

CarryOut = Callable[[], Answer]
_MEGABYTE = 1024 * 1024
_CHUNK = b" " * 65536


def strike(machine: Machine, call: Call, fault: Fault, entry: Entry, carry_out: CarryOut) -> Answer:
    """The answer to a request a fault struck; the request is carried out if the fault says so."""
    if fault.kind == "apply_late":
        _keep_for_later(machine, fault, entry, carry_out)
        return Answer(ending=Ending.CLOSED)
    if fault.kind == "zone_move":
        machine.knobs.set_many({"zone": machine.knobs["zone"] + 1})
        return Answer(status=401)
    real = carry_out() if fault.applied else None
    return spoil(machine, call, fault, real)


def _keep_for_later(machine: Machine, fault: Fault, entry: Entry, carry_out: CarryOut) -> None:
    due = None if fault.seconds is None else machine.clock.seconds() + fault.seconds

    def later() -> None:
        answer = carry_out()
        entry.applied_late = True
        entry.answer = machine.log.excerpt(answer.body, entry.path)

    machine.late.append(Late(due=due, carry_out=later))


def spoil(machine: Machine, call: Call, fault: Fault, real: Answer | None) -> Answer:  # noqa: PLR0912 - one case a fault
    """What comes back. ``real`` is the true answer, ``None`` when nothing was carried out."""
    match fault.kind:
        case "lose_answer":
            return _cut(real, Ending.RESET)
        case "lose_before":
            return _cut(real, Ending.RESET)
        case "refuse":
            return refused([fault.message], fault.status or 500)
        case "html_502":
            status = fault.status or 502
            return Answer(status=status, body=_page(f"{status} Bad Gateway"), content_type=HTML)
        case "html_200":
            return Answer(body=_page("Scheduled maintenance"), content_type=HTML)
        case "empty_200":
            return Answer()
        case "not_json":
            return Answer(body=b'{"itemId": ')
        case "error_500_no_errors":
            return framework_error(errors.INTERNAL, 500)
        case "forbidden":
            return refused([errors.NO_PERMISSION], fault.status or 403)
        case "throttle":
            return _throttled(machine, fault)
        case "truncate":
            answer = real or Answer(body=b'{"itemId":null}')
            answer.ending = Ending.TRUNCATED
            return answer
        case "hang":
            return real if real is not None else Answer(ending=Ending.CLOSED)
        case "slow":
            return real if real is not None else Answer(ending=Ending.CLOSED)
        case "huge_body":
            return Answer(chunks=_spaces(fault.megabytes))
        case "gzip_bomb":
            return _bomb(fault.megabytes)
        case "redirect":
            return Answer(status=fault.status or 302, headers=[("Location", fault.location)])
        case _:
            return _spoiled_page(call, fault, real or Answer(status=500))


def _cut(real: Answer | None, ending: Ending) -> Answer:
    answer = real or Answer(status=0)
    answer.ending = ending
    return answer


def _page(title: str) -> bytes:
    return (
        f"<html><head><title>{title}</title></head>"
        f"<body><center><h1>{title}</h1></center></body></html>"
    ).encode("ascii")


def _throttled(machine: Machine, fault: Fault) -> Answer:
    text = errors.THREADS.format(limit=machine.knobs["thread_limit"])
    answer = refused([text], fault.status or 429)
    seconds = fault.seconds if fault.seconds is not None else machine.knobs["retry_after"]
    if seconds is not None:
        answer.headers.append(("Retry-After", f"{seconds:g}"))
    return answer


def _spaces(megabytes: float) -> Iterator[bytes]:
    """A JSON text that is mostly blanks: valid, and far too long."""
    yield b'{"items":['
    for _ in range(int(megabytes * _MEGABYTE / len(_CHUNK))):
        yield _CHUNK
    yield b"]}"


def _bomb(megabytes: float) -> Answer:
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=9, mtime=0) as file:
        for chunk in _spaces(megabytes):
            file.write(chunk)
    return Answer(body=packed.getvalue(), headers=[("Content-Encoding", "gzip")])


def _spoiled_page(call: Call, fault: Fault, real: Answer) -> Answer:
    """A page of a query with something wrong in it; other answers stay as they are."""
    if real.status != 200:  # noqa: PLR2004 - the HTTP status by its number
        return real
    data: Any = read(real.body)
    details = data.get("pageDetails") if isinstance(data, dict) else None
    if details is None:
        return real
    match fault.kind:
        case "page_loop":
            details["nextPageUrl"] = call.origin + call.request.target
        case "foreign_next_page":
            details["nextPageUrl"] = f"{fault.location.rstrip('/')}/{_entity_name(call)}/query/next"
        case "drop_row":
            data["items"] = data["items"][:-1]
        case "empty_items":
            data["items"] = []
            details["count"], details["nextPageUrl"] = 0, None
    if fault.silent:
        details["count"] = len(data["items"])
    real.body = write_bytes(data)
    return real


def _entity_name(call: Call) -> str:
    return call.route.entity.name if call.route.entity is not None else ""
