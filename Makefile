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
	CGO_ENABLED=0 $(GO) test ./...

# The race detector makes SQLite, which is Go here, some tenfold slower: rooms that
# live in the database wait for minutes and lose their tests' deadlines under it.
RACED = $(shell $(GO) list ./... | grep -v -E '^actnow/(storage|web|cmd/actnow)$$')

check: ## formatting, vet, staticcheck, import directions, dead code, races
	@test -z "$$(gofmt -l .)" || { echo "gofmt would change:"; gofmt -l .; exit 1; }
	$(GO) vet ./...
	$(TOOL) staticcheck ./...
	$(TOOL) depguard ./...
	@dead="$$($(TOOL) deadcode -test ./...)"; test -z "$$dead" || { echo "$$dead"; exit 1; }
	$(GO) test -race -short -timeout 30m $(RACED)

bench: ## speed and memory, each beside its anchor in the same run
	$(GO) test -run '^$$' -bench . -benchmem ./...

eval: ## quality on development sets, where they are at hand
	$(GO) test -run Eval -v ./matcher ./scoring -args -eval

vuln: ## known faults of the dependencies; wants the network
	$(GO) run golang.org/x/vuln/cmd/govulncheck@v1.1.4 ./...

sample: ## make the sample partner's files anew
	$(GO) run ./sample/generate sample/data
