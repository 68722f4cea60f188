"""What a year lacks, and what to do: small numbers are said, and not made much of."""

from letterboxd_scraper.words import counted
from ranking.year.films import APART, LOVED
from ranking.year.read import CircleYear

# With fewer dated ratings, what the year was like is not to be told yet.
FEW = 10


def of_year(of_circle: CircleYear, label: str, *, may_read: bool) -> dict[str, str]:
    """Return sentences by what they are about: ``dates``, or the figure that there is none of.

    ``label`` is that of the circle, for commands; ``may_read`` says whether they may read the site's pages.
    """
    year, basis = of_circle.year, of_circle.basis
    lines: dict[str, str] = {}
    days = _days(label, may_read=may_read, there=bool(basis.perhaps))
    if basis.dated == 0:
        none = "has a date" if basis.perhaps or basis.placed else "is known"
        lines["dates"] = f"No rating of {year} {none}. {days}"
        if of_circle.other_years:
            other = of_circle.other_years[0]
            lines["years"] = f"Of {other.year} the circle has {counted(other.dated, 'dated rating')}."
    elif basis.dated < FEW:
        have = "has" if basis.dated == 1 else "have"
        lines["dates"] = f"Only {counted(basis.dated, 'rating')} of {year} {have} a date. {days}"
    if basis.placed:
        lines["placed"] = (
            f"{counted(basis.placed, 'rating')} without a date {_lie(basis.placed)} between two crawls of "
            f"{year}: {_it(basis.placed)} for the year, but for no month."
        )
    if basis.perhaps:
        more, too = ("more rating", ", too") if basis.ratings else ("rating", "")
        lines["perhaps"] = (
            f"{counted(basis.perhaps, more)} without a date may be of {year}{too}; "
            f"{'it is' if basis.perhaps == 1 else 'they are'} not counted."
        ) + ("" if "dates" in lines else f" {days}")
    if basis.ratings:
        lines |= _of_figures(of_circle, label, may_read=may_read)
    return lines


def _days(label: str, *, may_read: bool, there: bool) -> str:
    """Say where days come from, of ratings that are ``there``, or with more of these."""
    archives = (
        "Members' own archives tell the days" if there else "Newer archives of the members tell of more"
    )
    diaries = f"; their diaries do, too: `letterboxd scrape --cohort {label} --diary`" if may_read else ""
    return f"{archives}: `letterboxd import`{diaries}."


def _lie(number: int) -> str:
    return "was made" if number == 1 else "were made"


def _it(number: int) -> str:
    return "it counts" if number == 1 else "they count"


def _of_figures(of_circle: CircleYear, label: str, *, may_read: bool) -> dict[str, str]:
    """Return what is said in the place of a figure."""
    members = of_circle.basis.members
    lines = {}
    if not of_circle.loved:
        enough = counted(of_circle.basis.min_votes, "rating")
        lines["loved"] = f"No film has {enough} of the year or more and a mean of {LOVED:g} stars."
    if members < 2:
        lines["fought"] = "To fight takes two: this circle has one member."
        lines["firsts"] = "To be first takes two: this circle has one member."
    else:
        if not of_circle.fought:
            enough = counted(of_circle.basis.min_votes_fought, "rating")
            lines["fought"] = f"No film has {enough} of the year that are {APART:g} stars apart."
        if not of_circle.firsts.members:
            lines["firsts"] = "No member rated a film first that another rated on a later day of the year."
    if of_circle.firsts.unclear:
        lines["unclear"] = (
            f"Who was first with {counted(of_circle.firsts.unclear, 'more film')} is not clear: "
            "somebody's rating has no date and may be as early."
        )
    if not of_circle.discovered:
        lines["discovered"] = _of_discoveries(of_circle, label, may_read=may_read)
    if not of_circle.decades:
        lines["decades"] = f"When the films came out is not known yet: `letterboxd enrich --cohort {label}`."
    if not of_circle.directors:
        lines["directors"] = f"Directors are not known yet: `letterboxd enrich --cohort {label}`."
    return lines


def _of_discoveries(of_circle: CircleYear, label: str, *, may_read: bool) -> str:
    if any(film.letterboxd is not None for film in of_circle.films):
        enough = counted(of_circle.basis.min_votes, "rating")
        return f"No film with {enough} of the year stands higher here than on all of Letterboxd."
    if not may_read:
        return "What was discovered takes Letterboxd's averages, which are on its pages alone."
    return f"What was discovered takes Letterboxd's averages: `letterboxd enrich --cohort {label}`."
