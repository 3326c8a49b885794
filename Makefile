# `make` builds the benchmark, `make test` tests it; `make help` lists the rest.
# Everything is installed into .venv from the lock files in requirements/.

PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
PIP := $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := repro
.PHONY: repro help test test-fast fuzz kills check bench clean label-studio lock picture screenshots digests \
	messages reliability

repro: .venv/core  ## build the benchmark: install what is needed, then `dvc repro` (default)
	dvc repro

test: .venv/dev .venv/training  ## run all tests, a process a core (installs what they need)
	$(PYTEST) --durations=20 $(TESTS)

test-fast: .venv/dev  ## run the tests that need no server, browser, torch or patience
	$(PYTEST) -m "not server and not browser and not training and not slow" $(TESTS)

# Files that take long go first (tests/conftest.py), so that no core waits at the end.
PYTEST := $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

fuzz: .venv/dev  ## run 50,000 damaged exports and params through the stages; prints what was found
	$(BIN)/python -m tests.harness.fuzz --count 50000 --seed $(or $(SEED),1)

kills: .venv/dev  ## kill builds at 200 random moments; prints whether the next were undisturbed
	$(BIN)/python -m tests.harness.kills --count 200 --seed $(or $(SEED),1)

check: .venv/dev  ## lint, formatting, types, and known vulnerabilities of what is pinned
	ruff check .
	ruff format --check .
	mypy
	$(BIN)/python scripts/audit.py

check-scripts:  ## types and unused names of the pages' scripts, by their JSDoc (needs Node.js)
	npx --yes --package typescript@5.9.3 tsc -p jsconfig.json

bench: .venv/dev  ## measure speed beside other tools (20 minutes on 2 cores); writes docs/performance.md
	$(BIN)/python benchmarks/run.py

label-studio: .venv/core  ## start a local Label Studio filled with the sample
	$(BIN)/python scripts/demo.py

picture: .venv/core  ## draw the pictures of docs/architecture.md and README (of the built sample)
	$(BIN)/python scripts/architecture_picture.py
	$(BIN)/python scripts/readme_picture.py

screenshots: .venv/dev  ## take the README's pictures of pages (of the built sample, committed)
	$(BIN)/python scripts/screenshots.py

digests: .venv/dev  ## what tests/sample gives now becomes what it has to give (tests/*.sha256)
	$(BIN)/python scripts/digests.py --write

messages: .venv/core  ## write docs/messages.md from the code and docs/messages.toml
	$(BIN)/python scripts/messages.py

reliability: .venv/dev  ## kills, damaged inputs and the rest, hours; writes docs/reliability.md
	$(BIN)/python scripts/reliability.py --run

lock: .venv/dev  ## pin the newest allowed versions anew (the outputs' bytes may change)
	$(BIN)/uv pip compile --upgrade $(LOCK) --extra build \
		-o requirements/core.lock pyproject.toml
	cp requirements/core.lock maskbench/init/template/requirements.lock
	for client in dvc-azure dvc-gs dvc-s3 dvc-ssh; do echo $$client | $(BIN)/uv pip compile --upgrade \
		$(LOCK) -c requirements/core.lock \
		$$(sed -n 's/^\([^ ]*\)==.*/--no-emit-package \1/p' requirements/core.lock) \
		-o maskbench/init/template/$$client.lock - || exit 1; done
	$(BIN)/uv pip compile --upgrade $(LOCK) --extra build --extra dev -c requirements/core.lock \
		-o requirements/dev.lock pyproject.toml
	$(BIN)/uv pip compile --upgrade $(LOCK) --extra build --resolution lowest-direct \
		-o requirements/oldest.lock pyproject.toml

LOCK := -q --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header

clean:  ## delete the environment and everything that `make` makes again (not DVC's cache)
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis dvc_plots
	rm -rf data/.maskbench data/annotations data/images data/label_sets data/benchmark
	rm -f data/combined.csv

help:  ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/core: requirements/core.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) install --quiet --require-hashes -r requirements/core.lock
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	touch $@

.venv/dev: .venv/core requirements/dev.lock
	$(PIP) install --quiet --require-hashes -r requirements/dev.lock
	touch $@

# The oldest versions that pyproject.toml allows, in an environment of their own, for a test.
.venv/oldest/ready: requirements/oldest.lock
	test -x .venv/oldest/bin/python || $(PYTHON) -m venv .venv/oldest
	.venv/oldest/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes \
		-r requirements/oldest.lock
	touch $@

# torch comes without hashes: which build fits depends on the machine (CPU or CUDA).
.venv/training: .venv/dev requirements/training.lock
	$(PIP) install --quiet -r requirements/training.lock
	touch $@
