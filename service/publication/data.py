"""The machine-readable side of the public site: `warnings.json` and the Atom feeds.

`warnings.json`, keys stable (new ones may be added):
- `as_of`, `clock_note` (null on a live site), `publisher` - `warnings`: announced and not ended. `id`,
`adcode`, `name`, `name_en`, `province`, `phase` (`announced`|`in_force`),
  `level` and `response` (of the level that holds, or will first hold), `status` (CAP status),
  `announced_at`, `effective_at`, `planned_end` (null: 解除时间另行通知), `issuer`, `items`, `advice`
  [{`group`, `text`}], `steps` [{`kind`, `level`, `announced_at`, `effective_at`, `planned_end`, `reason`,
  `cap`}], `page`
- `past`: the same keys and `ended_at`
- `places`: `adcode`, `name`, `name_en`, `province`, `level` (`none` without a warning in force), `page`,
  `forecast_issued_at`, `forecast` [{`date`, `aqi_low`, `aqi_high`, `grade`, `category`}]

Instants are ISO 8601 with +08:00; addresses are absolute.
"""

import json
from datetime import datetime
from typing import Any

from alerts.atom import AtomFeed, FeedMessage, render_atom
from service.publication.moments import machine
from service.publication.state import Phase, Place, PublicState, PublicStep, PublicWarning
from service.publication.words import CATEGORIES

Json = dict[str, Any]


def cap_path(identifier: str) -> str:
    """Where a CAP message lies below /public/, for ever."""
    return f"cap/{identifier}.xml"


def warnings_json(state: PublicState) -> bytes:
    """The whole public state as compact JSON in UTF-8."""
    warnings = [(place, warning) for place in state.places for warning in place.warnings]
    document: Json = {
        "as_of": machine(state.as_of),
        "clock_note": state.clock_note.zh if state.clock_note else None,
        "publisher": state.publisher.zh,
        "warnings": [
            _warning(state, place, warning)
            for place, warning in warnings
            if warning.phase(state.as_of) is not Phase.ENDED
        ],
        "past": [
            {**_warning(state, place, warning), "ended_at": _instant(warning.ends_at)}
            for place, warning in warnings
            if warning.phase(state.as_of) is Phase.ENDED
        ],
        "places": [_place(state, place) for place in state.places],
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def atom(state: PublicState, *, drills: bool) -> bytes:
    """The feed of live CAP messages: Actual ones, or the drills and tests."""
    name = "drills.atom" if drills else "warnings.atom"
    return render_atom(
        AtomFeed(
            address=state.base_address + name,
            page=state.base_address,
            title=f"重污染天气预警{'(演练与测试)' if drills else ''} {state.publisher.zh}",
            author=state.publisher.zh,
            as_of=state.as_of,
            messages=_feed_messages(state),
            drills=drills,
        )
    )


def _feed_messages(state: PublicState) -> tuple[FeedMessage, ...]:
    return tuple(
        FeedMessage(
            identifier=message.identifier,
            address=state.base_address + cap_path(message.identifier),
            title=message.title,
            summary=message.summary,
            sent=message.sent,
            status=message.status,
            msg_type=message.msg_type,
            expires=message.expires,
            references=message.references,
        )
        for message in state.messages
    )


def _warning(state: PublicState, place: Place, warning: PublicWarning) -> Json:
    holding = warning.standing(state.as_of) or warning.latest
    return {
        "id": warning.id,
        "adcode": place.adcode,
        "name": place.name.zh,
        "name_en": place.name.en,
        "province": place.province.zh,
        "phase": warning.phase(state.as_of).value,
        "level": holding.level.code,
        "response": holding.level.response,
        "status": warning.status.value,
        "announced_at": machine(warning.first.announced_at),
        "effective_at": machine(warning.starts_at),
        "planned_end": _instant(warning.ends_at),
        "issuer": warning.issuer.zh,
        "items": warning.items.zh,
        "advice": [{"group": advice.group.zh, "text": advice.text.zh} for advice in warning.advice],
        "steps": [_step(state, step) for step in warning.steps],
        "page": _page(state, place),
    }


def _step(state: PublicState, step: PublicStep) -> Json:
    return {
        "kind": step.kind.value,
        "level": step.level.code,
        "announced_at": machine(step.announced_at),
        "effective_at": machine(step.effective_at),
        "planned_end": _instant(step.planned_end),
        "reason": step.reason.value,
        "cap": state.base_address + cap_path(step.cap_identifier),
    }


def _place(state: PublicState, place: Place) -> Json:
    in_force = [
        warning.standing(state.as_of)
        for warning in place.warnings
        if warning.phase(state.as_of) is Phase.IN_FORCE
    ]
    return {
        "adcode": place.adcode,
        "name": place.name.zh,
        "name_en": place.name.en,
        "province": place.province.zh,
        "level": in_force[0].level.code if in_force and in_force[0] else "none",
        "page": _page(state, place),
        "forecast_issued_at": _instant(place.forecast_issued_at),
        "forecast": [
            {
                "date": day.date.isoformat(),
                "aqi_low": day.aqi_low,
                "aqi_high": day.aqi_high,
                "grade": int(day.category),
                "category": CATEGORIES[day.category].zh,
            }
            for day in place.forecast
        ],
    }


def _page(state: PublicState, place: Place) -> str:
    return f"{state.base_address}place/{place.adcode}.html"


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else machine(moment)
