"""Every command by its name and one line of help; its module is loaded when it is called."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from letterboxd_scraper.terminal import run as terminal
from letterboxd_scraper.terminal.help import Group, LazyCommand, command_of

# What timers and scripts call, and what writes: it waits for a database that is away, as a crawl does. Who
# reads, or changes a word here and there, is told at once.
JOBS = frozenset(
    {
        "club:club",
        "cohort_build:build",
        "cohort_build:refresh",
        "db:tidy",
        "enrich:enrich",
        "forget:forget",
        "import_:import_pages",
        "import_:import_zip",
        "import_files:import_files",
        "rank_compute:rank_compute",
        "refresh:refresh_stats",
        "schedule_run:run",
        "scrape:scrape",
        "sync:sync",
        "watch:watch",
    }
)
# What brings something in: it makes the database where there is none.
BEGINNINGS = frozenset(
    {
        "club:club",
        "club_invite:invite",
        "cohort_build:build",
        "forget:forget",
        "import_:import_pages",
        "import_:import_zip",
        "import_files:import_files",
        "sync:sync",
        "watch:watch",
    }
)
# For each command its function in this package, or a table of commands, and the first line of its help.
Table = Mapping[str, tuple[Any, str]]

COHORT: Table = {
    "build": ("cohort_build:build", "Build a cohort from a member's circle, or from a list of names."),
    "refresh": ("cohort_build:refresh", "Read again whom a cohort's seed follows: who joined, who left."),
    "list": ("cohort:list_cohorts", "List the cohorts."),
    "show": ("cohort:show", "Show a cohort's definition and its members."),
    "set": ("cohort_change:change", "Change a cohort's definition."),
    "delete": ("cohort:delete", "Delete a cohort with its rankings; its members' ratings stay."),
}
IMPORT: Table = {
    "files": ("import_files:import_files", "Take in files of any kind: what they are, they say themselves."),
    "zip": ("import_:import_zip", "Take in members' own export archives."),
    "pages": ("import_:import_pages", "Take in pages saved in a browser."),
}
CLUB: Table = {
    "make": ("club:club", "Make a circle of files, without a crawl, and look at it in a browser."),
    "howto": (
        "club_howto:club_howto",
        "Write a page for friends: how to export their films, and send the file.",
    ),
    "invite": ("club_invite:invite", "Make a link by which people join a circle with their own files."),
    "members": ("club_members:members", "Show who is in a circle, and which invitations are open."),
    "revoke": ("club_invite:revoke", "Take back an invitation, or the link to a member's own page."),
    "naming": ("club_naming:naming", "Note whether a member wishes to be named where others may read."),
    "password": ("club_password:password", "Set a password by which people read a circle's pages."),
}
SCHEDULE: Table = {
    "run": ("schedule_run:run", "Do a cohort's nightly or monthly job now; timers call this."),
    "install": ("schedule:install", "Print, or install, what calls a cohort's jobs at night."),
    "remove": ("schedule:remove", "Remove what calls a cohort's jobs."),
}
RANK: Table = {
    "compute": (
        "rank_compute:rank_compute",
        "Refresh the statistics, score the films and store their ranks.",
    ),
    "list": ("rank_list:rank_list", "List the strategies, their parameters and where they come from."),
    "show": ("rank:rank_show", "Print the top of a ranking."),
    "explain": ("explain:rank_explain", "Show where a film's scores come from."),
    "evaluate": ("evaluate:rank_evaluate", "Say how well each strategy foretells ratings hidden from it."),
}
EXPORT: Table = {
    "csv": ("export:export_csv", "Write a ranking as CSV, for a spreadsheet."),
    "json": ("export:export_json", "Write a ranking as JSON, for programs."),
    "html": (
        "export:export_html",
        "Write a ranking as a page with one table, for any browser and for paper.",
    ),
    "letterboxd": (
        "export:export_letterboxd",
        "Write a ranking as the CSV that Letterboxd imports as a list.",
    ),
    "radarr": ("export_movies:export_radarr", "Write a list of films as the JSON that Radarr takes."),
    "kometa": ("export_movies:export_kometa", "Write a list of films as a collection file of Kometa's."),
    "parquet": (
        "export_parquet:export_parquet",
        "Write a cohort's data as Parquet, for an analysis of your own.",
    ),
}
CONFIG: Table = {"show": ("config:show", "Show each setting's value and where it comes from.")}
REFRESH: Table = {
    "stats": ("refresh:refresh_stats", "Count every cohort's ratings per film, if any has changed.")
}
DB: Table = {
    "upgrade": ("db:upgrade", "Bring the database to this program's schema."),
    "backup": ("db:backup", "Copy the whole database to one file, while crawls go on."),
    "check": ("db:check", "Say whether what is stored hangs together."),
    "tidy": ("db:tidy", "Remove old runs, failures that were made good, and rankings of before."),
}
LETTERBOXD: Mapping[str, Table] = {
    "Begin here": {
        "init": ("init:init", "Write a file with the settings that you need; asks for them."),
        "sync": ("sync:sync", "Read a member's circle and rank its films, all in one."),
        "club": (CLUB, "Make a circle of friends' files, and look at it in a browser."),
        "doctor": ("doctor:doctor", "Say which sources can be read from here."),
        "help": ("help:show_help", "Show what a command does and takes, with examples."),
    },
    "Read the site": {
        "cohort": (COHORT, "Build, refresh, show, change and delete cohorts."),
        "plan": ("plan:plan", "Say what the next refresh takes, and why."),
        "scrape": ("scrape:scrape", "Read what members rated and liked; later, what has changed."),
        "enrich": ("enrich:enrich", "Find out what films are: posters, directors, genres, countries."),
        "watch": ("watch:watch", "Read members' feeds: new ratings, their days, links to diaries."),
        "import": (IMPORT, "Take in files: archives, saved pages, ratings kept elsewhere."),
        "schedule": (SCHEDULE, "Crawl every night and every month, by itself."),
    },
    "See what they think": {
        "rank": (RANK, "Rank films by what a circle thinks of them."),
        "recommend": ("recommend:recommend", "Say what a member would like, or several together."),
        "news": ("news:news", "Say what is new in a circle: what is loved, what moved, who came."),
        "taste": ("taste:taste", "Show whose taste is like whose."),
        "report": ("report:report", "Write one HTML page to look at: the ranking, pictures, taste."),
        "year": ("year:year", "Show what a circle rated in a year: loved, fought about, discovered."),
        "export": (EXPORT, "Write rankings to files."),
        "serve": ("serve:serve", "Show reports and rankings in a browser, and to programs as JSON."),
    },
    "Look after it": {
        "status": ("status:status", "Say how old the data are, what runs now and what is due."),
        "config": (CONFIG, "Look at the settings."),
        "runs": ("runs:runs", "List the latest crawls."),
        "failures": ("runs:failures", "List the pages that could not be read and are still missing."),
        "refresh": (REFRESH, "Bring derived data up to date."),
        "db": (DB, "Look after the database."),
        "stored": ("stored:stored", "Show what is stored of a member, or write all of it to a file."),
        "forget": ("forget:forget", "Remove a member, and remember not to store them again."),
    },
}
# What a group does where none of its commands is named.
_USUAL = {"club": "make", "import": "files"}
# Those that do it where nothing at all is said.
_BEGINS_ALONE = frozenset({"club"})
HELP = """
Rank films by what a Letterboxd member's circle thinks.

\b
Examples:
  letterboxd sync --seed marla      everything, from a name to a ranking
  letterboxd rank show --cohort marla --unseen-by marla
  letterboxd help rank show         what a command does, with examples
"""


@cache
def letterboxd() -> Group:
    """Return the whole command line."""
    commands = [one for heading, table in LETTERBOXD.items() for one in _commands(table, heading)]
    return Group("letterboxd", HELP, commands, options=command_of(terminal.global_options, completion=True))


@cache
def ranking() -> Group:
    """Return the commands of `python -m ranking`: those of `letterboxd rank`, export and refresh."""
    rows = {name: row for table in LETTERBOXD.values() for name, row in table.items()}
    _, help = rows["rank"]
    commands = _commands({**RANK, **{name: rows[name] for name in ("export", "refresh", "help")}})
    return Group("ranking", help, commands, options=command_of(terminal.global_options, completion=True))


def _commands(table: Table, heading: str | None = None) -> list[Group | LazyCommand]:
    return [
        LazyCommand(
            name,
            f"letterboxd_scraper.cli.{target}",
            help,
            heading,
            is_job=target in JOBS,
            is_beginning=target in BEGINNINGS,
        )
        if isinstance(target, str)
        else Group(
            name,
            help,
            _commands(target),
            heading,
            usual=_USUAL.get(name),
            begins_alone=name in _BEGINS_ALONE,
        )
        for name, (target, help) in table.items()
    ]
