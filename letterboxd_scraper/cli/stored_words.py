"""How much is stored of a member, in words."""

from letterboxd_scraper.store.members.own_data import Stored
from letterboxd_scraper.words import counted

# What a table's rows are called; those of others are the program's own.
_CALLED = {
    "ratings": ("rating or like", "ratings or likes"),
    "watched": ("watched film", "watched films"),
    "watchlist": ("film on the watchlist", "films on the watchlist"),
}


def numbers(stored: Stored) -> str:
    """Return how many ratings, and films on lists, there are of a member."""
    return ", ".join(
        counted(stored.rows.get(table, 0), *called)
        for table, called in _CALLED.items()
        if table in stored.rows or table == "ratings"
    )
