"""The pictures, as Vega-Lite specifications.

Colours are written as names of the page's own (`var(--circle)`), which its script replaces, so that
they follow the theme. Data called by a name are handed over by the script.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import altair as alt

from letterboxd_scraper.items.members import STARS
from letterboxd_scraper.report.comparisons import Difference, Division

Spec = dict[str, Any]

CIRCLE, SITE, FAINT = "var(--circle)", "var(--site)", "var(--faint)"
_ROW = 24
_FIT = alt.AutoSizeParams(type="fit-x", contains="padding")
_STARS = alt.Scale(domain=[0.5, 5])
_COUNTED = "This circle", "All of Letterboxd"


def _spec(chart: Any, **size: Any) -> Spec:
    spec: Spec = chart.properties(width="container", autosize=_FIT, **size).to_dict()
    spec.pop("$schema", None)
    return spec


@lru_cache(maxsize=1)
def overview() -> Spec:
    """Every film a point, its watchers against its mean; data `films`: title, watchers, mean, beside, near.

    ``beside`` and ``near`` are watchers and mean, moved a little, so that films do not hide each other.
    """
    across = alt.Scale(type="log", base=2, domainMin=0.6, nice=False)
    points = (
        alt.Chart(alt.NamedData("films"))
        .mark_circle(color=CIRCLE, opacity=0.45, tooltip=alt.TooltipContent("data"))
        .encode(
            alt.X("beside:Q", title="Members who rated it", scale=across, axis=alt.Axis(format=",d")),
            alt.Y("near:Q", title="Mean, in stars", scale=_STARS),
        )
    )
    middle = (
        alt.Chart(alt.NamedData("films"))
        .mark_rule(color=SITE, strokeDash=[5, 4], strokeWidth=1.5)
        .transform_calculate(all="datum.mean * datum.watchers")
        .transform_aggregate(total="sum(all)", votes="sum(watchers)")
        .transform_calculate(mean="datum.total / datum.votes")
        .encode(alt.Y("mean:Q"))
    )
    return _spec(points + middle, height=420)


def compared(rows: Sequence[Difference]) -> Spec:
    """Means here and in all of Letterboxd, a film a row."""
    values = [
        {
            "title": row.title,
            "here": round(row.circle_mean, 2),
            "there": round(row.site_mean, 2),
            "votes": row.votes,
        }
        for row in rows
    ]
    tips = [
        alt.Tooltip("title:N", title="Film"),
        alt.Tooltip("here:Q", title=_COUNTED[0], format=".2f"),
        alt.Tooltip("there:Q", title=_COUNTED[1], format=".2f"),
        alt.Tooltip("votes:Q", title="Ratings here"),
    ]
    base = alt.Chart(_rows(values)).encode(_titles(rows), tooltip=tips)

    def across(field: str) -> alt.X:
        scale = alt.Scale(zero=False, nice=True, padding=8)
        return alt.X(field, scale=scale, title="Mean, in stars", axis=alt.Axis(tickCount=5))

    line = base.mark_rule(strokeWidth=2, color=FAINT).encode(across("there:Q"), alt.X2("here:Q"))
    site = base.mark_point(size=70, strokeWidth=2, color=SITE, shape="diamond").encode(across("there:Q"))
    circle = base.mark_circle(size=95, color=CIRCLE, opacity=1).encode(across("here:Q"))
    return _spec(line + site + circle, height=_ROW * len(rows))


def divided(rows: Sequence[Division]) -> Spec:
    """How a circle's stars are spread, a film a row; the larger a square, the more of the film's ratings."""
    values = [
        {"title": row.title, "stars": stars, "count": count, "share": round(count / row.votes, 4)}
        for row in rows
        for stars, count in zip(STARS, row.histogram, strict=True)
        if count
    ]
    tips = [
        alt.Tooltip("title:N", title="Film"),
        alt.Tooltip("stars:Q", title="Stars", format=".1f"),
        alt.Tooltip("count:Q", title="Members"),
    ]
    chart = (
        alt.Chart(_rows(values))
        .mark_square(color=CIRCLE, opacity=1)
        .encode(
            alt.X("stars:O", title="Stars", scale=alt.Scale(domain=list(STARS)), axis=_level_axis()),
            _titles(rows, grid=True),
            size=alt.Size(
                "share:Q", scale=alt.Scale(domain=[0, 0.5], range=[0, 560], clamp=True), legend=None
            ),
            tooltip=tips,
        )
    )
    return _spec(chart, height=(_ROW + 2) * len(rows))


@lru_cache(maxsize=1)
def film_levels() -> Spec:
    """One film's histograms beside each other; data `levels`: stars, whose, share, count."""
    tips = [
        alt.Tooltip("whose:N", title="Whose"),
        alt.Tooltip("stars:Q", title="Stars", format=".1f"),
        alt.Tooltip("share:Q", title="Share", format=".0%"),
        alt.Tooltip("count:Q", title="Ratings", format=",d"),
    ]
    whose = alt.Scale(domain=list(_COUNTED), range=[CIRCLE, SITE])
    legend = alt.Legend(title=None, orient="top", direction="horizontal")
    chart = (
        alt.Chart(alt.NamedData("levels"))
        .mark_bar(cornerRadiusTopLeft=2, cornerRadiusTopRight=2)
        .encode(
            alt.X("stars:O", title=None, scale=alt.Scale(domain=list(STARS)), axis=_level_axis()),
            alt.Y("share:Q", title=None, axis=alt.Axis(format=".0%", tickCount=3)),
            xOffset=alt.XOffset("whose:N", scale=alt.Scale(domain=list(_COUNTED))),
            color=alt.Color("whose:N", scale=whose, legend=legend),
            tooltip=tips,
        )
    )
    return _spec(chart, height=110)


@lru_cache(maxsize=1)
def matches() -> Spec:
    """How far other members agree with one; data `matches`: member, agreement, low, high, overlap."""
    tips = [
        alt.Tooltip("member:N", title="Member"),
        alt.Tooltip("agreement:Q", title="Agreement", format="+.2f"),
        alt.Tooltip("interval:N", title="90 % interval"),
        alt.Tooltip("overlap:Q", title="Films both rated"),
    ]
    base = alt.Chart(alt.NamedData("matches")).encode(
        alt.Y("member:N", sort=None, title=None, axis=alt.Axis(ticks=False, domain=False)), tooltip=tips
    )

    def across(field: str) -> alt.X:
        title = "unlike  ←  agreement  →  alike"
        return alt.X(field, scale=alt.Scale(domain=[-1, 1]), title=title, axis=alt.Axis(tickCount=5))

    none = alt.Chart(_rows([{}])).mark_rule(color=FAINT, strokeDash=[4, 4]).encode(x=alt.datum(0))
    interval = base.mark_rule(strokeWidth=2, color=FAINT).encode(across("low:Q"), alt.X2("high:Q"))
    sign = alt.when(alt.datum.agreement < 0).then(alt.value(SITE)).otherwise(alt.value(CIRCLE))
    point = base.mark_circle(size=90, opacity=1).encode(across("agreement:Q"), color=sign)
    return _spec(none + interval + point)


def _titles(rows: Sequence[Difference] | Sequence[Division], *, grid: bool = False) -> alt.Y:
    order = [row.title for row in rows]
    return alt.Y("title:N", sort=order, title=None, axis=alt.Axis(ticks=False, domain=False, grid=grid))


def _rows(values: list[dict[str, Any]]) -> Any:
    return alt.Data(values=values)  # type: ignore[no-untyped-call]


def _level_axis() -> alt.Axis:
    return alt.Axis(labelAngle=0, format=".1~f", ticks=False)
