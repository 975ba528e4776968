"""What every page shares: templates, language, the reader's header, and how levels and instants are written."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from alerts.instants import parse_instant
from alerts.levels import WARNING_LEVELS
from emission_lists.grades import Grade
from service.accounts.roles import NATION, Principal
from service.kit.auth import runtime_of
from service.kit.problems import Problem
from service.web.moments import distance_text, instant_text, span_text
from service.web.texts import Language, language_of, text

HERE = Path(__file__).parent
STATIC = HERE / "static"
LANGUAGE_COOKIE = "lantian_language"
SHAPES = {"none": "○", "blue": "◆", "yellow": "▲", "orange": "■", "red": "●"}
YEAR_SECONDS = 365 * 86400
GRADES = frozenset(grade.value for grade in Grade)


@cache
def environment() -> Environment:
    """The templates: everything escaped, an unknown name is an error."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["grade"] = grade_text
    made.filters["tojson_plain"] = lambda value: json.dumps(value, ensure_ascii=False)
    return made


def grade_text(value: str) -> str:
    """A grade as lists write it (引领性 for LEADING); other words stay as they are."""
    return Grade(value).zh if value in GRADES else value


@dataclass(frozen=True)
class Writer:
    """Writes values for one reader: language and the present instant of the service's clock."""

    language: Language
    now: datetime

    def t(self, key: str, **values: Any) -> str:
        """A text of the dictionary."""
        return text(self.language, key, **values)

    def instant(self, value: datetime | str) -> str:
        """An instant without its distance."""
        return instant_text(_aware(value), self.language, self.now)

    def moment(self, value: datetime | str | None, *, distance: bool = True) -> Markup:
        """An instant as a `time` element with its distance; a dash for none."""
        if value is None:
            return Markup("–")
        instant = _aware(value)
        written = Markup('<time datetime="{}">{}</time>').format(
            instant.isoformat(timespec="minutes"), instant_text(instant, self.language, self.now)
        )
        if not distance:
            return written
        return written + Markup(' <small class="far">{}</small>').format(
            distance_text(instant, self.language, self.now)
        )

    @staticmethod
    def parsed(value: datetime | str) -> datetime:
        """An instant of a stored document."""
        return _aware(value)

    def countdown(self, value: datetime) -> str:
        """How long until (or since) an instant."""
        return distance_text(value, self.language, self.now)

    def late(self, minutes: int) -> str:
        """A delay in words."""
        return span_text(timedelta(minutes=minutes), self.language)

    def level_word(self, code: str) -> str:
        """A level in words: 橙色."""
        return self.t(f"level_{code}")

    def level(self, code: str | None, *, response: bool = True) -> Markup:
        """A level as a badge: shape, word and response number, never colour alone."""
        if code is None:
            return Markup('<span class="quiet">–</span>')
        if code == "none":
            return Markup('<span class="lv none">{} {}</span>').format(SHAPES[code], self.t("level_none"))
        number = Markup(" <b>{}</b>").format(self.t(f"response_{code}")) if response else Markup("")
        return Markup('<span class="lv {}"><i aria-hidden="true">{}</i> {}{}</span>').format(
            code, SHAPES[code], self.t(f"level_{code}"), number
        )

    def said(self, pair: dict[str, Any] | None) -> str:
        """One of a pair of sentences `{zh, en}`."""
        return "" if pair is None else str(pair[self.language] or pair["zh"])


def said_of(problem: Problem, language: Language) -> str:
    """What a refusal says, in the reader's language where it has it."""
    if language == "zh":
        return str(problem.extensions.get("detail_zh") or problem.detail or problem.title_zh)
    return problem.detail or problem.title


def _aware(value: datetime | str) -> datetime:
    return parse_instant(value) if isinstance(value, str) else value


def writer_of(request: Request) -> Writer:
    """Who the page is written for: `?lang=` wins over what was chosen before."""
    language = language_of(request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE))
    return Writer(language, runtime_of(request).clock.now())


def place_name(request: Request, adcode: str, writer: Writer) -> str:
    """Name of a scope."""
    return writer.t("all_country") if adcode == NATION else runtime_of(request).place(adcode)


def render(
    request: Request, template: str, principal: Principal | None, *, status: int = 200, **values: Any
) -> Response:
    """A page (or a part of one) for this reader, remembering a language that was asked for."""
    writer = writer_of(request)
    clock = runtime_of(request).clock
    scope = "" if principal is None else place_name(request, principal.scope.adcode, writer)
    body = (
        environment()
        .get_template(template)
        .render(
            w=writer,
            t=writer.t,
            me=principal,
            scope_name=scope,
            simulated=clock.simulated,
            drill=runtime_of(request).drill,
            here=request.url.path,
            unread=getattr(request.state, "unread", 0),
            seen=getattr(request.state, "seen", ""),
            other_href=_other_language(request, writer.language),
            levels=[level.code for level in reversed(WARNING_LEVELS)],
            shapes=SHAPES,
            **values,
        )
    )
    answer = HTMLResponse(body, status, headers={"cache-control": "private, no-store", "vary": "cookie"})
    if request.query_params.get("lang") in {"zh", "en"}:
        answer.set_cookie(LANGUAGE_COOKIE, writer.language, max_age=YEAR_SECONDS, samesite="lax", path="/")
    return answer


def _other_language(request: Request, language: Language) -> str:
    """The same page in the other language; pages answered to a write are left by their path."""
    asked = str(request.url.include_query_params(lang="zh" if language == "en" else "en").query)
    return f"{request.url.path}?{asked}"
