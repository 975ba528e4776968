"""What a public state must satisfy before a single page is made of it."""

import re
from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from alerts.cap_values import Status
from alerts.levels import Level
from service.publication.state import (
    Phase,
    Place,
    PublicMessage,
    PublicState,
    PublicStateError,
    PublicStep,
    PublicWarning,
)

_ADCODE = re.compile(r"\d{6}", re.ASCII)
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,150}", re.ASCII)


def may_be_shown(status: Status, simulated: bool) -> bool:
    """Real warnings on a real clock, drills and tests on a simulated one; never the two on one page."""
    return (status is Status.ACTUAL) != simulated


def check_state(state: PublicState) -> None:
    """Raise PublicStateError unless every part is announced, decided and of the right channel."""
    _aware("as_of", state.as_of)
    if not state.base_address.endswith("/"):
        raise PublicStateError(f"base_address {state.base_address!r} must end with a slash; add it")
    _once("place", (place.adcode for place in state.places))
    _once("message", (message.identifier for message in state.messages))
    for place in state.places:
        _check_place(place, state)
    known = {message.identifier for message in state.messages}
    for message in state.messages:
        _check_message(message, state)
    for place in state.places:
        for warning in place.warnings:
            for step in warning.steps:
                if step.cap_identifier not in known:
                    raise PublicStateError(
                        f"{place.adcode}: message {step.cap_identifier!r} is missing; add it"
                    )


def _check_place(place: Place, state: PublicState) -> None:
    if not _ADCODE.fullmatch(place.adcode):
        raise PublicStateError(f"adcode {place.adcode!r} is not 6 digits; use the GB/T 2260 code")
    for warning in place.warnings:
        _check_warning(place, warning, state)
    running = [warning for warning in place.warnings if warning.phase(state.as_of) is not Phase.ENDED]
    if len(running) > 1:
        raise PublicStateError(f"{place.adcode} has {len(running)} warnings at once; end the earlier one")
    for day in place.forecast:
        if not 0 <= day.aqi_low <= day.aqi_high <= 500:
            raise PublicStateError(
                f"{place.adcode}: AQI range of {day.date} is not 0 ≤ low ≤ high ≤ 500; correct it"
            )


def _check_warning(place: Place, warning: PublicWarning, state: PublicState) -> None:
    if not warning.steps:
        raise PublicStateError(f"{place.adcode}: warning {warning.id} has no announced step; leave it out")
    if not may_be_shown(warning.status, state.clock_note is not None):
        raise PublicStateError(
            f"{place.adcode}: a warning of status {warning.status} may not stand on "
            f"{'a simulated' if state.clock_note else 'the live'} site; keep drills and real warnings apart"
        )
    for step in warning.steps:
        _check_step(place, step, state.as_of)
    announced = [step.announced_at for step in warning.steps]
    if announced != sorted(announced):
        raise PublicStateError(
            f"{place.adcode}: steps of {warning.id} are not in order of announcement; sort them"
        )
    if any(step.kind.ends for step in warning.steps[:-1]):
        raise PublicStateError(
            f"{place.adcode}: warning {warning.id} goes on after it ended; start a new warning"
        )


def _check_step(place: Place, step: PublicStep, as_of: datetime) -> None:
    for name, moment in (("announced_at", step.announced_at), ("effective_at", step.effective_at)):
        _aware(f"{place.adcode} {name}", moment)
    if step.level is Level.NONE:
        raise PublicStateError(f"{place.adcode}: a step without a level is not a warning; leave it out")
    if not step.decision_id:
        raise PublicStateError(
            f"{place.adcode}: a step without a recorded decision is never published; decide first"
        )
    if step.announced_at > as_of:
        raise PublicStateError(f"{place.adcode}: a step is not announced yet; publish it when it is")
    if step.planned_end is not None and not step.kind.ends:
        _aware(f"{place.adcode} planned_end", step.planned_end)
        if step.planned_end <= step.effective_at:
            raise PublicStateError(
                f"{place.adcode}: planned end is not after the start; correct it or leave it open"
            )


def _check_message(message: PublicMessage, state: PublicState) -> None:
    if not _FILE_NAME.fullmatch(message.identifier) or ".." in message.identifier:
        raise PublicStateError(
            f"identifier {message.identifier!r} cannot name a file; use letters, digits, . _ : -"
        )
    if message.sent > state.as_of:
        raise PublicStateError(f"message {message.identifier} is not sent yet; publish it when it is")
    if not _says(message, "identifier", message.identifier) or not _says(message, "status", message.status):
        raise PublicStateError(
            f"the bytes of {message.identifier} name another identifier or status; keep them as sent"
        )
    if state.clock_note is not None and message.status is Status.ACTUAL:
        raise PublicStateError(
            f"message {message.identifier} says Actual on a simulated clock; send it as Exercise or Test"
        )


def _says(message: PublicMessage, element: str, value: str) -> bool:
    return f"<{element}>{value}</{element}>".encode() in message.xml


def _aware(name: str, moment: datetime) -> None:
    if moment.utcoffset() is None:
        raise PublicStateError(f"{name} has no time zone; pass an aware instant")


def _once(what: str, keys: Iterable[str]) -> None:
    twice = [key for key, count in Counter(keys).items() if count > 1]
    if twice:
        raise PublicStateError(f"{what} {twice[0]!r} stands twice in the public state; keep one")
