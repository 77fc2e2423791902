"""Run the stand-in on a free loopback port."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from tallystick.simulator.partner_center.app import PartnerCenterApp
from tallystick.simulator.partner_center.price_sheets import HOST as PRICES_HOST
from tallystick.simulator.partner_center.world import Center
from tallystick.simulator.serving import served

CERTIFICATES = ("3psostorageacct.blob.core.windows.net", "www.microsoft.com")


@dataclass(frozen=True, slots=True)
class Running:
    """Its world, to be looked at and changed, and where it listens."""

    center: Center
    origin: str

    @property
    def stand_ins(self) -> dict[str, str]:
        """What stands in for which of Microsoft's hosts."""
        hosts = ("login.microsoftonline.com", "api.partnercenter.microsoft.com", PRICES_HOST)
        return dict.fromkeys((*hosts, *CERTIFICATES), self.origin)


@contextmanager
def running_partner_center(*, today: date, port: int = 0) -> Iterator[Running]:
    """Stopped at the end. Raises OSError when it cannot listen."""
    center = Center()
    with served(PartnerCenterApp(center, today=today), port=port) as origin:
        yield Running(center, origin)
