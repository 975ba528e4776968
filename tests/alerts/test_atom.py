"""The Atom feed as its consumers need it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from lxml import etree

from alerts.atom import AtomFeed, FeedError, FeedMessage, live, may_reach_public, render_atom
from alerts.cap_values import MessageType, Status
from alerts.instants import SHANGHAI

ATOM = {"a": "http://www.w3.org/2005/Atom"}
NOW = datetime(2016, 12, 17, 9, 0, tzinfo=SHANGHAI)
BASE = "https://air.example.gov.cn/public/"


def message(name: str, hours_ago: int = 1, **changes: object) -> FeedMessage:
    """An Actual Alert that does not expire, with changes."""
    found = FeedMessage(
        identifier=name,
        address=f"{BASE}cap/{name}.xml",
        title=f"红色预警 {name}",
        summary="预计 AQI 210–380。",
        sent=NOW - timedelta(hours=hours_ago),
        status=Status.ACTUAL,
        msg_type=MessageType.ALERT,
        expires=None,
    )
    return replace(found, **changes)  # type: ignore[arg-type]


def feed(*messages: FeedMessage, drills: bool = False) -> AtomFeed:
    return AtomFeed(f"{BASE}warnings.atom", BASE, "重污染天气预警", "指挥中心", NOW, messages, drills)


def ids(of: AtomFeed) -> list[str]:
    """The ids of the entries, checking that id and link are one address of the right type."""
    document = etree.fromstring(render_atom(of))
    found = []
    for entry in document.findall("a:entry", ATOM):
        link = entry.find("a:link", ATOM)
        assert link is not None
        assert (link.get("rel"), link.get("type")) == ("alternate", "application/cap+xml")
        assert link.get("href") == entry.findtext("a:id", namespaces=ATOM)
        assert entry.findtext("a:title", namespaces=ATOM)
        assert (entry.findtext("a:updated", namespaces=ATOM) or "").endswith("+08:00")
        found.append(str(link.get("href")).removeprefix(f"{BASE}cap/").removesuffix(".xml"))
    return found


class TestLive:
    def test_newest_first(self) -> None:
        assert [m.identifier for m in live([message("a", 3), message("b", 1)], NOW)] == ["b", "a"]

    def test_an_update_replaces_what_it_refers_to(self) -> None:
        update = message("b", msg_type=MessageType.UPDATE, references=("a",))
        assert live([message("a", 3), update], NOW) == (update,)

    def test_expiry_is_the_first_instant_without_it(self) -> None:
        assert live([message("a", 3, expires=NOW)], NOW) == ()
        assert len(live([message("a", 3, expires=NOW + timedelta(seconds=1))], NOW)) == 1

    def test_a_cancel_removes_the_warning_and_stands_until_it_expires(self) -> None:
        until = NOW + timedelta(hours=6)
        cancel = message("c", msg_type=MessageType.CANCEL, references=("a",), expires=until)
        assert live([message("a", 3), cancel], NOW) == (cancel,)
        assert live([message("a", 3), cancel], until) == ()

    def test_a_cancel_without_expiry_only_removes(self) -> None:
        cancel = message("c", msg_type=MessageType.CANCEL, references=("a",))
        assert live([message("a", 3), cancel], NOW) == ()

    def test_a_message_of_the_future_does_nothing_yet(self) -> None:
        later = message("b", -1, msg_type=MessageType.UPDATE, references=("a",))
        assert [m.identifier for m in live([message("a"), later], NOW)] == ["a"]


class TestRenderAtom:
    def test_entries(self) -> None:
        assert ids(feed(message("a", 3), message("b", 1))) == ["b", "a"]

    def test_an_empty_feed_is_a_feed(self) -> None:
        document = etree.fromstring(render_atom(feed()))
        assert document.findtext("a:id", namespaces=ATOM) == f"{BASE}warnings.atom"
        assert document.findtext("a:updated", namespaces=ATOM) == "2016-12-17T09:00:00+08:00"

    @pytest.mark.parametrize("status", [Status.EXERCISE, Status.TEST])
    def test_drills_have_their_own_feed(self, status: Status) -> None:
        messages = (message("real"), message("drill", status=status))
        assert ids(feed(*messages)) == ["real"]
        assert ids(feed(*messages, drills=True)) == ["drill"]

    def test_a_drill_cannot_take_a_real_warning_out_of_the_feed(self) -> None:
        drill = message("d", status=Status.EXERCISE, msg_type=MessageType.CANCEL, references=("real",))
        assert ids(feed(message("real", 3), drill)) == ["real"]

    def test_updated_moves_also_when_the_last_warning_goes(self) -> None:
        cancel = message("c", 1, msg_type=MessageType.CANCEL, references=("a",))
        document = etree.fromstring(render_atom(feed(message("a", 5), cancel)))
        assert document.findtext("a:updated", namespaces=ATOM) == "2016-12-17T08:00:00+08:00"

    def test_hostile_words_are_text(self) -> None:
        document = etree.fromstring(render_atom(feed(message("a", title='甲 & 乙 "丙" 1 < 2'))))
        assert document.findtext("a:entry/a:title", namespaces=ATOM) == '甲 & 乙 "丙" 1 < 2'

    @pytest.mark.parametrize(
        "bad", ["http://air.example.gov.cn/x.xml", "/cap/a.xml", "javascript:1", "https:///x"]
    )
    def test_only_absolute_https(self, bad: str) -> None:
        with pytest.raises(FeedError, match="https"):
            render_atom(feed(message("a", address=bad)))

    def test_the_own_machine_may_do_without_tls(self) -> None:
        own = message("a", address="http://127.0.0.1:8000/public/cap/a.xml")
        assert b"127.0.0.1" in render_atom(feed(own))

    @pytest.mark.parametrize("changes", [{"identifier": "a"}, {"address": f"{BASE}cap/a.xml"}])
    def test_identifier_and_address_are_unique(self, changes: dict[str, object]) -> None:
        with pytest.raises(FeedError, match="share one"):
            render_atom(feed(message("a"), message("b", **changes)))

    @pytest.mark.parametrize("title", ["", "<b>x</b>", "a\x07"])
    def test_bad_text_is_refused(self, title: str) -> None:
        with pytest.raises(FeedError, match="Atom"):
            render_atom(feed(message("a", title=title)))

    def test_without_a_zone_it_is_refused(self) -> None:
        with pytest.raises(ValueError, match="zone"):
            render_atom(replace(feed(), as_of=NOW.replace(tzinfo=None)))


class TestMayReachPublic:
    @pytest.mark.parametrize(
        ("status", "may"), [(Status.ACTUAL, True), (Status.EXERCISE, False), (Status.TEST, False)]
    )
    def test_only_the_real(self, status: Status, may: bool) -> None:
        assert may_reach_public(status) is may


class TestLetters:
    """The whole feed, letter by letter: readers that match on text break on the smallest change."""

    def test_the_whole(self) -> None:
        given = message("a", 2, title="红色 & 黄色", msg_type=MessageType.UPDATE, expires=NOW + timedelta(hours=1))
        address = "https://air.example.gov.cn/public/cap/a.xml"
        assert render_atom(replace(feed(given), page=f"{BASE}?a=1&b=2")).decode() == (
            '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="zh-CN">'
            "<id>https://air.example.gov.cn/public/warnings.atom</id><title>重污染天气预警</title>"
            "<updated>2016-12-17T07:00:00+08:00</updated><author><name>指挥中心</name></author>"
            '<link rel="self" type="application/atom+xml" href="https://air.example.gov.cn/public/warnings.atom"/>'
            '<link rel="alternate" type="text/html" href="https://air.example.gov.cn/public/?a=1&amp;b=2"/>'
            f"<entry><id>{address}</id><title>红色 &amp; 黄色</title><updated>2016-12-17T07:00:00+08:00</updated>"
            "<published>2016-12-17T07:00:00+08:00</published>"
            f'<link rel="alternate" type="application/cap+xml" href="{address}"/>'
            '<category term="Update" label="msgType"/><summary type="text">预计 AQI 210–380。</summary></entry></feed>'
        )

    def test_quotes_in_an_address_cannot_end_it(self) -> None:
        document = etree.fromstring(render_atom(feed(message("a", address=f'{BASE}x"y.xml'))))
        assert document.findtext("a:entry/a:id", namespaces=ATOM) == f'{BASE}x"y.xml'

    def test_quotes_in_words_stay_as_they_are(self) -> None:
        assert "<title>\"甲\" '乙'</title>" in render_atom(feed(message("a", title="\"甲\" '乙'"))).decode()

    def test_messages_of_one_instant_stand_by_identifier(self) -> None:
        assert ids(feed(message("a"), message("c"), message("b"))) == ["c", "b", "a"]

    def test_updated_leaves_the_future_out(self) -> None:
        document = etree.fromstring(render_atom(feed(message("a", 5), message("b", -1))))
        assert document.findtext("a:updated", namespaces=ATOM) == "2016-12-17T04:00:00+08:00"

    def test_a_message_sent_now_speaks(self) -> None:
        now = feed(message("a", 0), message("b", 3))
        assert ids(now) == ["a", "b"]
        assert etree.fromstring(render_atom(now)).findtext("a:updated", namespaces=ATOM) == "2016-12-17T09:00:00+08:00"


class TestRefusals:
    @pytest.mark.parametrize(
        ("given", "told"),
        [
            (
                feed(message("a", address="/x")),
                "'/x' is not an absolute https address; set the public address of the service",
            ),
            (
                replace(feed(), address="http://air.example.gov.cn/warnings.atom"),
                "'http://air.example.gov.cn/warnings.atom' is not an absolute https address; "
                "set the public address of the service",
            ),
            (
                replace(feed(), page="ftp://127.0.0.1/"),
                "'ftp://127.0.0.1/' is not an absolute https address; set the public address of the service",
            ),
            (
                feed(message("a"), message("a", address=f"{BASE}cap/b.xml")),
                "two messages share one identifier; every CAP message has its own for ever",
            ),
            (
                feed(message("a"), message("b", address=f"{BASE}cap/a.xml")),
                "two messages share one address; every CAP message has its own for ever",
            ),
            (feed(message("a", summary="")), "Atom is empty; say it in words"),
            (replace(feed(), title="<b>"), "Atom holds a tag or an entity; write plain text"),
            (replace(feed(), author="a\x07"), "Atom holds a control character; remove it"),
        ],
    )
    def test_in_words(self, given: AtomFeed, told: str) -> None:
        with pytest.raises(FeedError) as refused:
            render_atom(given)
        assert str(refused.value) == told

    def test_loopback_by_any_of_its_names(self) -> None:
        for host in ("127.0.0.1", "localhost", "[::1]"):
            assert f"http://{host}:8000/a.xml" in str(render_atom(feed(message("a", address=f"http://{host}:8000/a.xml"))))
