"""The example of docs/webhooks.md takes what the service sends, once, and nothing else."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from service.kit.signatures import headers, new_pair, new_secret
from service.subscriptions.flows import EVENTS
from service.subscriptions.outcome import RESTS, RETRIES, TROUBLE

DOC = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")
AT = datetime(2026, 1, 15, 18, 0, tzinfo=UTC)
BODY = '{"type":"warning.issued","data":{"place":"北京"}}'.encode()


@pytest.fixture
def received() -> Any:
    (code,) = re.findall(r"```python\n(.*?)```", DOC, re.DOTALL)
    space: dict[str, Any] = {}
    exec(code, space)
    return space["received"]


class TestExample:
    def test_takes_it_once(self, received: Any) -> None:
        secret, known = new_secret(), set[str]()
        sent = headers([new_pair()[0], new_secret(), secret], "step-1:17", AT, BODY)
        assert received(sent, BODY, secret, known, AT.timestamp())["data"] == {"place": "北京"}
        assert received(sent, BODY, secret, known, AT.timestamp() + 60) is None

    @pytest.mark.parametrize("seconds", [301, -301])
    def test_refuses_the_old_and_the_future(self, received: Any, seconds: int) -> None:
        secret = new_secret()
        sent = headers([secret], "m", AT, BODY)
        with pytest.raises(ValueError, match="old"):
            received(sent, BODY, secret, set(), AT.timestamp() + seconds)

    def test_refuses_another_secret_and_another_body(self, received: Any) -> None:
        secret, known = new_secret(), set[str]()
        sent = headers([secret], "m", AT, BODY)
        for body, key in ((BODY + b" ", secret), (BODY, new_secret())):
            with pytest.raises(ValueError, match="signature"):
                received(sent, body, key, known, AT.timestamp())
        assert known == set()


class TestWords:
    @pytest.mark.parametrize("event", sorted(EVENTS))
    def test_every_event_is_told(self, event: str) -> None:
        assert f"`{event}`" in DOC

    def test_the_schedule_is_that_of_the_code(self) -> None:
        def word(seconds: int) -> str:
            return f"{seconds} s" if seconds < 60 else f"{seconds // 60} min" if seconds < 3600 else f"{seconds // 3600} h"

        written = [word(int(pause.total_seconds())) for pause in RETRIES]
        assert f"after {', '.join(written[:-1])} and {written[-1]}" in DOC
        assert (TROUBLE, RESTS[0].total_seconds(), RESTS[-1].total_seconds()) == (5, 30, 3600)
