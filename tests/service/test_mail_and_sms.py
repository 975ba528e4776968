"""E-mail against a real SMTP server and text messages against a real gateway, on loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from service.channels.base import Outgoing
from service.channels.email import LONGEST_SUBJECT, EmailChannel, Mailbox, compose, one_line
from service.channels.registry import live_channels
from service.channels.sms import Gateway, SmsChannel, filled, member_of, parts
from service.kit.drill import MARK
from service.kit.settings import Settings
from tests.service.mail_server import MailServer, TextGateway, certificate

pytestmark = pytest.mark.enable_socket
SENDER, READER = "duty@centre.example.test", "wang@plant.example.test"
TEXTS = {
    "first": "zh",
    "zh": {"title": "橙色预警", "text": "请按方案执行。"},
    "en": {"title": "Orange warning", "text": "Carry out your plan."},
}


def mail(address: str = READER, subject: str = "橙色预警", **given: Any) -> Outgoing:
    return Outgoing(address, subject, json.dumps(TEXTS | given), {}, "notice-1:contact:7")


def box(server: MailServer, **given: Any) -> Mailbox:
    values: dict[str, Any] = {"security": "none", "sender": SENDER, "sender_name": "应急指挥部"}
    return Mailbox("127.0.0.1", server.port, **(values | given))


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with MailServer().running() as made:
        yield made


async def sent(mailbox: Mailbox, *outgoing: Outgoing, seconds: float = 5.0, word: float | None = None) -> list[Any]:
    channel = EmailChannel(mailbox, seconds, word)
    try:
        return [await channel.send(one) for one in outgoing]
    finally:
        await channel.close()


class TestMail:
    async def test_one_message_in_both_languages_the_readers_first(self, server: MailServer) -> None:
        (answer,) = await sent(box(server), mail(first="en", subject="Orange warning"))
        assert answer.status == 200
        (message,) = server.messages
        texts = [part.get_content() for part in message.iter_parts()]
        assert [part["Content-Language"] for part in message.iter_parts()] == ["en", "zh-CN"]
        assert "Carry out your plan." in texts[0]
        assert "请按方案执行。" in texts[1]
        assert (message["To"], server.recipients) == (READER, [READER])
        assert message["Message-ID"] == "<notice-1-contact-7@centre.example.test>"
        assert message["Auto-Submitted"] == "auto-generated"
        assert "应急指挥部" in message["From"]

    @pytest.mark.parametrize("wrapped", [False, True])
    async def test_over_tls_with_a_password(self, tmp_path: Path, wrapped: bool) -> None:
        tls, public = certificate(tmp_path)
        made = MailServer(login=("centre", "geheim"))
        async with made.running(tls, wrapped=wrapped):
            security = "tls" if wrapped else "starttls"
            right = box(made, security=security, user="centre", password="geheim", ca_file=public)
            assert [answer.status for answer in await sent(right, mail())] == [200]
            wrong = box(made, security=security, user="centre", password="other", ca_file=public)
            (answer,) = await sent(wrong, mail())
            assert (answer.status, "other" in answer.said) == (403, False)
        assert made.encrypted == [True]

    async def test_a_server_nobody_vouches_for_gets_nothing(self, tmp_path: Path) -> None:
        tls, _ = certificate(tmp_path)
        async with MailServer().running(tls) as made:
            (answer,) = await sent(box(made, security="starttls"), mail())
        assert answer.status is None
        assert made.raw == []

    async def test_without_starttls_nothing_goes_out_in_the_clear(self, server: MailServer) -> None:
        (answer,) = await sent(box(server, security="starttls"), mail())
        assert answer.status is None
        assert server.raw == []

    @pytest.mark.parametrize(
        ("said", "status"),
        [("550 no such user", 410), ("553 bad name", 410), ("452 full", 503), ("421 later", 503), ("554 spam", 403)],
    )
    async def test_what_a_refusal_means(self, said: str, status: int) -> None:
        async with MailServer(answers={READER: f"{said} <{READER}>"}).running() as made:
            (answer,) = await sent(box(made), mail())
        assert answer.status == status
        assert READER not in answer.said
        assert said.split(maxsplit=1)[0] in answer.said

    async def test_a_refusal_after_the_text_is_tried_again(self) -> None:
        async with MailServer(after_data="451 try later").running() as made:
            (answer,) = await sent(box(made), mail())
        assert answer.status == 503
        assert answer.retry_after is not None

    async def test_silence_ends(self) -> None:
        async with MailServer(silent=True).running() as made:
            (answer,) = await sent(box(made), mail(), seconds=0.2)
        assert answer.status is None

    async def test_a_call_that_was_given_up_sends_nothing_afterwards(self) -> None:
        """Each word comes in time and all of them together do not: what is tried again must not have been taken."""
        async with MailServer(pauses={"MAIL": 0.3, "RCPT": 0.3}).running() as made:
            (answer,) = await sent(box(made), mail(), seconds=0.4)
            await made.ended.wait()
        assert (answer.status, made.raw) == (None, [])

    async def test_a_text_that_has_begun_is_seen_to_its_end(self) -> None:
        async with MailServer(pauses={"TEXT": 0.8}).running() as made:
            (answer,) = await sent(box(made), mail(), seconds=0.4, word=10.0)
        assert (answer.status, len(made.raw)) == (200, 1)

    async def test_no_word_on_a_text_ends_too(self) -> None:
        async with MailServer(pauses={"TEXT": 2.0}).running() as made:
            (answer,) = await sent(box(made), mail(), seconds=5.0, word=0.2)
            assert (answer.status, made.open) == (None, 1)

    async def test_a_call_that_is_dropped_before_the_text_sends_nothing(self) -> None:
        async with MailServer(pauses={"RCPT": 0.3}).running() as made:
            channel = EmailChannel(box(made), 5.0)
            calling = asyncio.create_task(channel.send(mail()))
            await made.begun.wait()
            calling.cancel()
            await made.ended.wait()
            await channel.close()
        assert (calling.cancelled(), made.raw) == (True, [])

    def test_a_call_ends_within_the_lease(self) -> None:
        """The engine keeps back what could not end before another node may take it."""
        for lease, timeout in ((60.0, 15.0), (30.0, 15.0), (600.0, 15.0)):
            made = Settings(
                smtp_host="127.0.0.1", mail_from=SENDER, delivery_lease_seconds=lease, delivery_timeout_seconds=timeout
            )
            (limits,) = live_channels(made).limited.values()
            assert (limits.most_calls, limits.longest_seconds) == (4, timeout + (lease - timeout) * 2 / 3)
            assert limits.longest_seconds < lease

    async def test_nobody_there(self) -> None:
        (answer,) = await sent(Mailbox("127.0.0.1", 1, "none", SENDER, "x"), mail())
        assert (answer.status, "Error" in answer.said) == (None, True)

    @pytest.mark.parametrize(
        "address",
        ["", "wang", f"{READER}\r\nBcc: all@example.test", f"{READER},all@example.test", "<wang@example.test>", "deleted", "a b@c.test"],
    )
    async def test_what_is_no_address_gets_nothing(self, server: MailServer, address: str) -> None:
        (answer,) = await sent(box(server), mail(address))
        assert answer.status == 410
        assert server.connections == 0

    async def test_a_subject_cannot_add_headers(self, server: MailServer) -> None:
        await sent(box(server), mail(subject="预警\r\nBcc: all@example.test\r\n\r\nbody"))
        (message,) = server.messages
        assert "Bcc" not in message
        assert message["Subject"] == "预警 Bcc: all@example.test body"
        assert server.recipients == [READER]

    async def test_a_line_with_a_dot_stays(self, server: MailServer) -> None:
        await sent(box(server), mail(zh={"title": "x", "text": "a\n.\nb"}))
        assert "a\n.\nb" in next(iter(server.messages[0].iter_parts())).get_content().replace("\r\n", "\n")

    async def test_connections_are_kept_for_what_follows(self, server: MailServer) -> None:
        following = Outgoing(READER, "x", json.dumps(TEXTS), {}, "m", more=True)
        await sent(box(server), following, following, mail())
        assert (len(server.raw), server.connections) == (3, 1)

    async def test_what_is_no_text_is_refused_here(self, server: MailServer) -> None:
        answers = await sent(box(server), Outgoing(READER, "x", "{}", {}, "m"), Outgoing(READER, "x", "[]", {}, "m"))
        assert [answer.status for answer in answers] == [422, 422]

    async def test_many_at_once(self, server: MailServer) -> None:
        channel = EmailChannel(box(server), 10)
        answers = await asyncio.gather(*(channel.send(mail(f"p{number}@example.test")) for number in range(30)))
        await channel.close()
        assert {answer.status for answer in answers} == {200}
        assert sorted(server.recipients) == sorted(f"p{number}@example.test" for number in range(30))

    @pytest.mark.parametrize("drill", [True, False])
    def test_both_languages_of_a_drill_say_so(self, drill: bool) -> None:
        made = compose(Mailbox("x", 1, "none", SENDER, "x"), mail(**({"drill": True} if drill else {})))
        assert [MARK in part.get_content() for part in made.iter_parts()] == [drill, drill]

    @given(st.text(max_size=300))
    def test_any_subject_is_one_line(self, subject: str) -> None:
        found = one_line(subject)
        assert len(found) <= LONGEST_SUBJECT
        assert not set(found) & {"\r", "\n", "\0", "\u2028"}

    @given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=80))
    def test_any_text_arrives_as_it_is(self, text: str) -> None:
        made = compose(Mailbox("x", 1, "none", SENDER, "x"), mail(zh={"title": "甲", "text": text}))
        part = next(iter(made.iter_parts()))
        plain = part.get_content().replace("\r\n", "\n").replace("\r", "\n")
        assert plain.split("\n\n", 1)[1].rstrip("\n") == text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")


BODY = '{"mobile": "{to}", "content": "【蓝天】{text}", "extra": {"ids": ["{id}"], "n": 1}}'
NUMBER = "13800001234"


def text_to(address: str = NUMBER, text: str = "橙色预警", message_id: str = "notice-1:contact:7") -> Outgoing:
    return Outgoing(address, "", text, {}, message_id)


async def texted(gateway: Gateway, *outgoing: Outgoing, allow_private: bool = True) -> list[Any]:
    channel = SmsChannel(gateway, 2.0, allow_private=allow_private)
    try:
        return [await channel.send(one) for one in outgoing]
    finally:
        await channel.close()


class TestTexts:
    async def test_the_template_is_filled_in(self) -> None:
        async with TextGateway().running() as made:
            gateway = Gateway(made.url, BODY, {"authorization": "Bearer geheim"})
            (answer,) = await texted(gateway, text_to("+86" + NUMBER, '他说"好"{id}'))
        assert answer.status == 200
        ((headers, body),) = made.calls
        assert headers["Authorization"] == "Bearer geheim"
        assert body == {
            "mobile": NUMBER,
            "content": '【蓝天】他说"好"{id}',
            "extra": {"ids": ["notice-1:contact:7"], "n": 1},
        }

    @pytest.mark.parametrize(
        ("status", "answer", "expected"),
        [
            (200, '{"data": {"code": 0}}', 200),
            (200, '{"data": {"code": "OK"}}', 200),
            (200, '{"data": {"code": "BLACKLIST"}}', 410),
            (200, '{"data": {"code": "BUSY"}}', 403),
            (200, '{"data": {}}', 403),
            (200, "no json", 403),
            (500, '{"data": {"code": 0}}', 500),
            (302, "", 302),
        ],
    )
    async def test_what_an_answer_means(self, status: int, answer: str, expected: int) -> None:
        async with TextGateway(status, answer).running() as made:
            gateway = Gateway(made.url, BODY, {}, "data.code", ("0", "OK"), ("BLACKLIST",))
            (found,) = await texted(gateway, text_to())
        assert found.status == expected

    async def test_a_pause_that_is_asked_for(self) -> None:
        async with TextGateway(429, "", {"retry-after": "7"}).running() as made:
            (answer,) = await texted(Gateway(made.url, BODY), text_to())
        assert (answer.status, answer.retry_after.total_seconds()) == (429, 7)

    async def test_the_number_is_not_repeated(self) -> None:
        async with TextGateway(400, f"bad number {NUMBER}").running() as made:
            (answer,) = await texted(Gateway(made.url, BODY), text_to())
        assert answer.said == "bad number <number>"

    async def test_private_addresses_are_refused(self) -> None:
        async with TextGateway().running() as made:
            (answer,) = await texted(Gateway(made.url, BODY), text_to(), allow_private=False)
        assert (answer.status, made.calls) == (None, [])

    @pytest.mark.parametrize("address", ["", "03151234567", "110", "1380000123", "deleted", "138000012345"])
    async def test_only_mobiles(self, address: str) -> None:
        async with TextGateway().running() as made:
            (answer,) = await texted(Gateway(made.url, BODY), text_to(address))
        assert (answer.status, made.calls) == (410, [])

    @pytest.mark.parametrize("text", ["", "长" * 336])
    async def test_lengths_that_no_gateway_takes(self, text: str) -> None:
        async with TextGateway().running() as made:
            (answer,) = await texted(Gateway(made.url, BODY), text_to(text=text))
        assert (answer.status, made.calls) == (422, [])

    @pytest.mark.parametrize(
        ("length", "expected"), [(0, 0), (1, 1), (70, 1), (71, 2), (134, 2), (135, 3), (201, 3), (335, 5), (336, 6)]
    )
    def test_parts(self, length: int, expected: int) -> None:
        assert parts("字" * length) == expected

    @given(st.text(max_size=400))
    def test_parts_grow_with_the_text(self, text: str) -> None:
        assert parts(text + "字") >= parts(text)
        assert parts("😀" * 35) == 1
        assert parts("😀" * 36) == 2

    @given(st.text(), st.text())
    def test_what_is_filled_in_is_no_template(self, to: str, text: str) -> None:
        assert filled("{to}|{text}", {"{to}": to, "{text}": text, "{id}": "x"}) == f"{to}|{text}"

    def test_where_a_code_is(self) -> None:
        assert [member_of('{"a": {"b": 1}}', path) for path in ("a.b", "a", "b", "a.b.c")] == ["1", None, None, None]


class TestSettings:
    def test_without_settings_there_are_no_such_channels(self) -> None:
        channels = live_channels(Settings())
        assert (channels.email, channels.sms) == (None, None)

    async def test_with_settings_there_are(self, monkeypatch: pytest.MonkeyPatch) -> None:
        given = {
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PASSWORD": "geheim",
            "MAIL_FROM": SENDER,
            "SMS_URL": "https://sms.example.test/send",
            "SMS_AUTH": "Bearer geheim",
        }
        for name, value in given.items():
            monkeypatch.setenv(f"LANTIAN_{name}", value)
        settings = Settings()
        channels = live_channels(settings)
        assert set(channels.open) == {"webhook", "email", "sms"}
        assert "geheim" not in repr(settings)
        await channels.close()

    @pytest.mark.parametrize("body", ["", "[]", '{"mobile": "{to}"}', "{to}{text}"])
    def test_a_body_that_says_nothing_is_refused(self, body: str) -> None:
        with pytest.raises(ValidationError, match="LANTIAN_SMS_BODY"):
            Settings(sms_body=body)
