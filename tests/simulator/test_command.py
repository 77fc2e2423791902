"""The command, as a program of its own."""

from __future__ import annotations

import argparse
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tallystick.bootstrap.stage import simulator_arguments
from tallystick.simulator.command import add_arguments

from .recordings import like_ours, recording


@contextmanager
def started(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    command = [sys.executable, "-m", "tallystick.simulator", "--port", "0", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if line.startswith("READY "):
                break
        try:
            yield process, lines
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_is_and_stops_cleanly(number: signal.Signals) -> None:
    arguments = ("--companies", "2", "--user", "me", "--secret", "s", "--code", "c")
    with started(*arguments, "--knob", "same_day=add", "--knob", "zone=2") as (process, lines):
        origin = lines[-1].removeprefix("READY ")
        said = "\n".join(lines)
        assert all(word in said for word in ("me", "s", "c", f"{origin}/simulator/"))
        headers = {"UserName": "me", "Secret": "s", "ApiIntegrationCode": "c"}
        zone = httpx.get(f"{origin}/ATServicesRest/V1.0/zoneInformation", params={"user": "me"})
        answer = httpx.get(zone.json()["url"] + "V1.0/Companies/0", headers=headers)
        assert answer.status_code == 200
        state = httpx.get(origin + "/simulator/state").json()
        assert (state["records"]["Contracts"], state["knobs"]["same_day"]) == (2, "add")
        process.send_signal(number)
        _, errors = process.communicate(timeout=10)
        assert (process.returncode, errors) == (0, "")


def test_a_value_may_begin_with_a_dash_as_the_demo_passes_it() -> None:
    passed = simulator_arguments(4400, "me", "-rand0m", "--c", ["zone=2"])
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    read = parser.parse_args(passed[1:])
    assert (read.port, read.user, read.secret, read.code) == (4400, "me", "-rand0m", "--c")
    assert read.knob == ["zone=2"]


@pytest.mark.parametrize("knob", ["same_day", "same_day=sometimes", "nonsense=1"])
def test_a_wrong_knob_is_said(knob: str) -> None:
    command = [sys.executable, "-m", "tallystick.simulator", "--port", "0", "--knob", knob]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("simulator: ")


def test_a_recording_is_loaded_and_said(tmp_path: Path) -> None:
    file = tmp_path / "recorded.json"
    file.write_text(json.dumps(recording(Companies=like_ours("Companies"))))
    with started("--metadata", str(file)) as (_, lines):
        origin = lines[-1].removeprefix("READY ")
        assert "  Metadata  recorded on 2026-05-01 by Tallystick 0.0.1" in lines
        state = httpx.get(origin + "/simulator/state").json()
        assert state["metadata"]["entities"] == ["Companies"]


def test_a_wrong_recording_is_said(tmp_path: Path) -> None:
    file = tmp_path / "recorded.json"
    file.write_text(json.dumps({**recording(), "format_version": 9}))
    command = [sys.executable, "-m", "tallystick.simulator", "--port", "0", "--metadata", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(f"simulator: {file}: format_version 9 is of a newer Tallystick")


def test_a_taken_port_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "tallystick.simulator", "--port", port]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 1
    assert "cannot listen" in done.stderr


def test_it_stands_alone() -> None:
    """Nothing of the product, no web framework and no HTTP client is imported."""
    script = (
        "import sys, tallystick.simulator.command\n"
        "own = [m for m in sys.modules if m.startswith('tallystick.')]\n"
        "assert all(m.startswith('tallystick.simulator') for m in own), own\n"
        "assert not {'django', 'httpx', 'pydantic'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=20)
