# Everything happens in .venv; the first target that is asked for makes it.
PYTHON ?= python3
BIN := .venv/bin
# Test processes at once: many tests wait for servers that misbehave, so two are worth it on one core too.
JOBS ?= 2
CORPUS ?= ../shared/corpus/dev

.PHONY: demo test lint bench bench-findings bench-claims bench-fingerprint bench-links format clean archive-tools

demo: .venv/installed
	$(BIN)/loccit demo

test: .venv/installed-dev
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(PYTEST)

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
	$(BIN)/pip install --quiet --constraint constraints.txt --editable .
	touch $@

.venv/installed-dev: .venv/installed
	$(BIN)/pip install --quiet --constraint constraints.txt "pip>=25.1"
	$(BIN)/pip install --quiet --constraint constraints.txt --group dev
	touch $@

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache loccit-demo
