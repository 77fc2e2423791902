"""From a request to what happens on the wire: access, limits, faults, then the API.

Order for an API request: the log, the address, access (zone, user, code, secret), the limits, a
fault, the latency, the work itself. Only zone information needs no access and knows no limits.
"""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Callable

from tallystick.simulator import errors
from tallystick.simulator.api import Call
from tallystick.simulator.errors import Refusal
from tallystick.simulator.faults import Fault
from tallystick.simulator.machine import Machine
from tallystick.simulator.messages import Answer, Request, Wait, framework_error, refused
from tallystick.simulator.requestlog import Entry
from tallystick.simulator.routes import Resource, Route, find_route
from tallystick.simulator.striking import strike
from tallystick.simulator.targets import target_of

Control = Callable[[Request], Answer]
_LOCAL_HOST = re.compile(r"^[A-Za-z0-9.\-\[\]:_]{1,255}$")


class App:
    """The application the HTTP server runs. ``control`` answers everything under /simulator."""

    def __init__(self, machine: Machine, control: Control) -> None:
        self._machine = machine
        self._control = control
        self.default_origin = ""

    def tick(self) -> None:
        self._machine.tick()

    def cut_early(self, request: Request) -> bool:
        """Whether a fault cuts this request after its head."""
        machine = self._machine
        if is_control(request.path) or not machine.faults.all():
            return False
        with machine.lock:
            fault = machine.faults.strike(request.method, request.path, early=True)
            if fault is None:
                return False
            entry = machine.log.begin(request, machine.clock.now())
            entry.fault, entry.fault_id, entry.ending = fault.kind, fault.id, "reset"
            return True

    def handle(self, request: Request) -> Answer | Wait:
        """Answer a request, perhaps after a wait. Never raises."""
        if is_control(request.path):
            return self._answer_control(request)
        machine = self._machine
        with machine.lock:
            machine.tick()
            entry = machine.log.begin(request, machine.clock.now())
            try:
                return self._handle_api(request, entry)
            except Exception:  # noqa: BLE001 - the server must go on; the trace is shown
                return self._broken(entry)

    def _answer_control(self, request: Request) -> Answer:
        try:
            return self._control(request)
        except Exception:  # noqa: BLE001 - as in handle
            traceback.print_exc(file=sys.stderr)
            return framework_error(errors.INTERNAL, 500)

    def _broken(self, entry: Entry) -> Answer:
        traceback.print_exc(file=sys.stderr)
        return self._log(entry, framework_error(errors.INTERNAL, 500))

    def _handle_api(self, request: Request, entry: Entry) -> Answer | Wait:
        machine = self._machine
        route = find_route(request.path)
        if route is None:
            uri = self._origin(request) + request.target
            return self._log(entry, framework_error(errors.NO_RESOURCE.format(uri=uri), 404))
        route = machine.api.catalogue.on(route)
        limits = machine.limits  # a reset makes new ones while requests are held
        call = Call(request=request, route=route, origin=self._origin(request), seq=entry.seq)
        needs_access = route.resource is not Resource.ZONE
        code = request.headers.get("apiintegrationcode", "")
        if needs_access:
            denied = self._denied(request, route)
            if denied is not None:
                return self._log(entry, denied)
            try:
                limits.enter(code, route.endpoint)
            except Refusal as refusal:
                return self._log(entry, self._refusal(refusal))
        target = target_of(machine.world, call)
        entry.contract_service_id = target.only_line
        fault = machine.faults.strike(
            request.method,
            request.path,
            line_ids=target.line_ids,
            contract_id=target.contract_id,
        )
        if fault is not None:
            entry.fault, entry.fault_id = fault.kind, fault.id

        def finish(answer: Answer) -> Answer:
            if needs_access:
                limits.leave(code, route.endpoint)
            return self._log(entry, answer)

        delay = limits.latency() if needs_access else 0.0
        if fault is not None and fault.kind == "slow":
            delay += fault.seconds or 0.0
        if delay > 0:
            return Wait(delay, lambda: self._locked(lambda: self._act(call, fault, entry, finish)))
        return self._act(call, fault, entry, finish)

    def _locked(self, act: Callable[[], Answer | Wait]) -> Answer | Wait:
        with self._machine.lock:
            return act()

    def _act(
        self, call: Call, fault: Fault | None, entry: Entry, finish: Callable[[Answer], Answer]
    ) -> Answer | Wait:
        def carry_out() -> Answer:
            return self._carry_out(call, entry)

        if fault is None:
            return finish(carry_out())
        if fault.kind == "hang":
            seconds = fault.seconds or 0.0

            def after() -> Answer:
                with self._machine.lock:
                    return finish(strike(self._machine, call, fault, entry, carry_out))

            return Wait(seconds, after)
        return finish(strike(self._machine, call, fault, entry, carry_out))

    def _carry_out(self, call: Call, entry: Entry) -> Answer:
        """Do what the request asks; refusals and faults of the simulator become answers."""
        method = call.request.method
        if method not in call.route.verbs:
            return framework_error(errors.NOT_ALLOWED.format(method=method), 405)
        try:
            answer = self._machine.api.answer(call)
        except Refusal as refusal:
            return self._refusal(refusal)
        except Exception:  # noqa: BLE001 - as in handle
            traceback.print_exc(file=sys.stderr)
            return framework_error(errors.INTERNAL, 500)
        if entry.contract_service_id is None and method != "GET":
            entry.contract_service_id = self._line_of_effect(call.seq)
        return answer

    def _line_of_effect(self, seq: int) -> int | None:
        effects = self._machine.world.effects
        if effects and effects[-1]["request_seq"] == seq:
            line_id: int | None = effects[-1]["contract_service_id"]
            return line_id
        return None

    def _log(self, entry: Entry, answer: Answer) -> Answer:
        entry.ending = answer.ending.value
        entry.status = answer.status if answer.ending.value in ("answered", "truncated") else None
        entry.answer = self._machine.log.excerpt(answer.body, entry.path)
        return answer

    # Access

    def _origin(self, request: Request) -> str:
        host = request.headers.get("host", "")
        return f"http://{host}" if _LOCAL_HOST.match(host) else self.default_origin

    def _denied(self, request: Request, route: Route) -> Answer | None:
        """The refusal for an old zone or wrong credentials, in the words of each case."""
        machine = self._machine
        options = machine.options
        headers = request.headers
        if route.zone != machine.knobs["zone"]:
            return self._unauthorised(401)
        if headers.get("username", "").lower() != options.user.lower():
            return refused([errors.ZONE_UNKNOWN]) if "username" in headers else self._unauthorised()
        if headers.get("apiintegrationcode") != options.code:
            return refused([errors.CODE_INVALID])
        if headers.get("secret") != options.secret:
            return self._unauthorised(machine.knobs["bad_credentials_status"])
        return None

    def _unauthorised(self, status: int = 401) -> Answer:
        if status != 401:  # noqa: PLR2004 - a public client claims 500 for bad credentials
            return refused([errors.ACCESS_DENIED], status)
        match self._machine.knobs["body_401"]:
            case "webapi":
                return framework_error(errors.ACCESS_DENIED, 401)
            case "errors":
                return refused([errors.ACCESS_DENIED], 401)
            case _:
                return Answer(status=401)

    def _refusal(self, refusal: Refusal) -> Answer:
        answer = refused(refusal.errors, refusal.status)
        seconds = self._machine.knobs["retry_after"]
        if refusal.status == 429 and seconds is not None:  # noqa: PLR2004 - the HTTP status by its number
            answer.headers.append(("Retry-After", str(seconds)))
        return answer


def is_control(path: str) -> bool:
    return path == "/" or path.lower() == "/simulator" or path.lower().startswith("/simulator/")
