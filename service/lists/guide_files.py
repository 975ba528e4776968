"""Reads the guides and the list profile from `config/guides/`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from emission_lists.guides import Guide, ListProfile

PROFILE_FILE = "profile.yaml"
M = TypeVar("M", bound=BaseModel)


class GuideFileError(ValueError):
    """A guide file that cannot be used. The message names the file, the path inside it and the problem."""


def load_guides(folder: Path) -> dict[str, Guide]:
    """Every guide of `config/guides` by id. GuideFileError for the first file that does not hold."""
    guides = [_load(path, Guide) for path in sorted(folder.glob("*.yaml")) if path.name != PROFILE_FILE]
    return {guide.id: guide for guide in guides}


def load_profile(folder: Path) -> ListProfile:
    """The list profile of `config/guides`. GuideFileError if it does not hold."""
    return _load(folder / PROFILE_FILE, ListProfile)


def _load(path: Path, model: type[M]) -> M:
    try:
        document: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return model.model_validate(document)
    except OSError as problem:
        raise GuideFileError(f"{path}: cannot be read: {problem.strerror}") from None
    except yaml.YAMLError as problem:
        raise GuideFileError(f"{path}: is not YAML: {problem}") from None
    except ValidationError as problem:
        lines = [f"{path}: {'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in problem.errors()]
        raise GuideFileError("\n".join(lines)) from None
