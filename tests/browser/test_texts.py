"""Both languages are complete, and instants read as people say them."""

import re
import string
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from service.kit.clock import SHANGHAI
from service.web.forms import local_path
from service.web.moments import distance_text, instant_text
from service.web.pages import Writer
from service.web.situation import TICKER_KINDS
from service.web.texts import TEXTS, Language, language_of, text

NOW = datetime(2016, 12, 16, 15, 0, tzinfo=SHANGHAI)
TEMPLATES = Path(__file__).resolve().parents[2] / "service" / "web" / "templates"


def fields(written: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(written) if name}


def test_languages_have_the_same_keys() -> None:
    assert TEXTS["zh"].keys() == TEXTS["en"].keys()


@pytest.mark.parametrize("key", sorted(TEXTS["zh"]))
def test_english_needs_no_value_that_chinese_does_not(key: str) -> None:
    assert fields(TEXTS["en"][key]) == fields(TEXTS["zh"][key])


def test_every_key_that_a_template_names_exists() -> None:
    named = {
        key
        for path in TEMPLATES.glob("*.html")
        for key in re.findall(r'\bt\(["\'](\w+)["\'][,)]', path.read_text("utf-8"))
    }
    assert len(named) > 100
    assert named <= TEXTS["zh"].keys()


def test_every_event_of_the_ticker_has_words() -> None:
    assert {f"ev_{kind}" for kind in TICKER_KINDS} <= TEXTS["zh"].keys()


@pytest.mark.parametrize(
    ("ahead", "zh", "en"),
    [
        (timedelta(hours=5), "还有 5 小时", "in 5 h"),
        (timedelta(minutes=-20), "已过 20 分钟", "20 min ago"),
        (timedelta(seconds=20), "现在", "now"),
        (timedelta(minutes=89), "还有 89 分钟", "in 89 min"),
        (timedelta(minutes=90), "还有 2 小时", "in 2 h"),
        (timedelta(hours=47), "还有 47 小时", "in 47 h"),
        (timedelta(days=-3), "已过 3 天", "3 days ago"),
    ],
)
def test_distance(ahead: timedelta, zh: str, en: str) -> None:
    assert distance_text(NOW + ahead, "zh", NOW) == zh
    assert distance_text(NOW + ahead, "en", NOW) == en


@pytest.mark.parametrize(
    ("language", "instant", "written"),
    [
        ("zh", datetime(2016, 12, 16, 20, 0, tzinfo=SHANGHAI), "12月16日 20:00"),
        ("en", datetime(2016, 12, 16, 20, 0, tzinfo=SHANGHAI), "16 Dec 20:00"),
        ("zh", datetime(2017, 1, 3, 8, 5, tzinfo=SHANGHAI), "2017年1月3日 08:05"),
        ("en", datetime(2017, 1, 3, 8, 5, tzinfo=SHANGHAI), "3 Jan 2017 08:05"),
    ],
)
def test_instant(language: Language, instant: datetime, written: str) -> None:
    assert instant_text(instant, language, NOW) == written


def test_a_level_is_never_colour_alone() -> None:
    badge = str(Writer("zh", NOW).level("orange"))
    assert "■" in badge
    assert "橙色" in badge
    assert "Ⅱ" in badge


def test_a_value_is_escaped() -> None:
    written = Writer("zh", NOW).moment(NOW)
    assert str(written).startswith('<time datetime="2016-12-16T15:00+08:00">')


@pytest.mark.parametrize(
    ("asked", "remembered", "language"),
    [(None, None, "zh"), ("en", None, "en"), (None, "en", "en"), ("zh", "en", "zh"), ("fr", None, "zh")],
)
def test_language(asked: str | None, remembered: str | None, language: str) -> None:
    assert language_of(asked, remembered) == language


def test_an_unknown_text_is_an_error() -> None:
    with pytest.raises(KeyError):
        text("zh", "there_is_no_such_text")


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("/city/110000", "/city/110000"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example/", "/"),
        ("", "/"),
        (None, "/"),
    ],
)
def test_sign_in_goes_on_to_our_own_pages_only(given: str | None, path: str) -> None:
    assert local_path(given) == path
