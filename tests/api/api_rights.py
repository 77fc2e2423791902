"""The reviewed table (``rights.txt``): which right every address of the API asks for."""

from __future__ import annotations

from pathlib import Path

_TABLE = Path(__file__).with_name("rights.txt")
# ``GET /customers``: ``read``. ``tell|operate``: one of them is enough. An address that is not
# there fails the build.
RIGHTS = {
    name: right
    for line in _TABLE.read_text().splitlines()
    for right, _, name in [line.partition(" ")]
    for name in [name.strip()]
}


# Whoever may read passes the door; the verb asks for one of these as well.
ALSO = {
    "/month-proofs/{proof_id}/export": {"export", "approve"},
    "/vendor-invoices/proof/export": {"export", "approve"},
    "/drift/{drift_id}/decide": {"keep"},  # what is sent in every_call
    "/export": {"export", "map"},
    "/users": {"administer", "export"},
    "/invitations": {"administer", "export"},
    "/tokens": {"administer", "export"},
}
