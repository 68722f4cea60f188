"""Leaving: a member removes all that is stored of them, by themselves and at once."""

import logging

from letterboxd_scraper.server.invited.common import Common
from letterboxd_scraper.server.kept import drop_all
from letterboxd_scraper.server.taking_in import rank
from letterboxd_scraper.store import leaving

logger = logging.getLogger(__name__)


def leave(common: Common, name: str) -> None:
    """Forget a member as `letterboxd forget` does, and rank their circles without them."""
    with common.alone():
        at = common.serving.now
        try:
            left = leaving.leave(common.engine, name, at)
        finally:
            drop_all()  # they may have gone, though what comes after that has failed
        for label in left.gone.ranked:
            rank(common.engine, label, at)
    if left.older_copies:
        files = ", ".join(map(str, left.older_copies))
        logger.warning("somebody has left; older copies may still hold what was stored of them: %s", files)
