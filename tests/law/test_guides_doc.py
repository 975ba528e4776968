"""The example of docs/guides.md is a sound extension, and does what the page says."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
import yaml

from emission_lists.grades import Grade
from emission_lists.guide_templates import MeasureData, MeasureTemplate, SingleUnitPolicy
from emission_lists.guides_regional import RegionalExtension
from emission_lists.levels import ResponseLevel
from service.guides.loader import GUIDES, read_book
from service.law.loader import check_config

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "guides.md").read_text(encoding="utf-8")


@pytest.fixture
def example() -> str:
    [text] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    return str(text)


def test_the_example_is_accepted_and_laid_over_the_guide(config: Path, example: str) -> None:
    extension = RegionalExtension.model_validate(yaml.safe_load(example))
    (config / "guides" / "regions" / f"{extension.adcode}.yaml").write_text(example, "utf-8")
    assert check_config(config) == []
    found = read_book(config / "guides").guide_for("330100", date(2026, 11, 22))
    industry = found.guide.industry("示例行业")
    assert industry is not None
    assert found.origin_of(industry) == extension
    assert found.guide.templates(industry, Grade.B, ResponseLevel.YELLOW) is None
    [red] = found.guide.templates(industry, Grade.B, ResponseLevel.RED) or ()
    assert red.measure().render_zh() == "停产；120 小时后：停产 50 %（含）以上"
    assert found.profile.single_unit.policy is SingleUnitPolicy.STOP_ALL


def test_an_example_with_a_fault_is_named(config: Path, example: str) -> None:
    (config / "guides" / "regions" / "330000.yaml").write_text(example.replace("total: 2", "total: 0"), "utf-8")
    [problem] = check_config(config)
    assert (problem.file, problem.path) == ("guides/regions/330000.yaml", "industries.total")


def test_every_key_of_a_measure_is_explained() -> None:
    keys = set(MeasureTemplate.model_fields) | {"after_hours"}
    unsaid = {"process", "note_zh"}
    assert {key for key in keys - unsaid if f"`{key}`" not in PAGE and f"`{key}`:" not in PAGE} == set()
    assert set(MeasureData.model_fields) <= keys
    assert all(f"`{policy.value}`" in PAGE for policy in SingleUnitPolicy)


def test_the_page_names_every_folder(config: Path) -> None:
    for path in GUIDES.iterdir():
        if path.is_dir():
            assert f"`{path.name}/" in PAGE
