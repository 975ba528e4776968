"""Bodies of the account endpoints."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from service.accounts.roles import Role

Login = Annotated[str, Field(min_length=3, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]*$")]
"""What a new login may look like."""
Adcode = Annotated[str, Field(pattern=r"^\d{6}$")]
Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
Password = Annotated[str, Field(min_length=1, max_length=256)]
Code = Annotated[str, Field(min_length=1, max_length=64)]
Number = Annotated[int, Field(ge=1, le=2**62)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Credentials(_Body):
    """Login and password, and the code of the second factor where there is one."""

    login: Annotated[str, Field(min_length=1, max_length=64)]
    password: Password
    factor: Code | None = None


class NewPassword(_Body):
    """The present password and the new one."""

    old: Password
    new: Password


class Redemption(_Body):
    """A one-time code of an administrator and the password to set."""

    login: Annotated[str, Field(min_length=1, max_length=64)]
    code: Code
    password: Password


class FactorCode(_Body):
    """A code of the authenticator app, or a recovery code."""

    factor: Code


class OrganisationBody(_Body):
    """A body of a division."""

    name: Line
    adcode: Adcode
    kind: Annotated[str, Field(max_length=16)]


class NameBody(_Body):
    """Another name of an organisation."""

    name: Line


class AccountBody(_Body):
    """An account to open: without rights until somebody else grants them."""

    login: Login
    display: Line
    adcode: Adcode
    organisation_id: Number | None = None
    post: Line | None = None
    uscc: Annotated[str, Field(max_length=18)] | None = None
    external_id: Annotated[str, Field(min_length=1, max_length=255)] | None = None


class IdentityBody(_Body):
    """Who the account is to the OpenID provider; null unbinds it."""

    external_id: Annotated[str, Field(min_length=1, max_length=255)] | None


class GrantBody(_Body):
    """Role and region."""

    role: Role
    adcode: Adcode


class ReasonBody(_Body):
    """Why."""

    reason: Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S")]


class DelegationBody(_Body):
    """Who stands in for whom, where, from when until when, and why. Without `for_login` the caller lends his own role."""

    to: Annotated[str, Field(min_length=1, max_length=64)]
    adcode: Adcode | None = None
    valid_from: AwareDatetime
    valid_until: AwareDatetime
    reason: Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S")]
    for_login: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    factor: Code | None = None


class KeyBody(_Body):
    """What a key is called, what for, and for how many days."""

    name: Line
    scopes: Annotated[list[str], Field(min_length=1, max_length=10)]
    days: int = 90
    factor: Code | None = None


class RotationBody(_Body):
    """The code of the second factor, where the account has one."""

    factor: Code | None = None
