# pg_outbox: "make help" lists what there is.

PG_CONFIG ?= pg_config
# What scripts in Python share lives in test/harness, and the demo is of the example.
PYTHON = PYTHONPATH=test:examples/python build/venv/bin/python
# The regression or isolation tests to run, and arguments of pytest; all and
# none without.
TESTS ?=
PYTEST_ARGS ?=
export PG_CONFIG TESTS

.DEFAULT_GOAL := all

all: decoder extension consumer manual ## Build decoder and extension (for PG_CONFIG's server) and the relay

decoder: ## Build decoder/pg_outbox.so
	$(MAKE) -C decoder PG_CONFIG='$(PG_CONFIG)'

extension: ## Build the extension's script in sql/
	$(MAKE) -C sql PG_CONFIG='$(PG_CONFIG)'

consumer: ## Build consumer/pg_outbox
	$(MAKE) -C consumer

manual: consumer
	$(MAKE) -C deploy/relay

install: all ## Install all of it; DESTDIR, prefix and PG_CONFIG say where
	$(MAKE) -C decoder PG_CONFIG='$(PG_CONFIG)' install
	$(MAKE) -C sql PG_CONFIG='$(PG_CONFIG)' install
	$(MAKE) -C consumer install
	$(MAKE) -C deploy/relay install

uninstall: ## Remove what install put there
	$(MAKE) -C decoder PG_CONFIG='$(PG_CONFIG)' uninstall
	$(MAKE) -C sql PG_CONFIG='$(PG_CONFIG)' uninstall
	$(MAKE) -C consumer uninstall
	$(MAKE) -C deploy/relay uninstall

packages: ## Install the Debian or Ubuntu packages that are missing
	test/setup/packages.sh

deps: packages ## Fetch all that demo and tests need: packages, Kafka, JDBC, Python
	test/setup/jars.sh kafka
	test/setup/jars.sh jdbc
	test/setup/python.sh

demo: deps ## Show the main job on real parts: PostgreSQL, relay, Kafka
	$(MAKE) --no-print-directory all > build/demo-build.log 2>&1 || \
		{ cat build/demo-build.log; exit 1; }
	@$(PYTHON) examples/demo/demo.py

# Recursive, so that the packages are there before pkg-config is asked.  The longest
# come first: valgrind computes, the end-to-end tests mostly wait.
check: deps ## Run the tests, but for those that fetch much or need root
	$(MAKE) all
	$(MAKE) -j 3 --output-sync=target check-valgrind check-e2e check-sanitize check-lint \
		check-unit check-regress check-isolation check-stream check-installcheck \
		check-examples check-demo check-compose check-manifests check-release

check-lint: ## Check format, warnings of gcc and clang, banned functions, scripts
	test/lint.sh

check-unit: ## Run the unit tests
	$(MAKE) -C test/unit check

check-fuzz: ## Fuzz what reads frames, JSON and options, for a bounded time
	$(MAKE) -C test/fuzz check

check-sanitize: check-fuzz ## Run unit tests and fuzzing with -fsanitize=address,undefined
	$(MAKE) -C test/unit check SANITIZE=address,undefined

check-valgrind: check-valgrind-1 check-valgrind-2 ## Run the regression tests below valgrind

check-valgrind-%: decoder extension
	test/valgrind.sh $* 2

check-regress: decoder extension ## Run pg_regress, in a server of its own; TESTS="insert jsonb" for some
	test/regress.sh regress

check-isolation: decoder extension ## Run the isolation tests; TESTS="interleaved" for some
	test/regress.sh isolation

check-stream: decoder extension ## Run the decoder in a walsender, with lines gathered
	test/stream.sh

# They mostly wait, so several run at a time, with servers of their own.
WORKERS = 4

check-e2e: all ## Run the tests on a real PostgreSQL and a real Kafka; PYTEST_ARGS="-k name"
	$(PYTHON) -m pytest -n $(WORKERS) --dist worksteal $(PYTEST_ARGS) test/e2e

# A relay that takes several times the memory, so not those tests that measure it.
check-asan: deps ## Run the end-to-end tests with a relay that has AddressSanitizer in it
	$(MAKE) decoder extension
	$(MAKE) -C consumer clean
	$(MAKE) -C consumer CFLAGS='-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
		-fno-sanitize-recover=undefined'
	trap '$(MAKE) -C consumer clean' EXIT; \
		$(PYTHON) -m pytest -n $(WORKERS) --dist worksteal -k "not memory" \
		$(PYTEST_ARGS) test/e2e

check-examples: decoder extension ## Run the tests of the examples
	$(PYTHON) -m harness.with_postgres build/venv/bin/python -m pytest examples/python

check-faults: deps ## Let everything fail at random: 20 seeds, a minute each [SEEDS SECONDS DELIVERY]
	$(MAKE) all
	$(PYTHON) -m pytest test/e2e/test_faults.py -s \
		--fault-seeds $(or $(SEEDS),20) --fault-seconds $(or $(SECONDS),60) \
		$(if $(DELIVERY),--fault-delivery $(DELIVERY))

check-takeover: deps ## Take over from a real Debezium, and compare the records of both
	test/setup/jars.sh connect
	test/setup/jars.sh debezium
	$(MAKE) all
	$(PYTHON) -m pytest $(PYTEST_ARGS) test/takeover

check-demo: all ## Run the demo as a test
	test/demo.sh

check-compose: all ## Test deploy/compose.yaml with real servers, without containers
	$(PYTHON) -m pytest test/deploy/test_compose.py

check-manifests: all ## Check deploy/kubernetes: validate the manifests, run them on real servers
	$(PYTHON) -m pytest -m "not tools" $(PYTEST_ARGS) test/kubernetes

# helm, kustomize and the definitions of custom resources come from the Go module proxy and
# from Maven, once; helm is compiled, which takes some minutes.
check-deploy: deps ## Check chart and manifests with helm, kustomize and the operators' own schemas
	test/setup/helm.sh
	test/setup/crds.sh
	$(MAKE) all
	$(PYTHON) -m pytest -rP $(PYTEST_ARGS) test/kubernetes

check-release: all ## Check what is made for releases: manual, units, completion, archives
	$(PYTHON) -m pytest -m "not build" $(PYTEST_ARGS) test/release

check-deb: deps ## Build the packages, install, upgrade and purge them in a chroot [RELEASE=bookworm] (root only)
	$(MAKE) all
	$(PYTHON) -m pytest -m build test/release
	$(PYTHON) -m harness.with_kafka test/deb.sh $(RELEASE)

dist: ## Make the archives of what is committed, with checksums, in build/dist
	deploy/dist.sh

deb: ## Make Debian packages of what is committed, in build/deb
	deploy/deb.sh

check-fresh: ## Run demo and check on a fresh Debian in a chroot [RELEASE=bookworm] (root only)
	test/fresh.sh $(RELEASE)

check-matrix: ## Run decoder's and extension's tests on PostgreSQL 13, 15, 17, 18 and 19 (root only)
	test/matrix.sh

check-cassert: deps ## Run the tests of the decoder and the end-to-end tests on a server with assertions
	test/cassert.sh

# By docker: make images BUILDER="docker build".
BUILDER = buildah build
images: ## Build the images of relay, extension and PostgreSQL [BUILDER="docker build"]
	BUILDER='$(BUILDER)' deploy/images/build.sh

check-images: deps ## Build the images on bases made here, and test them (root only)
	test/setup/packages.sh mmdebstrap buildah crun
	$(MAKE) all
	test/images.sh $(PYTEST_ARGS)

bench-drain: deps ## Measure how fast a backlog of one-event transactions drains
	$(MAKE) all
	$(PYTHON) bench/drain.py

bench-decoder: deps ## Compare the cost of decoding with pgoutput, wal2json, nothing [AGAINST=commit]
	$(MAKE) decoder
	$(PYTHON) bench/decoder.py $(if $(AGAINST),--against $(AGAINST))

bench-audit: deps ## Measure time and memory of an audit of ten million rows [ROWS=10000000]
	$(MAKE) all
	$(PYTHON) bench/audit.py $(if $(ROWS),--rows $(ROWS))

bench-emit: deps ## Compare outbox.emit() with inserts: transactions/s, WAL an event
	$(MAKE) all
	$(PYTHON) bench/emit.py

bench-relay: deps ## Compare the relay with Debezium: drain, CPU, memory, latency
	test/setup/jars.sh connect
	test/setup/jars.sh debezium
	$(MAKE) all
	$(PYTHON) bench/relay.py $(if $(DELIVERY),--delivery $(DELIVERY))

bench-http: deps ## Compare a relay that is scraped every second with one without [http]
	$(MAKE) all
	$(PYTHON) bench/scrape.py

installcheck: ## Run pg_regress against a running server with all installed (PGHOST, PGPORT, PGUSER)
	test/installcheck.sh

check-installcheck: decoder extension ## Run installcheck as a test, against a server of its own
	$(PYTHON) -m harness.with_postgres $(MAKE) installcheck TESTS='$(or $(TESTS),insert extension)'

expected: decoder extension ## Take the present results of pg_regress as the expected ones
	test/regress.sh regress --accept
	test/regress.sh isolation --accept

fmt: ## Format the C sources
	test/setup/python.sh
	build/venv/bin/clang-format -i decoder/*.[ch] consumer/*.[ch] consumer/*/*.[ch] \
		test/unit/*.[ch] test/fuzz/*.[ch] bench/empty_plugin/*.c

lint: check-lint ## The same as check-lint

clean: ## Remove what was built; downloads in build/ stay
	$(MAKE) -C decoder PG_CONFIG='$(PG_CONFIG)' clean
	$(MAKE) -C sql PG_CONFIG='$(PG_CONFIG)' clean
	$(MAKE) -C consumer clean
	$(MAKE) -C deploy/relay clean
	$(MAKE) -C test/unit clean
	$(MAKE) -C test/fuzz clean
	rm -rf build/regress build/isolation build/lint

help: ## List the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 18

.PHONY: all decoder extension consumer manual install uninstall packages deps demo check \
	check-lint check-unit check-fuzz check-sanitize check-valgrind check-regress \
	check-isolation check-stream check-e2e check-asan check-faults check-takeover check-demo \
	check-examples check-installcheck check-compose check-manifests check-deploy check-fresh \
	check-matrix check-cassert images check-images check-release check-dist check-deb dist \
	deb bench-audit bench-decoder bench-drain bench-emit bench-relay bench-http installcheck \
	expected fmt lint clean help
