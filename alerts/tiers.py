"""Steps beside the graded levels: Jiangsu's temporary control before a warning, Shandong's ungraded ozone warning."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from alerts.blocks import Blocks
from alerts.chains import BLOCK_HOURS, chain_from
from alerts.evaluation import tabulate
from alerts.instants import HOUR, iso
from alerts.rules import Condition, Criteria, Tier


class TierView(BaseModel):
    """A tier whose condition is met. It is no warning level and starts nothing by itself."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    name_en: str
    on: Literal["superior_order", "discretion"]
    clause: str
    starts_at: datetime
    ends_at: datetime

    def contract(self) -> dict[str, object]:
        """As published, instants in Beijing time."""
        return self.model_dump() | {"starts_at": iso(self.starts_at), "ends_at": iso(self.ends_at)}


def reached(blocks: Blocks, criteria: Criteria, offset: float) -> list[tuple[TierView, Tier]]:
    """The tiers of the plan whose condition is met by a chain that is not over at `offset` (hours from the grid's start).

    Their hours follow each other directly: that gaps merge is said of warnings only.
    """
    criteria = criteria.model_copy(update={"merge_gap_hours": None})
    found = ((_reached(tier, blocks, criteria, offset), tier) for tier in criteria.tiers)
    return [(view, tier) for view, tier in found if view is not None]


def _reached(tier: Tier, blocks: Blocks, criteria: Criteria, offset: float) -> TierView | None:
    views = [
        TierView(
            id=tier.id,
            name=tier.name,
            name_en=tier.name_en,
            on=tier.on,
            clause=f"{tier.id}.any[{place}]",
            starts_at=blocks.start(chain[0]),
            ends_at=blocks.first + (chain[-1] + BLOCK_HOURS) * HOUR,
        )
        for place, condition in enumerate(tier.any)
        if (chain := _chain(condition, blocks, criteria, offset)) is not None
    ]
    return min(views, key=lambda view: view.starts_at, default=None)


def _chain(condition: Condition, blocks: Blocks, criteria: Criteria, offset: float) -> list[int] | None:
    """The earliest chain that meets the condition and is not over, as block starts."""
    table, rich = tabulate(blocks.above, condition, criteria)
    for start in np.flatnonzero(table[-1][-1]).tolist():
        chain = chain_from(table, rich, start, criteria.merge_gap_hours)
        if chain[-1] + BLOCK_HOURS > offset:
            return chain
    return None
