"""`letterboxd config …`: what the settings are, and where they come from."""

from typing import Any

import typer

from letterboxd_scraper import config
from letterboxd_scraper.store.engine import masked_url
from letterboxd_scraper.terminal.session import Session


def show(context: typer.Context) -> None:
    """Show each setting's value and where it comes from.

    From the command line, the environment, the file .env in this folder, the file given by --config, or the
    defaults, in this order. Secrets are masked.

    \b
    Examples:
      letterboxd config show
      letterboxd config show --config server.toml --json
    """
    session: Session = context.obj
    settings = session.config
    origins = config.origins(session.overrides)
    rows = [(name, _printable(settings, name), origins[name]) for name in config.Config.model_fields]
    session.show(("setting", "value", "from"), rows)


def _printable(settings: config.Config, name: str) -> Any:
    value = getattr(settings, name)
    if name == "DATABASE_URL":
        return masked_url(value)
    # A secret is shown as stars, or as nothing where there is none.
    return str(value) if hasattr(value, "get_secret_value") else value
