# Everything happens in .venv; the first target that is asked for makes it.
PYTHON ?= python3
BIN := .venv/bin
# Test processes at once: many tests wait for servers that misbehave, so two are worth it on one core too.
JOBS ?= 2
CORPUS ?= ../shared/corpus/dev

# Below this, per cent of lines and branches together, the measured run fails.
COVERED ?= 90

.PHONY: demo test coverage lint audit docs generated dist gate bench bench-findings bench-claims bench-fingerprint bench-links format clean archive-tools

demo: .venv/installed
	$(BIN)/loccit demo

test: .venv/installed-dev
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(PYTEST)

# The same tests, and what none of them ran. Commands that run as forks write what they saw to build/forks.
coverage: .venv/installed-dev
	rm -rf build/forks build/measured.json
	mkdir -p build
	$(BIN)/python -m slipcover --json --out build/measured.json -m pytest -n $(JOBS) --dist worksteal \
	  -W "ignore:Module already imported so cannot be rewritten" \
	  -W "ignore:Unable to activate pytest branch coverage" $(PYTEST)
	$(BIN)/python tools/untested.py build/measured.json build/forks $(COVERED)

# What CI runs.
gate:
	bash .ci/run

# Licences of what is installed with loccit; known vulnerabilities where there is a network and a tool that asks.
audit: .venv/installed-dev
	$(BIN)/python tools/licences.py
	@if [ -x $(BIN)/pip-audit ]; then $(BIN)/pip-audit --requirement constraints.txt; \
	else echo "pip-audit: not installed (it needs the network); known vulnerabilities were not asked for"; fi

# The documentation, into build/site. The reference in it is made from the code.
docs: .venv/installed-dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

# What is generated and kept in the repository: the manual page, the schemas, the map of modules.
generated: .venv/installed-dev
	$(BIN)/python docs/generate/man.py
	$(BIN)/python -m loccit.schemas schemas
	$(BIN)/python docs/modules.py

dist: .venv/installed-dev
	rm -rf dist
	$(BIN)/python -m hatchling build -t sdist -t wheel

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/installed-dev
	mkdir -p build
	$(BIN)/python benchmarks/drift.py --corpus $(CORPUS) --out build/predictions.jsonl
	$(BIN)/python benchmarks/score.py build/predictions.jsonl $(CORPUS)
	$(BIN)/python benchmarks/drift.py --corpus $(CORPUS) --selectors --out build/predictions-selectors.jsonl
	$(BIN)/python benchmarks/score.py build/predictions-selectors.jsonl $(CORPUS)

# The findings that an editor would have been shown of each history, against its labels.
bench-findings: .venv/installed-dev
	mkdir -p build
	$(BIN)/python benchmarks/findings.py --corpus $(CORPUS) --out build/findings.jsonl
	$(BIN)/python benchmarks/score.py --findings build/findings.jsonl $(CORPUS)

bench-claims: .venv/installed-dev
	$(BIN)/python benchmarks/claims.py --corpus $(CORPUS)

bench-fingerprint: .venv/installed-dev
	$(BIN)/python benchmarks/fingerprint.py --corpus $(CORPUS) --hostile

bench-links: .venv/installed-dev
	$(BIN)/python benchmarks/links.py --corpus $(CORPUS)

# Programs of others that read our archives; their requirements are not ours, so they live apart.
archive-tools:
	$(PYTHON) -m venv build/archives
	build/archives/bin/pip install --quiet wacz==0.6.0 pywb==2.10.0

.venv/installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python tools/install.py --editable .
	touch $@

.venv/installed-dev: .venv/installed
	$(BIN)/python tools/install.py --group dev
	touch $@

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache loccit-demo
