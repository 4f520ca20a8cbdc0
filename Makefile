# Two commands do everything: `make book` and `make test`. `make help` lists the rest.
.DEFAULT_GOAL := help
.PHONY: help book pdf test check serve same bench lock format clean
PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8000
INSTALLED := .venv/.installed

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(INSTALLED): requirements.txt pyproject.toml
	@echo "Setting up .venv (about a minute, once) …"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; found " + sys.version.split()[0])'
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

book: $(INSTALLED)  ## check the data and build the site into _build/html
	@$(BIN)/review build

pdf: book  ## print the whole review to _build/pdf (needs Chromium)
	@$(BIN)/review pdf

test: $(INSTALLED)  ## run every check: style, types, data, book, tests, workflows
	@BIN=$(BIN) scripts/test.sh

check: $(INSTALLED)  ## check data, bibliography and citations only
	@$(BIN)/review check

serve: $(INSTALLED)  ## open the built site on http://localhost:8000
	@test -f _build/html/index.html || { echo "No site yet: run make book first."; exit 1; }
	@echo "The site is on http://localhost:$(PORT) (Ctrl-C ends it)"
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html $(PORT)

same: $(INSTALLED)  ## build the last commit twice and compare every file
	@$(BIN)/python scripts/same_build.py

bench: $(INSTALLED)  ## measure build, growth, pooling and search (half an hour)
	@$(BIN)/python benchmarks/bench.py

lock: $(INSTALLED)  ## renew requirements.txt from pyproject.toml
	@$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --no-emit-index-url --quiet --upgrade --custom-compile-command "make lock" --output-file requirements.txt
	@echo "requirements.txt is renewed; run make test before committing it."

format: $(INSTALLED)  ## lay out the code
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

clean:  ## remove what was built
	@rm -rf _build
