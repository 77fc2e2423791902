"""The pages: look at contracts, their lines and the request log, and break things.

Plain forms and links, no script, nothing from elsewhere; deliberately another product's colours.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote, urlsplit

from tallystick.simulator.control import Control
from tallystick.simulator.faults import KINDS
from tallystick.simulator.forms import FORMS
from tallystick.simulator.knobs import KNOBS, Knob
from tallystick.simulator.markup import (
    Markup,
    button,
    fill,
    joined,
    options,
    safe,
    table,
    template_text,
)
from tallystick.simulator.messages import Answer, Request, as_html
from tallystick.simulator.pages_contract import contract_page, fault_table, overview_page

_SHOWN_REQUESTS = 200
_POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'"
_NAV = (("/simulator/", "Contracts"), ("/simulator/settings", "Knobs and faults"),
        ("/simulator/log", "Requests"))  # fmt: skip


class Pages:
    """Answers the pages and their forms."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._pages: dict[str, Callable[[Request], Markup]] = {
            "": lambda request: overview_page(control, request.parameters().get("q", "")),
            "settings": self._settings,
            "log": self._log,
        }

    def answer(self, request: Request, words: list[str]) -> Answer | None:
        """The page or form under these path words, or ``None`` when there is none."""
        if request.path == "/":
            return _redirect("/simulator/")
        if request.method == "POST" and len(words) == 2 and words[0] == "act":  # noqa: PLR2004 - "act/{what}"
            return self._act(request, words[1])
        if request.method != "GET":
            return None
        if words == ["simulator.css"]:
            text = template_text("simulator.css").encode("utf-8")
            return Answer(body=text, content_type="text/css; charset=utf-8")
        with self._control.machine.lock:
            if len(words) == 2 and words[0] == "contracts" and words[1].isdigit():  # noqa: PLR2004 - "contracts/{id}"
                body = contract_page(self._control, int(words[1]))
                return None if body is None else self._page(request, "Contract", body)
            show = self._pages.get("/".join(words))
            if show is None:
                return None
            title = {"": "Contracts", "settings": "Knobs", "log": "Requests"}["/".join(words)]
            return self._page(request, title, show(request))

    def _page(self, request: Request, title: str, body: Markup) -> Answer:
        machine = self._control.machine
        parameters = request.parameters()
        nav = joined(
            Markup(
                f'<a href="{address}"{" aria-current=page" if request.path == address else ""}>'
                f"{safe(text)}</a>"
            )
            for address, text in _NAV
        )
        said = parameters.get("said")
        refresh = parameters.get("refresh", "")
        seconds = int(refresh) if refresh.isdigit() and len(refresh) < 4 else 0  # noqa: PLR2004 - at most 999 s
        text = fill(
            "layout.html",
            title=title,
            nav=nav,
            body=body,
            said=Markup(f'<p class="said" role="status">{safe(said)}</p>' if said else ""),
            refresh=Markup(f'<meta http-equiv="refresh" content="{seconds}">' if seconds else ""),
            now=f"{machine.clock.now():%Y-%m-%d %H:%M:%S} UTC",
            user=machine.options.user,
            api_path=self._control.state()["api_path"],
        )
        answer = as_html(text)
        answer.headers.append(("Content-Security-Policy", _POLICY))
        return answer

    def _act(self, request: Request, verb: str) -> Answer | None:
        form = request.form()
        act = FORMS.get(verb)
        if act is None:
            return None
        back = form.get("back", "/simulator/")
        if not back.startswith("/simulator/") or urlsplit(back).netloc:
            back = "/simulator/"
        try:
            said = act(self._control, form)
        except (ValueError, KeyError, TypeError, ArithmeticError) as why:
            said = f"Not done: {why}"
        path, mark, fragment = back.partition("#")
        return _redirect(f"{path}?said={quote(said)}{mark}{quote(fragment)}")

    def _settings(self, _: Request) -> Markup:
        current = self._control.knobs()
        back = {"back": "/simulator/settings"}
        tools = joined(
            (
                button("Remove all faults", "clear-faults", back),
                button("Carry out late writes now", "release", back),
                button("Advance the clock one hour", "advance", {**back, "seconds": 3600}),
                button("Reset everything", "reset", back, plain=True),
            )
        )
        return fill(
            "settings.html",
            knobs=joined(_knob_row(knob, current[knob.name]) for knob in KNOBS.values()),
            faults=fault_table(self._control.machine.faults.all(), "/simulator/settings"),
            kinds=options(KINDS),
            tools=tools,
        )

    def _log(self, request: Request) -> Markup:
        parameters = request.parameters()
        wanted = parameters.get("q", "").lower()
        writes, faults = "writes" in parameters, "faults" in parameters
        rows = []
        for entry in self._control.machine.log.newest(10_000):
            if writes and (entry.method == "GET" or "query" in entry.path.lower()):
                continue
            if faults and entry.fault is None:
                continue
            text = f"{entry.method} {entry.path} {entry.body} {entry.answer} {entry.fault}".lower()
            if wanted and wanted not in text:
                continue
            rows.append(
                (
                    entry.seq,
                    f"{entry.time:%H:%M:%S}",
                    entry.method,
                    entry.path,
                    entry.body or None,
                    entry.status if entry.status is not None else entry.ending,
                    entry.answer or None,
                    entry.fault,
                )
            )
            if len(rows) == _SHOWN_REQUESTS:
                break
        heads = ("No.", "Time", "Verb", "Path", "Body", "Status", "Answer", "Fault")
        return fill(
            "log.html",
            q=parameters.get("q", ""),
            writes=Markup(" checked" if writes else ""),
            faults_only=Markup(" checked" if faults else ""),
            refreshing=Markup(" checked" if parameters.get("refresh") else ""),
            rows=table(heads, rows, texts=(3, 4, 6), empty="No requests."),
        )


def _knob_row(knob: Knob, value: object) -> Markup:
    if knob.choices:
        field = Markup(
            f'<select name="{safe(knob.name)}" aria-label="{safe(knob.name)}">'
            f"{options(knob.choices, value)}</select>"
        )
    else:
        field = Markup(
            f'<input name="{safe(knob.name)}" aria-label="{safe(knob.name)}" '
            f'value="{safe(value)}" size="8">'
        )
    return Markup(
        f"<tr><td><code>{safe(knob.name)}</code></td><td>{field}</td>"
        f'<td class="quiet">{safe(knob.meaning)}</td></tr>'
    )


def _redirect(address: str) -> Answer:
    return Answer(status=303, headers=[("Location", address)])
