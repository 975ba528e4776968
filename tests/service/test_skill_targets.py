"""The targets in config/: what they say, and every way in which a file can be wrong."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from service.law.loader import CONFIG, check_config
from service.law.problems import LawInvalid
from service.skill.targets import load_targets, read_targets

FILE = "skill/zhejiang-2024.yaml"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A config folder with the targets alone, to break."""
    shutil.copytree(CONFIG / "skill", tmp_path / "skill")
    return tmp_path


class TestShipped:
    def test_zhejiang_asks_for_90_and_80_per_cent(self) -> None:
        [document] = load_targets()
        assert document.adcode == "330000"
        assert [(one.hours, one.lead_day, one.percent) for one in document.targets] == [(24, 1, 90.0), (72, 3, 80.0)]

    def test_says_what_is_chosen_and_what_is_not_established(self) -> None:
        [document] = load_targets()
        assert document.measure == "category_hit"
        assert "未确立" in document.not_established["measure"]
        assert document.not_established.keys() == document.not_established_en.keys()
        assert {"measure", "lead_day"} <= document.choices.keys()


class TestBroken:
    @pytest.mark.parametrize(
        ("old", "new", "path", "words"),
        [
            ("percent: 90", "percent: 900", "targets.0.percent", "less than or equal to 100"),
            ("measure: category_hit", "measure: guessed", "measure", "category_hit"),
            ("id: zhejiang-2024", "id: zhejiang-2025", "id", "zhejiang-2025"),
            ("  targets: 浙江省", "  target: 浙江省", "references.targets", "is missing"),
            ("choices:\n  measure:", "choices:\n  measured:", "choices.measure", "is missing"),
            ('adcode: "330000"', "adcode: 330000", "adcode", "valid string"),
            ("hours: 72", "hours: 24", "", "each forecast length once"),
            ("title:", "title: [", "line ", ""),
        ],
    )
    def test_is_named_with_its_place(self, config: Path, old: str, new: str, path: str, words: str) -> None:
        text = (config / FILE).read_text("utf-8")
        assert old in text
        (config / FILE).write_text(text.replace(old, new, 1), "utf-8")
        problems = read_targets(config)[1]
        assert [problem.file for problem in problems] == [FILE]
        assert problems[0].path.startswith(path)
        assert words in problems[0].problem
        with pytest.raises(LawInvalid):
            load_targets(config)

    def test_check_config_reads_them(self, config: Path) -> None:
        (config / FILE).write_text("id: x\n", "utf-8")
        assert FILE in {problem.file for problem in check_config(config)}

    def test_check_config_misses_the_folder(self, tmp_path: Path) -> None:
        assert "skill" in {problem.file for problem in check_config(tmp_path)}

    def test_without_files_there_are_no_targets(self, tmp_path: Path) -> None:
        assert load_targets(tmp_path) == ()
