"""The public pages: complete, small, in two languages, and nothing undecided on them."""

import json
import re
from dataclasses import fields, replace
from datetime import date, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from lxml import etree

from alerts.atom import may_reach_public
from alerts.cap import Ending, MessageType, Reference, Status, render_cap
from alerts.levels import Level
from service.publication.guard import may_be_shown
from service.publication.render import render_site
from service.publication.state import (
    AirCategory,
    ForecastDay,
    Phase,
    Place,
    PublicMessage,
    PublicReason,
    PublicState,
    PublicStateError,
    PublicStep,
    PublicWarning,
    StepKind,
    Words,
)
from service.publication.words import LEVELS, PAGE, REASONS, RESPONSES, SHAPES, STEPS

from .samples import (
    ADVICE,
    CLEAN_DAYS,
    DRILL_NOTE,
    HEAVY_DAYS,
    NOW,
    at,
    cap_message,
    episode,
    messages_of,
    place,
    published,
    state,
    step,
    warning,
)

LARGEST_PAGE = 100_000
RED = step(Level.RED, "2016-12-15T13:00:00", "2016-12-16T20:00:00", "2016-12-22T00:00:00")


class Text(HTMLParser):
    """The words of a page without its tags, and the tags it uses."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page.decode())

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


def page(of: PublicState, path: str = "index.html") -> Text:
    return Text(render_site(of)[path])


def document(of: PublicState) -> dict[str, Any]:
    found = json.loads(render_site(of)["warnings.json"])
    assert isinstance(found, dict)
    return found


class TestSite:
    def test_every_place_has_a_page_in_both_languages(self) -> None:
        files = render_site(episode())
        for folder in ("", "en/"):
            assert f"{folder}index.html" in files
            for one in episode().places:
                assert f"{folder}place/{one.adcode}.html" in files
        assert {"site.css", "warnings.json", "warnings.atom", "drills.atom"} <= files.keys()

    def test_the_same_state_gives_the_same_bytes(self) -> None:
        assert render_site(episode()) == render_site(episode())

    def test_cap_bytes_are_published_untouched(self) -> None:
        site, messages = render_site(episode()), episode().messages
        assert messages
        for message in messages:
            assert site[f"cap/{message.identifier}.xml"] == message.xml

    def test_no_script_no_inline_style_no_foreign_address(self) -> None:
        for path, content in render_site(episode()).items():
            if not path.endswith(".html"):
                continue
            for tag, attributes in Text(content).tags:
                assert tag not in {"script", "style", "iframe", "img", "form"}, path
                assert "style" not in attributes
                assert not any(name.startswith("on") for name in attributes)
                assert not re.match(r"(?i)(https?:|//|javascript:)", attributes.get("href") or "")

    def test_every_link_leads_to_a_file(self) -> None:
        files = render_site(episode())
        checked = 0
        for path, content in files.items():
            for tag, attributes in Text(content).tags if path.endswith(".html") else []:
                target = attributes.get("href")
                if tag not in {"a", "link"} or target is None or target.startswith("#"):
                    continue
                parts = path.split("/")[:-1]
                for part in target.split("/"):
                    parts = parts[:-1] if part == ".." else [*parts, part]
                assert "/".join(parts) in files, f"{path} → {target}"
                checked += 1
        assert checked > 100

    def test_headings_and_ids_are_in_order(self) -> None:
        for path, content in render_site(episode()).items():
            if path.endswith(".html"):
                tags = Text(content).tags
                assert [tag for tag, _ in tags].count("h1") == 1
                ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
                assert len(ids) == len(set(ids)), path

    def test_hundreds_of_places_under_warning_stay_small(self) -> None:
        places = tuple(
            place(
                code, warning(replace(RED, cap_identifier=f"{code}_1")), days=HEAVY_DAYS, name=f"第{code}号市"
            )
            for code in (f"{110000 + 100 * i}" for i in range(367))
        )
        files = render_site(state(*places))
        largest = max(
            (len(content), path) for path, content in files.items() if path.endswith((".html", ".css"))
        )
        assert largest[0] < LARGEST_PAGE, largest

    def test_nothing_but_words_for_an_empty_state(self) -> None:
        assert PAGE["no_places"].zh in page(state()).text
        assert PAGE["no_places"].en in page(state(), "en/index.html").text
        calm = page(state(place("110000", days=CLEAN_DAYS)))
        assert "目前没有地区处于重污染天气预警中" in calm.text


class TestIndex:
    def test_places_by_level_with_shape_word_and_numeral(self) -> None:
        text = page(episode()).text
        order = [text.index(name) for name in ("北京市", "石家庄市", "秦皇岛市")]
        assert order == sorted(order)
        for words in (
            "● 红色预警 · Ⅰ级响应",
            "■ 橙色预警 · Ⅱ级响应",
            "▲ 黄色预警 · Ⅲ级响应",
            "◆ 蓝色预警 · Ⅳ级响应",
        ):
            assert words in text

    def test_since_when_and_until_when(self) -> None:
        text = page(episode()).text
        assert "12月16日 20:00" in text
        assert "12月21日 24:00" in text
        assert "解除时间另行通知" in text

    def test_a_step_ahead_is_told_but_not_yet_counted(self) -> None:
        text = page(episode()).text
        assert "随后： 12月17日 20:00 升级 ● 红色预警" in text
        assert "12月17日 12:00 已发布解除" in text
        assert "已发布，尚未生效" in text

    def test_advice_of_the_plan_is_shown_once_for_levels_that_share_it(self) -> None:
        text = page(episode()).text
        assert text.count(ADVICE[0].text.zh) == 1

    def test_advice_that_differs_within_a_level_sends_to_the_places(self) -> None:
        other = replace(warning(replace(RED, cap_identifier="b_1")), advice=ADVICE[:1])
        assert (
            PAGE["advice_differs"].zh
            in page(state(place("110000", warning(RED)), place("120000", other))).text
        )

    def test_forecast_in_air_colours_never_in_warning_colours(self) -> None:
        cells = [
            attributes for tag, attributes in page(episode()).tags if attributes.get("class", "") == "a a5"
        ]
        assert cells
        assert not any("w" in (attributes["class"] or "").split() for attributes in cells)

    def test_many_places_are_counted_by_category(self) -> None:
        places = tuple(place(f"{110000 + 100 * i}", days=HEAVY_DAYS) for i in range(61))
        assert "优 0 0 0 0 0" in page(state(*places)).text
        assert "重度污染 61 61 0 61 0" in page(state(*places)).text

    def test_a_place_without_a_value_for_a_day_shows_a_dash(self) -> None:
        late = (ForecastDay(date(2016, 12, 19), 10, 20, AirCategory.EXCELLENT),)
        assert "—" in page(state(place("110000", days=CLEAN_DAYS), place("120000", days=late))).text

    def test_past_warnings_newest_first_with_their_highest_level(self) -> None:
        text = page(episode()).text
        assert "郑州市 12月10日 00:00 – 12月11日 24:00" in text
        assert "◆ 蓝色预警" in text[text.index("以往预警") :]

    def test_another_year_is_written_out(self) -> None:
        old = step(Level.RED, "2015-12-07T18:00:00", "2015-12-08T07:00:00", "2015-12-10T12:00:00")
        assert "2015年12月8日 07:00 – 2015年12月10日 12:00" in page(state(place("110000", warning(old)))).text

    def test_the_simulated_clock_is_on_every_page(self) -> None:
        files = render_site(episode(Status.TEST, clock_note=DRILL_NOTE))
        pages = {path: Text(content).text for path, content in files.items() if path.endswith(".html")}
        for path, text in pages.items():
            assert (DRILL_NOTE.en if path.startswith("en/") else DRILL_NOTE.zh) in text
        assert DRILL_NOTE.zh not in page(episode()).text


class TestPlace:
    def test_states_what_the_law_asks(self) -> None:
        text = page(episode(), "place/110000.html").text
        for label, value in (
            ("类别", "重污染天气"),
            ("级别", "红色预警, Ⅰ级响应"),
            ("起始时间", "12月16日 20:00"),
            ("可能影响的范围", "北京市"),
            ("警示事项", "预计12月17日至21日 AQI 210–380"),
            ("发布单位", "北京市空气重污染应急指挥部办公室"),
            ("发布时间", "12月15日 13:00"),
        ):
            assert re.search(f"{label} {re.escape(value)}", text), label
        assert ADVICE[1].text.zh in text

    def test_steps_link_their_cap_messages(self) -> None:
        shown = page(episode(), "place/130100.html")
        links = [a["href"] for tag, a in shown.tags if tag == "a" and "/cap/" in (a.get("href") or "")]
        assert len(links) == 2
        assert "升级" in shown.text

    def test_a_quiet_place_says_so(self) -> None:
        assert PAGE["here_none"].zh in page(episode(), "place/370200.html").text
        assert PAGE["forecast_none"].zh in page(episode(), "place/370200.html").text

    def test_the_note_of_the_forecast_is_told(self) -> None:
        noted = replace(place("110000", days=CLEAN_DAYS), forecast_note=Words("由实测重建", "rebuilt"))
        assert "由实测重建" in page(state(noted), "place/110000.html").text

    def test_hostile_names_are_text(self) -> None:
        name = "<script>alert('市')</script>\"&"
        files = render_site(state(place("110000", warning(RED), name=name, days=HEAVY_DAYS)))
        for path, content in files.items():
            assert b"<script" not in content or path.endswith(".json"), path
        assert name in Text(files["place/110000.html"]).text


WARNING_KEYS = {
        "id", "adcode", "name", "name_en", "province", "phase", "level", "response", "status", "announced_at",
        "effective_at", "planned_end", "issuer", "items", "advice", "steps", "page",
}  # fmt: skip


class TestJson:
    def test_stable_keys(self) -> None:
        found = document(episode())
        assert found.keys() == {"as_of", "clock_note", "publisher", "warnings", "past", "places"}
        assert all(one.keys() == WARNING_KEYS for one in found["warnings"])
        assert [one.keys() - WARNING_KEYS for one in found["past"]] == [{"ended_at"}]
        assert found["places"][0].keys() == {
            "adcode", "name", "name_en", "province", "level", "page", "forecast_issued_at", "forecast",
        }  # fmt: skip

    def test_levels_hold_from_their_start_only(self) -> None:
        found = document(episode())
        assert {one["adcode"]: (one["level"], one["phase"]) for one in found["warnings"]} == {
            "110000": ("red", "in_force"),
            "130100": ("orange", "in_force"),
            "130300": ("yellow", "in_force"),
            "370100": ("orange", "announced"),
        }
        assert {one["adcode"]: one["level"] for one in found["places"]}["370100"] == "none"
        assert [one["adcode"] for one in found["past"]] == ["410100"]

    def test_instants_carry_their_offset(self) -> None:
        red = next(one for one in document(episode())["warnings"] if one["adcode"] == "110000")
        assert red["effective_at"] == "2016-12-16T20:00:00+08:00"
        assert red["planned_end"] == "2016-12-22T00:00:00+08:00"
        assert red["steps"][0]["cap"].startswith("https://air.example.gov.cn/public/cap/")


class TestFeeds:
    @staticmethod
    def entries(content: bytes) -> int:
        return len(etree.fromstring(content).findall("{http://www.w3.org/2005/Atom}entry"))

    def test_real_messages_stand_in_the_public_feed(self) -> None:
        files = render_site(episode())
        assert self.entries(files["warnings.atom"]) == 3
        assert self.entries(files["drills.atom"]) == 0

    def test_a_simulation_leaves_the_public_feed_empty(self) -> None:
        files = render_site(episode(Status.EXERCISE, clock_note=DRILL_NOTE))
        assert self.entries(files["warnings.atom"]) == 0
        assert self.entries(files["drills.atom"]) == 3


class TestNothingUndecided:
    def test_no_type_has_room_for_a_proposal_or_an_assessment(self) -> None:
        names = {
            field.name
            for kind in (PublicState, Place, PublicWarning, PublicStep, PublicMessage, ForecastDay)
            for field in fields(kind)
        }
        assert not [name for name in names if re.search("propos|assess|draft|pending|suggest", name)]
        assert {"decision_id", "announced_at"} <= {field.name for field in fields(PublicStep)}
        assert "proposed" not in {kind.value for kind in (*Phase, *StepKind)}

    @pytest.mark.parametrize(
        ("changes", "word"),
        [
            ({"decision_id": ""}, "decision"),
            ({"announced_at": NOW + timedelta(seconds=1)}, "not announced"),
            ({"level": Level.NONE}, "not a warning"),
            ({"effective_at": NOW.replace(tzinfo=None)}, "time zone"),
            ({"planned_end": at("2016-12-16T20:00:00")}, "planned end"),
            ({"cap_identifier": "unknown"}, "missing"),
        ],
    )
    def test_a_step_that_may_not_be_shown(self, changes: dict[str, Any], word: str) -> None:
        good = state(place("110000", warning(RED)))
        bad = place("110000", warning(replace(RED, **changes)))
        with pytest.raises(PublicStateError, match=word):
            render_site(replace(good, places=(bad,)))

    @pytest.mark.parametrize(
        ("status", "simulated", "may"),
        [
            (Status.ACTUAL, False, True),
            (Status.ACTUAL, True, False),
            (Status.EXERCISE, False, False),
            (Status.EXERCISE, True, True),
            (Status.TEST, False, False),
            (Status.TEST, True, True),
        ],
    )
    def test_real_and_drill_never_meet(self, status: Status, simulated: bool, may: bool) -> None:
        assert may_be_shown(status, simulated) is may
        assert may_reach_public(status) is may_be_shown(status, False)
        shown = episode(status, clock_note=DRILL_NOTE if simulated else None)
        if may:
            assert render_site(shown)
        else:
            with pytest.raises(PublicStateError, match="keep drills and real warnings apart"):
                render_site(shown)

    def test_a_real_message_alone_may_not_stand_on_a_simulated_site(self) -> None:
        with pytest.raises(PublicStateError, match="Actual"):
            render_site(state(messages=(published(cap_message()),), clock_note=DRILL_NOTE))

    @pytest.mark.parametrize(
        ("changes", "word"),
        [
            ({"status": Status.TEST}, "another"),
            ({"identifier": "other"}, "another"),
            ({"identifier": "../../etc"}, "file"),
            ({"sent": NOW + timedelta(hours=1)}, "not sent"),
        ],
    )
    def test_a_message_that_does_not_fit_its_bytes(self, changes: dict[str, Any], word: str) -> None:
        with pytest.raises(PublicStateError, match=word):
            render_site(state(messages=(replace(published(cap_message()), **changes),)))

    def test_two_warnings_of_one_place_at_once(self) -> None:
        other = step(Level.RED, "2016-12-16T13:00:00", "2016-12-16T20:00:00", None)
        with pytest.raises(PublicStateError, match="at once"):
            render_site(state(place("110000", warning(RED), warning(other))))

    def test_a_warning_without_steps_or_past_its_end(self) -> None:
        with pytest.raises(PublicStateError, match="no announced step"):
            render_site(state(place("110000", warning())))
        lift = replace(RED, kind=StepKind.LIFT, cap_identifier="x")
        with pytest.raises(PublicStateError, match="after it ended"):
            render_site(replace(state(), places=(place("110000", warning(lift, RED)),)))

    def test_steps_out_of_order(self) -> None:
        early = replace(RED, announced_at=at("2016-12-14T13:00:00"), cap_identifier="x")
        with pytest.raises(PublicStateError, match="order"):
            render_site(replace(state(), places=(place("110000", warning(RED, early)),)))

    def test_places_and_days_that_cannot_be(self) -> None:
        with pytest.raises(PublicStateError, match="6 digits"):
            render_site(state(place("../x")))
        with pytest.raises(PublicStateError, match="twice"):
            render_site(state(place("110000"), place("110000")))
        with pytest.raises(PublicStateError, match="AQI range"):
            render_site(state(place("110000", days=(ForecastDay(NOW.date(), 90, 80, AirCategory.GOOD),))))
        with pytest.raises(PublicStateError, match="slash"):
            render_site(state(base_address="https://air.example.gov.cn/public"))


class TestWords:
    def test_every_enum_member_has_words_in_both_languages(self) -> None:
        tables: tuple[tuple[Any, Any], ...] = (
            (STEPS, StepKind),
            (REASONS, PublicReason),
        )
        for table, kind in tables:
            assert set(table) == set(kind)
        levels = {level for level in Level if level}
        assert set(LEVELS) == set(RESPONSES) == set(SHAPES) == levels
        for words in (*PAGE.values(), *LEVELS.values(), *STEPS.values(), *REASONS.values()):
            assert words.zh
            assert words.en

    def test_every_page_word_is_shown_somewhere(self) -> None:
        from service.publication.render import TEMPLATES

        templates = "".join(path.read_text() for path in TEMPLATES.glob("*.html"))
        assert not [key for key in PAGE if not re.search(rf"\bt\.{key}\b", templates)]

    def test_a_cancelled_message_chain_renders(self) -> None:
        first = published(cap_message())
        cancel = cap_message(
            identifier="11000033300000_20161216090000", sent=at("2016-12-16T09:00:00"), expires=None,
            msg_type=MessageType.CANCEL, ending=Ending.ISSUED_IN_ERROR,
            references=(Reference("air.example.gov.cn", first.identifier, first.sent),),
        )  # fmt: skip
        files = render_site(state(messages=(first, published(cancel))))
        assert files[f"cap/{cancel.identifier}.xml"] == render_cap(cancel)
        assert messages_of(warning(RED), "110000")
