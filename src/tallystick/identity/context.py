"""The context of an asker: which tenant, which reseller, which role, who."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tallystick.audit.record import Actor
from tallystick.identity.roles import Right, Role
from tallystick.kit.problem import NotAllowed


@dataclass(frozen=True, slots=True)
class Context:
    """``reseller_id`` None is the CSP itself, which sees everything of its tenant.

    ``only``: what an API token was limited to, of what its role may; None limits nothing.
    """

    tenant_id: int
    reseller_id: int | None
    role: Role
    actor: Actor
    only: frozenset[Right] | None = None

    def may(self, right: Right) -> bool:
        return right in self.role.rights and (self.only is None or right in self.only)

    def require(self, *rights: Right) -> None:
        """Raises NotAllowed when the role has none of these rights."""
        if not any(self.may(right) for right in rights):
            raise NotAllowed(
                f"{self._who} may not do this. Nothing was changed. "
                "Ask an administrator of your organisation."
            )

    def require_csp(self) -> None:
        """Raises NotAllowed for a reseller's people."""
        if self.reseller_id is not None:
            raise NotAllowed("Your CSP decides that. Nothing was changed.")

    @property
    def _who(self) -> str:
        limited = self.only is not None and self.only < self.role.rights
        return f"{'This token' if limited else 'Your role'} ({self.role.label})"

    def within(self, reseller_id: int | None) -> Context:
        """The same asker, looking only at what is this reseller's; None narrows nothing."""
        return self if reseller_id is None else replace(self, reseller_id=reseller_id)

    def scope(self, prefix: str = "") -> dict[str, int]:
        """The filter every query of this context carries."""
        filters = {f"{prefix}tenant_id": self.tenant_id}
        if self.reseller_id is not None:
            filters[f"{prefix}reseller_id"] = self.reseller_id
        return filters
