"""The command ``tallystick simulator``: run a stand-in in the foreground until told to stop."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
from pathlib import Path

from tallystick.simulator.knobs import KnobError, Knobs
from tallystick.simulator.machine import DEFAULT_CODE, DEFAULT_SECRET, DEFAULT_USER, Options
from tallystick.simulator.read_recording import RecordingError, read_recording_file
from tallystick.simulator.running import build, serve

_DONE = 0
_CANNOT_START = 1
_WRONG_USE = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--port", type=int, default=4010, help="0 takes a free port")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--user", default=DEFAULT_USER, help="user name of the API user")
    parser.add_argument("--secret", default=DEFAULT_SECRET, help="secret of the API user")
    parser.add_argument("--code", default=DEFAULT_CODE, help="integration code")
    parser.add_argument("--companies", type=int, default=0, help="made-up customers at the start")
    parser.add_argument(
        "--knob",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="set a behaviour; may be given several times (see the simulator's manual)",
    )
    parser.add_argument(
        "--metadata",
        type=Path,
        metavar="FILE",
        help="a tenant's metadata, recorded by tallystick doctor, in place of the built-in one",
    )
    parser.add_argument(
        "--open-control",
        action="store_true",
        help="let other machines use the pages and the control routes too",
    )


def run(args: argparse.Namespace) -> int:
    """Run until SIGINT or SIGTERM; answers the exit code."""
    try:
        knobs = _read_knobs(args.knob)
        Knobs(knobs)
        recording = None if args.metadata is None else read_recording_file(args.metadata)
    except (KnobError, RecordingError) as why:
        print(f"simulator: {why}", file=sys.stderr)
        return _WRONG_USE
    options = Options(
        user=args.user,
        secret=args.secret,
        code=args.code,
        companies=args.companies,
        knobs=knobs,
        open_control=args.open_control,
        recording=recording,
    )
    try:
        asyncio.run(_run(options, args.host, args.port))
    except OSError as why:
        print(f"simulator: cannot listen on {args.host}:{args.port}: {why}", file=sys.stderr)
        return _CANNOT_START
    return _DONE


def _read_knobs(given: list[str]) -> dict[str, str]:
    knobs = {}
    for item in given:
        name, mark, value = item.partition("=")
        if not mark:
            raise KnobError(f"a knob is given as name=value, not {item!r}")
        knobs[name.strip()] = value.strip()
    return knobs


async def _run(options: Options, host: str, port: int) -> None:
    _, app = build(options)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # not on every platform
            loop.add_signal_handler(number, stop.set)

    def ready(real_port: int) -> None:
        print(_greeting(options, f"http://{host}:{real_port}"), flush=True)

    await serve(app, host=host, port=port, ready=ready, stop=stop)


def _greeting(options: Options, origin: str) -> str:
    lines = [
        "Autotask simulator",
        f"  API       {origin}/ATServicesRest/V1.0/",
        f"  Zone      {origin}/ATServicesRest/V1.0/zoneInformation",
        f"  Pages     {origin}/simulator/",
        f"  User      {options.user}",
        f"  Secret    {options.secret}",
        f"  Code      {options.code}",
    ]
    if options.recording is not None:
        made = options.recording
        lines.append(f"  Metadata  recorded on {made.recorded_on} by {made.recorded_by}")
    return "\n".join([*lines, "Stop with Ctrl+C.", f"READY {origin}"])
