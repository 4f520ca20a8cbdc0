# Two commands do everything: `make book` and `make test`. `make help` lists the rest.
.DEFAULT_GOAL := help
.PHONY: help install book pdf test test-all check style nbval tests browser serve same bench lock format clean
PYTHON ?= python3
REQUIREMENTS ?= requirements.txt
BIN := .venv/bin
PORT ?= 8000
SELECT ?= not long
PYTEST := $(BIN)/pytest --quiet -n 2 --dist loadfile --no-loadscope-reorder --durations 30 -m "$(SELECT)"
INSTALLED := .venv/.installed

# A .venv holds full paths: in a checkout that was moved, renamed or copied it is made anew.
ifneq ($(shell cat $(INSTALLED) 2>/dev/null),$(CURDIR) $(REQUIREMENTS))
.PHONY: $(INSTALLED)
endif
ifeq ($(shell command -v uv 2>/dev/null),)
VENV := $(PYTHON) -m venv .venv
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
else
VENV := uv venv --quiet --allow-existing --python $(PYTHON) .venv
PIP := uv pip install --quiet --python $(BIN)/python
endif

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(INSTALLED)  ## set up .venv only

$(INSTALLED): $(REQUIREMENTS) pyproject.toml
	@echo "Setting up .venv (about a minute, once) …"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; found " + sys.version.split()[0])'
	@test "$$(cat $@ 2>/dev/null)" = "$(CURDIR) $(REQUIREMENTS)" || rm -rf .venv
	@$(VENV)
	@$(PIP) --require-hashes --requirement $(REQUIREMENTS)
	@$(PIP) --no-deps --no-build-isolation --editable .
	@echo "$(CURDIR) $(REQUIREMENTS)" > $@

book: $(INSTALLED)  ## check the data and build the site into _build/html
	@$(BIN)/review build

pdf: book browser  ## print the whole review to _build/pdf
	@$(BIN)/review pdf

test: browser  ## run every check: style, types, data, book, chapters, tests
	@$(MAKE) --no-print-directory --jobs 2 style book
	@$(PYTEST) --nbval --nbval-current-env tests _build/jupyter_execute/book
	@echo "All checks passed. The site is in _build/html: make serve"

test-all: browser  ## the same with the long tests, and two builds compared
	@$(MAKE) --no-print-directory test SELECT="long or not long"
	@$(MAKE) --no-print-directory same

check: $(INSTALLED)  ## check data, bibliography and citations only
	@$(BIN)/review check

style: $(INSTALLED)  ## check code, types, workflows and forms only
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check . || { echo "Not laid out as ruff does → make format"; exit 1; }
	@$(BIN)/mypy
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.dependabot .github/dependabot.yml
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.citation-file-format CITATION.cff
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/*.yml
	@$(BIN)/zizmor --offline --quiet .github
	@$(BIN)/review forms --check

nbval: $(INSTALLED)  ## run the chapters of the built book again; they must give the same
	@$(PYTEST) --nbval --nbval-current-env _build/jupyter_execute/book

tests: $(INSTALLED)  ## run the tests of the code, against the built book
	@$(PYTEST) tests

browser: $(INSTALLED)  ## find a browser for the tests, or get one
	@$(BIN)/python -m review_tools.site.pdf

serve: $(INSTALLED)  ## open the built site on http://localhost:8000
	@test -f _build/html/index.html || { echo "No site yet: run make book first."; exit 1; }
	@echo "The site is on http://localhost:$(PORT) (Ctrl-C ends it)"
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html $(PORT)

same: $(INSTALLED)  ## build the last commit twice and compare every file
	@$(BIN)/python scripts/same_build.py

bench: $(INSTALLED)  ## measure builds, the check and pooling (a quarter of an hour)
	@$(BIN)/python benchmarks/bench.py

LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --quiet --custom-compile-command "make lock"
lock: $(INSTALLED)  ## renew both lock files from pyproject.toml
	@$(BIN)/$(LOCK) --upgrade --all-extras --group install --group style --group test --group binder --group lock --output-file requirements.txt
	@$(BIN)/$(LOCK) --group install --constraint requirements.txt --no-annotate --output-file requirements-check.txt
	@echo "Both lock files are renewed; run make test before committing them."

format: $(INSTALLED)  ## lay out the code
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

clean:  ## remove what was built
	@rm -rf _build
