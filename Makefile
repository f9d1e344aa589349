# What a developer types. The scripts do the work, so that none of it needs make.

BENCH ?= .
BENCHED = $(shell grep -rl --include='*_test.go' --exclude-dir=node_modules '^func Benchmark' . | xargs -rn1 dirname | sort -u)

.DEFAULT_GOAL := help

.PHONY: help
help: ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: test
test: ## install what the tests need, then run all of them with the race detector
	scripts/test.sh

.PHONY: lint
lint: ## gofmt, go vet, staticcheck, and the import floors
	scripts/lint.sh

.PHONY: build
build: ## build the static release binary bin/tagout
	scripts/build.sh

.PHONY: demo
demo: ## open the demo in the browser
	go run ./cmd/tagout demo

.PHONY: bench
bench: ## run the benchmarks (BENCH=regexp picks some)
	@if [ -z "$(BENCHED)" ]; then echo "there are no benchmarks"; else \
		go test -run '^$$' -bench '$(BENCH)' -benchmem -timeout 60m $(BENCHED); fi

.PHONY: bench-gate
bench-gate: ## measure stops, evaluations and starts of the built program
	go run ./internal/bench kill fleet everything ofrep growth start

.PHONY: bench-intake
bench-intake: ## measure durable alert intake of the built program on Postgres
	go run ./internal/bench intake

.PHONY: bench-slack
bench-slack: ## measure commands, pages and storms of the built program (a storm takes Slack's time: an hour and more)
	go run ./internal/bench slash page storm
