"""How endpoints are: told by their answers, with a rest when in trouble, an end when gone or lost, and a word to the people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from service.accounts.roles import Role
from service.kit.unit_of_work import UnitOfWork
from service.subscriptions import repository
from service.subscriptions.outcome import health_after, is_lost
from service.subscriptions.repository import Result

TOLD = (Role.DUTY_OFFICER, Role.ADMINISTRATOR)


async def apply(uow: UnitOfWork, results: Sequence[Result]) -> None:
    """Store what results say about their endpoints, disable those that are gone or lost, and have rests end."""
    by_endpoint: dict[int, list[Result]] = defaultdict(list)
    for result in results:
        if result.claim.subscription_id is not None:
            by_endpoint[result.claim.subscription_id].append(result)
    failing = {key for key, some in by_endpoint.items() if any(one.outcome.state != "done" for one in some)}
    before = await repository.healths(uow, failing, by_endpoint.keys() - failing) if by_endpoint else {}
    rests: list[datetime] = []
    for key, (adcode, health) in before.items():
        after = health_after(health, [one.answer for one in by_endpoint[key]], uow.now)
        await repository.set_health(uow, key, after)
        if any(one.outcome.gone for one in by_endpoint[key]):
            await _end(uow, key, adcode, "gone", "it answered 410")
        elif is_lost(after, uow.now, uow.runtime.settings.delivery_disable_days):
            await _end(uow, key, adcode, "disabled", f"nothing was taken since {after.failing_since}")
        elif after.rest_until is not None:
            rests.append(after.rest_until)
    await repository.wake_at(uow, rests)


async def _end(uow: UnitOfWork, subscription_id: int, adcode: str, state: str, why: str) -> None:
    await uow.execute(
        "UPDATE subscription SET state = $2 WHERE id = $1 AND state IN ('active', 'paused')", subscription_id, state
    )
    given_up = await repository.end_lanes(uow, [subscription_id], "dead")
    await uow.record(f"subscription.{state}", adcode, subscription=subscription_id, why=why, given_up=given_up)
    await _tell(uow, subscription_id, adcode, given_up)


async def _tell(uow: UnitOfWork, subscription_id: int, adcode: str, given_up: int) -> None:
    """Tell the command centre of the place; the owner sees the state with the subscription."""
    from service.people.flows import notify  # its parts queue deliveries themselves

    await notify(
        uow,
        adcode=adcode,
        roles=TOLD,
        kind="delivery",
        reason=f"endpoint:{subscription_id}:{uow.now.date()}",
        zh=("推送地址已停用", f"订阅 {subscription_id} 的接收端不再接收，已停用；放弃 {given_up} 条待发。请联系订阅方，恢复后可重放。"),
        en=(
            "An endpoint was disabled",
            f"The endpoint of subscription {subscription_id} takes nothing any more and was disabled; {given_up} pending deliveries"
            " were given up. Call its owner; after it is resumed the range can be replayed.",
        ),
        link="/deliveries?state=dead",
    )
