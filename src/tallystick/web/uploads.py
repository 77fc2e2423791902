"""No upload is kept beyond what a file of ours may have: the rest of it is not written anywhere."""

from __future__ import annotations

from django.core.files.uploadhandler import FileUploadHandler

from tallystick.sources.mapping_said import MOST_BYTES


class NoMore(FileUploadHandler):
    """The first handler: passes on the beginning, enough to see that it is too large."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        return raw_data if start <= MOST_BYTES else None

    def file_complete(self, file_size: int) -> None:  # noqa: ARG002 - Django's signature
        return None
