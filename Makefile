# Go and make are all that demo and test want; check also wants gcc for the race
# detector.

GO ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
TOOL = $(GO) tool -modfile=tools.mod

.PHONY: build demo test check bench eval vuln sample

build: ## the daemon, as bin/actnow
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/actnow ./cmd/actnow

demo: build ## Act Now with a made-up partner; no mail can leave the machine
	./bin/actnow demo

test: ## every test that wants nothing but Go
	CGO_ENABLED=0 $(GO) test -timeout 30m ./...

# SQLite is Go here and some tenfold slower under the race detector, so that tests lose
# their deadlines; it is left out of the watch, our own code is not. What is raced has been
# vetted a line before.
RACE = -race -gcflags='modernc.org/...=-race=false' -vet=off

# The detector alone wants C: all else is compiled as the program is, once.
check: export CGO_ENABLED = 0

check: ## formatting, vet, staticcheck, import directions, dead code, races
	@test -z "$$(gofmt -l .)" || { echo "gofmt would change:"; gofmt -l .; exit 1; }
	$(GO) vet ./...
	$(TOOL) staticcheck ./...
	$(TOOL) depguard ./...
	@dead="$$($(TOOL) deadcode -test ./...)"; test -z "$$dead" || { echo "$$dead"; exit 1; }
	CGO_ENABLED=1 $(GO) test $(RACE) -short -timeout 30m ./...

bench: ## speed and memory, each beside its anchor in the same run
	$(GO) test -run '^$$' -bench . -benchmem ./...

eval: ## quality on development sets, where they are at hand; into docs/matching.md and docs/scoring.md
	$(GO) test -run 'Eval|References' -v ./matcher ./scoring -args -eval

vuln: ## known faults of the dependencies; wants the network
	$(GO) run golang.org/x/vuln/cmd/govulncheck@v1.1.4 ./...

sample: ## make the sample partner's files anew
	$(GO) run ./sample/generate sample/data
