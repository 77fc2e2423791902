"""Sessions are signed with the server's keys, and follow a rotation of them.

A process that went on signing with the key it was started with would sign everybody out on the
day that key is removed, and two processes with different keys would not know each other's
sessions. So what Django signs with is what the ring has at this request.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse


class FollowKeys:
    """Before anything of the request is verified."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        follow()
        return self._get_response(request)


def follow() -> None:
    """Sign with the first key, accept all. A file is asked whether it is another: microseconds.

    All of them are accepted before the first one signs: another thread never meets a moment in
    which what was signed a moment ago counts for nothing.
    """
    signing = settings.SEALING_KEYS.signing()
    if signing != settings.SECRET_KEY_FALLBACKS:
        settings.SECRET_KEY_FALLBACKS = signing
    if signing[0] != settings.SECRET_KEY:
        settings.SECRET_KEY = signing[0]
