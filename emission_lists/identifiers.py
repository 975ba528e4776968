"""Identifiers on a list: the unified social credit code (统一社会信用代码, GB 32100-2015) and the discharge
permit number (排污许可证编号, HJ 608-2017).

A code is text in capitals. Every single-character change of a valid code is detected: the weights are
non-zero modulo the prime 31.
"""

from __future__ import annotations

import re
from functools import lru_cache
from operator import mul

USCC_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_VALUES = {character: value for value, character in enumerate(USCC_CHARACTERS)}
_WEIGHTS = tuple(pow(3, position, 31) for position in range(17))
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_USCC = re.compile(rf"[{USCC_CHARACTERS}]{{2}}[0-9]{{6}}[{USCC_CHARACTERS}]{{10}}")
_PERMIT = re.compile(rf"([{USCC_CHARACTERS}]{{18}})[0-9]{{3}}[A-Z]")
_REMEMBERED = 8192  # a code is asked for when it is read, within its permit number, and again when its list is checked
_NO_USCC_PREFIX = "H9"  # units that have no credit code, in permits issued under HJ 608-2017


def uscc_check(first_seventeen: str) -> str:
    """The check character for the first 17 characters. ValueError for any other length or character."""
    if len(first_seventeen) != 17:
        raise ValueError(f"A credit code has 17 characters before its check character, not {len(first_seventeen)}")
    try:
        total = sum(map(mul, map(_VALUES.__getitem__, first_seventeen), _WEIGHTS))
    except KeyError as unknown:
        raise ValueError(f"{unknown.args[0]!r} cannot stand in a credit code (no I, O, S, V, Z)") from None
    return USCC_CHARACTERS[-total % 31]


def uscc_valid(code: str) -> bool:
    """True if `code` is 18 characters of the right kind with the right check character."""
    return uscc_problem(code) is None


@lru_cache(_REMEMBERED)
def uscc_problem(code: str) -> str | None:
    """What is wrong with a credit code: "length", "characters", "check", or None."""
    if len(code) != 18:
        return "length"
    if _USCC.fullmatch(code) is None:
        return "characters"
    return None if uscc_check(code[:17]) == code[17] else "check"


def organisation_check(first_eight: str) -> str:
    """The check character of the organisation code (GB 11714) inside a credit code, characters 9 to 16."""
    if len(first_eight) != 8 or not (first_eight.isascii() and first_eight.isalnum()):
        raise ValueError("An organisation code has 8 letters or digits before its check character")
    total = sum(int(c, 36) * w for c, w in zip(first_eight, _ORGANISATION_WEIGHTS, strict=True))
    return {10: "X", 11: "0"}.get(check := 11 - total % 11, str(check))


@lru_cache(_REMEMBERED)
def permit_problem(permit: str) -> str | None:
    """What is wrong with a permit number: "format", "check" (of its credit code), or None."""
    match = _PERMIT.fullmatch(permit)
    if match is None:
        return "format"
    code = match.group(1)
    return None if code.startswith(_NO_USCC_PREFIX) or uscc_valid(code) else "check"


def permit_valid(permit: str) -> bool:
    """True for 22 characters: credit code, three digits, one letter. Units without a code start with H9."""
    return permit_problem(permit) is None


def make_uscc(adcode: str, organisation: int, *, kind: str = "91") -> str:
    """A credit code with right check characters, for generated data.

    `adcode` six digits; `organisation` 0 to 99,999,999; `kind` = registering department and category.
    """
    body = f"{organisation:08d}"
    first = f"{kind}{adcode}{body}{organisation_check(body)}"
    return first + uscc_check(first)


def make_permit(uscc: str, sequence: int = 1, kind: str = "P") -> str:
    """A permit number for a credit code, for generated data."""
    return f"{uscc}{sequence:03d}{kind}"
