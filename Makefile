# Two commands: `make run` and `make test`. Everything is installed into this folder.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

# Tools live apart from .venv, which is synced to the lock exactly: whatever the lock does not name is removed.
UV := .tools/bin/uv
# A package's wheel or a stated Python only; never a Python that uv would fetch.
export UV_PYTHON_DOWNLOADS := never
export UV_HTTP_TIMEOUT := 180
# The cache and .venv may be on different disks.
export UV_LINK_MODE ?= hardlink
export PYTHON

PACKAGES := $(wildcard domain workflows activities catalogue casework adapters api web simulators bench stack commands)
MODULES := $(wildcard cli.py worker.py wiring.py settings.py)
STATIC := $(wildcard web/static/src web/static/src/*)

.PHONY: run test install lint lock clean help

help:
	@echo "make run      install what is missing, start everything, say where to go"
	@echo "make test     every test, browser included (ARGS='tests/domain -x' for some)"
	@echo "make install  only install        make lint   ruff, mypy --strict, import contracts"
	@echo "make lock     renew the locks     make clean  remove all that was installed (not the data)"

run: install
	@exec .venv/bin/onetrip up

# The whole in two processes: while one waits for servers, the other works. What ARGS names runs in one, so that -x, -s and --pdb mean
# what they say.
test: install
	@setup/browser
	.venv/bin/pytest $(or $(ARGS),--numprocesses=2)

install: .venv/.installed web/static/dist/.built .venv/.prepared

lint: install
	@failed=0; \
	echo "· ruff"; .venv/bin/ruff check . || failed=1; \
	echo "· mypy --strict"; .venv/bin/mypy --strict $(MODULES) $(PACKAGES) tests || failed=1; \
	echo "· import contracts"; COLUMNS=120 .venv/bin/lint-imports || failed=1; \
	exit $$failed

.tools/.installed: requirements/bootstrap.txt
	@python=$$(setup/python); \
	echo "· tools, with $$python"; \
	"$$python" -m venv --clear .tools; \
	.tools/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	@touch $@

.venv/.installed: .tools/.installed requirements/lock.txt pyproject.toml
	@echo "· Python packages (4 GB; minutes at the first time)"
	@[ -x .venv/bin/python ] || $(UV) venv --quiet --python .tools/bin/python .venv
	@$(UV) pip sync --compile-bytecode --python .venv/bin/python --require-hashes requirements/lock.txt
	@$(UV) pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation -C editable_mode=compat -e .
	@touch $@

# What the first start would otherwise do: byte code, and the simulated people.
.venv/.prepared: .venv/.installed $(wildcard simulators/*.py catalogue/*.py domain/*.py catalogue/*/*.yaml catalogue/*/*/*.yaml)
	@echo "· simulated population, checked service items"
	@.venv/bin/python -m compileall -q $(PACKAGES) $(MODULES)
	@.venv/bin/python -m simulators.snapshot
	@.venv/bin/python -c "from catalogue import kept, loader; loader.Catalogue(kept_in=kept.INSTALLED)"
	@touch $@

node_modules/.installed: .tools/.installed package.json package-lock.json
	@echo "· Node packages"
	@node=$$(setup/node); PATH="$$node:$$PATH" npm ci --no-progress
	@touch $@

web/static/dist/.built: node_modules/.installed web/build.mjs $(STATIC)
	@echo "· static files"
	@node=$$(setup/node); PATH="$$node:$$PATH" npm run --silent build
	@touch $@

lock: .tools/.installed
	$(UV) pip compile --quiet --upgrade --generate-hashes --no-header --python-version 3.11 --extra dev \
	    --override requirements/overrides.txt pyproject.toml -o requirements/lock.txt
	$(UV) pip compile --quiet --upgrade --generate-hashes --no-header --python-version 3.11 requirements/bootstrap.in -o requirements/bootstrap.txt
	$(UV) pip compile --quiet --upgrade --generate-hashes --no-header --python-version 3.11 requirements/node.in -o requirements/node.txt
	@node=$$(setup/node); PATH="$$node:$$PATH" npm update --package-lock-only

clean:
	rm -rf .tools .venv node_modules web/static/dist build *.egg-info
