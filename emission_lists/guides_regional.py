"""What places add to the guide (地方扩展), what they once did (地方实例), and the guide that holds in a place on a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from emission_lists.grades import Grade
from emission_lists.guide_templates import Confidence, Data, InForce, Label, MeasureTemplate
from emission_lists.guides import Guide, Industry, ListProfile, SingleUnitRule, SmallMicroRule

Adcode = Annotated[str, Field(pattern=r"^\d{6}$")]
Sources = dict[str, dict[str, Any]]
_MOST_ASKED = 4096
"""Places and days of which a book remembers the guide."""


class AddedIndustries(Data):
    """Industries beyond the national ones: how many a place has, and those of them that a source names."""

    total: Annotated[int, Field(ge=1)]
    industries: tuple[Industry, ...] = ()
    confidence: Confidence
    source: tuple[str, ...]

    @property
    def not_named(self) -> int:
        """How many nobody could name."""
        return self.total - len(self.industries)

    @model_validator(mode="after")
    def _counted(self) -> AddedIndustries:
        if len(self.industries) > self.total:
            raise ValueError(f"names {len(self.industries)} industries, but there are {self.total}")
        return self


class AddedGrade(Data):
    """A grade value of a place. `industries_zh`: where it may stand, None = its source does not say."""

    grade: Grade
    self_determined: bool
    industries_zh: str | None = None
    confidence: Confidence
    source: tuple[str, ...]


class Statement(Data):
    """Something a place says that is shown and not computed with."""

    zh: str
    en: str
    confidence: Confidence
    source: tuple[str, ...]


class PlaceProfile(Data):
    """What a place sets for its lists instead of the national profile; None = nothing of its own."""

    floors: str | None = None
    floors_source: tuple[str, ...] = ()
    small_micro: SmallMicroRule | None = None
    single_unit: SingleUnitRule | None = None

    @model_validator(mode="after")
    def _sourced(self) -> PlaceProfile:
        if self.floors is not None and not self.floors_source:
            raise ValueError("floors_source: say where the floors come from")
        return self


class RegionalExtension(Data):
    """What one place lays over the national guide.

    `status`: only `in_force` is laid over; a draft (征求意见稿) and a seasonal plan (错峰生产) are shown beside it.
    `used_by`: other places that take it over. ValueError (pydantic) names path and problem if the data is wrong.
    """

    id: str
    adcode: Adcode
    used_by: tuple[Adcode, ...] = ()
    title: str
    number: str | None = None
    status: Literal["in_force", "draft", "seasonal"]
    in_force: InForce
    in_force_note: str
    industries: AddedIndustries | None = None
    grades: tuple[AddedGrade, ...] = ()
    schemes: dict[str, tuple[Grade, ...]] = Field(default_factory=dict)
    processes: dict[str, Label] = Field(default_factory=dict)
    universal_guide: Statement | None = None
    statements: tuple[Statement, ...] = ()
    profile: PlaceProfile = PlaceProfile()
    confidence: Confidence
    source: tuple[str, ...]
    sources: Sources

    @model_validator(mode="after")
    def _consistent(self) -> RegionalExtension:
        for key in self._cited():
            if key not in self.sources:
                raise ValueError(f"source {key!r} is not listed under sources")
        return self

    def _cited(self) -> Iterable[str]:
        yield from self.source
        yield from self.profile.floors_source
        rules: tuple[Any, ...] = (
            self.profile.small_micro,
            self.profile.single_unit,
            self.universal_guide,
            self.industries,
        )
        for rule in (*rules, *self.grades, *self.statements):
            yield from () if rule is None else rule.source

    @property
    def places(self) -> frozenset[str]:
        return frozenset((self.adcode, *self.used_by))

    @property
    def named(self) -> tuple[Industry, ...]:
        """The added industries that a source names."""
        return () if self.industries is None else self.industries.industries


class LocalRow(Data):
    """What one place asked of an industry. `industries`: codes of the 2020 guide, or a name; `grade`: as it was written."""

    industries: tuple[str, ...]
    grade: str
    level: str
    measures: Annotated[tuple[MeasureTemplate, ...], Field(min_length=1)]


class LocalPractice(Data):
    """Real measures of one place and time (地方实例): history and test data, never the national rule."""

    id: str
    jurisdiction: str
    adcode: Adcode | None = None
    issued: str
    status: str
    status_zh: str
    confidence: Confidence
    source: tuple[str, ...]
    memo: str | None = None
    rows: tuple[LocalRow, ...]
    sources: Sources

    @model_validator(mode="after")
    def _sourced(self) -> LocalPractice:
        for key in self.source:
            if key not in self.sources:
                raise ValueError(f"source {key!r} is not listed under sources")
        return self


def above(adcode: str) -> tuple[str, ...]:
    """The codes that a place's law may stand under, widest first: its province, its city, itself (GB/T 2260)."""
    return tuple(dict.fromkeys((f"{adcode[:2]}0000", f"{adcode[:4]}00", adcode)))


@dataclass(frozen=True)
class GuideInForce:
    """The guide of a place on a day, and where each of its parts comes from.

    `guide`: the national one with what the place adds; `extensions`: laid over it, province first; `beside`: drafts and
    seasonal plans of the place, not laid over; `framework`: the opinion that will replace the guide, if it holds already.
    """

    guide: Guide
    national: Guide
    profile: ListProfile
    framework: Guide | None = None
    extensions: tuple[RegionalExtension, ...] = ()
    beside: tuple[RegionalExtension, ...] = ()

    def origin_of(self, industry: Industry) -> RegionalExtension | None:
        """The extension that adds an industry; None = the national guide."""
        return self._origins.get(industry.code)

    @cached_property
    def _origins(self) -> dict[str, RegionalExtension]:
        return {industry.code: one for one in self.extensions for industry in one.named}


def laid_over(guide: Guide, extension: RegionalExtension) -> Guide:
    """The guide with a place's industries, grades and schemes. ValueError (pydantic) if the two contradict each other."""
    fields = {name: getattr(guide, name) for name in Guide.model_fields}
    own = guide.self_determined
    granted = frozenset(added.grade for added in extension.grades if added.self_determined)
    fields["self_determined"] = own.model_copy(update={"grades": own.grades | granted})
    fields["added_grades"] = (*guide.added_grades, *(added.grade for added in extension.grades))
    fields["industries"] = (*guide.industries, *extension.named)
    added = 0 if extension.industries is None else extension.industries.not_named
    fields["added_not_named"] = guide.not_named + added
    fields["universal"] = guide.universal or extension.universal_guide is not None
    fields["schemes"] = guide.schemes | extension.schemes
    fields["processes"] = guide.processes | extension.processes
    fields["sources"] = guide.sources | extension.sources
    return Guide.model_validate(fields)


def profile_of(profile: ListProfile, extension: RegionalExtension) -> ListProfile:
    """The profile with what a place sets instead. ValueError if the place names floors that the profile has not."""
    place = extension.profile
    if place.floors is not None:
        try:
            profile.floor(place.floors)
        except KeyError:
            raise ValueError(f"{extension.id}: there are no floors {place.floors!r}") from None
    granted = frozenset(added.grade for added in extension.grades if added.self_determined)
    names = tuple(industry.name_zh for industry in extension.named)
    changed: dict[str, Any] = {
        "default_floors": place.floors or profile.default_floors,
        "small_micro": place.small_micro or profile.small_micro,
        "single_unit": place.single_unit or profile.single_unit,
        "extra_self_determined": profile.extra_self_determined | granted,
        "extra_industries": (*profile.extra_industries, *names),
    }
    return profile.model_copy(update=changed)


class GuideBook:
    """Every guide, extension and practice there is, and the one guide of a place on a day."""

    def __init__(
        self,
        guides: Iterable[Guide],
        extensions: Iterable[RegionalExtension],
        practices: Iterable[LocalPractice],
        profile: ListProfile,
    ) -> None:
        self.guides: Mapping[str, Guide] = {guide.id: guide for guide in guides}
        self.extensions = tuple(extensions)
        self.practices = tuple(practices)
        self.profile = profile
        self._known: dict[tuple[str, ...], GuideInForce] = {}
        self._asked: dict[tuple[str, date, str | None], GuideInForce] = {}

    def guide_on(self, day: date) -> Guide:
        """The guide with industries that is in force on a day. LookupError if there is none."""
        found = [one for one in self.guides.values() if one.kind == "guide" and one.in_force.holds_on(day)]
        if not found:
            raise LookupError(f"no guide is in force on {day}")
        return max(found, key=lambda guide: guide.in_force.from_)

    def guide_for(self, adcode: str, day: date, guide_id: str | None = None) -> GuideInForce:
        """The guide of a place on a day, or of the version `guide_id`.

        LookupError if no guide is in force on the day, or there is none of that id.
        """
        asked = (adcode, day, guide_id)
        known = self._asked.get(asked)
        if known is None:
            if len(self._asked) >= _MOST_ASKED:
                self._asked.clear()
            known = self._asked[asked] = self._guide_for(adcode, day, guide_id)
        return known

    def _guide_for(self, adcode: str, day: date, guide_id: str | None) -> GuideInForce:
        national = self.guide_on(day) if guide_id is None else self.guides[guide_id]
        standing = self._extensions(adcode, day)
        coming = [one for one in self.guides.values() if one.kind == "framework" and one.in_force.holds_on(day)]
        key = (national.id, *(one.id for one in coming), *(one.id for one in standing))
        if key not in self._known:
            self._known[key] = self._made(national, coming[-1] if coming else None, standing)
        return self._known[key]

    def _extensions(self, adcode: str, day: date) -> list[RegionalExtension]:
        return [
            one
            for place in above(adcode)
            for one in self.extensions
            if place in one.places and one.in_force.holds_on(day)
        ]

    def _made(self, national: Guide, framework: Guide | None, standing: list[RegionalExtension]) -> GuideInForce:
        guide, profile = national, self.profile
        over = tuple(one for one in standing if one.status == "in_force")
        for extension in over:
            guide, profile = laid_over(guide, extension), profile_of(profile, extension)
        beside = tuple(one for one in standing if one.status != "in_force")
        return GuideInForce(guide, national, profile, framework, over, beside)


def clashes(guide: Guide, extension: RegionalExtension) -> list[str]:
    """Names of added industries that the guide has already: a place may add industries, not replace them."""
    own = {name for industry in guide.industries for name in industry.names}
    return [industry.name_zh for industry in extension.named if own.intersection(industry.names)]
