# Two commands for a fresh machine: `make demo` and `make test`. Both set up what they need, in .venv alone.

PYTHON ?= python3
BIN := $(CURDIR)/.venv/bin
# Else every process of a test or of the demonstration compiles all modules anew.
unexport PYTHONDONTWRITEBYTECODE

# How many processes run the tests: one more than two cores, for a third of the time is spent in waiting.
WORKERS ?= 3

.PHONY: demo test fast lint docs picture test-spark mutants dist lock chromium clean

demo: .venv/installed
	@mkdir -p demo
	@cd demo && env PYTHONPATH="$(CURDIR)" DATABASE_URL="sqlite:///$(CURDIR)/demo/letterboxd.db" \
		DOWNLOAD_DELAY=0.02 AUTOTHROTTLE_ENABLED=false \
		LETTERBOXD="$(BIN)/letterboxd" "$(BIN)/python" -m tests.site --run sh -c '\
			"$$LETTERBOXD" sync --seed marla --limit 10 && echo && \
			"$$LETTERBOXD" enrich --cohort marla --histograms --limit 60 && echo && \
			echo "Again, with what has changed, and with what all the site thinks of these films:" && \
			"$$LETTERBOXD" sync --seed marla --limit 5 && echo && \
			"$$LETTERBOXD" report --cohort marla --names --output marla.html'
	@echo
	@echo "That was the circle of an invented member on an imitation of the site that runs on this machine."
	@echo "The lists are in demo/marla.csv and demo/marla-discovery.csv, a page to look at in demo/marla.html, and everything that was read in demo/letterboxd.db."
	@echo "For a member of the real site, read docs/explanation/manners.md first; then:"
	@echo "  . .venv/bin/activate"
	@echo "  LETTERBOXD_CONTACT=you@example.org letterboxd sync --seed NAME --accept-terms"

test: lint
	$(BIN)/pytest -n $(WORKERS) --dist worksteal

# What needs no server, no process of its own and no browser.
fast: .venv/installed
	$(BIN)/pytest -q -n $(WORKERS) -m "not slow"

lint: .venv/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

# The documents as pages to look at, in docs/_build/html; a link that leads nowhere is an error. Nothing is fetched.
docs: .venv/installed
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going --builder html docs docs/_build/html

# The picture in the README: the page that the demonstration ends with, as Chromium shows it.
picture: demo
	$(BIN)/python -m docs.picture demo/marla.html docs/images/report.png

# Spark is large, and needs a Java: it is installed for these tests alone.
test-spark: .venv/installed
	@$(BIN)/python -c 'import sys; from ranking.engines.on_spark import java_problem; sys.exit(java_problem())'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check pyspark==4.3.0
	SPARK_TESTS=1 $(BIN)/pytest tests/ranking/engines/test_spark.py

# Small changes of the core, one after the other, and whether the fast tests notice them: an hour, and too many
# packages for every installation.
mutants: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check mutmut==3.8.1
	$(BIN)/mutmut run
	$(BIN)/mutmut results --all true | $(BIN)/python -m benchmarks.mutants

# What is published, in dist/: made and checked with tools that nothing else needs.
dist:
	$(PYTHON) -m venv .venv-dist
	.venv-dist/bin/python -m pip install --quiet --disable-pip-version-check \
		build==1.6.1 twine==7.0.0 check-wheel-contents==0.6.3
	rm -rf dist
	.venv-dist/bin/python -m build
	.venv-dist/bin/check-wheel-contents dist/*.whl
	.venv-dist/bin/twine check --strict dist/*

# The pins again, with the hash of every file of each, which pip verifies.
lock:
	$(PYTHON) -m venv .venv-dist
	.venv-dist/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	for pins in requirements requirements-dev; do { \
		echo "# $$pins.txt with the hash of every file, made by \`make lock\`, for \`pip install --require-hashes -r\`." && \
		grep == $$pins.txt | .venv-dist/bin/uv pip compile - --quiet --universal --python-version 3.11 --no-deps \
			--generate-hashes --no-annotate --no-header --no-emit-index-url; } > $$pins.lock || exit 1; done

.venv/installed: requirements.txt requirements-dev.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

# Installs Debian's Chromium on this machine, for the tests that open pages in a browser; without one they are
# skipped, and say so.
chromium:
	@if command -v chromium || command -v chromium-browser || command -v google-chrome || \
		! command -v apt-get || [ "$$(id -u)" -ne 0 ]; then exit 0; fi >/dev/null; \
	export DEBIAN_FRONTEND=noninteractive; \
	get() { timeout 300 apt-get "$$@" >/dev/null 2>&1; }; \
	echo "installing Chromium"; \
	get install -y --no-install-recommends chromium || \
		{ get update && get install -y --no-install-recommends chromium; } || \
		echo "Chromium could not be installed: the tests that want it will be skipped" >&2

clean:
	rm -rf .venv .venv-dist demo dist docs/_build
