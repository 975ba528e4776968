"""The whole public site from one state: path → bytes, no clock, no disk, no network."""

from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from alerts.instants import SHANGHAI
from alerts.levels import WARNING_LEVELS
from service.publication import views
from service.publication.data import atom, cap_path, warnings_json
from service.publication.guard import check_state
from service.publication.moments import machine, weekday, written, written_day
from service.publication.state import AirCategory, Place, PublicState
from service.publication.words import (
    CATEGORIES,
    LEVELS,
    PAGE,
    REASONS,
    RESPONSES,
    SHAPES,
    STEPS,
    Language,
    say,
)

TEMPLATES = Path(__file__).parent / "templates"
STYLE = "site.css"

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=select_autoescape(("html",)),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render_site(state: PublicState) -> dict[str, bytes]:
    """Every file of /public/. The same state gives the same bytes.

    Raises PublicStateError when something in the state may not be published; then nothing is rendered.
    """
    check_state(state)
    files = {
        STYLE: (TEMPLATES / STYLE).read_bytes(),
        "warnings.json": warnings_json(state),
        "warnings.atom": atom(state, drills=False),
        "drills.atom": atom(state, drills=True),
    }
    languages: tuple[Language, Language] = ("zh", "en")
    for language in languages:
        folder = "en/" if language == "en" else ""
        files[f"{folder}index.html"] = _index(state, language)
        for place in state.places:
            files[f"{folder}place/{place.adcode}.html"] = _place(state, place, language)
    for message in state.messages:
        files[cap_path(message.identifier)] = message.xml
    return files


def _index(state: PublicState, language: Language) -> bytes:
    past = views.past(state, state.places)
    groups = views.level_groups(state)
    return _page(
        "index.html",
        state,
        language,
        path="index.html",
        groups=groups,
        advice=views.advice_groups(groups),
        quiet=views.quiet_places(state),
        past=past[: views.PAST_ON_INDEX],
        past_cut=len(past) > views.PAST_ON_INDEX,
        table=views.forecast_table(state.places),
    )


def _place(state: PublicState, place: Place, language: Language) -> bytes:
    past = views.past(state, [place])
    return _page(
        "place.html",
        state,
        language,
        path=f"place/{place.adcode}.html",
        place=place,
        standing=views.standing_of(state, place),
        past=past[: views.PAST_ON_INDEX],
        past_cut=len(past) > views.PAST_ON_INDEX,
    )


def _page(template: str, state: PublicState, language: Language, *, path: str, **values: Any) -> bytes:
    """One page. All links in it are relative, so the site works under any address and from a folder."""
    depth = path.count("/")
    home = "../" * depth
    root = home + ("../" if language == "en" else "")
    year = state.as_of.astimezone(SHANGHAI).year
    common = SimpleNamespace(
        state=state,
        language=language,
        t=SimpleNamespace(**{key: say(words, language) for key, words in PAGE.items()}),
        home=home,
        root=root,
        other=f"{root}{'' if language == 'en' else 'en/'}{path}",
        say=partial(say, language=language),
        machine=machine,
        at=partial(written, language=language, year=year),
        full=partial(written, language=language),
        until=partial(written, language=language, year=year, end=True),
        on=partial(written_day, language=language, year=year),
        weekday=partial(weekday, language=language),
        levels=tuple(reversed(WARNING_LEVELS)),
        categories=tuple(AirCategory),
        level_words=LEVELS,
        response_words=RESPONSES,
        shapes=SHAPES,
        category_words=CATEGORIES,
        step_words=STEPS,
        reason_words=REASONS,
    )
    text = _ENVIRONMENT.get_template(template).render(**vars(common), c=common, **values)
    return text.encode()
