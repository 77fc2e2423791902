"""Why a reading did not answer: the closed set of anticipated failures.

Reads raise; an incomplete or forbidden read never means *not there*.
"""

from __future__ import annotations


class BillingError(Exception):
    """Base of the closed set of anticipated failures of a read."""


class Unavailable(BillingError):
    """Not reachable, timed out, 5xx without words, maintenance: may heal by itself."""


class Throttled(BillingError):
    """The hour's or the threads' limit: the whole connection waits."""

    def __init__(self, reason: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_seconds = retry_after_seconds


class Rejected(BillingError):
    """The billing system refused the read in its own words (missing right, wrong field)."""


class Misconfigured(BillingError):
    """Credentials or server settings are wrong: a person must act."""


class NotOpened(Misconfigured):
    """The stored credentials do not open with this server's keys: nobody was asked anything."""


class Unclear(BillingError):
    """The answer could not be understood or was incomplete; nothing may be concluded from it."""
