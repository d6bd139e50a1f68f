# All that people and CI do. `make` alone lists the targets.

PYTHON = .venv/bin/python
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL = help
.PHONY: help setup run dev test check format bench docs screenshots clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

setup: .venv/runtime.stamp ## make .venv with the `vexil` command

run: setup ## start Vexil with a demo project and print its keys
	.venv/bin/vexil serve --demo $(options)

dev: setup ## the same, starting again when a source file changes
	.venv/bin/vexil serve --demo --reload $(options)

test: .venv/test.stamp ## install what the tests need, then run them
	@scripts/install-tools initdb:postgresql redis-server:redis-server node:nodejs npm:npm chromium:chromium
	@scripts/install-node-clients
	.venv/bin/pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder

check: .venv/check.stamp ## formatting, lint, types, import contracts, house rules
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/pytest tests/test_house_rules.py
	@$(PYTHON) scripts/suppressions.py

format: .venv/check.stamp ## format the code and mend what can be mended
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .
	$(PYTHON) scripts/generated_docs.py

bench: .venv/test.stamp ## measure speed, memory and growth beside nginx (parts="endpoints large" for some of it)
	@scripts/install-tools wrk:wrk nginx:nginx initdb:postgresql
	$(PYTHON) -m bench.run $(parts)
	$(PYTHON) scripts/generated_docs.py

docs: .venv/docs.stamp ## build the documentation into site/
	NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --strict

screenshots: .venv/test.stamp ## write a picture of every page, light and dark, wide and narrow, to docs/screenshots/
	@scripts/install-tools chromium:chromium
	$(PYTHON) -m scripts.screenshots docs/screenshots

clean: ## remove what the other targets made, but no data
	rm -rf .venv .cache build site src/vexil.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/made.stamp:
	@scripts/make-venv
	@touch $@

# Each stamp is younger than the versions that it stands for.
.venv/runtime.stamp: requirements/runtime.txt pyproject.toml | .venv/made.stamp
	$(PYTHON) -m pip install --quiet -r requirements/runtime.txt
	$(PYTHON) -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv/%.stamp: requirements/%.txt .venv/runtime.stamp
	$(PYTHON) -m pip install --quiet -r $<
	@touch $@

.venv/check.stamp: requirements/test.txt
