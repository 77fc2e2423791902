"""What the server's operator decides about talking to Autotask, handed in by bootstrap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tallystick.connectors.autotask.origins import allowed_origin, check_origin

DISCOVERY_URL = "https://webservices.autotask.net"
"""Where the vendor answers which zone a user lives in (swagger /V1.0/ZoneInformation)."""

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class AutotaskServerSettings:
    """Server-wide and fixed for a process's life; times in seconds, sizes in decoded bytes.

    ``origins`` are extra allowed origins (a simulator, a sandbox); Autotask's own zone hosts are
    always allowed. ``ca_file`` names one more certificate authority to trust; checking itself has
    no switch. Raises Misconfigured when an origin or the discovery address is not acceptable.
    """

    origins: frozenset[str] = frozenset()
    discovery_url: str = DISCOVERY_URL
    ca_file: str | None = None
    connect_timeout: float = 10.0
    read_timeout: float = 60.0  # one answer of a read, from asking to its last byte
    write_timeout: float = 100.0  # the caller's deadline cuts it shorter
    read_retries: int = 2
    retry_pause: float = 0.5  # before the first retry of a read; doubled and jittered after
    max_read_bytes: int = 32 * MEGABYTE
    max_write_bytes: int = 2 * MEGABYTE
    max_connections: int = 64
    # Shorter than a gateway's idle limit, so that we hardly ever send into a closing connection.
    keepalive_seconds: float = 15.0
    zone_seconds: float = 6 * 3600.0  # zones move rarely, and a 401 asks again anyway

    def __post_init__(self) -> None:
        cleaned = frozenset(allowed_origin(origin) for origin in self.origins)
        object.__setattr__(self, "origins", cleaned)
        object.__setattr__(self, "discovery_url", check_origin(self.discovery_url, self))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> AutotaskServerSettings:
        """Read ``TALLYSTICK_AUTOTASK_ORIGINS`` (comma separated), ``…_DISCOVERY_URL`` and
        ``…_CA_FILE``. Raises Misconfigured."""
        listed = environment.get("TALLYSTICK_AUTOTASK_ORIGINS", "").split(",")
        return cls(
            origins=frozenset(part.strip() for part in listed if part.strip()),
            discovery_url=environment.get("TALLYSTICK_AUTOTASK_DISCOVERY_URL", "").strip()
            or DISCOVERY_URL,
            ca_file=environment.get("TALLYSTICK_AUTOTASK_CA_FILE", "").strip() or None,
        )
