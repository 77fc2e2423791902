# Everything lives in this checkout: .venv for programs, var/ for data. Needs Python 3.11 or newer.
#
#   make demo   run Tallystick with a made-up company and a stand-in for Autotask
#   make test   install what tests need, check style, types and structure, run all tests
#   make up     run Tallystick
#   make faults print the catalogue of faults and which tests hold each
#   make life   play six months of a reseller's life, 5,000 operations (make test: 1,200)
#   make bench  print the figures of docs/figures.md, measured on this machine
#   make lock   renew the lock files after a change of pyproject.toml

PYTHON ?= python3
PY := .venv/bin/python
UV := .venv/bin/uv
# uv follows the same settings as pip, when pip has been given some.
UV_ENV := $(if $(PIP_INDEX_URL),UV_DEFAULT_INDEX="$(PIP_INDEX_URL)") $(if $(PIP_CERT),SSL_CERT_FILE="$(PIP_CERT)") UV_NO_PROGRESS=1

.PHONY: demo test up bench faults life lock lint format install install-dev clean

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
	@TALLYSTICK_LIFE_OPERATIONS=5000 $(PY) -m pytest -q -s -n 0 tests/machine/test_six_months.py

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

lock: $(UV)
	@for group in "" "--group dev"; do \
	  out=requirements$$([ -n "$$group" ] && echo -dev).lock; \
	  $(UV_ENV) $(UV) pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-emit-find-links --no-annotate --custom-compile-command "make lock" \
	    pyproject.toml --group build $$group -o $$out || exit 1; done
	@echo "uv==$$($(UV) --version | cut -d' ' -f2)" | $(UV_ENV) $(UV) pip compile --quiet --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
	  --custom-compile-command "make lock" - -o requirements-uv.lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .import_linter_cache .hypothesis dist build
