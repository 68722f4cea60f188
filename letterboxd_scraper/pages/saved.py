"""Pages as browsers save them."""

import re

_OWN_HOST = re.compile(rb"(\bhref\s*=\s*[\"']?)https?://(?:www\.)?letterboxd\.com/", re.IGNORECASE)


def own_links(body: bytes) -> bytes:
    """Return a page with links as the site writes them; in a page saved "complete" they begin with its host.

    >>> own_links(b'<a href="https://letterboxd.com/dave/">')
    b'<a href="/dave/">'
    """
    return _OWN_HOST.sub(rb"\1/", body)
