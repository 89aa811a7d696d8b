# Latchkey. "make run" starts it with a sample organization; "make test" installs what the tests need and runs them all.

GO      ?= go
BIN     := bin/latchkey
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X latchkey/internal/app.Version=$(VERSION)
TOOL     = $(GO) tool -modfile=tools/$(1)/go.mod

.PHONY: run build test test-needs pictures bench chaos chaos-pipeline fuzz lint generate clean

run: build
	@$(BIN) dev $(ARGS)

build:
	@mkdir -p bin
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/latchkey

test: test-needs build
	@./test/run

test-needs:
	@./test/install

pictures: test-needs build
	@mkdir -p docs/pictures
	@TEST_PICTURES=$(CURDIR)/docs/pictures TEST_LATCHKEY=$(CURDIR)/$(BIN) $(GO) test -count=1 -run '^TestPictures$$' ./test/browser

bench: test-needs build
	@./test/bench/run

chaos: test-needs
	@nice $(GO) test -count=1 -timeout 0 -v -run '^TestChaos$$' ./test/chaos -args -long $(ARGS)

chaos-pipeline: build
	@TEST_LATCHKEY=$(CURDIR)/$(BIN) nice $(GO) test -count=1 -timeout 0 -v -run '^TestChaosPipeline$$' ./test/chaos/triggers -args -long $(ARGS)

# FUZZTIME is how long for each target.
FUZZTIME ?= 1m
fuzz:
	@grep -rE --include='*_test.go' -o '^func Fuzz[A-Za-z0-9_]+' . | sed 's|/[^/]*_test.go:func | |' | sort | while read -r room target; do \
	  echo "fuzzing $$target of $$room for $(FUZZTIME)"; $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$room" </dev/null || exit 1; done

lint:
	$(GO) vet ./...
	$(call TOOL,golangci-lint) golangci-lint run ./...
	GOARCH=arm64 $(GO) vet ./internal/rsasign

generate:
	$(GO) generate ./...

clean:
	rm -rf bin .cache test/peers/node_modules
