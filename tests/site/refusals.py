"""What a client gets instead of a page: challenge, ban, bare errors, the sign-in page."""
# ruff: noqa: E501  (whole lines of markup are easier to compare with the site's)

from http.client import responses

from . import chrome

_CHALLENGE = """<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title><meta http-equiv="Content-Type" content="text/html; charset=UTF-8"><meta name="robots" content="noindex,nofollow"><meta name="viewport" content="width=device-width,initial-scale=1"></head>
<body class="no-js"><div class="main-wrapper" role="main"><div class="main-content"><noscript><div id="challenge-error-title"><div class="h2"><span id="challenge-error-text">Enable JavaScript and cookies to continue</span></div></div></noscript></div></div>
<script>(function(){window._cf_chl_opt={cvId: '3',cZone: "letterboxd.com",cType: 'managed',cRay: '@ray@'};var a=document.createElement('script');a.src='/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1?ray=@ray@';document.getElementsByTagName('head')[0].appendChild(a);}());</script>
</body></html>
"""

_BAN = """<!DOCTYPE html><html lang="en-US"><head><title>Access denied | letterboxd.com used Cloudflare to restrict access</title><meta charset="UTF-8"><meta name="robots" content="noindex, nofollow"></head>
<body><div id="cf-wrapper"><div id="cf-error-details" class="cf-error-details-wrapper">
<header><h1><span class="inline-block">Error</span> <span class="code-label">1015</span></h1><h2>You are being rate limited</h2></header>
<section><h2>What happened?</h2><p>The owner of this website (letterboxd.com) has banned you temporarily from accessing this website.</p></section>
<footer class="cf-error-footer"><p>Cloudflare Ray ID: <strong>@ray@</strong></p></footer>
</div></div></body></html>
"""

_BARE = """<html>
<head><title>@title@</title></head>
<body>
<center><h1>@title@</h1></center>
</body>
</html>
"""


def challenge(ray: str) -> str:
    """Return the page that wants a browser to prove itself."""
    return chrome.fill(_CHALLENGE, ray=ray)


def ban(ray: str) -> str:
    """Return the page shown to those who asked too much."""
    return chrome.fill(_BAN, ray=ray)


def error(code: int) -> str:
    """Return the site's own page for 404; for all else the bare one of a server in front of the site."""
    if code in (204, 304):
        return ""
    if code == 404:
        return not_found()
    return chrome.fill(_BARE, title=f"{code} {responses.get(code, '')}".strip())


def not_found() -> str:
    """Return the site's page for what it does not have."""
    return chrome.message("Not Found", "Sorry, we can’t find the page you’ve requested.")


def sign_in() -> str:
    """Return the page that asks who you are."""
    return (
        '<!DOCTYPE html>\n<html id="html" lang="en">\n<head><title>Sign in &bull; Letterboxd</title></head>\n'
        f'<body class="signin-page">\n{chrome.header()}<h1>Sign in to Letterboxd</h1>\n{chrome.footer()}'
    )
