"""How a warning stands at an instant, and when time alone changes the site."""

import json
from dataclasses import replace

from alerts.levels import Level
from service.publication.render import render_site
from service.publication.state import (
    Phase,
    PublicReason,
    StepKind,
    next_change,
)

from .samples import (
    at,
    episode,
    place,
    state,
    step,
    warning,
)

RED = step(Level.RED, "2016-12-15T13:00:00", "2016-12-16T20:00:00", "2016-12-22T00:00:00")


class TestWarning:
    RAISED = replace(
        RED,
        kind=StepKind.RAISE,
        announced_at=at("2016-12-17T08:00:00"),
        effective_at=at("2016-12-17T20:00:00"),
    )

    def test_the_last_step_that_took_effect_holds(self) -> None:
        both = warning(replace(RED, level=Level.ORANGE), self.RAISED)
        assert both.standing(at("2016-12-16T19:59:59")) is None
        assert both.standing(at("2016-12-16T20:00:00")) is both.first
        assert both.standing(at("2016-12-17T20:00:00")) is both.latest
        assert both.highest is Level.RED

    def test_phases_are_half_open(self) -> None:
        one = warning(RED)
        assert one.phase(at("2016-12-16T19:59:59")) is Phase.ANNOUNCED
        assert one.phase(at("2016-12-16T20:00:00")) is Phase.IN_FORCE
        assert one.phase(at("2016-12-21T23:59:59")) is Phase.IN_FORCE
        assert one.phase(at("2016-12-22T00:00:00")) is Phase.ENDED

    def test_an_open_end_never_lapses(self) -> None:
        assert warning(replace(RED, planned_end=None)).phase(at("2017-12-16T20:00:00")) is Phase.IN_FORCE

    def test_revoked_before_it_began(self) -> None:
        revoked = replace(
            RED, kind=StepKind.REVOKE, reason=PublicReason.ISSUED_IN_ERROR,
            announced_at=at("2016-12-15T14:00:00"), effective_at=at("2016-12-15T14:00:00"),
            cap_identifier="110000_r",
        )  # fmt: skip
        shown = state(place("110000", warning(RED, revoked)))
        files = render_site(shown)
        assert "误发，已撤销" in files["index.html"].decode()
        assert json.loads(files["warnings.json"])["warnings"] == []

    def test_next_change_is_the_nearest_instant_ahead(self) -> None:
        assert next_change(episode()) == at("2016-12-17T12:00:00")
        assert next_change(replace(episode(), as_of=at("2016-12-17T12:00:00"))) == at("2016-12-17T20:00:00")
        assert next_change(replace(episode(), as_of=at("2016-12-22T00:00:00"))) is None
