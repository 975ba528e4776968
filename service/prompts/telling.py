"""People hear of a prompt: the command of every division that it names, and those whose turn it is."""

from __future__ import annotations

from typing import Any

from alerts.levels import Level
from service.accounts.roles import CENTRE
from service.kit.unit_of_work import UnitOfWork, beijing
from service.people.flows import Message, notify_all
from service.proposals.bulk import tell_first_turns
from service.proposals.content import instant_zh


async def tell_of(uow: UnitOfWork, prompt_id: int) -> None:
    """Tell everybody once, however often this runs."""
    prompt = await uow.fetchrow("SELECT * FROM prompt WHERE id = $1", prompt_id)
    assert prompt is not None  # prompts are never deleted
    entries = await uow.fetch("SELECT * FROM prompt_entry WHERE prompt_id = $1 ORDER BY adcode", prompt_id)
    await notify_all(uow, [_message(prompt, entry) for entry in entries])
    await tell_first_turns(uow, [entry["adcode"] for entry in entries], prompt_id)


def _message(prompt: Any, entry: Any) -> Message:
    zh, en = _words(prompt, entry)
    reason, link = f"prompt:{prompt['id']}:{entry['adcode']}", f"/region/{prompt['id']}"
    return Message(entry["adcode"], CENTRE, "prompt", reason, zh, en, link, urgent=True)


def _words(prompt: Any, entry: Any) -> tuple[tuple[str, str], tuple[str, str]]:
    at = beijing(entry["starts_at"] or prompt["starts_at"])
    assert at is not None
    document, level = prompt["document"], Level(entry["level"])
    if prompt["kind"] == "lift":
        return (
            ("区域统一解除提示", f"{document}：{instant_zh(at)}起解除；达到解除条件的将提出建议。"),
            ("Joint lift", f"{document}: lift from {at:%Y-%m-%d %H:%M}; proposed where the lifting test holds."),
        )
    return (
        (f"区域预警提示：{level.zh}", f"{document}：{instant_zh(at)}起按{level.zh}预警统一启动，请按期审批。"),
        (
            f"Regional prompt: {level.code}",
            f"{document}: {level.code} from {at:%Y-%m-%d %H:%M}, in step with the region; please decide in time.",
        ),
    )
