"""No upload is kept beyond what a file of its page may have: the rest is not written anywhere.

A page whose files may be larger than others' is named here; it refuses what is too large, in words.
A form is read before it is known who sends it, so only a session that has signed in is believed.
"""

from __future__ import annotations

from typing import Final

from django.contrib.auth import SESSION_KEY
from django.core.files.uploadhandler import FileUploadHandler

from tallystick.sources.mapping_said import MOST_BYTES

MOST_OF_A_LIST: Final = 50 * 1024 * 1024
# By the name of their address: price lists and invoices of a vendor.
LARGER: Final = {"price-imports": MOST_OF_A_LIST, "invoices": MOST_OF_A_LIST}


class NoMore(FileUploadHandler):
    """The first handler: passes on the beginning, enough to see that it is too large."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        return raw_data if start <= self._most() else None

    def file_complete(self, file_size: int) -> None:  # noqa: ARG002 - Django's signature
        return None

    def _most(self) -> int:
        request = self.request
        if request is None or request.resolver_match is None or SESSION_KEY not in request.session:
            return MOST_BYTES
        return LARGER.get(request.resolver_match.url_name or "", MOST_BYTES)
