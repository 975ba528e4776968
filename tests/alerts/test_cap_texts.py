"""A CAP message letter by letter, and what each refusal says: peers compare bytes, people read refusals."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.cap import CapError, CapMessage, Ending, InfoText, Level, MessageType, Reference, Status, render_cap
from tests.alerts.test_cap import ALERT, CANCEL, ENTERPRISES, FIRST, ONSET, PUBLIC, SENT

PARTS = (
    '<?xml version="1.0" encoding="UTF-8"?><alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">',
    "<identifier>11000033300000_20161215130000</identifier><sender>air.example.gov.cn</sender>",
    "<sent>2016-12-15T13:00:00+08:00</sent><status>Exercise</status><msgType>Alert</msgType><scope>Public</scope>",
    "<note>2016 年冬季演练</note>",
    "<info><language>zh-CN</language><category>Env</category><category>Health</category><category>Met</category>",
    "<event>重污染天气</event><responseType>Avoid</responseType><responseType>Monitor</responseType>",
    "<urgency>Future</urgency><severity>Extreme</severity><certainty>Likely</certainty><audience>公众</audience>",
    "<eventCode><valueName>GB/T 35965.1 eventType</valueName><value>11B29</value></eventCode>",
    "<effective>2016-12-15T13:00:00+08:00</effective><onset>2016-12-16T20:00:00+08:00</onset>",
    "<expires>2016-12-22T00:00:00+08:00</expires><senderName>北京市空气重污染应急指挥部办公室</senderName>",
    "<headline>北京市发布空气重污染红色预警</headline><description>预计 AQI &gt; 300 &amp; 持续。</description>",
    "<instruction>减少户外活动。</instruction><web>https://air.example.gov.cn/1</web><contact>010-12369</contact>",
    "<parameter><valueName>colour</valueName><value>Red</value></parameter>",
    "<parameter><valueName>responseLevel</valueName><value>I</value></parameter>",
    "<area><areaDesc>北京市</areaDesc><polygon>39.40000,115.40000 41.10000,115.40000 41.10000,117.50000 "
    "39.40000,117.50000 39.40000,115.40000</polygon>",
    "<geocode><valueName>CPEAS Geographic Code</valueName><value>110000000000</value></geocode></area></info>",
)
DRILL = replace(
    ALERT,
    status=Status.EXERCISE,
    note="2016 年冬季演练",
    public=replace(PUBLIC, description="预计 AQI > 300 & 持续。"),
    web="https://air.example.gov.cn/1",
    contact="010-12369",
)
ENGLISH = (
    InfoText("Public", "Beijing: red warning", "AQI above 300 expected.", "Stay indoors."),
    InfoText("Enterprises", "Beijing: response level I", "From 16 December, 20:00.", "Stop or limit production."),
)


class TestLetters:
    def test_the_whole_of_the_public_part(self) -> None:
        text = render_cap(DRILL).decode()
        whole = "".join(PARTS)
        assert text[: len(whole)] == whole

    def test_the_part_for_enterprises_differs_where_it_must(self) -> None:
        _, public, enterprises = render_cap(replace(DRILL, public=PUBLIC)).decode().split("<info>")
        expected = public.replace(
            "<responseType>Avoid</responseType><responseType>Monitor</responseType>",
            "<responseType>Execute</responseType>",
        )
        for here, there in zip(vars_of(PUBLIC), vars_of(ENTERPRISES), strict=True):
            expected = expected.replace(f">{here}<", f">{there}<")
        assert enterprises == f"{expected}</alert>"

    def test_english_stands_behind_under_its_own_name_of_the_sender(self) -> None:
        message = replace(ALERT, english=ENGLISH, sender_name_english="Beijing heavy pollution office")
        infos = render_cap(message).decode().split("<info>")[1:]
        named = ["<senderName>北京市空气重污染应急指挥部办公室</senderName>"] * 2
        named += ["<senderName>Beijing heavy pollution office</senderName>"] * 2
        assert [name in info for name, info in zip(named, infos, strict=True)] == [True] * 4
        assert [info.startswith("<language>en-US</language>") for info in infos] == [False, False, True, True]
        assert "<responseType>Avoid</responseType><responseType>Monitor</responseType>" in infos[2]
        assert "<responseType>Execute</responseType>" in infos[3]
        assert "<headline>Beijing: response level I</headline>" in infos[3]
        assert "<event>Heavy air pollution</event>" in infos[3]

    def test_without_an_english_name_the_chinese_one_stands(self) -> None:
        infos = render_cap(replace(ALERT, english=ENGLISH)).decode().split("<info>")[1:]
        assert all("<senderName>北京市空气重污染应急指挥部办公室</senderName>" in info for info in infos)

    def test_what_is_not_given_is_not_written(self) -> None:
        text = render_cap(replace(ALERT, expires=None, areas=(replace(ALERT.areas[0], polygons=()),))).decode()
        for name in ("note", "references", "expires", "web", "contact", "polygon"):
            assert f"<{name}" not in text

    @pytest.mark.parametrize(
        ("own", "note"),
        [
            (None, "预警解除。 Lifted: the warning has ended."),
            ("冷空气提前到达。", "预警解除。 Lifted: the warning has ended. 冷空气提前到达。"),
        ],
    )
    def test_a_note_of_ones_own_follows_the_ending(self, own: str | None, note: str) -> None:
        text = render_cap(replace(CANCEL, note=own)).decode()
        assert f"<note>{note}</note><references>air.example.gov.cn,{FIRST.identifier},2016-12-15T13:00:00+08:00<" in text

    @pytest.mark.parametrize("given", ["一\r\n二\r三\n四", "一\n二\n三\n四"])
    def test_lines_end_in_one_way(self, given: str) -> None:
        text = render_cap(replace(ALERT, public=replace(PUBLIC, description=given))).decode()
        assert "<description>一\n二\n三\n四</description>" in text

    def test_quotes_stay_as_they_are(self) -> None:
        text = render_cap(replace(ALERT, public=replace(PUBLIC, headline="\"甲\" '乙'"))).decode()
        assert "<headline>\"甲\" '乙'</headline>" in text

    def test_every_area_is_written(self) -> None:
        other = replace(ALERT.areas[0], description="石家庄市", geocodes=("130100000000", "130200000000"), polygons=())
        text = render_cap(replace(ALERT, areas=(*ALERT.areas, other))).decode()
        assert text.count("<areaDesc>") == 4
        assert "</value></geocode><geocode><valueName>CPEAS Geographic Code</valueName><value>130200000000</value>" in text


def vars_of(text: InfoText) -> tuple[str, str, str, str]:
    return text.audience, text.headline, text.description, text.instruction


REFUSALS: list[tuple[CapMessage, str]] = [
    (
        replace(ALERT, level=Level.NONE),
        "severity: needs a warning level; a message about no warning is not published",
    ),
    (
        replace(ALERT, expires=ONSET),
        "expires: must be after onset and effective; leave it empty when the end is announced later",
    ),
    (
        replace(ALERT, onset=SENT - timedelta(days=1), expires=SENT),
        "expires: must be after onset and effective; leave it empty when the end is announced later",
    ),
    (
        replace(CANCEL, ending=None),
        "note: a Cancel, and only a Cancel, says whether it lifts or was issued in error; set ending",
    ),
    (
        replace(ALERT, ending=Ending.LIFTED),
        "note: a Cancel, and only a Cancel, says whether it lifts or was issued in error; set ending",
    ),
    (
        replace(ALERT, references=(FIRST,)),
        "references: an Alert is the first message and refers to none; send an Update",
    ),
    (
        replace(ALERT, msg_type=MessageType.UPDATE),
        "references: an Update or Cancel must name every live earlier message of the warning",
    ),
    (
        replace(CANCEL, references=()),
        "references: an Update or Cancel must name every live earlier message of the warning",
    ),
    (
        replace(ALERT, status=Status.TEST),
        "note: status Test needs a note that says what is being tried",
    ),
    (
        replace(CANCEL, references=(FIRST, FIRST)),
        f"references: {FIRST.identifier} is named twice; name each message once",
    ),
    (
        replace(CANCEL, references=(replace(FIRST, identifier=CANCEL.identifier),)),
        "references: a message cannot refer to itself; give the new message a new identifier",
    ),
    (
        replace(CANCEL, references=(Reference(FIRST.sender, "later", CANCEL.sent + timedelta(seconds=1)),)),
        "references: later was sent later than this message; check the clock and the order",
    ),
    (replace(ALERT, areas=()), "area: is missing; name at least one place with its geocode"),
    (replace(ALERT, contact=" "), "contact: is empty; say it in words"),
    (replace(ALERT, note=" "), "note: is empty; say it in words"),
    (replace(ALERT, sender_name=""), "senderName: is empty; say it in words"),
    (replace(ALERT, sender_name_english="<b>"), "senderName: holds a tag or an entity; write plain text"),
    (replace(ALERT, web="/1"), "web: '/1' is not an absolute web address; write https://…"),
    (
        replace(ALERT, english=(ENGLISH[0], replace(ENGLISH[1], instruction=""))),
        "instruction: is empty; say it in words",
    ),
    (replace(ALERT, onset=ONSET.replace(microsecond=1), expires=None), "onset: has a fraction of a second"),
    (replace(ALERT, effective=SENT.replace(microsecond=1)), "effective: has a fraction of a second"),
    (
        replace(ALERT, expires=ONSET.replace(day=20, microsecond=1)),
        "expires: has a fraction of a second",
    ),
]


class TestRefusals:
    @pytest.mark.parametrize(("message", "told"), REFUSALS, ids=[told for _, told in REFUSALS])
    def test_in_words(self, message: CapMessage, told: str) -> None:
        with pytest.raises(CapError) as refused:
            render_cap(message)
        assert str(refused.value).startswith(f"CAP {told}")
        if "fraction" not in told:
            assert str(refused.value) == f"CAP {told}"

    def test_sent_at_the_same_instant_is_not_later(self) -> None:
        same = replace(FIRST, sent=CANCEL.sent)
        assert same.text() in render_cap(replace(CANCEL, references=(same,))).decode()

    def test_two_senders_may_use_one_identifier(self) -> None:
        other = replace(FIRST, sender="other.example")
        assert f"{FIRST.text()} {other.text()}" in render_cap(replace(CANCEL, references=(FIRST, other))).decode()

    def test_a_real_update_needs_no_note(self) -> None:
        update = replace(ALERT, msg_type=MessageType.UPDATE, references=(FIRST,), identifier="2")
        assert "<note>" not in render_cap(update).decode()

    def test_the_largest_message_and_one_byte_more(self) -> None:
        long = replace(PUBLIC, description="重" * 7_999)
        last = replace(PUBLIC, description="重" * 6_500, instruction="a")

        def message(letters: int) -> CapMessage:
            return replace(
                ALERT, public=long, enterprises=long, english=(long, replace(last, instruction="a" * letters))
            )

        letters = 100_001 - len(render_cap(message(1)))
        assert len(render_cap(message(letters))) == 100_000
        with pytest.raises(CapError) as refused:
            render_cap(message(letters + 1))
        assert str(refused.value) == "CAP alert: is 100001 bytes, more than 100000; shorten the texts or the polygons"
