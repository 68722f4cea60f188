"""`letterboxd config …`: what the settings are, and where they come from."""

from typing import Any

import typer

from letterboxd_scraper import config
from letterboxd_scraper.store.engine import masked_url
from letterboxd_scraper.terminal.columns import address
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
    if session.as_json:
        session.show(("setting", "value", "from"), rows)
        return
    columns = ("setting", "from", address("value"))
    session.show(columns, [(name, origin, _as_written(value)) for name, value, origin in rows])


def _as_written(value: Any) -> str:
    """Return a setting's value as it is written in a file of settings."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else "" if value is None else str(value)


def _printable(settings: config.Config, name: str) -> Any:
    value = getattr(settings, name)
    if name == "DATABASE_URL":
        return masked_url(value)
    # A secret is shown as stars, or as nothing where there is none.
    return str(value) if hasattr(value, "get_secret_value") else value
