# Everything below makes its own .venv; Python 3.11 to 3.13 is all that must be there.
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo test check bench clean

demo: .venv/light  ## label 40 sample posts with the bundled model
	$(BIN)/whyshare label data/samples/moments.csv -o demo.csv --show

test: .venv/dev  ## run the tests
	$(BIN)/pytest

check: .venv/dev  ## style, then types and tests of the package as it is built
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	rm -rf build .venv/built
	$(INSTALL) --no-deps --target .venv/built .
	MYPYPATH=.venv/built $(BIN)/mypy -p whyshare
	PYTHONPATH=$(CURDIR)/.venv/built $(BIN)/pytest

bench: .venv/dev  ## measure speed and memory on this machine
	$(BIN)/python benchmarks/throughput.py
	$(BIN)/python benchmarks/scaling.py

clean:
	rm -rf .venv build *.egg-info demo.csv

.venv/pip:
	$(PYTHON) -m venv .venv
	touch $@

.venv/light: .venv/pip pyproject.toml constraints.txt
	$(INSTALL) -e .
	touch $@

.venv/dev: .venv/pip pyproject.toml constraints.txt
	$(INSTALL) -e ".[train,ray,suspects,vectors,dev]"
	touch $@
