"""Those who are told, on loopback: a mail server, and a program that takes webhooks."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class MailBox:
    """What a mail server took. ``refuses``: it answers 550 to everything."""

    url: str = ""
    mails: list[EmailMessage] = field(default_factory=list)
    to: list[list[str]] = field(default_factory=list)
    refuses: bool = False

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.refuses:
            return "550 No such mailbox"
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.to.append(list(envelope.rcpt_tos))
        return "250 OK"

    def texts(self) -> list[str]:
        return [str(mail.get_content()) for mail in self.mails]

    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for mail in self.mails]


@contextmanager
def mail_box() -> Iterator[MailBox]:
    box = MailBox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        box.url = f"smtp://127.0.0.1:{port}"
        yield box
    finally:
        controller.stop()


@dataclass
class Hook:
    """What was posted: ``(headers, body)``. ``status`` is what it answers next; ``body`` too."""

    origin: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    status: int = 204
    answer: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    # Seconds between the bytes of the answer.
    drip: float = 0.0

    @property
    def url(self) -> str:
        return f"{self.origin}/hook/T0?key=a%20b"

    def events(self) -> list[Any]:
        return [json.loads(body) for _, body in self.got]


@contextmanager
def hook() -> Iterator[Hook]:
    made = Hook()
    stop = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.got.append(
                ({k.lower(): v for k, v in self.headers.items()} | {"path": self.path}, body)
            )
            self.send_response(made.status)
            for name, value in made.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(made.answer)))
            self.end_headers()
            for byte in made.answer:
                if made.drip:
                    stop.wait(made.drip)
                self.wfile.write(bytes([byte]))

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        made.origin = f"http://127.0.0.1:{server.server_address[1]}"
        yield made
    finally:
        stop.set()
        server.shutdown()
        server.server_close()
