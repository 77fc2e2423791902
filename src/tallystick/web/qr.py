"""A picture for an authenticator app to take, as data of an image: no script, no request."""

from __future__ import annotations

import segno


def qr_code(text: str) -> str:
    """The address of an SVG image that is itself the image."""
    address: str = segno.make(text, error="m", micro=False).svg_data_uri(
        scale=5, border=2, light="#fff"
    )
    return address
