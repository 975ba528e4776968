"""The response that a plant was under at an instant, for what people saw there."""

from __future__ import annotations

from datetime import datetime

from service.enterprises.situation import in_force
from service.findings.told import plants_of
from service.kit.unit_of_work import UnitOfWork
from service.responses.repository import Responding, at, of_division


async def response_over(uow: UnitOfWork, uscc: str, adcode: str, instant: datetime) -> Responding | None:
    """The response of the division itself, else the strictest with measures of another one in which the plant lies."""
    own = at(await of_division(uow, adcode), instant)
    if own is not None:
        return own
    sites = (await plants_of(uow, [uscc])).get(uscc, ())
    chain = next((site.chain for site in sites if adcode in site.homes), ())
    return next(iter(in_force([await of_division(uow, place) for place in chain], instant)), None)
