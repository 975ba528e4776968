"""Feed spellings become divisions, by the day they are meant for."""

from __future__ import annotations

from datetime import date

import pytest

from service.law.loader import load_law
from service.law.names import load_names, read_names

HEAD = "feed_name,adcode,valid_from,valid_until\n"


class TestShippedNames:
    @pytest.mark.parametrize(
        ("name", "on", "adcode"),
        [
            ("北京", date(2016, 12, 15), "110000"),
            ("北京市", date(2016, 12, 15), "110000"),
            (" 定州市 ", date(2016, 7, 8), "130682"),
            ("莱芜市", date(2016, 12, 15), "371200"),
            ("莱芜市", date(2019, 1, 8), "371200"),
            ("莱芜市", date(2019, 1, 9), "370116"),
            ("雄安新区", date(2025, 1, 1), None),
            ("哥谭市", date(2025, 1, 1), None),
        ],
    )
    def test_code_on_a_day(self, name: str, on: date, adcode: str | None) -> None:
        assert load_names().adcode(name, on) == adcode

    def test_every_code_is_a_division(self) -> None:
        assert {row.adcode for row in load_names().rows if row.adcode} <= set(load_law().divisions)


class TestReadNames:
    def test_half_open(self) -> None:
        names = read_names((HEAD + "某市,110000,2019-01-01,2019-02-01\n").splitlines())
        days = (date(2018, 12, 31), date(2019, 1, 1), date(2019, 1, 31), date(2019, 2, 1))
        assert [names.adcode("某市", day) for day in days] == [None, "110000", "110000", None]

    def test_broken_date(self) -> None:
        with pytest.raises(ValueError, match="1/1/2019"):
            read_names((HEAD + "某市,110000,1/1/2019,\n").splitlines())
