# Everything lives in this checkout: .venv for programs, var/ for data. Needs Python 3.11 or newer.
#
#   make demo   run Tallystick with a made-up company and a stand-in for Autotask
#   make test   install what tests need, check style, types and structure, run all tests
#   make up     run Tallystick
#   make faults print the catalogue of faults and which tests hold each
#   make life   play six months of a reseller's life, 5,000 operations (make test: 300)
#   make fuzz   ask the API 20,000 requests drawn from its description
#   make sbom   write the bill of materials; make advisories asks for known vulnerabilities
#   make bench  print the figures of docs/figures.md, measured on this machine
#   make lock   renew the lock files after a change of pyproject.toml

PYTHON ?= python3
PY := .venv/bin/python
UV := .venv/bin/uv
# uv follows the same settings as pip, when pip has been given some.
UV_ENV := $(if $(PIP_INDEX_URL),UV_DEFAULT_INDEX="$(PIP_INDEX_URL)") $(if $(PIP_CERT),SSL_CERT_FILE="$(PIP_CERT)") UV_NO_PROGRESS=1

.PHONY: demo test up bench faults life fuzz sbom advisories lock lint format install install-dev clean

demo: install
	@$(PY) -m tallystick demo

up: install
	@$(PY) -m tallystick up

test: install-dev
	@$(PY) tests/all.py

lint: install-dev
	@$(PY) tests/all.py --only-lint

format: install-dev
	.venv/bin/ruff check --fix src tests benchmarks
	.venv/bin/ruff format src tests benchmarks

life: install-dev
	@TALLYSTICK_LIFE_SUBSCRIPTIONS=200 TALLYSTICK_LIFE_OPERATIONS=5000 $(PY) -m pytest -q -s -n 0 tests/machine/test_six_months.py

fuzz: install-dev
	@TALLYSTICK_API_EXAMPLES=$${TALLYSTICK_API_EXAMPLES:-200} $(PY) -m pytest -q -s -n 0 tests/api/test_api_drawn.py

faults:
	@$(PYTHON) tests/fault_table.py

bench: install-dev
	@$(PY) -m benchmarks

install: .venv/.installed

install-dev: .venv/.installed-dev

$(UV): requirements-uv.lock
	@echo "· Making .venv"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; say which: make PYTHON=python3.11 ..." >&2; exit 1; }
	@$(PYTHON) -m venv .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@touch $@

.venv/.installed: $(UV) requirements.lock pyproject.toml
	@echo "· Installing what is locked in requirements.lock"
	@$(UV_ENV) $(UV) pip install --quiet --python $(PY) --require-hashes -r requirements.lock
	@$(UV_ENV) $(UV) pip install --quiet --python $(PY) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.installed-dev: $(UV) requirements-dev.lock pyproject.toml
	@echo "· Installing what is locked in requirements-dev.lock"
	@$(UV_ENV) $(UV) pip install --quiet --python $(PY) --require-hashes -r requirements-dev.lock
	@$(UV_ENV) $(UV) pip install --quiet --python $(PY) --no-deps --no-build-isolation --editable .
	@touch $@ .venv/.installed

# What we depend on: dist/sbom.cdx.json (CycloneDX), one component for each locked package.
sbom: .venv-supply/.installed
	@mkdir -p dist
	@.venv-supply/bin/cyclonedx-py requirements --of JSON --output-reproducible -o dist/sbom.cdx.json requirements.lock
	@$(PYTHON) tests/bill_of_materials.py dist/sbom.cdx.json requirements.lock

# Known vulnerabilities of what is locked. Asks the package index: without it this fails, and says so.
advisories: .venv-supply/.installed
	@.venv-supply/bin/pip-audit --strict --disable-pip --require-hashes -r requirements.lock

.venv-supply/.installed: $(UV) requirements-supply.lock
	@echo "· Installing what is locked in requirements-supply.lock"
	@$(UV_ENV) $(UV) venv --quiet --clear .venv-supply --python $(PY)
	@$(UV_ENV) $(UV) pip install --quiet --python .venv-supply/bin/python --require-hashes -r requirements-supply.lock
	@touch $@

lock: $(UV)
	@for group in "" "--group dev"; do \
	  out=requirements$$([ -n "$$group" ] && echo -dev).lock; \
	  $(UV_ENV) $(UV) pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-emit-find-links --no-annotate --custom-compile-command "make lock" \
	    pyproject.toml --group build $$group -o $$out || exit 1; done
	@$(UV_ENV) $(UV) pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-annotate --custom-compile-command "make lock" \
	  --group pyproject.toml:supply -o requirements-supply.lock
	@echo "uv==$$($(UV) --version | cut -d' ' -f2)" | $(UV_ENV) $(UV) pip compile --quiet --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
	  --custom-compile-command "make lock" - -o requirements-uv.lock

clean:
	rm -rf .venv .venv-supply .mypy_cache .ruff_cache .import_linter_cache .hypothesis dist build
