"""E-mail by SMTP: STARTTLS or TLS from the first byte, one message to one address, Chinese and English as parts of it."""

from __future__ import annotations

import asyncio
import json
import re
import smtplib
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Literal

from service.channels.base import LONGEST_ANSWER, Answer, Outgoing
from service.kit.drill import MARK

Security = Literal["starttls", "tls", "none"]
MOST_CALLS = 4
"""Calls to the mail server at a time, in threads of their own: whatever it does, nothing else waits for them."""
GOODBYE_SECONDS = 2.0
LONGEST_SUBJECT = 200
NOBODY_THERE = frozenset({501, 510, 511, 513, 550, 551, 553})
"""Answers to RCPT that say that the address itself is wrong: trying again does not help."""
GONE, REFUSED, LATER = 410, 403, 503
_LINES = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")
_ADDRESS = re.compile(r"[^@\s<>,;:\\\"()\[\]]{1,64}@[A-Za-z0-9][A-Za-z0-9.-]{0,252}")


@dataclass(frozen=True)
class Mailbox:
    """Where mail is handed in, and from whom it is."""

    host: str
    port: int
    security: Security
    sender: str
    sender_name: str
    user: str | None = None
    password: str | None = None
    ca_file: Path | None = None


class _Call:
    """One call, which may be given up until its text goes out: from then on the server may have taken it."""

    def __init__(self, seconds: float) -> None:
        self._latest = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._begun = False
        self._given_up = False

    def begin(self) -> None:
        """Before the text. Raises TimeoutError when it is too late, or nobody waits any more."""
        with self._lock:
            if self._given_up or time.monotonic() > self._latest:
                raise TimeoutError("the mail server was too slow; nothing was sent")
            self._begun = True

    def left(self) -> float:
        """Seconds in which the text may still begin. Raises TimeoutError when there are none."""
        left = self._latest - time.monotonic()
        if self._given_up or left <= 0:
            raise TimeoutError("the mail server was too slow; nothing was sent")
        return left

    def give_up(self) -> bool:
        """Let no text go out any more; False when it has begun to."""
        with self._lock:
            self._given_up = True
            return not self._begun


class _Server(smtplib.SMTP):
    """A connection that asks before it hands over a text."""

    before_text: Callable[[], None]

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.before_text()
        return super().data(msg)


class _TlsServer(_Server, smtplib.SMTP_SSL):
    """The same with TLS from the first byte."""


class EmailChannel:
    """Hands messages to one server. Connections are kept for those that follow at once.

    `timeout_seconds`: from the call to the beginning of the text, after which nothing is sent. `word_seconds`: how long each word
    of the server is waited for from then on; a call whose text has begun is never dropped, for it may be taken.
    """

    def __init__(self, mailbox: Mailbox, timeout_seconds: float, word_seconds: float | None = None) -> None:
        self._box = mailbox
        self._timeout = timeout_seconds
        self._word = timeout_seconds if word_seconds is None else word_seconds
        self._idle: list[_Server] = []
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(MOST_CALLS, thread_name_prefix="smtp")

    @property
    def most_calls(self) -> int:
        """More calls than threads would wait here, after it was seen that there is time for them."""
        return MOST_CALLS

    @property
    def longest_seconds(self) -> float:
        """Until the text begins, and then the word of the server on it."""
        return self._timeout + self._word

    async def send(self, outgoing: Outgoing) -> Answer:
        call = _Call(self._timeout)
        working = asyncio.get_running_loop().run_in_executor(self._threads, self._send, outgoing, call)
        try:
            await asyncio.wait({working}, timeout=self._timeout)
        finally:
            nothing_sent = call.give_up()
        if working.done() or not nothing_sent:
            return await working
        working.cancel()
        return Answer(None, "TimeoutError: the mail server did not answer in time; nothing was sent")

    async def close(self) -> None:
        """End the connections that are kept."""
        with self._lock:
            idle, self._idle = self._idle, []
        await asyncio.get_running_loop().run_in_executor(self._threads, _end_all, idle)
        self._threads.shutdown(wait=False)

    def _send(self, outgoing: Outgoing, call: _Call) -> Answer:
        if not _ADDRESS.fullmatch(outgoing.address):
            return Answer(GONE, "not an e-mail address; nothing was sent")
        try:
            message = compose(self._box, outgoing)
        except (ValueError, KeyError, TypeError) as error:
            return Answer(422, f"the message cannot be written as mail: {type(error).__name__}")
        try:
            return self._hand_over(message, outgoing.address, call, more=outgoing.more)
        except smtplib.SMTPException as error:
            return _answer_of(error, outgoing.address)
        except OSError as error:
            return Answer(None, f"{type(error).__name__}: {error}"[:LONGEST_ANSWER])

    def _hand_over(self, message: EmailMessage, address: str, call: _Call, *, more: bool) -> Answer:
        connection = self._take(call) or self._connect(call)

        def before_text() -> None:
            call.begin()
            _wait_for(connection, self._word)

        connection.before_text = before_text
        with ExitStack() as unless_sent:
            unless_sent.callback(_end, connection)
            _wait_for(connection, call.left())
            connection.send_message(message, self._box.sender, [address])
            unless_sent.pop_all()
        self._give_back(connection, more=more)
        return Answer(200, "taken by the mail server")

    def _connect(self, call: _Call) -> _Server:
        box = self._box
        tls = ssl.create_default_context(cafile=None if box.ca_file is None else str(box.ca_file))
        if box.security == "tls":
            connection: _Server = _TlsServer(box.host, box.port, timeout=call.left(), context=tls)
        else:
            connection = _Server(box.host, box.port, timeout=call.left())
        with ExitStack() as unless_open:
            unless_open.callback(connection.close)
            if box.security == "starttls":
                connection.starttls(context=tls)
            if box.user is not None:
                connection.login(box.user, box.password or "")
            unless_open.pop_all()
        return connection

    def _take(self, call: _Call) -> _Server | None:
        """A connection that is kept and still answers."""
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection = self._idle.pop()
            try:
                _wait_for(connection, call.left())
                if connection.noop()[0] == 250:
                    return connection
            except (smtplib.SMTPException, OSError):
                connection.close()

    def _give_back(self, connection: _Server, *, more: bool) -> None:
        with self._lock:
            if more and len(self._idle) < MOST_CALLS:
                self._idle.append(connection)
                return
        _end(connection)


def compose(box: Mailbox, outgoing: Outgoing) -> EmailMessage:
    """The message: the reader's language first, the other one as a second part.

    `body` is JSON `{first, zh: {title, text}, en: {title, text}}`. Raises ValueError or KeyError for another one.
    """
    texts = json.loads(outgoing.body)
    first = "en" if texts["first"] == "en" else "zh"
    message = EmailMessage(policy=SMTP_POLICY)
    message["From"] = Address(box.sender_name, addr_spec=box.sender)
    message["To"] = Address(addr_spec=outgoing.address)
    message["Subject"] = one_line(outgoing.subject or texts[first]["title"])
    message["Date"] = format_datetime(datetime.now(tz=UTC))
    message["Message-ID"] = f"<{re.sub(r'[^A-Za-z0-9-]', '-', outgoing.message_id)}@{box.sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.make_mixed()
    for language in (first, "zh" if first == "en" else "en"):
        part = EmailMessage(policy=SMTP_POLICY)
        mark = MARK if texts.get("drill") else ""
        part.set_content(
            f"{mark}{texts[language]['title']}\n\n{texts[language]['text']}\n", charset="utf-8", cte="base64"
        )
        part["Content-Language"] = "zh-CN" if language == "zh" else "en"
        part["Content-Disposition"] = "inline"
        message.attach(part)
    return message


def one_line(value: str) -> str:
    """A header's text: control characters and line breaks become blanks."""
    return _LINES.sub(" ", value).strip()[:LONGEST_SUBJECT]


def _answer_of(error: smtplib.SMTPException, address: str) -> Answer:
    """What a refusal means in the statuses of HTTP; the address itself is not repeated."""
    code, said = 0, str(error)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, raw = next(iter(error.recipients.values()), (0, b""))
        said = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
    elif isinstance(error, smtplib.SMTPResponseException):
        code, plain = error.smtp_code, error.smtp_error
        said = plain.decode("utf-8", "replace") if isinstance(plain, bytes) else str(plain)
    said = _LINES.sub(" ", f"{code or type(error).__name__} {said}".replace(address, "<address>"))[:LONGEST_ANSWER]
    if isinstance(error, smtplib.SMTPRecipientsRefused) and code in NOBODY_THERE:
        return Answer(GONE, said)
    if 400 <= code < 500:
        return Answer(LATER, said, timedelta(minutes=1))
    return Answer(REFUSED if code else None, said)


def _wait_for(connection: smtplib.SMTP, seconds: float) -> None:
    """How long the next words of the server are waited for, each."""
    if connection.sock is not None:
        connection.sock.settimeout(seconds)


def _end_all(connections: list[_Server]) -> None:
    for connection in connections:
        _end(connection)


def _end(connection: smtplib.SMTP) -> None:
    try:
        _wait_for(connection, GOODBYE_SECONDS)
        connection.quit()
    except (smtplib.SMTPException, OSError):
        connection.close()
