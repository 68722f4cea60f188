"""Arguments of spiders and definitions of cohorts, checked before any request is sent."""

import hashlib
import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from letterboxd_scraper.allowed import why_refused
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.items.limits import MOST_STEPS
from letterboxd_scraper.items.names import cohort_label, member_name

# Into so many parts a cohort or its films can be divided.
MOST_SHARDS = 64


@dataclass(frozen=True, slots=True)
class Shard:
    """Part ``number`` of ``count``; written as "2/3"."""

    number: int
    count: int

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the shard that is written so. Raises ValueError."""
        written = re.fullmatch(r"(\d{1,2})/(\d{1,2})", text.strip(), re.ASCII)
        shard = cls(int(written[1]), int(written[2])) if written else None
        if shard is None or not 1 <= shard.number <= shard.count <= MOST_SHARDS:
            raise ValueError(f"give i/n with 1 ≤ i ≤ n ≤ {MOST_SHARDS}, such as 1/3")
        return shard

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    def holds(self, name: str | int) -> bool:
        """Say whether a member, by their name, or a film, by its slug, is in this part, on every machine.

        >>> [str(shard) for shard in (Shard(1, 3), Shard(2, 3), Shard(3, 3)) if shard.holds("dave")]
        ['2/3']
        """
        digest = hashlib.sha256(str(name).encode()).digest()
        return int.from_bytes(digest[:8]) % self.count == self.number - 1


def _slug(slug: str) -> str:
    if slug.strip().startswith(("https://", "http://")):
        return slug.strip()
    slug = slug.strip().removeprefix("/film/").strip("/").lower()
    if not slug or "/" in slug or slug.split() != [slug]:
        raise ValueError("is not a film: use the name in the film's address, such as 'mulholland-drive'")
    return slug


MemberName = Annotated[str, AfterValidator(member_name)]
Label = Annotated[str, AfterValidator(cohort_label)]
Slug = Annotated[str, AfterValidator(_slug)]
PartOf = Annotated[Shard, BeforeValidator(Shard.read)]
Via = Literal["following", "followers"]


class Arguments(BaseModel):
    """The arguments of one spider. Texts are read as the types of the fields; unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def read(cls, values: dict[str, Any]) -> Self:
        """Return the arguments; None stands for one that was not given.

        Raises InputError, naming the first that is wrong.
        """
        try:
            return cls(**{name: value for name, value in values.items() if value is not None})
        except ValidationError as error:
            raise InputError(_one_line(error, cls)) from None


def _one_line(error: ValidationError, model: type[BaseModel]) -> str:
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    names = ", ".join(model.model_fields)
    if first["type"] == "extra_forbidden":
        return f"unknown argument {name!r}: known are {names}"
    if first["type"] == "missing":
        return f"argument {name!r} is missing: known are {names}"
    message = why_refused(error, model.model_fields)
    return f"argument {name}={first['input']!r}: {message}" if name else message


class Definition(Arguments):
    """Who belongs to a cohort, kept with it; ``rank`` holds strategy parameters."""

    depth: int = Field(default=1, ge=1, le=MOST_STEPS)
    include_self: bool = True
    via: Via = "following"
    max_members: int | None = Field(default=None, ge=1)
    min_films: int | None = Field(default=None, ge=0)
    max_films: int | None = Field(default=None, ge=0)
    exclude: tuple[MemberName, ...] = ()
    rank: dict[str, float] = {}

    @model_validator(mode="after")
    def _some_may_belong(self) -> Self:
        if self.min_films is not None and self.max_films is not None and self.min_films > self.max_films:
            raise ValueError(f"min_films={self.min_films} is more than max_films={self.max_films}")
        return self


class FollowGraphArguments(Arguments):
    """Arguments of `follow_graph`: a seed and a label to build a cohort, or a cohort to refresh."""

    cohort: str | None = None
    seed: MemberName | None = None
    label: Label | None = None
    depth: int = Field(default=1, ge=1, le=MOST_STEPS)
    include_self: bool = True
    via: Via = "following"
    max_members: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _build_or_refresh(self) -> Self:
        if self.cohort is not None:
            if self.model_fields_set != {"cohort"}:
                raise ValueError("give cohort=LABEL alone to refresh, or seed=NAME label=LABEL to build")
        elif self.seed is None or self.label is None:
            raise ValueError("give seed=NAME label=LABEL to build a cohort, or cohort=LABEL to refresh one")
        return self

    def chosen(self) -> dict[str, Any]:
        """Return the part of a definition that these arguments set; nothing for a refresh."""
        if self.cohort is not None:
            return {}
        names = {"depth", "include_self", "via", "max_members"} & self.model_fields_set
        return self.model_dump(include=names)


class MembersArguments(Arguments):
    """Whose pages to read: a cohort's, or a part of them, or one member's."""

    cohort: str | None = None
    user: MemberName | None = None
    shard: PartOf | None = None

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.cohort is None) == (self.user is None):
            raise ValueError("give cohort=LABEL or user=NAME, and not both")
        _refuse_part_of_one(self.shard, self.cohort)
        return self


def _refuse_part_of_one(shard: Shard | None, cohort: str | None) -> None:
    if shard is not None and cohort is None:
        raise ValueError("shard=i/n goes with cohort=LABEL")


class ProfileArguments(MembersArguments):
    """Arguments of `profile`: whose pages to read, and which of them beyond the usual."""

    resume_from: MemberName | None = None
    diary: bool = False
    watched: bool = False

    @model_validator(mode="after")
    def _from_a_cohorts_member(self) -> Self:
        if self.resume_from is not None and self.cohort is None:
            raise ValueError("resume_from=NAME goes with cohort=LABEL")
        return self

    def options(self) -> str:
        """Return what is to be read beyond the usual, as the log of runs has it.

        >>> ProfileArguments(user="ada", watched=True, diary=True).options()
        'diary watched'
        """
        return " ".join(name for name in ("diary", "watched") if getattr(self, name))


class WhenRatedArguments(MembersArguments):
    """Arguments of `when_rated`: whose pages to bring up to date."""

    pages: int | None = Field(default=None, ge=1)
    audit: Literal["auto", "all", "none"] = "auto"


class RssArguments(MembersArguments):
    """Arguments of `rss`: whose feeds to read."""


class FilmArguments(Arguments):
    """Arguments of `film`: about which films to find out what."""

    cohort: str | None = None
    slug: Slug | None = None
    shard: PartOf | None = None
    tmdb: bool = True
    histograms: bool = False
    limit: int | None = Field(default=None, ge=1)
    force: bool = False

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.cohort is None) == (self.slug is None):
            raise ValueError("give cohort=LABEL or slug=SLUG, and not both")
        _refuse_part_of_one(self.shard, self.cohort)
        return self

    def options(self) -> str:
        """Return what is to be found out beyond the usual, as the log of runs has it."""
        chosen = {"histograms": self.histograms, "force": self.force, "without tmdb": not self.tmdb}
        return ", ".join(name for name, is_chosen in chosen.items() if is_chosen)


class OneMember(Arguments):
    """One member, by name."""

    member: MemberName


class NamedList(Arguments):
    """A cohort given by its members' names."""

    label: Label
    members: tuple[MemberName, ...] = Field(min_length=1)
