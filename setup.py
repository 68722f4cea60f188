"""The packages, for scrapyd-deploy, too, which builds its egg with `setup.py bdist_egg`.

All else stands in pyproject.toml. The migrations lie at the top of the repository, where one looks for them,
and are installed within our package: the name `migrations` is not ours alone. In an editable installation
nothing is moved.
"""

import sys

from setuptools import find_packages, setup

PACKAGES = find_packages(include=["letterboxd_scraper*", "ranking*"])
if "editable_wheel" in sys.argv:
    setup(packages=PACKAGES)
else:
    within = [f"letterboxd_scraper.{name}" for name in find_packages(include=["migrations*"])]
    setup(packages=PACKAGES + within, package_dir={"letterboxd_scraper.migrations": "migrations"})
