"""What is said of a person, checked: names, telephone numbers, addresses, hours of quiet."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from emission_lists.identifiers import uscc_valid

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_PHONE = re.compile(r"\+?[0-9]{3,18}(?:x[0-9]{1,6})?")
_MOBILE = re.compile(r"(?:\+?86)?(1[0-9]{10})")
_EMAIL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251})[A-Za-z0-9]")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


def one_line(value: str) -> str:
    """A text without line breaks and control characters. Raises ValueError."""
    if _CONTROL.search(value):
        raise ValueError("must be one line without control characters / 须为一行，不含控制字符")
    return value.strip()


def phone_of(value: str) -> str:
    """A telephone number as digits, `+` and `x` before an extension. Raises ValueError."""
    bare = re.sub(r"[\s()（）-]", "", one_line(value)).replace("转", "x")
    if not _PHONE.fullmatch(bare):
        raise ValueError("is no telephone number; write it like 13800000000 or 0315-1234567 / 不是电话号码")
    return bare


def email_of(value: str) -> str:
    """An e-mail address. Raises ValueError."""
    bare = one_line(value)
    local, _, domain = bare.rpartition("@")
    if not _EMAIL.fullmatch(bare) or ".." in bare or local.startswith(".") or local.endswith(".") or "." not in domain:
        raise ValueError("is no e-mail address; write it like name@example.test / 不是电子邮箱地址")
    return bare


def minute_of(value: str) -> int:
    """HH:MM as the minute of the day. Raises ValueError."""
    found = _CLOCK.fullmatch(value.strip())
    if found is None:
        raise ValueError("must be a time of day like 22:00 / 须为 22:00 这样的时刻")
    return 60 * int(found[1]) + int(found[2])


def clock_of(minute: int | None) -> str | None:
    """A minute of the day as HH:MM."""
    return None if minute is None else f"{minute // 60:02}:{minute % 60:02}"


def mobile_of(phone: str | None) -> str | None:
    """The eleven digits that a text message can be sent to; None for any other number."""
    found = None if phone is None else _MOBILE.fullmatch(phone)
    return None if found is None else found[1]


def masked_phone(phone: str | None) -> str | None:
    """A number for those who need not call it: 138****0000."""
    if phone is None:
        return None
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 9 else "*" * len(phone)


def masked_email(email: str | None) -> str | None:
    """An address for those who need not write to it: w***@example.test."""
    return None if email is None else f"{email[0]}***@{email.rpartition('@')[2]}"


def _uscc(value: str) -> str:
    if not uscc_valid(value):
        raise ValueError("is no unified social credit code / 不是有效的统一社会信用代码")
    return value


def _or_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


Blankable = BeforeValidator(_or_none)
Line64 = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(one_line)]
Phone = Annotated[str, Field(max_length=40), AfterValidator(phone_of)]
Email = Annotated[str, Field(max_length=254), AfterValidator(email_of)]
TimeOfDay = Annotated[str, Field(max_length=8)]


class Reach(BaseModel):
    """How somebody is reached: at least a telephone number or an e-mail address."""

    model_config = ConfigDict(extra="forbid")

    phone: Annotated[Phone | None, Blankable] = None
    email: Annotated[Email | None, Blankable] = None
    language: Literal["zh", "en"] = "zh"
    by_email: bool = True
    by_sms: bool = True

    @model_validator(mode="after")
    def _somehow(self) -> Reach:
        if self.phone is None and self.email is None:
            raise ValueError("give a telephone number or an e-mail address / 电话和邮箱至少填一项")
        return self


class OwnContact(Reach):
    """An official's own. `quiet_from`, `quiet_until` (HH:MM, Beijing): only what is urgent goes out in between."""

    quiet_from: Annotated[TimeOfDay | None, Blankable] = None
    quiet_until: Annotated[TimeOfDay | None, Blankable] = None

    @model_validator(mode="after")
    def _quiet(self) -> OwnContact:
        if (self.quiet_from is None) is not (self.quiet_until is None):
            raise ValueError("give both ends of the quiet hours, or neither / 免打扰时段须同时填写起止")
        self.quiet  # noqa: B018 - raises for what is no time of day
        return self

    @property
    def quiet(self) -> tuple[int | None, int | None]:
        """Both ends as minutes of the day."""
        if self.quiet_from is None or self.quiet_until is None:
            return None, None
        return minute_of(self.quiet_from), minute_of(self.quiet_until)


class EnterpriseContact(Reach):
    """A person of an enterprise; `calling_order` 1 is called first."""

    uscc: Annotated[str, Field(min_length=18, max_length=18), AfterValidator(_uscc)]
    name: Line64
    post: Annotated[Line64 | None, Blankable] = None
    calling_order: Annotated[int, Field(ge=1, le=99)] = 1
