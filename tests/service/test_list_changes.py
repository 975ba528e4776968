"""Fields and values of a list in words; other words of pages that were codes or said the wrong thing."""

from __future__ import annotations

import re
from typing import Any, ClassVar

import pytest

from emission_lists.difference import _flat
from emission_lists.documents import enterprise_document, line_document
from emission_lists.generator import generate_list
from service.accounts.roles import Role
from service.kit.canonical import canonical
from service.kit.runtime import Runtime
from service.lists.workbooks import guide_of, profile
from service.web.evaluations import standing
from service.web.guides import in_language
from service.web.list_changes import FIELDS, field_words, value_words
from tests.support import Client, listed

HTML = {"accept": "text/html"}


def level_word(code: str) -> str:
    return {"yellow": "黄色", "orange": "橙色", "red": "红色"}[code]


class TestFields:
    @pytest.mark.parametrize(
        ("path", "zh", "en"),
        [
            ("measures.red.ratio", "红色 限产比例", "红色 share limited"),
            ("grade", "绩效等级", "grade"),
            ("base.so2", "现状排放 SO2（kg/d）", "base SO2 (kg/d)"),
            ("particulars.fuel", "燃料", "fuel"),
            ("of_tomorrow", "of_tomorrow", "of_tomorrow"),
        ],
    )
    def test_in_words(self, path: str, zh: str, en: str) -> None:
        assert field_words(path, "zh", level_word) == zh
        assert field_words(path, "en", level_word) == en

    def test_every_field_that_a_generated_list_has_has_words(self) -> None:
        rows = generate_list("110000", seed=3, enterprises=120, guide=guide_of("G2020"), profile=profile()).rows
        paths: set[str] = set()
        for row in rows:
            paths |= _flat(enterprise_document(row.enterprise)).keys() | _flat(line_document(row.line)).keys()
        without = {path for path in paths if path.rsplit(".", 1)[-1] not in FIELDS}
        assert without <= {"uscc", "code"}  # the keys by which rows are told apart: they never change


class TestValues:
    @pytest.mark.parametrize(
        ("path", "value", "zh", "en"),
        [
            ("measures.red.action", "stop", "停产", "stop"),
            ("measures.red.ratio", 0.5, "50 %", "50 %"),
            ("measures.red.at_least", True, "是", "yes"),
            ("measures.red.verification", ["meter", "cems"], "用电监控、在线监测", None),
            ("measures.red.verification", [], "–", "–"),
            ("guarantee_cap", {"metric": "日供热", "value": 3.0, "unit": "GJ"}, "日供热 3.0 GJ", "日供热 3.0 GJ"),
            ("measures.red.cycle", {"off_hours": 12, "on_hours": 12}, "12 12", "12 12"),
            ("grade", "NON_LEADING", "非引领性", None),
            ("contact", None, "–", "–"),
            ("name", "stop", "stop", "stop"),
        ],
    )
    def test_in_words(self, path: str, value: Any, zh: str, en: str | None) -> None:
        assert value_words(path, value, "zh") == zh
        if en is not None:
            assert value_words(path, value, "en") == en


class TestStanding:
    FLOOR: ClassVar[dict[str, Any]] = {
        "shares": {"so2": 0.28, "nox": 0.33, "pm": None},
        "required": {"so2": 0.3, "nox": 0.3, "pm": 0.3},
        "short": [],
        "not_established": ["pm"],
        "swap_used": True,
    }

    def test_a_share_below_the_floor_is_met_only_by_the_swap(self) -> None:
        assert standing(self.FLOOR, "so2") == "swapped"
        assert standing(self.FLOOR, "nox") == "met"
        assert standing(self.FLOOR, "pm") == "not_established"

    def test_short_stays_short(self) -> None:
        assert standing(self.FLOOR | {"short": ["so2"], "swap_used": False}, "so2") == "not_met"


class TestPlaces:
    @pytest.mark.parametrize(
        ("name", "zh", "en"),
        [("唐山市 Tangshan", "唐山市", "Tangshan"), ("武安市 Wu'an", "武安市", "Wu'an"), ("唐山市", "唐山市", "唐山市")],
    )
    def test_one_language_of_two(self, name: str, zh: str, en: str) -> None:
        assert (in_language(name, "zh"), in_language(name, "en")) == (zh, en)

    async def test_the_page_of_guides_has_no_english_place_in_chinese(self, client: Client) -> None:
        who = await client.account(Role.DUTY_OFFICER)
        text = (await client.http.get("/law/guides?lang=zh", headers=who | HTML)).text
        assert "唐山市" in text
        for word in ("Tangshan", "undated", "county notice", "(summary"):
            assert word not in text, word


class TestEmptyStates:
    async def test_evidence_asks_for_an_enterprise_before_it_says_that_none_is_asked(
        self, client: Client, runtime: Runtime
    ) -> None:
        uscc = await listed(runtime)
        who = await client.account(Role.DUTY_OFFICER)
        text = (await client.http.get("/evidence?lang=zh", headers=who | HTML)).text
        assert "填写一家企业的统一社会信用代码" in text
        assert "没有要求采取措施的响应" not in text
        text = (await client.http.get(f"/evidence?lang=zh&uscc={uscc}", headers=who | HTML)).text
        assert "该企业目前没有要求采取措施的响应" in text

    async def test_blocking_findings_of_today_stand_beside_those_of_the_import(
        self, client: Client, runtime: Runtime
    ) -> None:
        await listed(runtime)
        finding = {"severity": "blocking", "code": "X", "sheet": None, "column": None, "uscc": None, "row": None}
        said = {"message": "问题", "message_en": "a problem", "advice": "改", "advice_en": "mend it"}
        async with runtime.unit() as uow:
            version = await uow.fetchval("SELECT id FROM list_version")
            await uow.execute("UPDATE list_version SET checks = $1, blocking = 0, remarks = 0", canonical([finding | said]))
            await uow.commit()
        who = await client.account(Role.DUTY_OFFICER)
        text = (await client.http.get(f"/lists/{version}?lang=zh", headers=who | HTML)).text
        counted = re.search(r"其中阻断 ([1-9]\d*)", text)
        assert counted
        assert f"导入时阻断 0 个，现在 {counted[1]} 个" in text
        assert "工业源计划减排" in text
