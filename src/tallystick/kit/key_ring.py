"""The server's keys: several, newest first. The first one seals, all of them open.

They come from a variable, and then stay what they are while the process runs, or from a file with
one key a line. The file is looked at whenever a key is wanted, so every process of a machine
follows a rotation at once, without a restart: a value sealed with a key that was made a moment ago
opens, and nothing is sealed any more with a key that has been replaced.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tallystick.kit.log import logger
from tallystick.kit.secrets import (
    CannotOpen,
    SealingKey,
    Secret,
    WrongKey,
    key_from_text,
    new_key,
)

log = logger("keys")

_PRIVATE = 0o600


class KeyRing:
    """Keys that stay what they are. ``source`` says in words where they come from."""

    def __init__(self, keys: Sequence[SealingKey], *, source: str) -> None:
        """Raises WrongKey when there is none, or one is there twice."""
        self._keys = _checked(keys)
        self.source = source

    @classmethod
    def from_variable(cls, name: str, text: str) -> KeyRing:
        """Several are separated by commas. Raises WrongKey naming the variable."""
        try:
            return cls(_parsed(text.split(","), "key"), source=name)
        except WrongKey as error:
            raise WrongKey(f"{name}: {error}") from None

    def all(self) -> Sequence[SealingKey]:
        """Newest first; never empty."""
        return self._keys

    def first(self) -> SealingKey:
        """The one that seals."""
        return self.all()[0]

    def open(self, sealed: bytes, *, key_id: str, place: str) -> Secret:
        """Open what was sealed with the key of that id. Raises CannotOpen."""
        for key in self.all():
            if key.key_id == key_id:
                return key.open(sealed, place=place)
        raise CannotOpen(
            f"A stored secret is sealed with the key {key_id}, which this server does not have. "
            f"Nothing was changed. Put that key back ({self.source}), or enter the credentials "
            "again."
        )

    def signing(self) -> list[str]:
        """What sessions are signed with; after it, what they may have been signed with before."""
        return ["django:" + key.key.hex() for key in self.all()]


@dataclass(frozen=True, slots=True)
class _Read:
    """What the file held, and by what it is seen that it holds something else now."""

    keys: tuple[SealingKey, ...]
    seen: tuple[int, ...]


class KeyFile(KeyRing):
    """Keys in a file, one a line. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        """Makes the file with one key when it is not there. Raises WrongKey naming the file."""
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileExistsError):
                _write_new(path, [new_key()])
        self.path = path
        self._read = self._look()
        super().__init__(self._read.keys, source=str(path))

    def all(self) -> Sequence[SealingKey]:
        """As the file has them now. When it cannot be read: as it had them last."""
        try:
            if _seen(self.path) != self._read.seen:
                self._read = self._look()
        except (OSError, WrongKey) as error:
            log.warning("the key file cannot be read; the keys read last count", why=str(error))
        return self._read.keys

    def write(self, keys: Sequence[SealingKey]) -> None:
        """Put these in its place, in one step: whoever reads finds the old ones or the new ones.

        Mode 0600, and the owner it had. Raises OSError; then the file is as it was.
        """
        target = self.path.resolve()  # a link stays a link
        aside = target.with_name(target.name + ".new")
        aside.unlink(missing_ok=True)  # of a process that was killed here
        try:
            _write_new(aside, _checked(keys), owner=target.stat())
            aside.replace(target)
        finally:
            aside.unlink(missing_ok=True)
        _keep_name(target.parent)

    def _look(self) -> _Read:
        seen = _seen(self.path)  # first: what is written between the two is seen the next time
        try:
            lines = [line for line in self.path.read_text().splitlines() if line.strip()]
            return _Read(_checked(_parsed(lines, "line")), seen)
        except (WrongKey, UnicodeDecodeError) as error:
            what = error if isinstance(error, WrongKey) else "is not text"
            raise WrongKey(f"{self.path}: {what}") from None


def _parsed(texts: Sequence[str], what: str) -> list[SealingKey]:
    found = []
    for number, text in enumerate(texts, start=1):
        try:
            found.append(key_from_text(text))
        except WrongKey as error:
            where = f"{what} {number} of {len(texts)} " if len(texts) > 1 else ""
            raise WrongKey(f"{where}{error}") from None
    return found


def _checked(keys: Sequence[SealingKey]) -> tuple[SealingKey, ...]:
    if not keys:
        raise WrongKey("has no key in it")
    ids = [key.key_id for key in keys]
    for key_id in ids:
        if ids.count(key_id) > 1:
            raise WrongKey(f"has the key {key_id} twice")
    return tuple(keys)


def _seen(path: Path) -> tuple[int, ...]:
    found = path.stat()
    return found.st_ino, found.st_ctime_ns, found.st_size


def _write_new(
    path: Path, keys: Sequence[SealingKey], *, owner: os.stat_result | None = None
) -> None:
    """Raises FileExistsError. On the disk when this returns, readable by its owner only."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    with os.fdopen(handle, "w") as file:
        if owner is not None:
            os.fchown(handle, owner.st_uid, owner.st_gid)
        file.write("".join(f"{key.text()}\n" for key in keys))
        file.flush()
        os.fsync(handle)


def _keep_name(folder: Path) -> None:
    """A rename is on the disk when its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
