"""`letterboxd config …`: what the settings are, and where they come from."""

from typing import TYPE_CHECKING, Any

import typer

from letterboxd_scraper.terminal.session import Session

if TYPE_CHECKING:
    from letterboxd_scraper.config import Config


def show(context: typer.Context) -> None:
    """Show each setting's value and where it comes from.

    From the command line, the environment, the file .env in this folder, the file given by --config, or the
    defaults, in this order. Secrets are masked.

    \b
    Examples:
      letterboxd config show
      letterboxd config show --config server.toml --json
    """
    from letterboxd_scraper import config

    session: Session = context.obj
    settings = session.config
    origins = config.origins(session.overrides)
    rows = [(name, _shown(settings, name), origins[name]) for name in config.Config.model_fields]
    session.show(("setting", "value", "from"), rows)


def _shown(settings: "Config", name: str) -> Any:
    from letterboxd_scraper.store.engine import masked_url

    value = getattr(settings, name)
    if name == "DATABASE_URL":
        return masked_url(value)
    # A secret is shown as stars, or as nothing where there is none.
    return str(value) if hasattr(value, "get_secret_value") else value
