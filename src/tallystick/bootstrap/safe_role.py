"""Whether row-level security and the rights hold for the role that a process works as.

They hold for nobody who is a superuser or may bypass them; and who owns the tables may change what
are facts. Asked before anything is served or sent.
"""

from __future__ import annotations

import os

import psycopg

from tallystick.bootstrap.binaries import CannotStart
from tallystick.bootstrap.rights import role_of

# A superuser, one that bypasses row-level security, an owner of tables of ours.
ASKED = """
SELECT r.rolsuper, r.rolbypassrls, EXISTS (
    SELECT 1 FROM pg_tables t WHERE t.schemaname = 'public' AND t.tableowner = r.rolname)
FROM pg_roles r WHERE r.rolname = coalesce(nullif(%s, ''), current_user)
"""


def refuse_unsafe_role(process: str) -> None:
    """``process``: web or worker. Raises CannotStart; a database that does not answer, or has not
    the role yet, is met later."""
    base = os.environ.get("TALLYSTICK_APP_ROLE", "tallystick_app")
    role = role_of(base, process) if base else ""
    try:
        with psycopg.connect(os.environ["DATABASE_URL"]) as session:
            found = session.execute(ASKED, [role]).fetchone()
    except psycopg.OperationalError:
        return
    if found is None:
        return
    superuser, bypasses, owns = found
    named = role or "of DATABASE_URL"
    if superuser or bypasses:
        what = "is a superuser" if superuser else "may bypass row-level security"
        raise CannotStart(
            f"The database role {named} {what}: one organisation's people could be shown another's "
            "data by a mistake of ours. Nothing was started. Use a role with NOSUPERUSER and "
            "NOBYPASSRLS."
        )
    if owns and role:
        raise CannotStart(
            f"The database role {role} owns tables: it could change what was recorded. Nothing was "
            "started. Let the role of DATABASE_URL own them, and set TALLYSTICK_APP_ROLE to the "
            "name of another one, which tallystick migrate makes."
        )
