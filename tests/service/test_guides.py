"""Guides over the API and as pages: what is not known is said so, and a place's own things show where they come from."""

from __future__ import annotations

import re
from datetime import date
from html import unescape
from typing import Any

import httpx
import pytest

from emission_lists.grades import Grade
from emission_lists.guides_regional import GuideBook
from emission_lists.lists import EmissionListDraft
from emission_lists.measures import Action
from service.accounts.roles import Role
from service.guides.loader import book, guide_for
from service.lists.workbooks import checked, guide_of, law_at
from tests.emission_lists.list_samples import draft, firm, line, measure
from tests.support import Client

AUDITOR = (Role.AUDITOR, "100000")
SHELF: GuideBook = book()


async def got(client: Client, path: str) -> httpx.Response:
    return await client.http.get(path, headers=await client.account(*AUDITOR))


async def body(client: Client, path: str) -> dict[str, Any]:
    answer = await got(client, path)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def plain(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def part(found: dict[str, Any], name: str, subtype: str | None = None) -> dict[str, Any]:
    [one] = [
        one
        for one in found["industries"]
        if one["name_zh"] == name and (subtype is None or (one["subtype"] or {}).get("zh") == subtype)
    ]
    return dict(one)


class TestApi:
    async def test_lists_versions_extensions_and_practices(self, client: Client) -> None:
        found = await body(client, "/api/v1/guides?on=2026-11-22")
        assert {one["id"]: one["in_force"] for one in found["guides"]} == {"G2019": False, "G2020": True, "O2026": True}
        henan = next(one for one in found["extensions"] if one["adcode"] == "410000")
        assert (henan["industries_total"], henan["industries_named"]) == (13, ["机械加工"])
        assert len(found["practices"]) == 14

    async def test_what_is_not_known_is_null_and_never_an_empty_list(self, client: Client) -> None:
        found = await body(client, "/api/v1/guides/G2020")
        levels = [
            grade[level]
            for one in found["industries"]
            for grade in one["grades"]
            for level in ("yellow", "orange", "red")
        ]
        assert None in levels
        assert [] not in levels
        assert found["not_established"]["zh"] == "未确立：请联系主管部门"
        assert part(found, "炭黑制造")["grades"] == []

    async def test_sub_types_have_their_own_grades(self, client: Client) -> None:
        found = await body(client, "/api/v1/guides/G2020")
        clinker, grinding = part(found, "水泥", "水泥熟料"), part(found, "水泥", "水泥粉磨站")
        assert [grade["grade"] for grade in clinker["grades"]] == ["A", "B", "C", "D"]
        assert [grade["grade"] for grade in grinding["grades"]] == ["LEADING", "NON_LEADING"]
        assert clinker["grades"][1]["orange"][0]["zh"].startswith("熟料生产线：限产 20 %")
        assert grinding["grades"][1]["red"] is None

    async def test_a_place_lays_its_extension_over_the_guide(self, client: Client) -> None:
        national = await body(client, "/api/v1/guides/G2020")
        henan = await body(client, "/api/v1/guides/G2020?adcode=410102&on=2026-11-22")
        assert len(henan["industries"]) == len(national["industries"]) + 1
        assert part(henan, "机械加工")["origin"] == "R410000"
        assert part(henan, "砖瓦窑")["origin"] == "national"
        assert [one["id"] for one in henan["extensions"]] == ["R410000", "R410100"]
        assert "ADVANCED" in henan["self_determined"]["grades"]
        assert "ADVANCED" not in national["self_determined"]["grades"]
        shown = {grade["grade"] for one in henan["industries"] for grade in one["grades"]}
        assert "ADVANCED" not in shown, "its source does not say in which industries"
        assert henan["extensions"][0]["grades"][0]["grade"] == "ADVANCED"

    async def test_a_season_is_said(self, client: Client) -> None:
        fertiliser = part(await body(client, "/api/v1/guides/G2020"), "煤制氮肥")
        assert fertiliser["grades"][1]["season"]["en"] == "autumn and winter"
        assert fertiliser["grades"][0]["season"] is None

    async def test_an_extension_and_a_practice_have_addresses_too(self, client: Client) -> None:
        assert (await body(client, "/api/v1/guides/R440000"))["status"] == "draft"
        practice = await body(client, "/api/v1/guides/LP-XUZHOU-2019")
        said = [measure["zh"] for row in practice["rows"] for measure in row["measures"]]
        assert "sinter：2 条（台）及以上" in "".join(said)
        assert any("42 小时后：停产" in text for text in said)

    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("/api/v1/guides/G1999", 404),
            ("/api/v1/guides/G2020?adcode=999999", 422),
            ("/api/v1/guides/G2020?adcode=41", 422),
            ("/api/v1/guides?on=yesterday", 422),
        ],
    )
    async def test_what_does_not_exist_is_named(self, client: Client, path: str, status: int) -> None:
        answer = await got(client, path)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"

    async def test_an_unchanged_answer_is_not_sent_again(self, client: Client) -> None:
        headers = await client.account(*AUDITOR)
        first = await client.http.get("/api/v1/guides/G2020", headers=headers)
        again = await client.http.get(
            "/api/v1/guides/G2020", headers=headers | {"if-none-match": first.headers["etag"]}
        )
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("language", ["zh", "en"])
class TestPages:
    async def test_all_are_linked_from_the_law(self, client: Client, language: str) -> None:
        assert 'href="/law/guides"' in (await got(client, f"/law?lang={language}")).text
        page = (await got(client, f"/law/guides?lang={language}")).text
        for identity in (*SHELF.guides, *(one.id for one in (*SHELF.extensions, *SHELF.practices))):
            assert f'href="/law/guides/{identity}"' in page

    async def test_every_one_can_be_read(self, client: Client, language: str) -> None:
        for identity in (*SHELF.guides, *(one.id for one in (*SHELF.extensions, *SHELF.practices))):
            answer = await got(client, f"/law/guides/{identity}?lang={language}")
            assert answer.status_code == 200, identity

    async def test_no_sentence_and_no_source_of_a_practice_is_lost(self, client: Client, language: str) -> None:
        for one in SHELF.practices:
            page = plain((await got(client, f"/law/guides/{one.id}?lang={language}")).text)
            for row in one.rows:
                for template in row.measures:
                    measure = template.measure()
                    assert " ".join((measure.render_zh() if language == "zh" else measure.render_en()).split()) in page
            assert all(key in page for key in one.sources)

    async def test_the_unknown_is_said_and_the_place_s_own_shows_its_origin(
        self, client: Client, language: str
    ) -> None:
        page = plain((await got(client, f"/law/guides/G2020?adcode=410100&on=2026-11-22&lang={language}")).text)
        unknown = {"zh": "未确立：请联系主管部门", "en": "not established: ask the authority"}[language]
        assert page.count(unknown) > 50
        assert "机械加工" in page
        assert {"zh": "来自 R410000", "en": "from R410000"}[language] in page
        assert {"zh": "其余名称未见到", "en": "the other names were not seen"}[language] in page

    async def test_a_place_that_does_not_exist_is_told(self, client: Client, language: str) -> None:
        headers = await client.account(*AUDITOR) | {"accept": "text/html"}
        answer = await client.http.get(f"/law/guides/G2020?adcode=4x&lang={language}", headers=headers)
        assert answer.status_code == 422
        assert "410100" in answer.text


def test_the_guide_of_a_place_is_found_by_its_code() -> None:
    assert [one.id for one in guide_for("410102", date(2026, 11, 22)).extensions] == ["R410000", "R410100"]
    assert [one.id for one in guide_for("410102", date(2021, 1, 1)).extensions] == ["R410000"]
    with pytest.raises(LookupError, match="2016-12-15"):
        guide_for("410102", date(2016, 12, 15))


def test_a_list_is_checked_against_the_guide_of_its_place() -> None:
    day = date(2026, 11, 22)
    own = firm(adcode="410102", industry="机械加工", grade=Grade.ADVANCED)
    one = EmissionListDraft("410100", draft((own, line("1", measure(Action.SELF_DETERMINED)))).rows)
    at_home = {found["code"] for found in checked(one, "G2020", day).findings}
    nowhere = {found["code"] for found in checked(one, "G2020").findings}
    assert "INDUSTRY_UNKNOWN" in nowhere - at_home
    assert law_at("410100", "G2020", None)[0] is guide_of("G2020")


@pytest.mark.parametrize("language", ["zh", "en"])
class TestRules:
    """Floors, relief, one line and gates stand on the page of a guide with their source and how sure they are."""

    async def shown(self, client: Client, path: str, language: str) -> str:
        joined = f"{path}{'&' if '?' in path else '?'}lang={language}"
        return plain((await got(client, joined)).text)

    async def test_floors_stand_as_percentages(self, client: Client, language: str) -> None:
        page = await self.shown(client, "/law/guides/G2020", language)
        assert "FLOOR-A" in page
        for share in ("10 %", "20 %", "30 %"):
            assert page.count(share) >= 4
        assert {"zh": "合计不得降低", "en": "as long as their sum is kept"}[language] in page

    async def test_general_rules_are_said_with_their_sources(self, client: Client, language: str) -> None:
        page = (await got(client, f"/law/guides/G2020?lang={language}")).text
        for text in (
            {"zh": "不得弱于指南", "en": "do no less than the guide"},
            {"zh": "按本行业最低等级管控", "en": "held to the lowest grade"},
            {"zh": "按最差等级", "en": "takes the worst grade"},
            {"zh": "每个货运出入口均须设门禁", "en": "a gate at every freight entrance"},
            {"zh": "天津高，全国中", "en": "high for Tianjin, medium nationally"},
        ):
            assert text[language] in page
        for key in ("S-SMM", "S-TJ2023", "S-TJ2020", "K58", "S-HEB2019F", "S-1321", "K78", "S-TY2017"):
            assert f'href="#s-{key}"' in page
            assert f'id="s-{key}"' in page, f"{key} is cited and not listed"
        assert "&lt;" not in page.partition("<main")[2]

    async def test_what_the_2019_guide_does_not_say_is_not_established(self, client: Client, language: str) -> None:
        page = await self.shown(client, "/law/guides/G2019", language)
        assert {"zh": "如何管控：未确立", "en": "is held: not established"}[language] in page
        assert {"zh": "如何定级：未确立", "en": "is graded: not established"}[language] in page

    async def test_the_framework_says_the_lowest_of_each(self, client: Client, language: str) -> None:
        page = await self.shown(client, "/law/guides/O2026", language)
        assert {"zh": "综合等级取最低", "en": "its overall grade is the lowest"}[language] in page

    @pytest.mark.parametrize("path", ["/law/guides/R120000", "/law/guides/G2020?adcode=120000&on=2026-11-22"])
    async def test_tianjin_s_rule_for_small_emitters_and_its_floors(
        self, client: Client, language: str, path: str
    ) -> None:
        page = (await got(client, f"{path}{'&' if '?' in path else '?'}lang={language}")).text
        assert "污染物年排放总量不大于100 kg" in page
        assert {"zh": "同时符合", "en": "all of these"}[language] in page
        assert page.count("30 %") >= 4
        for key in ("S-TJ2020", "K58", "S-HEB2019F"):
            assert f'id="s-{key}"' in page

    async def test_a_place_without_rules_of_its_own_shows_none(self, client: Client, language: str) -> None:
        page = await self.shown(client, "/law/guides/R410000", language)
        assert "FLOOR-" not in page
        assert "100 kg" not in page


async def test_the_rules_are_values_too(client: Client) -> None:
    found = await body(client, "/api/v1/guides/G2020?adcode=120000&on=2026-11-22")
    assert found["floors"] == found["floor_profile"]["id"] == "FLOOR-A"
    assert found["floor_profile"]["orange"] == {"so2": 0.2, "nox": 0.2, "pm": 0.2, "vocs": 0.2}
    assert found["floor_profile"]["so2_nox_swap"]["confidence"] == "medium"
    assert (found["small_micro"]["annual_kg"], found["small_micro"]["relieved"]) == (100, ["orange", "yellow"])
    assert found["gates"]["graded"]["grades"] == ["A", "B", "B-", "LEADING"]
    assert found["gates"]["trips"]["daily_trips"] == 10


@pytest.mark.parametrize(
    ("adcode", "guide", "told"),
    [
        ("410100", "G2020", True),
        ("130100", "G2020", True),
        ("500000", "G2020", True),
        ("110000", "G2020", False),
        ("110000", "G2019", True),
    ],
)
def test_a_list_of_a_place_whose_industries_nobody_could_name_is_not_told_as_wrong(
    adcode: str, guide: str, told: bool
) -> None:
    own = firm(adcode=f"{adcode[:4]}02", industry="某地方行业", grade=Grade.B)
    one = EmissionListDraft(adcode, draft((own, line("1", measure(Action.STOP, 1.0)))).rows)
    found = {each["code"]: each["severity"] for each in checked(one, guide, date(2026, 11, 22)).findings}
    assert found.get("INDUSTRY_NOT_ESTABLISHED") == ("warning" if told else None)
    assert found.get("INDUSTRY_UNKNOWN") == (None if told else "blocking")
