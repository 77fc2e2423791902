"""What one outcome means: the whole table, for writes and for reads."""

from __future__ import annotations

import json

import pytest

from tallystick.connections.trouble import (
    BillingError,
    Misconfigured,
    Rejected,
    Throttled,
    Unavailable,
    Unclear,
)
from tallystick.connectors.autotask.answers import (
    classify_write,
    excerpt,
    read_failure,
    read_or_raise,
    refusal_kind,
)
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

THREADS = "The Autotask API thread threshold of 3 threads has been exceeded."
HTML = b"<html><body>IIS</body></html>"


def errors(*texts: object) -> bytes:
    return json.dumps({"errors": list(texts)}).encode()


# outcome -> what it means for a write, what for a read
TABLE: list[tuple[str, Outcome, type[Answer], type[BillingError] | None]] = [
    # nothing left the machine
    ("connect refused", Broken(sent=False, why="x"), NotSent, Unavailable),
    # something left, or may have
    ("lost", Broken(sent=True, why="x"), NoClearAnswer, Unavailable),
    (
        "too large",
        Broken(sent=True, why="x", refused_to_read=True),
        NoClearAnswer,
        Unclear,
    ),
    # 200
    ("id", Reply(200, b'{"itemId": 7}'), Applied, None),
    ("no id", Reply(200, b'{"itemId": null}'), Applied, None),
    ("odd id", Reply(200, b'{"itemId": "7"}'), Applied, None),
    ("empty object", Reply(200, b"{}"), Applied, None),
    ("byte order mark", Reply(200, b'\xef\xbb\xbf{"itemId": 7}'), Applied, None),
    ("200 and errors empty", Reply(200, b'{"itemId": 7, "errors": []}'), Applied, None),
    ("200 and errors", Reply(200, errors("No.")), NoClearAnswer, Unclear),
    ("200 and odd errors", Reply(200, b'{"errors": "No."}'), NoClearAnswer, Unclear),
    ("200 and Message", Reply(200, b'{"Message": "Oh."}'), NoClearAnswer, Unclear),
    ("200 empty", Reply(200, b""), NoClearAnswer, Unclear),
    ("200 HTML", Reply(200, HTML), NoClearAnswer, Unclear),
    ("200 list", Reply(200, b"[]"), NoClearAnswer, Unclear),
    ("200 null", Reply(200, b"null"), NoClearAnswer, Unclear),
    ("200 number", Reply(200, b"7"), NoClearAnswer, Unclear),
    ("200 cut", Reply(200, b'{"itemId": 7'), NoClearAnswer, Unclear),
    ("200 NaN", Reply(200, b'{"itemId": NaN}'), NoClearAnswer, Unclear),
    ("200 infinite", Reply(200, b'{"itemId": -Infinity}'), NoClearAnswer, Unclear),
    ("200 deep", Reply(200, b'{"a":' * 99999 + b"1" + b"}" * 99999), NoClearAnswer, Unclear),
    ("200 not UTF-8", Reply(200, b'{"a": "\xff"}'), NoClearAnswer, Unclear),
    ("200 endless number", Reply(200, b'{"a": ' + b"9" * 9999 + b"}"), NoClearAnswer, Unclear),
    # other successes are no successes: only 200 is documented
    ("201", Reply(201, b'{"itemId": 7}'), NoClearAnswer, Unclear),
    ("202", Reply(202, b'{"itemId": 7}'), NoClearAnswer, Unclear),
    ("204", Reply(204), NoClearAnswer, Unclear),
    ("206", Reply(206, b'{"itemId": 7}'), NoClearAnswer, Unclear),
    # redirects
    *[(str(s), Reply(s), NoClearAnswer, Unclear) for s in (300, 301, 302, 303, 304, 307, 308)],
    # 400 and 409 with the vendor's or the web server's words, and without
    ("400 words", Reply(400, errors("Bad.")), Refused, Rejected),
    ("400 Message", Reply(400, b'{"Message": "The request is invalid."}'), Refused, Rejected),
    ("400 bare", Reply(400), NoClearAnswer, Unclear),
    ("409 words", Reply(409, errors("Conflict.")), Refused, Rejected),
    ("409 bare", Reply(409), NoClearAnswer, Unclear),
    ("401", Reply(401), AccessRefused, Misconfigured),
    ("401 words", Reply(401, errors("No.")), AccessRefused, Misconfigured),
    ("401 HTML", Reply(401, HTML), AccessRefused, Misconfigured),
    # not carried out, whatever the page looks like
    *[
        (f"{s} {len(body)}", Reply(s, body), Refused, Rejected)
        for s in (403, 404, 405, 406, 411, 413, 414, 415, 422, 431)
        for body in (b"", HTML, errors("No right."))
    ],
    ("402", Reply(402), NoClearAnswer, Unclear),
    ("407", Reply(407), NoClearAnswer, Unclear),
    ("408", Reply(408), NoClearAnswer, Unclear),
    ("418", Reply(418), NoClearAnswer, Unclear),
    ("499", Reply(499), NoClearAnswer, Unclear),
    # limits, by status and by text at any status
    ("429", Reply(429), Postponed, Throttled),
    ("429 HTML", Reply(429, HTML), Postponed, Throttled),
    *[
        (f"threads {s}", Reply(s, errors(THREADS)), Postponed, Throttled)
        for s in (400, 401, 403, 404, 429, 500, 502, 503)
    ],
    ("threads as page", Reply(503, f"<p>{THREADS}</p>".encode()), Postponed, Throttled),
    ("threads at 200", Reply(200, errors(THREADS)), Postponed, Throttled),
    ("hour", Reply(500, errors("The request threshold is exceeded.")), Postponed, Throttled),
    # 500: the vendor's validation errors
    ("500 words", Reply(500, errors("No.")), Refused, Rejected),
    ("500 several", Reply(500, errors("No.", "And no.")), Refused, Rejected),
    ("500 some text", Reply(500, errors(7, "No.")), Refused, Rejected),
    (
        "500 Message",
        Reply(500, b'{"Message": "An error has occurred."}'),
        NoClearAnswer,
        Unavailable,
    ),
    ("500 code", Reply(500, errors("IntegrationCode is invalid.")), AccessRefused, Misconfigured),
    (
        "500 zone",
        Reply(500, errors("Zone information could not be determined")),
        AccessRefused,
        Misconfigured,
    ),
    ("500 empty", Reply(500, errors()), NoClearAnswer, Unavailable),
    ("500 blank", Reply(500, errors("", " ")), NoClearAnswer, Unavailable),
    ("500 no text", Reply(500, errors(7, None)), NoClearAnswer, Unavailable),
    ("500 odd", Reply(500, b'{"errors": "No."}'), NoClearAnswer, Unavailable),
    ("500 HTML", Reply(500, HTML), NoClearAnswer, Unavailable),
    ("500 bare", Reply(500), NoClearAnswer, Unavailable),
    # the server's own database gave up: it cannot know either
    ("500 gave up", Reply(500, errors("Timeout expired. The …")), NoClearAnswer, Unavailable),
    # gateways know nothing, whatever they say
    *[
        (f"{s} {len(body)}", Reply(s, body), NoClearAnswer, Unavailable)
        for s in (501, 502, 503, 504, 520, 599)
        for body in (b"", HTML, errors("No."), b'{"itemId": 7}')
    ],
]


@pytest.mark.parametrize(
    ("outcome", "write"), [row[1:3] for row in TABLE], ids=lambda v: str(v)[:40]
)
def test_what_it_means_for_a_write(outcome: Outcome, write: type[Answer]) -> None:
    answer = classify_write(outcome)
    assert type(answer) is write, answer


@pytest.mark.parametrize(
    ("outcome", "read"), [(row[1], row[3]) for row in TABLE], ids=lambda v: str(v)[:40]
)
def test_what_it_means_for_a_read(outcome: Outcome, read: type[BillingError] | None) -> None:
    if read is None:
        assert isinstance(read_or_raise(outcome), dict)
        return
    with pytest.raises(read):
        read_or_raise(outcome)


@pytest.mark.parametrize("status", range(100, 600))
@pytest.mark.parametrize("body", [b"", HTML, b'{"itemId": 7}', errors("No.")], ids=len)
def test_only_a_plain_200_is_a_yes_and_every_status_has_an_answer(status: int, body: bytes) -> None:
    answer = classify_write(Reply(status, body))
    assert isinstance(answer, Applied) == (status == 200 and body == b'{"itemId": 7}')
    assert isinstance(read_failure(Reply(status, body)), BillingError)


KINDS = [
    ("Attempt to insert duplicate data into contract_service_period", RefusalKind.DUPLICATE_DAY),
    (
        "ContractServiceAdjustment effectiveDate must be between the start date and end date of "
        "the Contract referenced by contractID.",
        RefusalKind.OUTSIDE_CONTRACT,
    ),
    (
        "Unable to make changes to an already approved and posted contract period.",
        RefusalKind.APPROVED_PERIOD,
    ),
    ("The resulting units must not be negative.", RefusalKind.BELOW_ZERO),
    ("Units cannot go below zero.", RefusalKind.BELOW_ZERO),
    ("Units must be greater than zero.", RefusalKind.ZERO_UNITS),
    ("The number of units cannot be 0.", RefusalKind.ZERO_UNITS),
    ("BillingCode does not exist or is invalid", RefusalKind.OTHER),
]


@pytest.mark.parametrize(("words", "kind"), KINDS)
def test_kinds_of_refusal(words: str, kind: RefusalKind) -> None:
    assert refusal_kind(words) == kind
    answer = classify_write(Reply(500, errors(words)))
    assert answer == Refused(words, kind)


WAITS = [
    ("120", None, 120.0),
    (" 0 ", None, 0.0),
    ("999999999999", None, 86400.0),
    ("-5", None, None),
    ("soon", None, None),
    ("", None, None),
    ("١٢", None, None),
    ("Wed, 21 Oct 2026 07:30:00 GMT", "Wed, 21 Oct 2026 07:28:00 GMT", 120.0),
    ("Wed, 21 Oct 2026 07:30:00 GMT", None, None),
    ("Wed, 21 Oct 2026 07:20:00 GMT", "Wed, 21 Oct 2026 07:28:00 GMT", 0.0),
]


@pytest.mark.parametrize(("header", "date", "seconds"), WAITS)
def test_retry_after(header: str, date: str | None, seconds: float | None) -> None:
    answer = classify_write(Reply(429, b"", retry_after=header, date=date))
    assert isinstance(answer, Postponed)
    assert answer.retry_after_seconds == seconds


def test_foreign_words_are_made_fit_to_show() -> None:
    assert excerpt("a\r\n\x1b[31mb\u202e c\x00") == "a [31mb c"
    assert len(excerpt("x" * 10**6)) == 600


def test_our_credentials_are_taken_out_of_foreign_words() -> None:
    def hide(text: str) -> str:
        return text.replace("canary", "[removed]")

    for outcome in (
        Reply(500, errors("bad canary")),
        Reply(200, b'{"itemId": 1, "echo": "canary"}'),
        Reply(429, errors("canary")),
        Reply(500, errors("IntegrationCode is invalid. canary")),
        Reply(404, errors("canary")),
        Reply(502, errors("canary")),
    ):
        assert "canary" not in repr(classify_write(outcome, hide=hide))
        assert "canary" not in str(read_failure(outcome, hide=hide))
