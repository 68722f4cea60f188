"""The real site's terms, which the operator has to accept before anything is sent."""

from letterboxd_scraper import urls
from letterboxd_scraper.config import Config
from letterboxd_scraper.errors import InputError, TermsNotAccepted

TERMS = """Letterboxd's terms (6.11) forbid automated access without authorization; your own export is yours.
If you are authorized: --accept-terms, or the setting LETTERBOXD_TERMS_ACCEPTED=true."""


def refuse_without_terms(settings: Config) -> None:
    """Raise TermsNotAccepted if the real site is to be crawled and the operator has not accepted its terms.

    Raises InputError where they have, but LETTERBOXD_CONTACT is not set.
    """
    if urls.is_loopback(settings.LETTERBOXD_BASE_URL):
        return
    if not settings.LETTERBOXD_TERMS_ACCEPTED:
        raise TermsNotAccepted(TERMS)
    if not settings.LETTERBOXD_CONTACT:
        raise InputError("set LETTERBOXD_CONTACT to an address or URL: the site shall know whom to ask")
