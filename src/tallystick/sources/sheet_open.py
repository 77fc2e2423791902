"""Open a file of rows as text that is read bit by bit: CSV, a zip with one CSV in it, or gzip.

A gzip file may consist of several, one after the other: so Microsoft writes large ones.
"""

from __future__ import annotations

import codecs
import gzip
import io
import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tallystick.sources.csv_errors import ImportRefused

MOST_BYTES = 200 * 1024 * 1024
ZIP = b"PK\x03\x04"
GZIP = b"\x1f\x8b"
Sheet = Path | IO[bytes]


class _Counted(io.RawIOBase):
    """Bytes of a file, up to a limit: a small zip may hold more than a disk."""

    def __init__(self, inner: IO[bytes] | gzip.GzipFile, begun: bytes) -> None:
        super().__init__()
        self._inner, self._begun, self._read = inner, begun, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # typeshed's wider buffer
        part = self._begun[: len(buffer)] or self._inner.read(len(buffer))
        self._begun = self._begun[len(part) :]
        self._read += len(part)
        if self._read > MOST_BYTES:
            raise ImportRefused.whole(f"is larger than {MOST_BYTES // 1024 // 1024} MB: split it")
        buffer[: len(part)] = part
        return len(part)


@contextmanager
def open_sheet(source: Sheet) -> Iterator[io.TextIOWrapper]:
    """Its text in UTF-8, without a BOM. Raises ImportRefused, also while it is read."""
    try:
        if isinstance(source, Path):
            with source.open("rb") as file, _text_of(file) as text:
                yield text
        else:
            with _text_of(source) as text:
                yield text
    except (zipfile.BadZipFile, NotImplementedError):
        raise ImportRefused.whole("is a zip file that is damaged") from None
    except (gzip.BadGzipFile, zlib.error, EOFError):
        raise ImportRefused.whole("is a zip or gzip file that is damaged") from None
    except UnicodeDecodeError:
        raise ImportRefused.whole("is not in UTF-8: save it as “CSV UTF-8”") from None
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise ImportRefused.whole(f"cannot be read: {why}") from None


@contextmanager
def _text_of(file: IO[bytes]) -> Iterator[io.TextIOWrapper]:
    begun = file.read(len(ZIP))
    if begun == ZIP:
        file.seek(0)
        with zipfile.ZipFile(file) as archive, archive.open(_only_csv(archive)) as member:
            yield _decoded(member, b"")
    elif begun.startswith(GZIP):
        file.seek(0)
        with gzip.GzipFile(fileobj=file, mode="rb") as unpacked:
            yield _decoded(unpacked, b"")
    else:
        yield _decoded(file, begun)


def _only_csv(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = [one for one in archive.infolist() if one.filename.lower().endswith(".csv")]
    if len(members) != 1:
        raise ImportRefused.whole(f"is a zip file with {len(members)} CSV files in it, not one")
    if members[0].flag_bits & 1:
        raise ImportRefused.whole("is a zip file with a password: unpack it first")
    return members[0]


def _decoded(file: IO[bytes] | gzip.GzipFile, begun: bytes) -> io.TextIOWrapper:
    if begun.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ImportRefused.whole("is in UTF-16: save it as “CSV UTF-8”")
    counted = io.BufferedReader(_Counted(file, begun), buffer_size=1 << 16)
    return io.TextIOWrapper(counted, encoding="utf-8-sig", newline="")
