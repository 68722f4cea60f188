"""An imitation of Letterboxd on loopback: pages in the site's own markup, about members who do not exist."""

from .data import FEW, own_world, parquet_world
from .hits import Hit
from .rules import Fault
from .server import Site
from .world import BadChange, Film, Member, World

__all__ = [
    "FEW", "BadChange", "Fault", "Film", "Hit", "Member", "Site", "World", "own_world", "parquet_world",
]  # fmt: skip
