"""Templates of messages (config/notice_templates): places in braces that are filled in, nothing that is carried out.

A place is a name in braces; there is no way from it to an attribute, an item or a format. What is filled in is never read again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from service.channels.sms import MOST_PARTS, ONE_PART, parts, units
from service.law.loader import CONFIG
from service.law.problems import LawInvalid, LawProblem, of_model

FOLDER = "notice_templates"
NEEDED = ("warning", "reminder", "extra", "official")
LANGUAGES: tuple[Literal["zh", "en"], ...] = ("zh", "en")
USUAL_PARTS = 3
"""Parts that a text message may have with the samples filled in."""
_PLACE = re.compile(r"\{([a-z][a-z_]*)\}")
Text = Annotated[str, Field(min_length=1, max_length=4000)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z_]*$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Pair(_Strict):
    """A word in both languages."""

    zh: Text
    en: Text


class Place(_Strict):
    """What may be filled in, and a sample of it."""

    zh: Text
    en: Text
    sample_zh: Text
    sample_en: Text


class Letter(_Strict):
    """An e-mail."""

    title: Annotated[str, Field(min_length=1, max_length=200)]
    text: Text


class Letters(_Strict):
    """An e-mail in both languages."""

    zh: Letter
    en: Letter


class Template(_Strict):
    """One kind of message for each channel."""

    id: Name
    title: Pair
    source: Literal["choice"]
    places: dict[Name, Place]
    email: Letters
    sms: Pair

    @model_validator(mode="after")
    def _sound(self) -> Template:
        for language in LANGUAGES:
            letter: Letter = getattr(self.email, language)
            for where, text in (
                ("email title", letter.title),
                ("email text", letter.text),
                ("sms", getattr(self.sms, language)),
            ):
                _check(text, self.places, f"{where} ({language})")
        samples = self.texts(self.samples)["sms"]
        for language, sample in samples.items():
            if parts(sample) > USUAL_PARTS:
                raise ValueError(
                    f"sms ({language}) takes {parts(sample)} parts with its samples; at most {USUAL_PARTS}"
                )
        return self

    @property
    def samples(self) -> dict[str, dict[str, str]]:
        """Samples of every place, by language."""
        return {
            "zh": {name: place.sample_zh for name, place in self.places.items()},
            "en": {name: place.sample_en for name, place in self.places.items()},
        }

    def texts(self, values: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
        """`{email: {zh: {title, text}, en}, sms: {zh, en}}` with the values of each language filled in. KeyError for a missing one."""
        filled: dict[str, Any] = {"email": {}, "sms": {}}
        for language in LANGUAGES:
            letter: Letter = getattr(self.email, language)
            given = values[language]
            filled["email"][language] = {"title": fill(letter.title, given), "text": fill(letter.text, given)}
            filled["sms"][language] = shortened(" ".join(fill(getattr(self.sms, language), given).split()))
        return filled


def _check(text: str, places: Mapping[str, Place], where: str) -> None:
    unknown = sorted(set(_PLACE.findall(text)) - places.keys())
    if unknown:
        raise ValueError(f"{where} names places that are not declared: {', '.join(unknown)}")
    if re.search(r"[{}]", _PLACE.sub("", text)):
        raise ValueError(f"{where} has a brace that is no place; a place is a plain name like {{headline}}")


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its places filled in. Raises KeyError for a place without a value."""
    return _PLACE.sub(lambda found: values[found[1]], text)


def shortened(text: str) -> str:
    """A text message cut to what a gateway takes, marked where it was cut."""
    if parts(text) <= MOST_PARTS:
        return text
    kept = text
    while parts(kept + "…") > MOST_PARTS:
        kept = kept[: len(kept) - max(1, (units(kept) - ONE_PART * MOST_PARTS) // 2)]
    return kept + "…"


@cache
def load_templates(config_dir: Path | None = None) -> dict[str, Template]:
    """The templates by id, read once per process: of the folder, or the shipped ones where it has none.

    Raises `LawInvalid` with every problem at once.
    """
    folder = (config_dir or CONFIG) / FOLDER
    if not folder.is_dir():
        folder = CONFIG / FOLDER
    found, problems = _read(folder)
    if problems:
        raise LawInvalid(problems)
    return found


def template_problems(config_dir: Path) -> list[LawProblem]:
    """Everything that is wrong with the templates of a config folder; one without any uses the shipped ones."""
    folder = config_dir / FOLDER
    return _read(folder)[1] if folder.is_dir() else []


def _read(folder: Path) -> tuple[dict[str, Template], list[LawProblem]]:
    found: dict[str, Template] = {}
    problems: list[LawProblem] = []
    for path in sorted(folder.glob("*.yaml")):
        name = f"{FOLDER}/{path.name}"
        try:
            template = Template.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        except ValidationError as error:
            problems += of_model(name, error)
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            problems.append(LawProblem(name, "", f"it is no YAML in UTF-8: {type(error).__name__}"))
        else:
            if template.id in found:
                problems.append(LawProblem(name, "id", f"another file has the id {template.id}", "choose another id"))
            found[template.id] = template
    if not problems:
        problems = [
            LawProblem(FOLDER, "", f"the template {name} is missing", "add it") for name in NEEDED if name not in found
        ]
    return found, problems
