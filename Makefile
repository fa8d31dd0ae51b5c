# `make book` and `make test` do everything, the set-up included; README.md says the rest.

PYTHON ?= python3
VENV ?= .venv
BOOK ?= book
SCALE ?= small
PORT ?= 8000
JOBS ?= 2

BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp
HTML := _build/html

# Without it, two processes that share the cores slow each other down tenfold.
export OMP_WAIT_POLICY := passive
# The networks of small mode are too small to share: one thread each is the fastest.
ifeq ($(SCALE),small)
export OMP_NUM_THREADS ?= 1
endif
# pip's choice of a mirror is the user's; its notices are noise here.
export PIP_DISABLE_PIP_VERSION_CHECK := 1

headline = @printf '\n== %s ==\n' "$(1)"

# Stages of `make test` come in order, also with -j.
.NOTPARALLEL:
.PHONY: help book serve test lint unit notebooks execute data constraints clean

help:
	@echo "make book     build the book into $(HTML)"
	@echo "make serve    show it at http://localhost:$(PORT) (PORT=...)"
	@echo "make test     every check: style, types, unit tests, notebooks, rendered book"
	@echo "make lint     style and types only"
	@echo "make execute  run the notebooks in place and store their results (BOOK=path)"
	@echo "make execute SCALE=full   run them in full mode into _build/full"
	@echo "make clean    remove what was built"

$(STAMP): pyproject.toml constraints.txt
	$(call headline,Environment in $(VENV))
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; try make PYTHON=python3.11 ...")'
	test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[book,test,peers,binary,nlp]'
	@touch $@

data: $(STAMP)
	$(call headline,Data)
	$(BIN)/cnnhistory data fetch --all

book: data
	$(call headline,Book)
	rm -rf $(HTML) _build/.doctrees
	$(BIN)/jupyter-book build book --config _config.yml --toc "$(CURDIR)/_toc.yml" \
		--path-output . -W --keep-going --quiet
	@echo "The book is in $(HTML)/index.html; make serve shows it."

$(HTML)/index.html:
	$(MAKE) book

serve: $(HTML)/index.html
	@echo "http://localhost:$(PORT)  (stop with Ctrl-C)"
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory $(HTML) $(PORT)

lint: $(STAMP)
	$(call headline,Style and types)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

unit: data
	$(call headline,Unit tests)
	$(BIN)/python -m pytest -n $(JOBS)

# Every notebook below book/ runs again and must give its stored outputs.
notebooks: data
	$(call headline,Notebooks)
	find book -name '*.ipynb' -not -path '*/.*' -print0 | sort -z | xargs -0 \
		$(BIN)/python -m pytest --nbval --nbval-current-env --nbval-cell-timeout 300 \
		--nbval-sanitize-with book/nbval.cfg \
		-n $(JOBS) --dist loadfile

test: lint unit notebooks book
	$(call headline,Rendered book)
	$(BIN)/python -m pytest -m book tests/book
	$(call headline,All checks passed)

execute: data
	$(call headline,Run notebooks; $(SCALE) mode)
	$(BIN)/python book/_tools/execute.py --scale $(SCALE) $(BOOK)

# The newest versions that fit pyproject.toml, from an environment of their own. Use the oldest
# Python that they are for, Debian 12's 3.11.2: some packages refuse it in their newest version.
# What only one platform needs (nvidia, cuda, triton) and suffixes like +cpu are left out.
constraints:
	$(call headline,New constraints.txt)
	rm -rf _build/pins
	$(PYTHON) -m venv _build/pins
	_build/pins/bin/python -m pip install --quiet -e '.[book,test,peers,binary,nlp]'
	{ echo '# Exact versions that `make` installs; `make constraints` writes this file anew.'; \
	  _build/pins/bin/python -m pip freeze --all --exclude-editable --exclude pip \
	  | grep -Ev '^(nvidia|cuda|triton)' | sed 's/+[[:alnum:].]*$$//'; } > constraints.new
	mv constraints.new constraints.txt

clean:
	rm -rf _build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis book/appendix/api
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
