"""The time line of a run, read from the ledger: every effect is there with its instant, so nothing is told that did not happen."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from alerts.levels import Level
from service.accounts.roles import Role
from service.kit.runtime import Runtime
from service.kit.unit_of_work import UnitOfWork, beijing

ENTRIES_SQL = "SELECT id, at, kind, adcode, content FROM ledger_entry WHERE id > $1 ORDER BY id"
RANKS = (
    "list.activated",
    "forecasts.received",
    "prompt.issued",
    "assessment.changed",
    "proposal.made",
    "proposal.withdrawn",
    "proposal.expired",
    "proposal.signed",
    "proposal.escalated",
    "decision.approved",
    "decision.rejected",
)
"""In which order lines of one instant stand; everything else comes after these, by name."""
ACTION_ZH = {"issue": "发布", "raise": "升级", "lower": "降级", "extend": "延长", "advance": "提前启动", "lift": "解除", "revoke": "撤销"}
ROLE_ZH = {role.value: role.zh for role in Role}


@dataclass(frozen=True)
class Line:
    """One event: when, where, what, why. `level` is a code such as red; `clause` the one of the rule set that was met."""

    at: datetime
    adcode: str | None
    place: str
    event: str
    level: str | None
    reason: str | None
    clause: str | None
    text_zh: str
    text_en: str

    def document(self, forecast_basis: str) -> dict[str, Any]:
        """The stable JSON form."""
        fields = asdict(self)
        return {
            **{key: fields[key] for key in ("adcode", "place", "event", "level", "reason", "clause")},
            "at": self.at.isoformat(),
            "text": self.text_zh,
            "text_en": self.text_en,
            "forecast_basis": forecast_basis,
        }

    @property
    def order(self) -> tuple[datetime, int, str, str]:
        """Where the line stands among those of one step."""
        rank = RANKS.index(self.event) if self.event in RANKS else len(RANKS)
        return self.at, rank, self.adcode or "", self.event


class Timeline:
    """Reads what is new on the ledger and tells it line by line.

    An assessment is told when it differs from the one before, a proposal when what it proposes is new.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._seen = 0
        self._assessed: dict[str, tuple[str, str, str | None]] = {}
        self._proposed: dict[str, tuple[str, str, str]] = {}
        self._tellers: dict[str, Callable[[UnitOfWork, Any, dict[str, Any]], Awaitable[Line | None]]] = {
            "list.activated": self._list,
            "forecasts.received": self._forecasts,
            "prompt.issued": self._prompt,
            "assessment.made": self._assessment,
            "proposal.made": self._proposal,
            "proposal.superseded": self._withdrawn,
            "proposal.signed": self._signed,
            "proposal.escalated": self._escalated,
            "proposal.expired": self._expired,
            "decision.approved": self._decision,
            "decision.rejected": self._decision,
            "warning.active": self._active,
            "warning.lapsed": self._active,
            "notice.acknowledged": self._acknowledged,
        }

    async def new_lines(self) -> list[Line]:
        """What has happened since the last call, in an order that does not depend on chance."""
        lines = []
        async with self._runtime.unit() as uow:
            for entry in await uow.fetch(ENTRIES_SQL, self._seen):
                self._seen = entry["id"]
                kind = entry["kind"]
                teller = self._tellers.get(kind) or (self._step if kind.startswith("warning.") else None)
                line = await teller(uow, entry, json.loads(entry["content"])) if teller else None
                if line is not None:
                    lines.append(line)
        return sorted(lines, key=lambda line: line.order)

    def _line(
        self,
        entry: Any,
        event: str,
        text_zh: str,
        text_en: str,
        *,
        level: str | None = None,
        reason: str | None = None,
        clause: str | None = None,
    ) -> Line:
        at = beijing(entry["at"])
        assert at is not None
        adcode = entry["adcode"]
        place = self._runtime.place(adcode) if adcode else ""
        return Line(at, adcode, place, event, level, reason, clause, text_zh, text_en)

    async def _list(self, uow: UnitOfWork, entry: Any, content: dict[str, Any]) -> Line:
        row = await uow.fetchrow("SELECT title, enterprises, lines FROM list_version WHERE id = $1", content["version"])
        assert row is not None  # lists are never deleted
        zh = f"{row['title']}启用：{row['enterprises']}家企业，{row['lines']}条生产线"
        en = f"emission list (generated sample) in force: {row['enterprises']} enterprises, {row['lines']} lines"
        return self._line(entry, "list.activated", zh, en)

    async def _forecasts(self, uow: UnitOfWork, entry: Any, content: dict[str, Any]) -> Line:
        count = len(content["divisions"])
        return self._line(
            entry,
            "forecasts.received",
            f"收到{content['feed']}的预报：{count}个城市",
            f"forecast of {content['feed']} for {count} cities",
        )

    async def _prompt(self, uow: UnitOfWork, entry: Any, content: dict[str, Any]) -> Line:
        row = await uow.fetchrow("SELECT region, document FROM prompt WHERE id = $1", content["prompt"])
        counts = await uow.fetch(
            "SELECT level, count(*) AS n FROM prompt_entry WHERE prompt_id = $1 GROUP BY level ORDER BY level DESC",
            content["prompt"],
        )
        assert row is not None  # prompts are never deleted
        levels = [(Level(each["level"]), each["n"]) for each in counts]
        zh = "、".join(f"{level.zh}{number}市" for level, number in levels)
        en = ", ".join(f"{level.code} for {number} cities" for level, number in levels)
        start = datetime.fromisoformat(content["starts_at"])
        return self._line(
            entry,
            "prompt.issued",
            f"区域预警提示《{row['document']}》：{zh}，自{start:%m-%d %H:%M}起",
            f"regional prompt ({row['region']}): {en}, from {start:%m-%d %H:%M}",
            level=levels[0][0].code,
            reason="regional_prompt",
        )

    async def _assessment(self, uow: UnitOfWork, entry: Any, content: dict[str, Any]) -> Line | None:
        found = content["level"], content["state"], content["clause"]
        before = self._assessed.get(entry["adcode"], ("none", "determined", None))
        self._assessed[entry["adcode"]] = found
        if found == before or found[0] == before[0] == "none":
            return None
        trace = await uow.fetchval(
            "SELECT document::jsonb -> 'trace' FROM assessment WHERE id = $1", content["assessment"]
        )
        known = json.loads(trace) if isinstance(trace, str) else trace
        return self._line(
            entry,
            "assessment.changed",
            known["why_zh"],
            known["why_en"],
            level=content["level"],
            reason=content["state"],
            clause=content["clause"],
        )

    async def _proposal(self, uow: UnitOfWork, entry: Any, content: dict[str, Any]) -> Line | None:
        matter = content["action"], content["to"], content["reason"]
        known = self._proposed.get(entry["adcode"])
        self._proposed[entry["adcode"]] = matter
        if known == matter:
            return None
        frozen, clause = await self._content_of(uow, content["proposal"])
        zh, en = _effect(frozen)
        return self._line(
            entry,
            "proposal.made",
            f"建议{ACTION_ZH[content['action']]}：{frozen['notice']['zh']['headline']}{zh}",
            f"proposed: {frozen['notice']['en']['headline']}{en}. {frozen['notice']['en']['text']}",
            level=content["to"],
            reason=content["reason"],
            clause=clause,
        )

    async def _withdrawn(self, uow: UnitOfWork, entry: Any, content: dict[str, Any]) -> Line | None:
        known = self._proposed.get(entry["adcode"])
        following = await uow.fetchval(
            "SELECT 1 FROM proposal WHERE adcode = $1 AND id > $2 LIMIT 1", entry["adcode"], content["proposal"]
        )
        if known is None or following is not None:
            return None
        del self._proposed[entry["adcode"]]
        return self._line(
            entry,
            "proposal.withdrawn",
            "最新研判不再支持该建议，建议撤回",
            "the newest assessment no longer supports the proposal; withdrawn",
            level=known[1],
            reason="no_change",
        )

    async def _signed(self, uow: UnitOfWork, entry: Any, content: dict[str, Any]) -> Line | None:
        if content["signature"] == content["of"]:
            return None  # the last one is told as the decision
        place = f"{content['signature']}/{content['of']}"
        zh = f"{ROLE_ZH.get(content['role'], content['role'])}签批（{place}）"
        return self._line(entry, "proposal.signed", zh, f"{content['role'].replace('_', ' ')} signs ({place})")

    async def _escalated(self, uow: UnitOfWork, entry: Any, content: dict[str, Any]) -> Line:
        role = content["escalated_to"]
        zh = f"期限内无人签批，升级到{ROLE_ZH.get(role, role)}"
        return self._line(entry, "proposal.escalated", zh, f"nobody signed in time; on to the {role.replace('_', ' ')}")

    async def _expired(self, uow: UnitOfWork, entry: Any, content: dict[str, Any]) -> Line:
        self._proposed.pop(entry["adcode"], None)
        return self._line(
            entry,
            "proposal.expired",
            "期限内无人审批，已上报，未发布任何内容",
            "nobody decided by the deadline; escalated, nothing published",
        )

    async def _decision(self, uow: UnitOfWork, entry: Any, content: dict[str, Any]) -> Line:
        self._proposed.pop(entry["adcode"], None)
        frozen, clause = await self._content_of(uow, content["proposal"])
        verdict = ("批准", "approves") if entry["kind"] == "decision.approved" else ("否决", "rejects")
        zh = f"{ROLE_ZH.get(content['role'], content['role'])}{verdict[0]}：{content['reason']}"
        en = f"{content['role'].replace('_', ' ')} {verdict[1]}: {frozen['notice']['en']['headline']}"
        return self._line(entry, entry["kind"], zh, en, level=frozen["to"], reason=frozen["reason"], clause=clause)

    async def _step(self, uow: UnitOfWork, entry: Any, content: dict[str, Any]) -> Line:
        row = await uow.fetchrow(
            "SELECT s.content, d.proposal_id FROM warning_step s JOIN decision d ON d.id = s.decision_id WHERE s.id = $1",
            content["step"],
        )
        assert row is not None  # steps are never deleted
        frozen, clause = await self._content_of(uow, row["proposal_id"])
        zh, en = _effect({**frozen, "effective_at": content["effective_at"]})
        return self._line(
            entry,
            entry["kind"],
            f"{frozen['notice']['zh']['headline']}{zh}",
            f"{frozen['notice']['en']['headline']}{en}",
            level=content["level"],
            reason=content["reason"],
            clause=clause,
        )

    async def _active(self, uow: UnitOfWork, entry: Any, content: dict[str, Any]) -> Line:
        level = Level.of(content["level"])
        begins = entry["kind"] == "warning.active"
        zh = f"{level.zh}预警生效，{level.response}应急响应开始" if begins else f"{level.zh}预警到期自动终止"
        en = f"{level.code} warning in force, response begins" if begins else f"{level.code} warning ended as announced"
        return self._line(entry, entry["kind"], zh, en, level=level.code)

    async def _acknowledged(self, uow: UnitOfWork, entry: Any, content: dict[str, Any]) -> Line:
        name = await uow.fetchval("SELECT display FROM account WHERE id = $1", content["account"])
        return self._line(entry, "notice.acknowledged", f"{name}已回执", f"{content['uscc']} acknowledged the notice")

    @staticmethod
    async def _content_of(uow: UnitOfWork, proposal_id: int) -> tuple[Mapping[str, Any], str | None]:
        row = await uow.fetchrow(
            "SELECT p.content, a.clause FROM proposal p LEFT JOIN assessment a ON a.id = p.assessment_id WHERE p.id = $1",
            proposal_id,
        )
        assert row is not None  # proposals are never deleted
        return json.loads(row["content"]), row["clause"]


def _effect(frozen: Mapping[str, Any]) -> tuple[str, str]:
    """From when on, in Chinese and English."""
    if frozen["effective_at"] is None:
        return "", ""
    effective = datetime.fromisoformat(frozen["effective_at"])
    return f"，自{effective:%m-%d %H:%M}起", f", from {effective:%m-%d %H:%M}"
