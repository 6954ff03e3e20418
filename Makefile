# Two commands for a newcomer: `make demo` and `make check`. Each installs what it lacks.
.PHONY: help build client demo check bench lint fmt san fuzz clean screenshots
.DEFAULT_GOAL := help

BUILD = build
SAN = build-san
CLIENT = build-client
TEST = build-test
NPM = npm ci --omit=optional --ignore-scripts --no-audit --no-fund --silent

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

build: ## build/chirograph
	@tools/dependencies build
	@[ -f $(BUILD)/build.ninja ] || meson setup $(BUILD) --buildtype=release >/dev/null
	@ninja -C $(BUILD) --quiet

client: ## build-client/chirograph and libchirograph, without the server's libraries
	@tools/dependencies client
	@[ -f $(CLIENT)/build.ninja ] || meson setup $(CLIENT) --buildtype=release -Dserver=false >/dev/null
	@ninja -C $(CLIENT) --quiet

tests/node_modules/.lock: tests/package-lock.json
	@cd tests && $(NPM)
	@touch $@

demo: ## one contract from the first call to a sealed, verified dossier
	@tools/dependencies demo
	@$(MAKE) --no-print-directory build
	@node tools/demo.mjs

# The tests want the seams (a movable clock, fault points) that the program people run does not have.
check: ## install what the tests need and run them all
	@tools/dependencies check
	@$(MAKE) --no-print-directory build tests/node_modules/.lock
	@[ -f $(TEST)/build.ninja ] || meson setup $(TEST) --buildtype=release -Dtest_seams=true >/dev/null
	@ninja -C $(TEST) --quiet
	@tools/check

san: ## the sanitizer build, $(SAN)/chirograph
	@[ -f $(SAN)/build.ninja ] || meson setup $(SAN) -Dtest_seams=true -Db_sanitize=address,undefined -Db_lundef=false >/dev/null
	@ninja -C $(SAN) --quiet

bench: build tests/node_modules/.lock ## ratios against peers and the bare machine
	@tools/dependencies check
	@tests/perf/run

fuzz: ## each fuzz target for a minute
	@tools/dependencies check
	@tools/fuzz

screenshots: build tests/node_modules/.lock ## a picture of every page and mail, in screenshots/
	@tools/dependencies check
	@node tools/screenshots.mjs

lint: ## room edges, banned calls, sizes, shell
	@tools/lint

fmt: ## clang-format on every C file
	@git ls-files '*.c' '*.h' | xargs clang-format -i

clean: ## remove what was built
	@rm -rf build build-* demo
