"""The accuracy targets of `config/skill`, one document a file."""

from __future__ import annotations

from functools import cache
from pathlib import Path, PurePosixPath

from pydantic import ValidationError

from alerts.verification_targets import SkillTargets
from service.law.problems import LawInvalid, LawProblem, of_model
from service.law.yaml_files import read_yaml

CONFIG = Path(__file__).resolve().parents[2] / "config"
FOLDER = "skill"


def read_targets(config: Path) -> tuple[list[SkillTargets], list[LawProblem]]:
    """The documents of a config folder, and everything that is wrong with them."""
    documents: list[SkillTargets] = []
    problems: list[LawProblem] = []
    for path in sorted(config.glob(f"{FOLDER}/*.yaml")):
        name = path.relative_to(config).as_posix()
        data, found = read_yaml(path, name)
        problems += found
        if data is None:
            continue
        try:
            document = SkillTargets.model_validate(data)
        except ValidationError as error:
            problems += of_model(name, error)
            continue
        problems += _odd(name, document)
        documents.append(document)
    return documents, problems


def _odd(name: str, document: SkillTargets) -> list[LawProblem]:
    found = []
    if PurePosixPath(name).stem != document.id:
        found.append(LawProblem(name, "id", f"is {document.id!r}", "give the file the name of its id"))
    if "targets" not in document.references:
        found.append(LawProblem(name, "references.targets", "is missing", "name the document that sets the targets"))
    if "measure" not in document.choices:
        found.append(LawProblem(name, "choices.measure", "is missing", "say why this measure stands for accuracy"))
    return found


@cache
def load_targets(config_dir: Path | None = None) -> tuple[SkillTargets, ...]:
    """The documents, read once per process. Raises `LawInvalid` with every problem at once."""
    documents, problems = read_targets(config_dir or CONFIG)
    if problems:
        raise LawInvalid(problems)
    return tuple(documents)
