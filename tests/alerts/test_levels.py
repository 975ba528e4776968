import pytest

from alerts.levels import WARNING_LEVELS, Level


@pytest.mark.parametrize(
    ("level", "code", "zh", "response"),
    [
        (Level.NONE, "none", "无", ""),
        (Level.BLUE, "blue", "蓝色", "Ⅳ级"),
        (Level.YELLOW, "yellow", "黄色", "Ⅲ级"),
        (Level.ORANGE, "orange", "橙色", "Ⅱ级"),
        (Level.RED, "red", "红色", "Ⅰ级"),
    ],
)
def test_words(level: Level, code: str, zh: str, response: str) -> None:
    assert (level.code, level.zh, level.response) == (code, zh, response)
    assert Level.of(code) is level


def test_order_is_severity() -> None:
    assert sorted(WARNING_LEVELS) == [Level.BLUE, Level.YELLOW, Level.ORANGE, Level.RED]


def test_unknown_code_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="use one of none, blue, yellow, orange, red"):
        Level.of("purple")
