"""A file that is sent: as the body itself, or as the field ``file`` of a form. Read bit by bit.

It is kept in memory while it is small and on disk when it is not, and never held as a text.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final

from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError

from tallystick.api.strict_json import Malformed
from tallystick.kit.problem import InvalidInput

# These take a file where others take JSON.
TAKES_A_FILE: Final = frozenset(
    {
        *("import-prices", "import-azure-costs", "import-operations", "import-snapshot"),
        "import-vendor-invoice",
    }
)
MOST_BYTES: Final = 50 * 1024 * 1024
IN_MEMORY: Final = 1024 * 1024
_FORM: Final = "multipart/form-data"
_PLAIN: Final = frozenset(
    {
        "text/csv",
        "application/csv",
        "application/zip",
        "application/gzip",
        "application/octet-stream",
    }
)
# Of a list that may be JSON, too.
_JSON: Final = frozenset({"application/json", "application/x-ndjson"})
TAKES_JSON: Final = frozenset({"import-snapshot"})
_KEPT: Final = "tallystick.upload"


@dataclass(frozen=True, slots=True)
class Upload:
    """``digest`` tells one content from another; ``name`` is the sender's, or empty."""

    name: str
    file: IO[bytes]
    digest: bytes


def takes_a_file(request: HttpRequest) -> bool:
    return _name_of(request) in TAKES_A_FILE


def _name_of(request: HttpRequest) -> str | None:
    return request.resolver_match.url_name if request.resolver_match else None


def read_upload(request: HttpRequest) -> Upload:
    """Once, before anything else is done. Raises InvalidInput, Malformed."""
    kind = (request.content_type or "").lower()
    if kind == _FORM:
        name, parts = _of_form(request)
    elif kind in _PLAIN or (kind in _JSON and _name_of(request) in TAKES_JSON):
        name, parts = "", iter(lambda: request.read(1 << 16), b"")
    else:
        raise InvalidInput.one(
            "Content-Type", "must be text/csv, application/zip or multipart/form-data"
        )
    digest = hashlib.sha256()
    file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed with the request
    size = 0
    for part in parts:
        size += len(part)
        if size > MOST_BYTES:
            raise InvalidInput.one("file", f"is larger than {MOST_BYTES // 1024 // 1024} MB")
        digest.update(part)
        file.write(part)
    file.seek(0)
    upload = Upload(name, file, digest.digest())
    request.META[_KEPT] = upload
    return upload


def uploaded(request: HttpRequest) -> Upload:
    """In a view: the door has read it."""
    found = request.META[_KEPT]
    assert isinstance(found, Upload)  # noqa: S101 - for the type checker; read_upload put it there
    return found


def _of_form(request: HttpRequest) -> tuple[str, Iterator[bytes]]:
    try:
        files = request.FILES
    except MultiPartParserError as error:
        raise Malformed(f"The form cannot be read: {str(error)[:200]}") from None
    found = files.get("file")
    if found is None or len(files) != 1:
        raise InvalidInput.one("file", "must be the one file of the form")
    return found.name or "", iter(found.chunks())
