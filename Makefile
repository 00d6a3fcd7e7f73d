# Everything that people and CI call. `make` prints this list; each target does its own set-up first.
PYTHON ?= python3
VENV := .venv/bin
BOOTSTRAP := $(PYTHON) deploy/local/bootstrap.py

# Node comes from .venv/bin on machines that have none of their own (see deploy/local/bootstrap.py).
export PATH := $(CURDIR)/.venv/bin:$(PATH)

PORT ?= 8080
ADMIN_PORT ?= 8090
DATA ?= var
WORKERS ?= 1
SLOTS ?= 4
GATEWAYS ?= 1

# Which process takes what first is in `tests/conftest.py`; the short ones last, so that all processes end together.
WEB_TESTS := .venv/web-tests.log
TIERS := tests/faults tests/e2e tests/security tests/integration tests/contract tests/unit

.DEFAULT_GOAL := help
.PHONY: help setup run test lint format bench bench-peers screenshots recordings types clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: ## install everything that running needs; does nothing when nothing changed
	@$(BOOTSTRAP) --for run

# One plain command per line, so that make starts the launcher itself and a signal to make reaches it.
run: setup ## run everything on loopback [PORT=8080 ADMIN_PORT=8090 DATA=var WORKERS=1 SLOTS=4 GATEWAYS=1]
	@$(VENV)/python -m deploy.local.run --port '$(PORT)' --admin-port '$(ADMIN_PORT)' --data '$(DATA)' --workers '$(WORKERS)' --slots '$(SLOTS)' --gateways '$(GATEWAYS)'

# Without bytecode each of the many processes that tests start would compile its modules again.
# The pages' tests run beside the others, and are told of when those are done; either's failure is that of `make test`.
test: export PYTHONDONTWRITEBYTECODE :=
test: ## set up for tests and run all of them [ARGS="-k name"]
	@$(BOOTSTRAP) --for test
	@nice -n 5 npm test -- --maxWorkers=1 >$(WEB_TESTS) 2>&1 & web=$$!; trap 'kill $$web 2>/dev/null; exit 130' INT TERM; \
	$(VENV)/python -m pytest -n 4 --no-loadscope-reorder $(TIERS) $(ARGS); code=$$?; \
	if wait $$web; then tail -n 6 $(WEB_TESTS); else cat $(WEB_TESTS); code=1; fi; exit $$code

lint: ## style, format, types and the direction of imports
	@$(BOOTSTRAP) --for test
	@$(VENV)/ruff check .
	@$(VENV)/ruff format --check .
	@$(VENV)/mypy
	@$(VENV)/lint-imports
	@npm run typecheck

format: ## put all Python files into the house format
	@$(BOOTSTRAP) --for test
	@$(VENV)/ruff check --fix .
	@$(VENV)/ruff format .

bench: ## measure the targets, print the table, write var/bench.json [ARGS="--only streaming"]
	@$(BOOTSTRAP) --for test
	@$(VENV)/python -m tests.bench $(ARGS)

bench-peers: ## the same work through Gradio, Chainlit and LiteLLM; writes var/bench-peers.json
	@$(BOOTSTRAP) --for test
	@$(VENV)/python -m tests.bench.peers $(ARGS)

screenshots: ## make the pictures in docs/images again
	@$(BOOTSTRAP) --for test
	@$(VENV)/python -m pytest tests/e2e/test_pages.py --screenshots docs/images

recordings: ## record again what a gateway says, for the tests of the TypeScript client
	@$(BOOTSTRAP) --for test
	@$(VENV)/python -m pytest tests/e2e/test_documented.py --record libs/web/tests/recorded

types: ## write again what follows from the code: TypeScript types, tables in docs/
	@$(BOOTSTRAP) --for run
	@$(VENV)/python -m deploy.codegen.typescript
	@$(VENV)/python -m deploy.codegen.documents

clean: ## remove what set-up and checks made; data in var/ stays
	rm -rf .venv node_modules libs/web/dist services/*/web/dist
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
