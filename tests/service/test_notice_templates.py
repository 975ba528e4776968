"""Templates of messages: names in braces and nothing else, sound before they are used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from service.channels.sms import MOST_PARTS, parts
from service.cli.main import main
from service.law.loader import CONFIG
from service.law.problems import LawInvalid
from service.people.templates import FOLDER, NEEDED, Template, fill, load_templates, shortened, template_problems


def sound() -> dict[str, Any]:
    return dict(yaml.safe_load((CONFIG / FOLDER / "reminder.yaml").read_text(encoding="utf-8")))


def changed(path: str, value: object) -> dict[str, Any]:
    found = json.loads(json.dumps(sound()))
    *above, last = path.split(".")
    place = found
    for name in above:
        place = place[name]
    place[last] = value
    return dict(found)


class TestShipped:
    def test_they_are_there_and_sound(self) -> None:
        assert set(NEEDED) <= load_templates().keys()
        assert template_problems(CONFIG) == []

    @pytest.mark.parametrize("name", NEEDED)
    def test_every_place_is_used_and_a_text_message_is_short(self, name: str) -> None:
        template = load_templates()[name]
        texts = template.texts(template.samples)
        assert all(parts(text) <= 3 for text in texts["sms"].values())
        everything = template.model_dump_json()
        assert [place for place in template.places if f"{{{place}}}" not in everything] == []


class TestSandbox:
    @pytest.mark.parametrize(
        "text",
        [
            "{headline.__class__}",
            "{headline[0]}",
            "{headline!r}",
            "{headline:>10}",
            "{nobody}",
            "{",
            "}",
            "{}",
            "{{headline}}",
            "{Headline}",
        ],
    )
    @pytest.mark.parametrize("where", ["sms.zh", "email.en.title", "email.zh.text"])
    def test_only_declared_names(self, where: str, text: str) -> None:
        with pytest.raises(ValidationError, match=r"not declared|no place"):
            Template.model_validate(changed(where, text))

    def test_what_is_filled_in_is_not_read_again(self) -> None:
        assert fill("{a}{b}", {"a": "{b}", "b": "{a}"}) == "{b}{a}"

    @given(st.text(max_size=50))
    def test_any_value_comes_out_as_it_is(self, value: str) -> None:
        assert fill("x{a}y", {"a": value}) == f"x{value}y"

    def test_a_value_that_is_missing_is_an_error(self) -> None:
        with pytest.raises(KeyError):
            fill("{a}", {})


class TestLength:
    def test_a_template_that_is_too_long_is_refused(self) -> None:
        with pytest.raises(ValidationError, match="parts"):
            Template.model_validate(changed("sms.zh", "{headline}" + "很" * 201))

    @given(st.text(alphabet=st.sampled_from("字a😀…"), max_size=600))
    def test_what_is_shortened_can_be_sent_and_begins_alike(self, text: str) -> None:
        found = shortened(text)
        assert parts(found) <= MOST_PARTS
        assert found == text if parts(text) <= MOST_PARTS else found.endswith("…") and text.startswith(found[:-1])
        assert parts(text) <= MOST_PARTS or parts(found) == MOST_PARTS


class TestFolder:
    def broken(self, folder: Path, name: str, content: str) -> Path:
        target = folder / FOLDER
        target.mkdir()
        for path in (CONFIG / FOLDER).glob("*.yaml"):
            (target / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
        (target / name).write_text(content, encoding="utf-8")
        return folder

    @pytest.mark.parametrize(
        ("name", "content", "said"),
        [
            ("warning.yaml", "id: [", "no YAML"),
            ("warning.yaml", "id: warning", "Field required"),
            ("again.yaml", yaml.safe_dump(sound()), "another file has the id reminder"),
            ("warning.yaml", yaml.safe_dump(sound() | {"id": "other"}), "the template warning is missing"),
            ("warning.yaml", yaml.safe_dump(changed("sms.en", "{x.y}")), "no place"),
        ],
    )
    def test_every_fault_has_its_file(self, tmp_path: Path, name: str, content: str, said: str) -> None:
        problems = template_problems(self.broken(tmp_path, name, content))
        assert any(said in str(problem) and problem.file.startswith(FOLDER) for problem in problems)
        with pytest.raises(LawInvalid):
            load_templates(tmp_path)

    def test_a_folder_without_any_uses_the_shipped_ones(self, tmp_path: Path) -> None:
        assert template_problems(tmp_path) == []
        assert load_templates(tmp_path) == load_templates()

    def test_check_config_names_them(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["check-config", "--config", str(self.broken(tmp_path, "warning.yaml", "id: warning"))]) == 1
        assert "notice_templates/warning.yaml" in capsys.readouterr().out
