"""What is wrong in a config folder, in words that say what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from pydantic import ValidationError

ADVICE = {
    "missing": "add this key",
    "extra_forbidden": "remove this key or correct its spelling",
    "string_type": "put the value in quotes",
    "date_from_datetime_parsing": "write a date like 2024-01-01",
    "date_type": "write a date like 2024-01-01",
    "string_pattern_mismatch": "write it in the form that the pattern describes",
    "literal_error": "use one of the listed values",
    "tuple_type": "write a list",
    "dict_type": "write keys with values",
    "model_type": "write keys with values",
    "too_short": "give at least one",
}
CORRECT = "correct the value"


@dataclass(frozen=True, order=True)
class LawProblem:
    """One problem.

    The file (relative to the config folder), the place in it, what is wrong and what to do.
    """

    file: str
    path: str
    problem: str
    advice: str = CORRECT

    def __str__(self) -> str:
        place = f"{self.file}: {self.path}" if self.path else self.file
        return f"{place}: {self.problem}; {self.advice}"

    def as_dict(self) -> dict[str, str]:
        """The problem ready for JSON."""
        return asdict(self)


class LawInvalid(ValueError):
    """A config folder that cannot be used; `problems` holds everything that is wrong, at once."""

    def __init__(self, problems: Iterable[LawProblem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def of_model(file: str, error: ValidationError, prefix: str = "") -> list[LawProblem]:
    """The problems of a value that its model refused, one for each place."""
    return [
        LawProblem(
            file,
            ".".join([*([prefix] if prefix else []), *(str(part) for part in detail["loc"])]),
            detail["msg"].removeprefix("Value error, "),
            ADVICE.get(detail["type"], CORRECT),
        )
        for detail in error.errors(include_url=False, include_context=False, include_input=False)
    ]
