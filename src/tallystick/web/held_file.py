"""A file somebody looked at goes along with the form until they confirm it: nothing is kept here.

Pure. What comes back is read as any file of a stranger is: nobody has to have looked at it.
"""

from __future__ import annotations

import base64
import binascii
import zlib

from tallystick.sources.csv_errors import ImportRefused
from tallystick.sources.mapping_said import MOST_BYTES

# A form may have 2 MB, and this is not all of it.
MOST_HELD = 1_900_000


def hold(data: bytes) -> str:
    """As text for a field of a form. Raises ImportRefused when it does not fit."""
    text = base64.b64encode(zlib.compress(data, level=9)).decode()
    if len(text) > MOST_HELD:
        raise ImportRefused.whole("is too large for this page: split it, or use the command")
    return text


def held(text: str) -> bytes:
    """The file again, at most one byte more than is allowed. Raises ImportRefused."""
    try:
        packed = base64.b64decode(text, validate=True)
        return zlib.decompressobj().decompress(packed, MOST_BYTES + 1)
    except (binascii.Error, ValueError, zlib.error):
        raise ImportRefused.whole("did not come back whole: choose it again") from None
