"""What a password must be (GB/T 22239-2019, level 3: complex enough, changed at the first sign-in). Figures are choices."""

from __future__ import annotations

import re

from service.kit.problems import Invalid

SHORTEST = 12
LONGEST = 256
CLASSES = 3
LONG_ENOUGH = 20
"""From this length on, two classes of characters do."""
CLASSES_OF_LONG = 2
FEWEST_DIFFERENT = 6
KINDS = (re.compile(r"[a-z]"), re.compile(r"[A-Z]"), re.compile(r"[0-9]"), re.compile(r"[^a-zA-Z0-9]"))
LEET = str.maketrans("013457$@!", "oleastsai")
COMMON = frozenset(
    {
        "password",
        "passw0rd",
        "passwort",
        "admin",
        "administrator",
        "root",
        "lantian",
        "welcome",
        "letmein",
        "qwerty",
        "qwertyuiop",
        "asdfgh",
        "asdfghjkl",
        "zxcvbn",
        "iloveyou",
        "woaini",
        "woaizhongguo",
        "zhongguo",
        "beijing",
        "tianjin",
        "hebei",
        "shijiazhuang",
        "changeme",
        "secret",
        "default",
        "system",
        "manager",
        "huanbao",
        "shengtai",
        "huanjing",
        "yingji",
        "zhihui",
        "weather",
        "abcdef",
        "abcdefg",
        "abcabc",
    }
)
"""Words that begin or make up the most common passwords; variants with digits at the ends count as the word."""


def faults_of(password: str, login: str) -> list[tuple[str, str]]:
    """What is wrong with a password, as (Chinese, English); empty when it may be used."""
    found: list[tuple[str, str]] = []
    if len(password) < SHORTEST:
        found.append((f"至少 {SHORTEST} 个字符", f"at least {SHORTEST} characters"))
    if len(password) > LONGEST:
        found.append((f"最多 {LONGEST} 个字符", f"at most {LONGEST} characters"))
    kinds = sum(1 for kind in KINDS if kind.search(password))
    if kinds < (CLASSES_OF_LONG if len(password) >= LONG_ENOUGH else CLASSES):
        found.append(
            (
                f"须含大写、小写、数字、其他字符中的 {CLASSES} 类（{LONG_ENOUGH} 个字符以上为 {CLASSES_OF_LONG} 类）",
                f"{CLASSES} of: capital, small letter, digit, other ({CLASSES_OF_LONG} from {LONG_ENOUGH} characters on)",
            )
        )
    if len(set(password)) < FEWEST_DIFFERENT:
        found.append((f"至少 {FEWEST_DIFFERENT} 个不同字符", f"at least {FEWEST_DIFFERENT} different characters"))
    lowered = password.lower()
    if login and login.lower() in lowered:
        found.append(("不得包含账号", "not the login in it"))
    if _bare(lowered) in COMMON:
        found.append(("过于常见", "not a common one"))
    return found


def _bare(lowered: str) -> str:
    """The word without digits and signs around it, its digits read as the letters they stand for."""
    return re.sub(r"[^a-z]", "", re.sub(r"^[^a-z]+|[^a-z]+$", "", lowered).translate(LEET))


def check_password(password: str, login: str) -> None:
    """Raises Invalid with everything that is wrong."""
    faults = faults_of(password, login)
    if faults:
        raise Invalid(
            f"The password needs: {'; '.join(english for _, english in faults)}.",
            detail_zh=f"密码要求：{'；'.join(chinese for chinese, _ in faults)}。",
        )
