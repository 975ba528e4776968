"""The floors of a list as its page shows them: one row per level and pollutant, and what the chart draws. Pure."""

from __future__ import annotations

from typing import Any

from emission_lists.floors import FloorReport, Verdict, report_document
from emission_lists.lists import POLLUTANT_LABELS
from emission_lists.measures import percent
from emission_lists.source_totals import PARTS
from service.lists.workbooks import profile

VERDICTS = {verdict.value: verdict for verdict in Verdict}
SIGNS = {Verdict.MET: "✓", Verdict.SWAPPED: "⇄", Verdict.SHORT: "✗", Verdict.NOT_ESTABLISHED: "≥?", Verdict.NOT_JUDGED: "?"}


def floors_view(report: FloorReport, language: str) -> dict[str, Any]:
    """Values for `part_floors.html`; labels in the reader's language."""
    document = report_document(report)
    parts = [source for source in PARTS if source in report.sources]
    for level in document["levels"]:
        for one in level["pollutants"]:
            verdict = VERDICTS[one["verdict"]]
            one["label"] = POLLUTANT_LABELS[one["pollutant"]]
            one["sign"], one["word"] = SIGNS[verdict], verdict.zh if language == "zh" else verdict.en
            one["percent"] = "–" if one["share"] is None else percent(round(one["share"], 4))
            one["needed"] = "–" if one["required"] is None else percent(one["required"])
    chart = {
        "sources": [source.zh if language == "zh" else source.en for source in parts],
        "bars": [
            {
                "level": level["level"],
                "pollutant": one["label"],
                "required": one["required"],
                "verdict": one["word"],
                "shares": [one["by_source"].get(source.value) for source in parts],
            }
            for level in document["levels"]
            for one in level["pollutants"]
        ],
    }
    open_ = any(one["open_lines"] for level in document["levels"] for one in level["pollutants"])
    return document | {"chart": chart, "open": open_, "profiles": [one.id for one in profile().floors]}
