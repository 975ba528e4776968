"""What an operating plan (一厂一策) says, as the enterprise files it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Short = Annotated[str, Field(min_length=1, max_length=200)]
Long = Annotated[str, Field(min_length=1, max_length=4000)]
Phone = Annotated[str, Field(pattern=r"^[0-9+()\-（） ]{3,40}$")]
Code = Annotated[str, Field(min_length=1, max_length=64)]


class Strict(BaseModel):
    """Unknown keys are refused: a misspelt one would be lost."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class EmissionPoint(Strict):
    """A place where something is emitted (排放口): code, what comes out, and how much on a normal day."""

    code: Code
    name: Short
    pollutants: Annotated[str, Field(max_length=200)] = ""
    amount: Annotated[str, Field(max_length=200)] = ""


class Indicator(Strict):
    """A figure that proves the measure (关键指标): electricity, gas or another; on a normal day and under the measure."""

    kind: Literal["electricity", "gas", "other"]
    point: Short
    unit: Annotated[str, Field(min_length=1, max_length=20)]
    normal: Annotated[float, Field(ge=0, le=1e12)]
    under_measure: Annotated[float, Field(ge=0, le=1e12)]


class LevelSteps(Strict):
    """What exactly is stopped or limited on one line at one level, and the figures that prove it."""

    level: Literal["yellow", "orange", "red"]
    steps: Long
    indicators: Annotated[list[Indicator], Field(max_length=10)] = []


class LinePlan(Strict):
    """One line: its steps per level, and the post that is responsible for them."""

    code: Code
    post: Short
    phone: Phone
    levels: Annotated[list[LevelSteps], Field(min_length=1, max_length=3)]

    @model_validator(mode="after")
    def _each_level_once(self) -> LinePlan:
        named = [one.level for one in self.levels]
        if len(set(named)) != len(named):
            raise ValueError(f"line {self.code} names a level twice; write each level once")
        return self


class Member(Strict):
    """A post of the command group (应急指挥组): the post, not the person, so that it stays right."""

    post: Short
    duty: Short
    phone: Phone


class PlanContent(Strict):
    """A plan: main process, emission points, what each line does, command group."""

    main_process: Long
    emission_points: Annotated[list[EmissionPoint], Field(max_length=300)] = []
    lines: Annotated[list[LinePlan], Field(min_length=1, max_length=300)]
    command_group: Annotated[list[Member], Field(min_length=1, max_length=50)]

    @model_validator(mode="after")
    def _each_line_once(self) -> PlanContent:
        codes = [line.code for line in self.lines]
        if len(set(codes)) != len(codes):
            raise ValueError("a line stands twice; write each line code once")
        return self


class PlanReview(Strict):
    """The official's answer to a filed plan; what is returned carries a reason."""

    accept: bool
    reason: Annotated[str, Field(max_length=2000)] = ""

    @model_validator(mode="after")
    def _reasoned(self) -> PlanReview:
        if not self.accept and not self.reason:
            raise ValueError("say what is to be mended: a plan is returned with a reason")
        return self
