"""The parts of a CAP message one by one: rings on the earth, words, tokens, times, and what a refusal says."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.cap_values import (
    LONGEST_HEADLINE,
    LONGEST_TEXT,
    MOST_POINTS,
    Area,
    CapError,
    Ending,
    InfoText,
    Reference,
    cap_time,
    check_text,
    check_token,
    check_web,
    geocode,
)
from alerts.instants import SHANGHAI

NOON = datetime(2016, 12, 15, 12, 0, tzinfo=SHANGHAI)
Ring = tuple[tuple[float, float], ...]


def area(*rings: Ring) -> Area:
    return Area("北京市", ("110000000000",), rings)


def refusal(ring: Ring) -> str:
    with pytest.raises(CapError) as refused:
        area(ring).check()
    assert refused.value.element == "polygon"
    return refused.value.problem


class TestRings:
    SQUARE: Ring = ((0, 0), (0, 4), (4, 4), (4, 0), (0, 0))

    @pytest.mark.parametrize(
        "ring",
        [
            SQUARE,
            SQUARE[::-1],
            ((0, 0), (0, 4), (4, 0), (0, 0)),
            ((0, 0), (0, 4), (4, 4), (4, 2), (2, 2), (2, 1), (4, 1), (4, 0), (0, 0)),
            ((0, 0), (0, 2), (0, 4), (4, 4), (4, 0), (0, 0)),
            ((90, 180), (90, -180), (-90, -180), (-90, 180), (90, 180)),
            ((30, 110), (30.00001, 110), (30, 110.00001), (30, 110)),
        ],
        ids=["square", "other way", "triangle", "notch", "point on an edge", "whole earth", "one metre"],
    )
    def test_simple_ones_may_stand(self, ring: Ring) -> None:
        area(ring).check()

    @pytest.mark.parametrize(
        "ring",
        [
            ((0, 0), (4, 4), (0, 4), (4, 0), (0, 0)),
            ((0, 0), (4, 0), (0, 4), (4, 4), (0, 0)),
            ((0, 0), (0, 4), (4, 4), (4, 2), (0, 2), (4, 0), (0, 0)),
            ((0, 0), (0, 4), (4, 4), (4, 2), (-2, 2), (4, 0), (0, 0)),
            ((0, 0), (0, 4), (4, 4), (0, 3), (0, 1), (4, 0), (0, 0)),
            ((0, 0), (0, 4), (4, 4), (4, 1), (0, 1), (4, 0.5), (0, 0)),
            ((2, 0), (2, 4), (4, 4), (4, 2), (2, 2), (0, 2), (0, 0), (2, 0)),
        ],
        ids=["bow tie", "bow tie turned", "corner on an edge", "through an edge", "along an edge", "spike", "meets a corner"],
    )
    def test_those_that_meet_themselves_may_not(self, ring: Ring) -> None:
        assert refusal(ring) == "crosses itself; simplify it or leave it out"

    @given(st.integers(0, 20), st.booleans(), st.floats(-80, 80), st.floats(-170, 170), st.floats(0.001, 9))
    def test_where_it_begins_turns_and_lies_does_not_matter(
        self, by: int, turned: bool, latitude: float, longitude: float, size: float
    ) -> None:
        for shape, simple in (
            (((0, 0), (0, 1), (1, 1), (1, 0.5), (0.5, 0.5), (0.5, 0.25), (1, 0.25), (1, 0)), True),
            (((0, 0), (0, 1), (1, 1), (0.4, 0.5), (-0.4, 0.5), (1, 0.1)), False),
        ):
            points = [(latitude + size * x, longitude + size * y) for x, y in shape]
            by %= len(points)
            points = points[by:] + points[:by]
            ring = (*points[:: -1 if turned else 1], points[-1 if turned else 0])
            if simple:
                area(ring).check()
            else:
                assert refusal(ring).startswith("crosses itself")

    @pytest.mark.parametrize(
        "point", [(90.01, 0), (-90.01, 0), (0, 180.01), (0, -180.01), (float("nan"), 0), (0, float("inf"))]
    )
    def test_off_the_earth(self, point: tuple[float, float]) -> None:
        told = refusal(((0, 0), point, (4, 4), (0, 0)))
        assert told == f"({point[0]}, {point[1]}) is off the earth; the order is latitude, longitude"

    @pytest.mark.parametrize("ring", [SQUARE[:-1], ((0, 0), (0, 4), (0, 0)), ()])
    def test_open_or_too_few(self, ring: Ring) -> None:
        assert refusal(ring) == "is not closed; give at least 4 points, the last equal to the first"

    def test_closed_as_written_with_five_decimals(self) -> None:
        area(((30, 110), (31, 110), (31, 111), (30.000004, 110.000004))).check()
        assert "not closed" in refusal(((30, 110), (31, 110), (31, 111), (30.00001, 110)))

    @pytest.mark.parametrize("second", [(0.0, 4.0), (0.000001, 4.000001)])
    def test_a_point_twice(self, second: tuple[float, float]) -> None:
        told = refusal(((0, 0), (0, 4), second, (4, 4), (0, 0)))
        assert told == "visits a point twice (5 decimals); remove the repeated point"

    def test_so_many_points_and_no_more(self) -> None:
        far = [(at / 1000, 0.0) for at in range(MOST_POINTS - 2)]
        area((*far, (0.0, 5.0), far[0])).check()
        told = refusal((*far, (0.0, 5.0), (0.0, 4.0), far[0]))
        assert told == "has 501 points, more than 500; simplify it or leave it out"

    def test_every_ring_is_looked_at(self) -> None:
        with pytest.raises(CapError, match="not closed"):
            area(self.SQUARE, self.SQUARE[:-1]).check()

    def test_as_written(self) -> None:
        assert list(area(((39.4, 115.4), (41.123456, 115.4), (41.1, 117.5), (39.4, 115.4))).polygon_texts()) == [
            "39.40000,115.40000 41.12346,115.40000 41.10000,117.50000 39.40000,115.40000"
        ]


class TestArea:
    @pytest.mark.parametrize("code", ["11000000000", "1100000000000", "11000000000x", "１１００００００００００"])
    def test_a_wrong_code(self, code: str) -> None:
        with pytest.raises(CapError) as refused:
            Area("北京市", ("110000000000", code)).check()
        assert str(refused.value) == f"CAP geocode: {code!r} is not 12 digits; pad the 6-digit division code with zeros"

    def test_no_code(self) -> None:
        with pytest.raises(CapError) as refused:
            Area("北京市", ()).check()
        assert str(refused.value) == "CAP geocode: 北京市 has none; give the 12-digit division code"

    def test_a_name_in_words(self) -> None:
        with pytest.raises(CapError, match=r"^CAP areaDesc: is empty"):
            Area(" ", ("110000000000",)).check()

    def test_the_code_of_a_division(self) -> None:
        assert geocode("130100") == "130100000000"
        with pytest.raises(CapError) as refused:
            geocode("1301")
        assert str(refused.value) == "CAP geocode: '1301' is not a 6-digit division code; use the GB/T 2260 code"


class TestTime:
    def test_beijing_time_with_its_offset(self) -> None:
        assert cap_time("sent", NOON) == "2016-12-15T12:00:00+08:00"
        assert cap_time("sent", NOON.astimezone(timezone(timedelta(hours=-5)))) == "2016-12-15T12:00:00+08:00"

    @pytest.mark.parametrize(
        ("moment", "told"),
        [
            (NOON.replace(tzinfo=None), "has no time zone; pass an aware instant"),
            (NOON.replace(microsecond=1), "has a fraction of a second; cut it to whole seconds before it is stored"),
            (
                NOON.replace(year=1988, month=7),
                "1988-07-15T12:00:00+09:00 lies in a year when Beijing time was not +08:00; check the year",
            ),
        ],
    )
    def test_others_are_refused_by_name(self, moment: datetime, told: str) -> None:
        with pytest.raises(CapError) as refused:
            cap_time("onset", moment)
        assert (refused.value.element, refused.value.problem) == ("onset", told)


class TestWords:
    @pytest.mark.parametrize("value", ["", " ", "\n\t"])
    def test_empty(self, value: str) -> None:
        with pytest.raises(CapError, match=r"^CAP headline: is empty; say it in words$"):
            check_text("headline", value)

    def test_as_long_as_allowed_and_no_longer(self) -> None:
        check_text("headline", "长" * 5, 5)
        with pytest.raises(CapError, match=r"^CAP headline: has 6 characters, more than 5; shorten it$"):
            check_text("headline", "长" * 6, 5)
        check_text("description", "长" * LONGEST_TEXT)
        with pytest.raises(CapError, match="more than 8000"):
            check_text("description", "长" * (LONGEST_TEXT + 1))

    @pytest.mark.parametrize(
        "value", ["停产\x00", "a\x07", "\ufffe", "\ud800"], ids=["null", "bell", "no character", "half a pair"]
    )
    def test_what_xml_cannot_carry(self, value: str) -> None:
        with pytest.raises(CapError, match=r"^CAP note: holds a control character; remove it$"):
            check_text("note", value)

    @pytest.mark.parametrize("value", ["<b>重</b>", "</p>", "<!-- -->", "<?x?>", "重&nbsp;", "&#8722;", "&#x3C;"])
    def test_markup(self, value: str) -> None:
        with pytest.raises(CapError, match=r"^CAP note: holds a tag or an entity; write plain text$"):
            check_text("note", value)

    @pytest.mark.parametrize("value", ["AQI < 200", "1 <2> 3", "停产 & 限产", "第一行\n第二行\r\n\t第三行", "𠮷"])
    def test_plain_text_with_signs(self, value: str) -> None:
        check_text("note", value)
        with pytest.raises(CapError):
            check_text("note", f"{value}<br/>")

    @pytest.mark.parametrize(
        ("element", "words"),
        [
            ("audience", ("", "标题", "内容", "措施")),
            ("headline", ("公众", "长" * (LONGEST_HEADLINE + 1), "内容", "措施")),
            ("description", ("公众", "标题", "", "措施")),
            ("instruction", ("公众", "标题", "内容", "")),
        ],
    )
    def test_every_part_of_an_info_is_looked_at(self, element: str, words: tuple[str, str, str, str]) -> None:
        with pytest.raises(CapError) as refused:
            InfoText(*words).check()
        assert refused.value.element == element

    def test_the_sentence_of_an_ending(self) -> None:
        assert Ending.LIFTED.sentence == "预警解除。 Lifted: the warning has ended."
        assert Ending.ISSUED_IN_ERROR.sentence == "预警误发，予以撤销。 Issued in error: the warning is revoked."


class TestTokens:
    @given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, blacklist_characters=",<&"), min_size=1))
    def test_printable_signs_may_stand(self, value: str) -> None:
        check_token("identifier", value)
        with pytest.raises(CapError):
            check_token("identifier", f"{value} {value}")

    def test_empty(self) -> None:
        with pytest.raises(CapError) as refused:
            check_token("sender", "")
        assert str(refused.value) == "CAP sender: is empty; every message needs one"

    @pytest.mark.parametrize("value", ["a b", "a,b", "a<b", "a&b", "预警", "a\x7fb", "a\tb"])
    def test_signs_that_break_the_list(self, value: str) -> None:
        with pytest.raises(CapError) as refused:
            check_token("sender", value)
        assert refused.value.problem == (
            f"{value!r} holds a blank, comma, <, & or non-ASCII sign; use letters, digits, . _ : -"
        )

    def test_a_reference(self) -> None:
        good = Reference("air.example", "a1", NOON)
        good.check()
        assert (good.text(), good.key) == ("air.example,a1,2016-12-15T12:00:00+08:00", ("air.example", "a1"))

    @pytest.mark.parametrize(
        "bad", [Reference("a b", "a1", NOON), Reference("a", "", NOON), Reference("a", "a1", NOON.replace(tzinfo=None))]
    )
    def test_a_reference_is_refused_by_its_place(self, bad: Reference) -> None:
        with pytest.raises(CapError) as refused:
            bad.check()
        assert refused.value.element == "references"
        with pytest.raises(CapError, match="references"):
            Reference("a", "a1", NOON.replace(microsecond=5)).text()


class TestWeb:
    @pytest.mark.parametrize("address", ["https://air.example/1", "http://127.0.0.1:8000/x?y=1#z"])
    def test_absolute(self, address: str) -> None:
        check_web(address)
        with pytest.raises(CapError):
            check_web(address.partition(":")[2])

    @pytest.mark.parametrize(
        "address", ["", "/public/", "https:///x", "ftp://air.example/", "https://air.example/预警", "https://air.example/a b"]
    )
    def test_anything_else(self, address: str) -> None:
        with pytest.raises(CapError) as refused:
            check_web(address)
        assert str(refused.value) == f"CAP web: {address!r} is not an absolute web address; write https://…"
