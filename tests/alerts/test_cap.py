"""CAP messages: valid against the OASIS schema, complete by law, and nothing illegal gets out."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from alerts.cap import (
    Area,
    CapError,
    CapMessage,
    Certainty,
    Ending,
    InfoText,
    MessageType,
    Reference,
    Status,
    render_cap,
    urgency,
)
from alerts.cap_values import NAMESPACE, cap_time, geocode
from alerts.instants import SHANGHAI
from alerts.levels import WARNING_LEVELS, Level

SCHEMA = etree.XMLSchema(etree.parse(str(Path(__file__).parents[1] / "data/cap/CAP-v1.2-schema.xsd")))
CAP = {"c": NAMESPACE}
SENT = datetime(2016, 12, 15, 13, 0, tzinfo=SHANGHAI)
ONSET = datetime(2016, 12, 16, 20, 0, tzinfo=SHANGHAI)
RING = ((39.4, 115.4), (41.1, 115.4), (41.1, 117.5), (39.4, 117.5), (39.4, 115.4))

PUBLIC = InfoText(
    "公众", "北京市发布空气重污染红色预警", "预计 AQI 210–380，首要污染物 PM2.5。", "减少户外活动。"
)
ENTERPRISES = InfoText("企业", "北京市启动Ⅰ级应急响应", "12月16日20时起执行。", "按应急减排清单停产、限产。")
ALERT = CapMessage(
    identifier="11000033300000_20161215130000",
    sender="air.example.gov.cn",
    sender_name="北京市空气重污染应急指挥部办公室",
    sent=SENT,
    status=Status.ACTUAL,
    msg_type=MessageType.ALERT,
    level=Level.RED,
    effective=SENT,
    onset=ONSET,
    expires=datetime(2016, 12, 22, 0, 0, tzinfo=SHANGHAI),
    certainty=Certainty.LIKELY,
    public=PUBLIC,
    enterprises=ENTERPRISES,
    areas=(Area("北京市", (geocode("110000"),), (RING,)),),
)
FIRST = Reference(ALERT.sender, ALERT.identifier, ALERT.sent)
CANCEL = replace(
    ALERT,
    identifier="11000033300000_20161221220000",
    sent=datetime(2016, 12, 21, 22, 0, tzinfo=SHANGHAI),
    effective=datetime(2016, 12, 21, 22, 0, tzinfo=SHANGHAI),
    onset=datetime(2016, 12, 22, 0, 0, tzinfo=SHANGHAI),
    expires=None,
    msg_type=MessageType.CANCEL,
    references=(FIRST,),
    ending=Ending.LIFTED,
)


def read(message: CapMessage) -> etree._Element:
    """Render, check against the schema, parse."""
    document = etree.fromstring(render_cap(message))
    SCHEMA.assertValid(document)
    return document


def texts(node: etree._Element, path: str) -> list[str]:
    found = node.xpath(path, namespaces=CAP)
    assert isinstance(found, list)
    return [element.text or "" for element in found if isinstance(element, etree._Element)]


class TestRender:
    def test_the_alert_is_valid_and_says_who_when_what(self) -> None:
        alert = read(ALERT)
        assert texts(alert, "c:identifier") == ["11000033300000_20161215130000"]
        assert texts(alert, "c:sent") == ["2016-12-15T13:00:00+08:00"]
        assert texts(alert, "c:status") == ["Actual"]
        assert texts(alert, "c:msgType") == ["Alert"]
        assert texts(alert, "c:scope") == ["Public"]
        assert texts(alert, "c:references") == []

    def test_two_audiences_share_category_and_code_and_differ_in_what_to_do(self) -> None:
        infos = read(ALERT).findall("c:info", CAP)
        assert [texts(info, "c:audience") for info in infos] == [["公众"], ["企业"]]
        assert [texts(info, "c:responseType") for info in infos] == [["Avoid", "Monitor"], ["Execute"]]
        for info in infos:
            assert texts(info, "c:language") == ["zh-CN"]
            assert texts(info, "c:category") == ["Env", "Health", "Met"]
            assert texts(info, "c:eventCode/c:value") == ["11B29"]

    def test_issue_start_and_end_are_three_instants(self) -> None:
        info = read(ALERT).findall("c:info", CAP)[0]
        assert texts(info, "c:effective") == ["2016-12-15T13:00:00+08:00"]
        assert texts(info, "c:onset") == ["2016-12-16T20:00:00+08:00"]
        assert texts(info, "c:expires") == ["2016-12-22T00:00:00+08:00"]

    def test_open_end_has_no_expiry(self) -> None:
        assert texts(read(replace(ALERT, expires=None)), "c:info/c:expires") == []

    @pytest.mark.parametrize(
        ("level", "severity", "colour", "response"),
        [
            (Level.BLUE, "Minor", "Blue", "IV"),
            (Level.YELLOW, "Moderate", "Yellow", "III"),
            (Level.ORANGE, "Severe", "Orange", "II"),
            (Level.RED, "Extreme", "Red", "I"),
        ],
    )
    def test_colour_and_response_level(self, level: Level, severity: str, colour: str, response: str) -> None:
        info = read(replace(ALERT, level=level)).findall("c:info", CAP)[0]
        assert texts(info, "c:severity") == [severity]
        assert texts(info, "c:parameter/c:valueName") == ["colour", "responseLevel"]
        assert texts(info, "c:parameter/c:value") == [colour, response]

    def test_area_has_twelve_digits_and_a_ring_in_latitude_longitude(self) -> None:
        area = read(ALERT).findall("c:info/c:area", CAP)[0]
        assert texts(area, "c:geocode/c:value") == ["110000000000"]
        [polygon] = texts(area, "c:polygon")
        assert polygon.startswith("39.40000,115.40000 41.10000,115.40000 ")
        assert polygon.split(" ")[0] == polygon.split(" ")[-1]
        assert "  " not in polygon

    def test_bytes_are_compact_and_repeatable(self) -> None:
        rendered = render_cap(ALERT)
        assert rendered == render_cap(ALERT)
        assert not re.search(rb">\s+<", rendered)
        assert b"Z<" not in rendered

    def test_another_zone_is_written_in_beijing_time(self) -> None:
        utc = ALERT.sent.astimezone(UTC)
        assert render_cap(replace(ALERT, sent=utc, effective=utc)) == render_cap(ALERT)

    def test_update_names_every_earlier_message(self) -> None:
        second = Reference(ALERT.sender, "11000033300000_20161216130000", SENT + timedelta(days=1))
        update = replace(CANCEL, msg_type=MessageType.UPDATE, ending=None, references=(FIRST, second))
        assert texts(read(update), "c:references") == [
            "air.example.gov.cn,11000033300000_20161215130000,2016-12-15T13:00:00+08:00 "
            "air.example.gov.cn,11000033300000_20161216130000,2016-12-16T13:00:00+08:00"
        ]

    @pytest.mark.parametrize(
        ("ending", "note", "response"),
        [(Ending.LIFTED, "解除", "AllClear"), (Ending.ISSUED_IN_ERROR, "误发", "None")],
    )
    def test_cancel_says_whether_lifted_or_wrong(self, ending: Ending, note: str, response: str) -> None:
        cancel = read(replace(CANCEL, ending=ending))
        assert note in texts(cancel, "c:note")[0]
        assert set(texts(cancel, "c:info/c:responseType")) == {response}
        assert set(texts(cancel, "c:info/c:urgency")) == {"Past"}

    def test_english_follows_the_chinese(self) -> None:
        english = InfoText("Public", "Beijing: red warning", "AQI 210–380 expected.", "Stay indoors.")
        document = read(replace(ALERT, english=(english, replace(english, audience="Enterprises"))))
        assert texts(document, "c:info/c:language") == ["zh-CN", "zh-CN", "en-US", "en-US"]
        assert texts(document, "c:info/c:event")[2] == "Heavy air pollution"

    @pytest.mark.parametrize("status", [Status.EXERCISE, Status.TEST])
    def test_a_drill_says_so(self, status: Status) -> None:
        document = read(replace(ALERT, status=status, note="2016 年冬季演练"))
        assert texts(document, "c:status") == [status.value]
        assert texts(document, "c:note") == ["2016 年冬季演练"]

    def test_a_message_weighs_far_less_than_hubs_accept(self) -> None:
        assert len(render_cap(ALERT)) < 10_000

    @given(
        text=st.text(st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="&<\ufffe\uffff"))
    )
    def test_what_goes_in_comes_out(self, text: str) -> None:
        described = f"首要污染物 {text}。"
        message = replace(ALERT, public=replace(PUBLIC, description=described))
        assert texts(read(message), "c:info/c:description")[0] == described

    @given(level=st.sampled_from(WARNING_LEVELS), hours=st.integers(-3, 96), open_end=st.booleans())
    def test_every_level_and_start_is_valid(self, level: Level, hours: int, open_end: bool) -> None:
        onset = SENT + timedelta(hours=hours)
        expires = None if open_end else max(onset, SENT) + timedelta(hours=1)
        document = read(replace(ALERT, level=level, onset=onset, expires=expires))
        assert texts(document, "c:info/c:onset")[0] == cap_time("onset", onset)


class TestUrgency:
    @pytest.mark.parametrize(
        ("minutes", "expected"),
        [(-30, "Immediate"), (60, "Immediate"), (61, "Expected"), (1440, "Expected"), (1441, "Future")],
    )
    def test_edges(self, minutes: int, expected: str) -> None:
        assert urgency(SENT, SENT + timedelta(minutes=minutes)) == expected


class TestRefusals:
    @pytest.mark.parametrize("bad", ["", "a b", "a,b", "a<b", "a&b", "预警1", "a\u00a0b", "a\nb"])
    @pytest.mark.parametrize("element", ["identifier", "sender"])
    def test_identifier_and_sender_hold_no_forbidden_sign(self, element: str, bad: str) -> None:
        with pytest.raises(CapError) as refused:
            render_cap(replace(ALERT, **{element: bad}))  # type: ignore[arg-type]
        assert refused.value.element == element

    @pytest.mark.parametrize(
        ("element", "changes"),
        [
            ("severity", {"level": Level.NONE}),
            ("sent", {"sent": SENT.replace(tzinfo=None)}),
            ("sent", {"sent": SENT.replace(microsecond=1)}),
            ("sent", {"sent": SENT.replace(year=1988, month=7)}),
            ("expires", {"expires": ONSET}),
            ("references", {"references": (FIRST,)}),
            ("references", {"msg_type": MessageType.UPDATE}),
            ("note", {"msg_type": MessageType.CANCEL, "references": (FIRST,)}),
            ("note", {"ending": Ending.LIFTED}),
            ("note", {"status": Status.EXERCISE}),
            ("area", {"areas": ()}),
            ("geocode", {"areas": (Area("北京市", ("110000",)),)}),
            ("geocode", {"areas": (Area("北京市", ()),)}),
            ("headline", {"public": replace(PUBLIC, headline="长" * 141)}),
            ("description", {"public": replace(PUBLIC, description="<b>重</b>")}),
            ("description", {"public": replace(PUBLIC, description="重&nbsp;污染")}),
            ("instruction", {"enterprises": replace(ENTERPRISES, instruction=" ")}),
            ("instruction", {"enterprises": replace(ENTERPRISES, instruction="停产\x00")}),
            ("senderName", {"sender_name": "<script>alert(1)</script>"}),
            ("web", {"web": "javascript:alert(1)"}),
            ("web", {"web": "/public/"}),
        ],
    )
    def test_named_with_advice(self, element: str, changes: dict[str, object]) -> None:
        with pytest.raises(CapError) as refused:
            render_cap(replace(ALERT, **changes))  # type: ignore[arg-type]
        assert refused.value.element == element
        assert refused.value.problem

    @pytest.mark.parametrize(
        ("reference", "word"),
        [
            (Reference(ALERT.sender, CANCEL.identifier, SENT), "itself"),
            (Reference(ALERT.sender, "later", CANCEL.sent + timedelta(seconds=1)), "later"),
            (Reference("a,b", "x", SENT), "comma"),
        ],
    )
    def test_references_that_break_the_chain(self, reference: Reference, word: str) -> None:
        with pytest.raises(CapError, match=word):
            render_cap(replace(CANCEL, references=(reference,)))

    def test_a_reference_named_twice(self) -> None:
        with pytest.raises(CapError, match="twice"):
            render_cap(replace(CANCEL, references=(FIRST, FIRST)))

    @pytest.mark.parametrize(
        ("ring", "word"),
        [
            (RING[:-1], "closed"),
            (RING[:2] + RING[:1], "closed"),
            (((39.0, 115.0), (40.0, 116.0), (40.0, 115.0), (39.0, 116.0), (39.0, 115.0)), "crosses"),
            (((115.4, 39.4), (115.4, 41.1), (117.5, 41.1), (115.4, 39.4)), "latitude"),
            ((*RING[:2], RING[1], *RING[2:]), "twice"),
            (((float("nan"), 115.0), *RING[1:]), "off the earth"),
            (tuple((30 + i / 1000, 110.0) for i in range(501)), "points"),
        ],
    )
    def test_rings(self, ring: tuple[tuple[float, float], ...], word: str) -> None:
        with pytest.raises(CapError, match=word):
            render_cap(replace(ALERT, areas=(Area("北京市", ("110000000000",), (ring,)),)))

    def test_a_message_too_heavy_for_hubs(self) -> None:
        long = replace(PUBLIC, description="重" * 7_999, instruction="重" * 7_999)
        with pytest.raises(CapError, match="bytes"):
            render_cap(replace(ALERT, public=long, enterprises=long, english=(long, long)))

    @pytest.mark.parametrize("adcode", ["11000", "1100000", "11000a", "１１００００"])
    def test_geocode_of_a_wrong_division_code(self, adcode: str) -> None:
        with pytest.raises(CapError, match="6-digit"):
            geocode(adcode)

    def test_the_schema_can_fail(self) -> None:
        broken = render_cap(ALERT).replace(b"+08:00</sent>", b"Z</sent>")
        assert not SCHEMA.validate(etree.fromstring(broken))
