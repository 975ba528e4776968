"""The rebuilt forecasts of a past episode, verified without a database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from alerts.instants import DAY
from alerts.law import Law
from alerts.verification import Findings, Issue, Terms, verify
from alerts.verification_targets import SkillTargets
from service.accounts.roles import Scope
from service.demo.episodes import Episode
from service.demo.messages import Kind, messages
from service.skill.report import Period, document, entry, pooled
from service.skill.series import series_of


def verified(
    episode: Episode,
    kind: Kind,
    law: Law,
    documents: Sequence[SkillTargets],
    *,
    adcode: str | None = None,
    rules: str | None = None,
) -> dict[str, Any]:
    """The cities of the episode (or one, or those of a province) together, and each by itself in `divisions`.

    Raises ValueError for a place without observations in the episode, LawNotFound for an unknown rule set.
    """
    criteria = law.criteria_for(adcode, episode.starts_at, rules_id=rules)
    chosen = chosen_of(episode, adcode)
    by_division: dict[str, list[Findings]] = {}
    issued = issues_of(replace(episode, tracks={place: episode.tracks[place] for place in chosen}), kind)
    for place in chosen:
        air = series_of(place, episode.observations(place))
        own = law.criteria_for(place, episode.starts_at, rules_id=rules)
        terms = Terms(own, law.standards, known_until=air.end, until=episode.ends_at)
        by_division[place] = verify(place, issued[place], [air], terms)
    period = Period(episode.starts_at.date(), (episode.ends_at - DAY / 24).date() + DAY)
    head = {
        "episode": episode.id,
        "forecast_basis": kind,
        "adcode": adcode,
        "name": episode.title_zh if adcode is None else f"{episode.title_zh} {_name(law, adcode)}",
        "name_en": episode.title_en if adcode is None else f"{episode.title_en}: {_name(law, adcode)}",
        "note_zh": episode.note_zh,
        "note_en": episode.note_en,
        "rules": criteria.rules_id,
        "plan": criteria.plan_id,
        "title": criteria.title,
        "number": criteria.number,
    }
    found = [one for findings in by_division.values() for one in findings]
    body = document(period, head, found, documents)
    last = period.until - DAY
    divisions = [
        {"adcode": place, "name": _name(law, place), "feeds": [entry(one, documents, last) for one in pooled(findings)]}
        for place, findings in by_division.items()
    ]
    return body | {"divisions": divisions}


def chosen_of(episode: Episode, adcode: str | None) -> tuple[str, ...]:
    """The divisions that are meant: all, the one, or those inside a province or city. Raises ValueError for none."""
    if adcode is None:
        return episode.divisions
    if adcode in episode.tracks:
        return (adcode,)
    inside = tuple(each for each in episode.divisions if Scope(adcode).covers(each))
    if not inside:
        shown = ", ".join(episode.divisions[:10])
        known = shown if len(episode.divisions) <= 10 else f"{len(episode.divisions)} divisions, among them {shown}"
        raise ValueError(f"The episode {episode.id} has no observations of {adcode}; it has {known}.")
    return inside


def issues_of(episode: Episode, kind: Kind) -> dict[str, list[Issue]]:
    """What the rebuilt feed issued for each division."""
    issued: dict[str, list[Issue]] = defaultdict(list)
    for message in messages(episode, kind):
        for part in message.body["data"] if message.type == "forecast.issued" else ():
            series = series_of(part["adcode"], part["points"])
            issued[part["adcode"]].append(Issue(message.feed, kind, message.at, series))
    return issued


def _name(law: Law, adcode: str) -> str:
    division = law.divisions.get(adcode)
    return adcode if division is None else division.name
