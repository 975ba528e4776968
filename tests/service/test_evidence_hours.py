"""An hour of a message ends at a whole hour of Beijing, in whatever zone its instant is written."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from service.evidence.records import Hour
from service.evidence.schemas import read_message
from service.kit.clock import SHANGHAI
from service.kit.problems import Invalid
from tests.service.evidence_support import power


def message(time: str) -> bytes:
    body = power([1.0])
    body["data"][0]["hours"] = [{"time": time, "value": 1.0}]
    return json.dumps(body).encode()


@pytest.mark.parametrize(
    "time",
    ["2016-12-14T23:00:00+05:30", "2016-12-15T01:30:00+08:00", "2016-12-15T01:00:01+08:00", "2016-12-15T00:00:00.5Z",
     "2016-12-15T00:00:00+05:45", "0001-01-01T00:00:00+05:30", "9999-12-31T23:00:00-05:30"],
)  # fmt: skip
def test_part_of_an_hour_of_beijing(time: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_message(message(time))
    assert refused.value.errors == [
        {"pointer": "/data/0/hours/0/time", "detail": "give the end of the hour: 18:00 stands for 17 to 18"}
    ]


@pytest.mark.parametrize(
    "time", ["2016-12-15T01:00:00+08:00", "2016-12-14T17:00:00Z", "2016-12-14T22:30:00+05:30", "2016-12-14T22:45:00+05:45"]
)
def test_a_whole_hour_of_beijing(time: str) -> None:
    _, (hour,) = read_message(message(time))
    assert isinstance(hour, Hour)
    assert hour.until == datetime(2016, 12, 15, 1, tzinfo=SHANGHAI)
