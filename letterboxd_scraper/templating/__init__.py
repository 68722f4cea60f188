"""What every page is made with, whoever makes it: templates, a head, hashes of what may run in it."""

import base64
import hashlib

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

# Of a page that is one file and runs nothing: it has its own style, and fetches nothing.
ONE_FILE = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


def templates(package: str) -> Environment:
    """Return the templates of a package, and the head that pages share.

    What is put into a page is text, never markup; a name that a page is not told is an error.
    """
    return Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader(__name__)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def hash_source(text: str) -> str:
    """Return what a Content-Security-Policy calls a style or script: its SHA-256 (CSP Level 3, 2.3.1)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"
