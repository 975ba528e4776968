"""Which department answers for which category of measures, and who is told when something is not done: `config/duties/`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from alerts.law import Law
from alerts.obligations import Rung
from alerts.rules import Adcode, Lawful
from service.accounts.roles import NATION, OFFICIALS, Role
from service.kit.yaml_files import read_yaml

CONFIG = Path(__file__).resolve().parents[2] / "config"
CODE = r"^[a-z][a-z_]{1,30}$"


class Department(Lawful):
    """A department (成员单位) by the name of its field."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Category(Lawful):
    """A category of measures: its English name in plans and the departments that answer for it; none: not established."""

    en: str = Field(min_length=1)
    departments: tuple[str, ...] = ()


class Duties(Lawful):
    """One file: what it leaves out comes from the division above."""

    adcode: Adcode
    escalation: tuple[Rung, ...] = ()
    departments: dict[str, Department] = Field(default={})
    categories: dict[str, Category] = Field(default={})
    references: dict[str, str] = Field(default={})
    confidence: dict[str, str] = Field(default={})
    source: dict[str, str] = Field(default={})
    choices: dict[str, str] = Field(default={})
    not_established: dict[str, str] = Field(default={})
    not_established_en: dict[str, str] = Field(default={})

    @model_validator(mode="after")
    def _known(self) -> Self:
        for rung in self.escalation:
            unknown = set(rung.roles) - {role.value for role in OFFICIALS}
            if unknown:
                raise ValueError(f"escalation names {', '.join(sorted(unknown))}; roles: {', '.join(sorted(OFFICIALS))}")
            if isinstance(rung.at, int) and rung.at < 1:
                raise ValueError("escalation: hours after the due instant are 1 or more; write half or due for earlier")
        order = [{"half": -1, "due": 0}.get(str(rung.at), rung.at) for rung in self.escalation]
        if order != sorted(order, key=int) or len(set(order)) != len(order):
            raise ValueError("escalation: write the rungs in the order in which they are reached, each once")
        named = {code for category in self.categories.values() for code in category.departments}
        if self.adcode == NATION and named - set(self.departments):
            raise ValueError(f"categories name {', '.join(sorted(named - set(self.departments)))}; add them to departments")
        return self

    def over(self, above: Duties) -> Duties:
        """This file over that of the division above."""
        return self.model_copy(
            update={
                "escalation": self.escalation or above.escalation,
                "departments": {**above.departments, **self.departments},
                "categories": {**above.categories, **self.categories},
            }
        )

    def chosen(self, category: str) -> bool:
        """Whether the department of a category is a choice of this deployment and not the text of a plan."""
        return category not in self.references


@cache
def files(folder: Path) -> dict[str, Duties]:
    """Every file of a config folder by its division. ValidationError names what is wrong with one."""
    found = (Duties.model_validate(read_yaml(path)) for path in sorted((folder / "duties").glob("*.yaml")))
    return {one.adcode: one for one in found}


def duties_of(law: Law, adcode: str, config_dir: Path | None = None) -> Duties:
    """The file of a division laid over those above it."""
    known = files(config_dir or CONFIG)
    places, place = [], adcode
    while place != NATION:
        places.append(place)
        division = law.divisions.get(place)
        place = (division.parent if division is not None else None) or NATION
    result = known.get(NATION, Duties(adcode=NATION))
    for one in reversed(places):
        if one in known:
            result = known[one].over(result)
    return result


def roles_of(rung: Rung) -> list[Role]:
    """The roles of a rung."""
    return [Role(role) for role in rung.roles]
