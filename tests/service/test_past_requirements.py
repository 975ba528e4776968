"""What an enterprise was told for an instant is what the archive says of that instant for ever, whatever is decided later."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

from hypothesis import HealthCheck, example, given, settings

from alerts.lifecycle import IllegalMove
from emission_lists.identifiers import make_uscc
from emission_lists.measures import Action
from service.accounts.roles import Principal, Role, Scope
from service.enterprises.flows import requirements
from service.kit.clock import ManualClock
from service.kit.problems import Conflict
from service.kit.runtime import Runtime
from service.warnings.flows import lapse
from tests.emission_lists.list_samples import firm, line, measure
from tests.service.duty_support import rows, step
from tests.service.moves import MOVES, Move, action_of
from tests.service.requirement_support import put_in_force
from tests.support import NOW

HOUR = timedelta(hours=1)
STOP = measure(Action.STOP, 1.0)
CODES = itertools.count(710101)
"""A division of its own for each example: books are append-only."""
AFTER = 24
"""Hours that are asked for after the last step."""


async def asked(runtime: Runtime, uscc: str, instant: datetime) -> bytes:
    """The requirement of an instant as the service answers it at the present of the clock."""
    owner = Principal(1, "plant", "plant", Role.ENTERPRISE, Scope("100000"), uscc)
    async with runtime.reading() as uow:
        return (await requirements(uow, owner, uscc, instant)).body


class Course:
    """One division while its hours pass: what its plant was told at each of them."""

    def __init__(self, runtime: Runtime, clock: ManualClock, adcode: str, uscc: str) -> None:
        self.runtime, self.clock, self.adcode, self.uscc = runtime, clock, adcode, uscc
        self.standing = "none"
        self.told: dict[datetime, bytes] = {}

    async def pass_to(self, instant: datetime) -> None:
        """Let the hours pass; what is over by its fixed end lapses."""
        while self.clock.now() < instant:
            self.clock.advance_to(min(self.clock.now() + HOUR, instant))
            await self.lapse()
            await self.ask()

    async def ask(self) -> None:
        now = self.clock.now()
        self.told[now] = await asked(self.runtime, self.uscc, now)

    async def lapse(self) -> None:
        for warning in await rows(self.runtime, "SELECT id FROM warning WHERE adcode = $1 AND closed_at IS NULL", self.adcode):
            async with self.runtime.unit() as uow:
                await lapse(uow, warning["id"])
                await uow.commit()
        if not await rows(self.runtime, "SELECT 1 FROM warning WHERE adcode = $1 AND closed_at IS NULL", self.adcode):
            self.standing = "none"

    async def decide(self, move: Move) -> None:
        """One step; what the lifecycle does not allow is left undone."""
        action, level = action_of(self.standing, move)
        effective = self.clock.now() + move.ahead * HOUR
        end = None if move.lasts is None or action == "lift" else effective + move.lasts * HOUR
        try:
            await step(
                self.runtime, action, level, adcode=self.adcode, effective=effective, end=end, fixed=end is not None
            )
        except (Conflict, IllegalMove):
            return
        self.standing = level
        await self.ask()


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(moves=MOVES)
@example(  # carried on from hour 6 to hour 9, and lifted after it
    moves=[
        Move(0, "orange", 0, 6, extend=False, jobs=False),
        Move(3, "red", 6, None, extend=False, jobs=False),
        Move(8, "none", 0, None, extend=False, jobs=False),
    ]
)
@example(  # a fixed end, extended twice, lowered, lifted
    moves=[
        Move(0, "red", 2, 5, extend=False, jobs=False),
        Move(4, "red", 0, 9, extend=True, jobs=False),
        Move(3, "red", 0, 2, extend=True, jobs=False),
        Move(1, "yellow", 3, None, extend=False, jobs=False),
        Move(4, "none", 2, None, extend=False, jobs=False),
    ]
)
async def test_a_requirement_at_a_past_instant_never_changes(
    runtime: Runtime, clock: ManualClock, moves: list[Move]
) -> None:
    adcode = str(next(CODES))
    owner = firm(adcode=adcode, uscc=make_uscc(adcode, 1))
    await put_in_force(runtime, [line("MF0001", STOP)], owner, adcode)
    course = Course(runtime, clock, adcode, owner.uscc)
    clock.advance_to(max(clock.now(), NOW) + HOUR)
    for move in moves:
        await course.pass_to(clock.now() + move.later * HOUR)
        await course.decide(move)
        if move.level == "none":
            break
    await course.pass_to(clock.now() + AFTER * HOUR)
    asked_again = {instant: await asked(runtime, owner.uscc, instant) for instant in course.told}
    assert asked_again == course.told
