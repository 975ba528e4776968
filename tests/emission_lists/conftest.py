from functools import cache
from pathlib import Path

import pytest
import yaml

from emission_lists.generator import generate_list
from emission_lists.guides import Guide, ListProfile
from emission_lists.lists import EmissionListDraft

GUIDES = Path(__file__).resolve().parents[2] / "config" / "guides"


@cache
def load_guide(name: str) -> Guide:
    return Guide.model_validate(yaml.safe_load((GUIDES / f"{name}.yaml").read_text(encoding="utf-8")))


@cache
def load_profile() -> ListProfile:
    return ListProfile.model_validate(yaml.safe_load((GUIDES / "profile.yaml").read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def guide() -> Guide:
    return load_guide("g2020")


@pytest.fixture(scope="session")
def profile() -> ListProfile:
    return load_profile()


@pytest.fixture(scope="session")
def generated(guide: Guide, profile: ListProfile) -> EmissionListDraft:
    return generate_list("130200", seed=7, enterprises=400, guide=guide, profile=profile, counties=("130202", "130203"))
