# make demo: the whole loop on real reviews, and the books of a simulated market beside it.
# make test: the tests.   Both set everything up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export HF_HUB_OFFLINE = 1
export HF_HUB_DISABLE_TELEMETRY = 1
export TOKENIZERS_PARALLELISM = false
# Spinning threads cost a shared machine ten times the work they do.
export OMP_WAIT_POLICY = PASSIVE
export GOMP_SPINCOUNT = 0

DEMO := examples/reviews
MARKET := $(DEMO)/simulated-market/simulated-market

.PHONY: demo test check setup clean

setup: $(VENV)/ready

# constraints.txt pins the closure that was tested, and with it the CPU build of torch.
$(VENV)/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python >= 3.11 is needed; say: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing the tested versions into $(VENV): a few minutes, once"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	$(BIN)/python -m steelyard.cli.no_cuda
	touch $@

demo: setup
	@$(BIN)/python -m steelyard.cli.no_cuda
	$(BIN)/steelyard turn $(DEMO)/product.yaml
	@echo; echo "The books of the same product, with a simulated market: ads, visits, customers, sales, invoices"
	@test -e $(MARKET)-invoices.csv || $(BIN)/python $(DEMO)/market.py $(dir $(MARKET))
	@for kind in spend visits customers sales invoices; do \
	  $(BIN)/steelyard market import $(MARKET)-$$kind.csv $(DEMO)/product.yaml --as $$kind || exit; done
	$(BIN)/steelyard statement $(DEMO)/product.yaml --by month
	$(BIN)/steelyard statement $(DEMO)/product.yaml --by channel
	$(BIN)/steelyard economics $(DEMO)/product.yaml
	$(BIN)/steelyard market fit $(DEMO)/product.yaml --html $(MARKET)-mix.html
	@echo; echo "The same question once more, with the market in the books; and what the first plan said beside what was seen"
	$(BIN)/steelyard turn $(DEMO)/product.yaml
	$(BIN)/steelyard plan $(DEMO)/product.yaml
	$(BIN)/steelyard plan score $(DEMO)/product.yaml

test: setup
	$(BIN)/python -m pytest -n 2 --dist loadfile

# What CI asks beyond the tests.
check: setup
	$(BIN)/python -m steelyard.cli.no_cuda
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Stores are left alone: they hold ledgers and paid labels.
clean:
	rm -rf $(VENV)
