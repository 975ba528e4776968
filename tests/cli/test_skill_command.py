"""`lantian skill` as it is called: over an episode without a database, over a database, and wrongly."""

from __future__ import annotations

import asyncio
import json
import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from alerts.instants import DAY, day_start
from service.cli.main import main
from service.demo.episodes import load_episode
from service.kit.canonical import canonical
from service.kit.database import drop_database, with_database
from service.kit.migrate import migrate
from service.law.loader import load_law
from service.skill.episodes import verified
from service.skill.targets import load_targets
from service.skill.text import Words, described, table

DOCS = Path(__file__).parents[2] / "docs" / "skill.md"
FIRST = date(2019, 2, 1)


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["skill", *arguments]) == 0
    return capsys.readouterr().out


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    return json.loads(said(capsys, *arguments, "--json"))


class TestEpisode:
    def test_a_perfect_forecast_is_right_everywhere_and_no_evidence(self, capsys: pytest.CaptureFixture[str]) -> None:
        body = told(capsys, "--episode", "2016-12", "--forecast", "perfect")
        [feed] = body["feeds"]
        assert (feed["basis"], feed["evidence"], feed["divisions"]) == ("perfect", False, 10)
        assert {(one["hit"]["rate"], one["mae"]) for one in feed["lead_days"]} == {(1.0, 0.0)}
        assert {(one["misses"], one["false_alarms"]) for one in feed["levels"]} == {(0, 0)}
        assert {one["verdict"] for one in feed["targets"]} == {"no_evidence"}

    def test_persistence_is_not(self, capsys: pytest.CaptureFixture[str]) -> None:
        body = told(capsys, "--episode", "2016-12")
        [feed] = body["feeds"]
        assert (feed["basis"], body["forecast_basis"]) == ("persistence", "persistence")
        hits = [one["hit"]["rate"] for one in feed["lead_days"][:3]]
        assert hits == sorted(hits, reverse=True)
        assert feed["lead_days"][2]["mae"] > feed["lead_days"][0]["mae"] > 100
        assert {one["verdict"] for one in feed["targets"]} == {"missed"}

    def test_all_cities_are_the_sum_of_each(self, capsys: pytest.CaptureFixture[str]) -> None:
        body = told(capsys, "--episode", "2016-12")
        assert [one["adcode"] for one in body["divisions"]] == list(load_episode("2016-12").divisions)
        for at, pooled in enumerate(body["feeds"][0]["lead_days"]):
            each = [one["feeds"][0]["lead_days"][at] for one in body["divisions"]]
            assert {one["lead_day"] for one in each} == {pooled["lead_day"]}
            for count in ("n", "missing_forecast", "missing_observed", "pending"):
                assert sum(one[count] for one in each) == pooled[count]
            assert sum(one["hit"]["hits"] for one in each) == pooled["hit"]["hits"]

    def test_one_city_is_the_same_by_itself(self, capsys: pytest.CaptureFixture[str]) -> None:
        alone = told(capsys, "--episode", "2016-12", "--adcode", "130100")
        together = told(capsys, "--episode", "2016-12")
        [same] = [one for one in together["divisions"] if one["adcode"] == "130100"]
        assert alone["feeds"] == same["feeds"]

    def test_the_rules_of_the_time_or_those_asked_for(self, capsys: pytest.CaptureFixture[str]) -> None:
        then = told(capsys, "--episode", "2016-12", "--adcode", "110000")
        now = told(capsys, "--episode", "2016-12", "--adcode", "110000", "--rules", "national-2024")
        assert (then["rules"], now["rules"]) == ("national-2016", "national-2024")
        assert [one["level"] for one in now["feeds"][0]["levels"]] == ["yellow", "orange", "red"]
        assert now["feeds"][0]["lead_days"] == then["feeds"][0]["lead_days"]

    def test_a_province_is_its_cities(self, capsys: pytest.CaptureFixture[str]) -> None:
        body = told(capsys, "--episode", "2016-12", "--adcode", "130000")
        assert (body["name"][-3:], [one["adcode"] for one in body["divisions"]]) == (
            "河北省",
            ["130100", "130400", "130500", "130600"],
        )
        assert body["feeds"][0]["divisions"] == 4

    def test_hours_of_the_spring_festival(self, capsys: pytest.CaptureFixture[str]) -> None:
        body = told(capsys, "--episode", "2019-02", "--adcode", "330100")
        [feed] = body["feeds"]
        assert (body["rules"], feed["issues"], feed["lead_days"][0]["n"]) == ("national-2019", 8, 6)


class TestText:
    def test_in_chinese_with_basis_and_definitions(self, capsys: pytest.CaptureFixture[str]) -> None:
        text = said(capsys, "--episode", "2016-12")
        for words in (
            "预报检验",
            "持续性预报",
            "不是当时的预报",
            "级别准确率",
            "Wilson",
            "未确立",
            "此处不适用",
            "各城市",
            "石家庄市",
        ):
            assert words in text, words

    def test_in_english(self, capsys: pytest.CaptureFixture[str]) -> None:
        text = said(capsys, "--episode", "2016-12", "--adcode", "110000", "--forecast", "perfect", "--lang", "en")
        for words in (
            "Forecast skill",
            "no evidence of skill",
            "lead day",
            "not judged",
            "not established",
            "category hit",
        ):
            assert words in text, words
        assert "By division" not in text

    @pytest.mark.parametrize("lang", ["zh", "en"])
    def test_columns_stand_under_each_other(self, lang: str) -> None:
        rows = [{"place": "110000 北京市", "n": 3, "mae": None}, {"place": "1", "n": 1234, "mae": 20.5}]
        lines = table(("place", "n", "mae"), rows, Words(lang))
        ends = [_columns(line[: line.rindex(last)]) for line, last in zip(lines[1:], ("—", "20.5"), strict=True)]
        assert ends[0] == ends[1]

    def test_without_forecasts_it_says_so(self) -> None:
        body = {"name": "北京市", "from": "a", "until": "b", "rules": "r", "title": "t", "number": "n", "feeds": [],
                "target_documents": []}  # fmt: skip
        assert "没有预报" in described(body, "zh")
        assert "no forecasts" in described(body, "en")

    def test_the_documented_example_is_what_comes_out(self) -> None:
        page = DOCS.read_text("utf-8")
        found = re.search(r"<!-- zhejiang -->\n```text\n(.*?)\n```\n<!-- /zhejiang -->", page, re.DOTALL)
        assert found is not None
        body = verified(load_episode("2019-02"), "persistence", load_law(), load_targets(), adcode="330000")
        assert described(body, "en").partition("\n\nBy division")[0] == found[1]


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


class TestRefused:
    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("--episode", "2016-12", "--adcode", "330100"), "no observations of 330100"),
            (("--episode", "2019-02", "--adcode", "990000"), "divisions, among them"),
            (("--episode", "2016-12", "--feed", "f"), "--feed"),
            (("--episode", "2016-12", "--from", "2016-12-01", "--until", "2016-12-02"), "--from, --until"),
            (("--episode", "2016-12", "--rules", "national-1999"), "national-2016"),
            (("--forecast", "perfect"), "add --episode"),
            (("--from", "tomorrow"), "--from"),
            (("--until", "2016-02-30"), "--until"),
        ],
    )
    def test_with_what_to_do(self, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str) -> None:
        assert main(["skill", *arguments]) == 2
        printed = capsys.readouterr()
        assert (words in printed.err, printed.out) == (True, "")


@pytest.fixture
def database(server_address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Address of a database that does not exist yet."""
    address = with_database(server_address, "lantian_skill_test")
    asyncio.run(drop_database(address))
    monkeypatch.setenv("DATABASE_URL", address)
    yield address
    asyncio.run(drop_database(address))


async def _fill(address: str) -> None:
    """Two cities: one forecast right, one 100 too high."""
    await migrate(address)
    connection = await asyncpg.connect(address)
    await connection.execute(
        "INSERT INTO feed (id, title, adcode, secrets, poll, enabled, created_at)"
        " VALUES ('f', 'F', '100000', '[]', '{}', true, now())"
    )
    for adcode, error in (("330100", 0), ("330200", 100)):
        air = [{"date": (FIRST + k * DAY).isoformat(), "aqi": 60} for k in range(6)]
        await connection.execute(
            "INSERT INTO observation (adcode, feed, until_at, points, digest, received_at) VALUES ($1, 'f', $2, $3, 'd', $2)",
            adcode,
            day_start(FIRST + 6 * DAY),
            canonical(air),
        )
        for number in range(4):
            points = [{"date": (FIRST + (number + 1) * DAY).isoformat(), "aqi": 60 + error}]
            await connection.execute(
                "INSERT INTO forecast (adcode, feed, issued_at, basis, points, digest, received_at)"
                " VALUES ($1, 'f', $2, 'forecast', $3, 'd', $2)",
                adcode,
                day_start(FIRST + number * DAY),
                canonical(points),
            )
    await connection.close()


class TestDatabase:
    PERIOD = ("--from", "2019-02-01", "--until", "2019-02-10")

    def test_without_one_it_says_what_to_do(self, database: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["skill"]) == 1
        assert "lantian migrate" in capsys.readouterr().err

    def test_one_division(self, database: str, capsys: pytest.CaptureFixture[str]) -> None:
        asyncio.run(_fill(database))
        body = told(capsys, *self.PERIOD, "--adcode", "330200")
        [feed] = body["feeds"]
        assert (body["name"], feed["issues"], feed["lead_days"][0]["bias"]) == ("宁波市", 4, 100.0)
        assert "宁波市" in said(capsys, *self.PERIOD, "--adcode", "330200")

    def test_every_division(self, database: str, capsys: pytest.CaptureFixture[str]) -> None:
        asyncio.run(_fill(database))
        body = told(capsys, *self.PERIOD)
        assert [(one["adcode"], one["feeds"][0]["lead_days"][0]["mae"]) for one in body["divisions"]] == [
            ("330100", 0.0),
            ("330200", 100.0),
        ]
        assert (body["feeds"][0]["lead_days"][0]["n"], body["feeds"][0]["lead_days"][0]["mae"]) == (8, 50.0)
        province = told(capsys, *self.PERIOD, "--adcode", "330000")
        assert (province["adcode"], province["name"], province["feeds"]) == ("330000", "浙江省", body["feeds"])
        nowhere = told(capsys, *self.PERIOD, "--adcode", "440000")
        assert (nowhere["name"], nowhere["feeds"]) == ("广东省", [])
        assert "all divisions" in said(capsys, *self.PERIOD, "--lang", "en")

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("--adcode", "999999"), "GB/T 2260"),
            (("--feed", "nobody"), "no feed nobody"),
            (("--from", "2019-02-02", "--until", "2019-02-01"), "empty"),
            (("--rules", "national-1999"), "national-2016"),
            (("--adcode", "330100", "--rules", "national-1999"), "ational-2016"),
        ],
    )
    def test_what_is_not_there_is_refused(
        self, database: str, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
    ) -> None:
        asyncio.run(_fill(database))
        assert main(["skill", *arguments]) == 2
        assert words in capsys.readouterr().err
