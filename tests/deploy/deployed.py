"""A node as the documents make it: a Scrapyd that has nothing of this project but the egg it is sent."""

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Mapping
from pathlib import Path
from sysconfig import get_path

from letterboxd_scraper import __version__
from tests.conftest import ROOT

# What the egg's version says, and so the user agent: an installed project would say something else.
MARK = f"{__version__}+egg"
_SCRAPYD_DEPLOY = Path(sys.executable).with_name("scrapyd-deploy")


def clone(folder: Path) -> Path:
    """Return a copy of the project as a clone would have it, marked by its version."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.check_output(listed, cwd=ROOT, text=True).splitlines():
        if (ROOT / name).is_file():  # not one that was removed, but is still in the last commit
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    version = folder / "letterboxd_scraper" / "__init__.py"
    assert f'"{__version__}"' in version.read_text()
    version.write_text(version.read_text().replace(__version__, MARK))
    return folder


def deploy(checkout: Path, *options: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [_SCRAPYD_DEPLOY, *options]
    environment = outside() | _temporary(checkout) | environment
    return subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)


def _temporary(checkout: Path) -> dict[str, str]:
    # scrapyd-deploy leaves its folder behind when it is told to keep the egg.
    return {"TMPDIR": str(checkout.parent)}


def bare_python(folder: Path) -> Path:
    """Make an environment with all that is installed here but this project; return its interpreter."""
    venv.create(folder, symlinks=True)
    packages = Path(get_path("purelib", "venv", vars={"base": str(folder)}))
    for package in Path(get_path("purelib")).iterdir():
        if "letterboxd" not in package.name:
            (packages / package.name).symlink_to(package)
    return folder / "bin" / "python"


def outside(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment of somebody who has not installed the project, nor named it anywhere."""
    ours = ("PYTHONPATH", "SCRAPY_SETTINGS_MODULE", "SCRAPYD_USERNAME", "SCRAPYD_PASSWORD")
    return {name: value for name, value in environment.items() if name not in ours}
