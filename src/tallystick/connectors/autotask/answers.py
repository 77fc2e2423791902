"""What an outcome of one exchange means. Pure: no clock, no network, no retry.

The vendor's peculiarity that rules this file: validation errors are HTTP **500** with
``{"errors": ["…"]}`` (official page), so a 500 is a definite refusal with those words and nobody
knows what without them. The thread limit refuses before anything is executed and arrives at more
than one status (429 and others, seen live), so it is known by its text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from email.utils import parsedate_to_datetime

from tallystick.connections.trouble import (
    BillingError,
    Misconfigured,
    Rejected,
    Throttled,
    Unavailable,
    Unclear,
)
from tallystick.connectors.autotask.bodies import JsonObject, decode
from tallystick.connectors.autotask.wire import Broken, Outcome, Reply
from tallystick.sync.port import (
    AccessRefused,
    Answer,
    Applied,
    NoClearAnswer,
    NotSent,
    Postponed,
    RefusalKind,
    Refused,
)

OK = 200
UNAUTHORIZED = 401
FAILED = 500
THREAD_LIMIT = re.compile(r"thread threshold of \d+ threads? has been exceeded", re.IGNORECASE)

_HOUR_LIMIT = re.compile(r"request threshold", re.IGNORECASE)
_ACCESS = re.compile(
    r"IntegrationCode is invalid|Zone information could not be determined", re.IGNORECASE
)
# The server gave up on its own database; it does not know either whether the write was kept.
_GAVE_UP = re.compile(r"timeout expired|execution timeout|timeout period elapsed", re.IGNORECASE)
_KINDS: tuple[tuple[RefusalKind, re.Pattern[str]], ...] = (
    # Both seen live word for word (one client quotes them in its code and tests).
    (RefusalKind.DUPLICATE_DAY, re.compile(r"duplicate data into contract_service_period", re.I)),
    (RefusalKind.OUTSIDE_CONTRACT, re.compile(r"effectiveDate must be between", re.I)),
    # The vendor's knowledge base for screens; the API's own words were never seen.
    (RefusalKind.APPROVED_PERIOD, re.compile(r"already (?:been )?approved and posted", re.I)),
    # No words were ever seen for these two: guesses, and everything else is OTHER.
    (RefusalKind.BELOW_ZERO, re.compile(r"negative|(?:below|less than) (?:zero|0)\b", re.I)),
    (
        RefusalKind.ZERO_UNITS,
        re.compile(
            r"units?\b.{0,60}\b(?:zero|0)\b|\b(?:zero|0) units?\b|greater than (?:zero|0)\b", re.I
        ),
    ),
)
# Statuses that mean the request was not carried out, whatever the page that says so looks like.
_NOT_CARRIED_OUT = {
    403: "Autotask refused the request (403)",
    404: "Autotask knows no such address (404)",
    405: "Autotask does not take this kind of request at this address (405)",
    406: "Autotask refused the kind of answer we ask for (406)",
    411: "Autotask asked for a length (411)",
    413: "Autotask found the request too large (413)",
    414: "Autotask found the address too long (414)",
    415: "Autotask refused the kind of content (415)",
    422: "Autotask refused the content (422)",
    431: "Autotask found the headers too large (431)",
}
_REFUSED_WITH_WORDS = frozenset({400, 409, FAILED})
_TOO_MANY = 429
_REDIRECT = 3  # 3xx
_LONGEST = 600
_LONGEST_WAIT = 24 * 3600.0

Hide = Callable[[str], str]


def excerpt(text: str) -> str:
    """Foreign text made fit to keep and show: one line, printable, not long."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text[: 4 * _LONGEST])
    return " ".join(printable.split())[:_LONGEST]


def classify_write(outcome: Outcome, *, hide: Hide = str) -> Answer:
    """What became of one write, sent once. ``hide`` removes our credentials from foreign words.

    A 401 is AccessRefused: looking up the zone once more is the client's affair.
    """
    if isinstance(outcome, Broken):
        if not outcome.sent:
            return NotSent(f"Autotask could not be reached: {outcome.why}. Nothing was sent.")
        return NoClearAnswer(f"Sent, but {outcome.why}.")
    body = _object(outcome)
    said = _said(body, outcome.status)
    words = excerpt(hide(said))
    if outcome.status == OK and body is not None and not said and not _has_odd_errors(body):
        return Applied(said=excerpt(hide(_text(outcome))), created_id=_item_id(body))
    if _is_limit(outcome, said):
        return Postponed(_limit_words(words), _wait(outcome))
    if outcome.status == UNAUTHORIZED:
        return AccessRefused("Autotask refused the credentials (401). Nothing was changed.")
    if outcome.status == FAILED and _ACCESS.search(said):
        return AccessRefused(f"Autotask refused access: {words}")
    if outcome.status in _NOT_CARRIED_OUT:
        plain = _NOT_CARRIED_OUT[outcome.status]
        return Refused(f"{plain}: {words}" if words else f"{plain}.", refusal_kind(said))
    if outcome.status in _REFUSED_WITH_WORDS and words and not _GAVE_UP.search(said):
        return Refused(words, refusal_kind(said))
    return NoClearAnswer(_unclear_words(outcome, words))


def read_or_raise(outcome: Outcome, *, hide: Hide = str) -> JsonObject:
    """The JSON object a read answered with. Raises one of the port's BillingErrors otherwise."""
    if isinstance(outcome, Reply) and outcome.status == OK:
        body = decode(outcome.body)
        if not _said(body, OK) and not _has_odd_errors(body):
            return body
    raise read_failure(outcome, hide=hide)


def read_failure(outcome: Outcome, *, hide: Hide = str) -> BillingError:
    """Why a read gave nothing to conclude from."""
    if isinstance(outcome, Broken):
        if outcome.refused_to_read:
            return Unclear(f"Autotask answered, but {outcome.why}.")
        return Unavailable(f"Autotask could not be asked: {outcome.why}.")
    said = _said(_object(outcome), outcome.status)
    words = excerpt(hide(said))
    if _is_limit(outcome, said):
        return Throttled(_limit_words(words), _wait(outcome))
    if outcome.status == UNAUTHORIZED:
        return Misconfigured("Autotask refused the credentials (401).")
    if outcome.status == FAILED and _ACCESS.search(said):
        return Misconfigured(f"Autotask refused access: {words}")
    if outcome.status in _NOT_CARRIED_OUT:
        plain = _NOT_CARRIED_OUT[outcome.status]
        return Rejected(f"{plain}: {words}" if words else f"{plain}.")
    if outcome.status in _REFUSED_WITH_WORDS and words and not _GAVE_UP.search(said):
        return Rejected(words)
    if outcome.status >= FAILED:
        return Unavailable(_unclear_words(outcome, words))
    return Unclear(_unclear_words(outcome, words))


def refusal_kind(said: str) -> RefusalKind:
    """Which of the refusals the engine treats differently these words are."""
    return next((kind for kind, pattern in _KINDS if pattern.search(said)), RefusalKind.OTHER)


def _object(reply: Reply) -> JsonObject | None:
    try:
        return decode(reply.body)
    except Unclear:
        return None


def _text(reply: Reply) -> str:
    return reply.body[: 8 * _LONGEST].decode("utf-8", "replace")


def _said(body: JsonObject | None, status: int) -> str:
    """The texts of ``errors``, the vendor's form; below 500 also ``Message``, the web server's.

    A 500 with only a ``Message`` ("An error has occurred.") is a crash nobody caught: no refusal.
    """
    if body is None:
        return ""
    listed = body.get("errors")
    texts = [text for text in listed if isinstance(text, str)] if isinstance(listed, list) else []
    if not texts and status < FAILED and isinstance(body.get("Message"), str):
        texts = [body["Message"]]
    return " · ".join(text for text in texts if text.strip())


def _has_odd_errors(body: JsonObject) -> bool:
    """``errors`` is there and not an empty list, in a form we could not read as words."""
    return body.get("errors") not in (None, [])


def _item_id(body: JsonObject) -> int | None:
    """The new entity's id. ``null`` is a success: what adjustments answer (seen live)."""
    found = body.get("itemId")
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def _is_limit(reply: Reply, said: str) -> bool:
    if reply.status == _TOO_MANY or _HOUR_LIMIT.search(said):
        return True
    return THREAD_LIMIT.search(said or _text(reply)) is not None


def _limit_words(words: str) -> str:
    return f"Autotask asked us to wait: {words or 'too many requests'}"


def _wait(reply: Reply) -> float | None:
    """Seconds of ``Retry-After`` (a number, or a moment measured from the answer's own date)."""
    given = (reply.retry_after or "").strip()
    try:
        if given.isascii() and given.isdigit():
            seconds = float(given[:9])
        else:
            until = parsedate_to_datetime(given)
            seconds = (until - parsedate_to_datetime(reply.date or "")).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(seconds, 0.0), _LONGEST_WAIT)


def _unclear_words(reply: Reply, words: str) -> str:
    if reply.status // 100 == _REDIRECT:
        return f"Autotask answered with a redirect ({reply.status}), which is never followed."
    if words:
        return f"Autotask answered {reply.status}: {words}"
    return f"Autotask answered {reply.status} with nothing that could be understood."
