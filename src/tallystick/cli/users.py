"""``tallystick users``: who may sign in, and what ends when somebody leaves."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tallystick.cli.house import add_act, house, show, table

if TYPE_CHECKING:
    from tallystick.bootstrap.asker import Asker
    from tallystick.identity.members import Member

ROLES = ("administrator", "operator", "viewer", "auditor")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="what", metavar="ACT", required=True)
    add_act(acts, "list", "who may sign in, and as what", _list)
    invite = add_act(acts, "invite", "make a link with which somebody chooses a password", _invite)
    invite.add_argument("--role", choices=ROLES, default="viewer")
    invite.add_argument("--name", default="", help="shown in the audit log")
    invite.add_argument("--reseller", metavar="NAME", help="the one they work for")
    invite.add_argument("--by-mail", action="store_true", help="send them the link by e-mail")
    role = add_act(acts, "role", "change what somebody may", _to_one)
    others = [
        add_act(acts, "deactivate", "end their sessions and tokens; their history stays", _to_one),
        add_act(acts, "activate", "let somebody sign in again", _to_one),
        add_act(acts, "end-sessions", "end every session of somebody", _to_one),
        add_act(acts, "reset", "make a link with which they choose a new password", _to_one),
        add_act(acts, "remove-codes", "take sign-in codes away from who lost the app", _to_one),
    ]
    for one in (invite, role, *others):
        one.add_argument("email", help="the address they sign in with")
    role.add_argument("role", choices=ROLES)


def run(arguments: argparse.Namespace) -> int:
    code: int = arguments.act(arguments)
    return code


def _list(arguments: argparse.Namespace) -> int:
    with house(arguments, command="users") as asker:
        from tallystick.identity.members import list_members
        from tallystick.kit.paging import every

        members = list(every(lambda cursor: list_members(asker.context, cursor=cursor)))
        lines = [
            {
                "address": one.email,
                "name": one.name,
                "role": one.role.label,
                "reseller": one.reseller_name,
                "state": "active" if one.is_active else "deactivated",
                "last sign-in": one.last_sign_in_at,
            }
            for one in members
        ]
        show(arguments, [asdict(one) for one in members], table(lines, empty="Nobody yet."))
    return 0


def _invite(arguments: argparse.Namespace) -> int:
    """The link's path is printed once; only its hash is stored. By e-mail it is not printed."""
    with house(arguments, command="users") as asker:
        from tallystick.bootstrap.notices import by
        from tallystick.identity.invitations import invite
        from tallystick.identity.roles import Role
        from tallystick.notify.invitation_mail import invite_by_mail

        whom: dict[str, Any] = {
            "email": arguments.email,
            "name": arguments.name,
            "role": Role(arguments.role),
            "reseller_id": _reseller(asker, arguments.reseller),
        }
        if arguments.by_mail:
            invite_by_mail(**whom, by=by(asker.context, correlation_id=asker.correlation_id))
            words = f"The link is on its way to {arguments.email} by e-mail"
            show(arguments, {"path": None}, [words])
            return 0
        _, plain = invite(**whom, **asker.acting())
        show(arguments, {"path": f"/welcome/{plain}"}, [f"/welcome/{plain}"])
    return 0


def _to_one(arguments: argparse.Namespace) -> int:
    acts: dict[str, Callable[[Asker, Member, argparse.Namespace], str]] = {
        "role": _role,
        "deactivate": _deactivate,
        "activate": _activate,
        "end-sessions": _end_sessions,
        "reset": _reset,
        "remove-codes": _remove_codes,
    }
    with house(arguments, command="users") as asker:
        words = acts[arguments.what](asker, _named(asker, arguments.email), arguments)
        show(arguments, {"done": words}, [words])
    return 0


def _role(asker: Asker, member: Member, arguments: argparse.Namespace) -> str:
    from tallystick.identity.members import change_role
    from tallystick.identity.roles import Role

    change_role(member.id, Role(arguments.role), **asker.acting())
    return f"{member.email} is {Role(arguments.role).label} from now on"


def _deactivate(asker: Asker, member: Member, _: argparse.Namespace) -> str:
    from tallystick.identity.members import deactivate

    tokens = deactivate(member.id, **asker.acting())
    return f"{member.email} is deactivated: sessions ended, API tokens revoked: {tokens}"


def _activate(asker: Asker, member: Member, _: argparse.Namespace) -> str:
    from tallystick.identity.members import activate

    activate(member.id, **asker.acting())
    return f"{member.email} may sign in again"


def _end_sessions(asker: Asker, member: Member, _: argparse.Namespace) -> str:
    from tallystick.identity.members import end_sessions

    end_sessions(member.id, **asker.acting())
    return f"Every session of {member.email} has ended"


def _reset(asker: Asker, member: Member, _: argparse.Namespace) -> str:
    """The link's path, printed once; only its hash is stored."""
    from tallystick.identity.invitations import ask_password_reset

    return f"/welcome/{ask_password_reset(member.id, **asker.acting())}"


def _remove_codes(asker: Asker, member: Member, _: argparse.Namespace) -> str:
    from tallystick.identity.second_factor import remove_codes

    remove_codes(member.id, **asker.acting())
    return f"{member.email} has no sign-in codes now"


def _named(asker: Asker, email: str) -> Member:
    """Raises InvalidInput."""
    from tallystick.identity.members import list_members
    from tallystick.kit.problem import InvalidInput

    wanted = email.strip().lower()
    for one in list_members(asker.context, search=wanted, limit=500).items:
        if one.email == wanted:
            return one
    raise InvalidInput.one("email", f"there is no user “{wanted[:100]}”")


def _reseller(asker: Asker, name: str | None) -> int | None:
    """Raises InvalidInput."""
    from tallystick.identity.people import resellers_of
    from tallystick.kit.problem import InvalidInput

    if name is None:
        return None
    for pk, known in resellers_of(asker.context):
        if known == name:
            return pk
    raise InvalidInput.one("reseller", f"there is none named “{name[:100]}”")
