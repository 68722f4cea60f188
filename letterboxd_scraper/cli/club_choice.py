"""The circle that a command about invitations is for."""

from typing import Annotated

from letterboxd_scraper.terminal import options

NameOption = Annotated[str | None, options.cohort_to_fill(f"The circle; {options.ASSUMED}.", "--name")]
