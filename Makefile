# What there is to do with Respect. `make check` is exactly what CI runs.

GO      ?= go
FUZZTIME ?= 2s
DIFFTIME ?= 30s
CRASHTIME ?= 60s
# What differ and the suite play; 0 for something else each time, to look for what is not known yet.
SEED ?= 1

SERVERS  ?= redis valkey
# The specs are shared by processes that have a server each. They wait more than they compute.
PROCS    ?= 4

.PHONY: check test suite lint cross race conform $(SERVERS:%=conform-%) random differ crash fuzz record bench gen binaries compatibility

check: lint cross test conform random race fuzz   ## everything CI runs

test:     ## the README's test command: all packages, and the suite on our server
	$(GO) test ./...

suite:    ## the suite alone, in PROCS processes; SERVER=redis for another server
	$(GO) tool ginkgo -procs=$(PROCS) --seed=$(SEED) -succinct -no-color -output-interceptor-mode=swap ./conformance -- \
		-test.run='^TestConformance$$' -server=$(SERVER)

lint:     ## format, vet, linters, fresh generated files
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo 'run gofmt'; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) run ./docs/gen -check

cross:    ## it builds and vets on every system that we claim; no file is for one processor
	@for at in darwin/arm64 windows/amd64; do echo "vet $$at"; \
		GOOS=$${at%/*} GOARCH=$${at#*/} CGO_ENABLED=0 $(GO) vet ./... || exit 1; done
	GOOS=linux GOARCH=arm64 CGO_ENABLED=0 $(GO) build ./...

conform:  ## the suite on the real servers, where they are installed, at the same time
	@$(MAKE) --no-print-directory -j2 $(SERVERS:%=conform-%)

$(SERVERS:%=conform-%): conform-%:
	@$(MAKE) --no-print-directory suite PROCS=2 SERVER=$*
	! command -v $*-server >/dev/null || $(GO) run ./conformance/respect-check -quiet -server $*

random:   ## differ and crash, each for its time
	@$(MAKE) --no-print-directory -j2 differ crash

differ:   ## generated commands to ours and the real servers, DIFFTIME each
	$(GO) run ./conformance/differ -seed $(SEED) -duration $(DIFFTIME) -servers respect,redis
	$(GO) run ./conformance/differ -seed $(SEED) -duration $(DIFFTIME) -servers respect,valkey

crash:    ## the server is killed for CRASHTIME while it writes files
	$(GO) run ./conformance/crash -duration $(CRASHTIME)

race:     ## the in-process tests under the race detector
	$(GO) test -race -short ./protocol/... ./keyspace/... ./rdb/... ./server/...

fuzz:     ## each fuzz target for FUZZTIME
	@$(GO) run ./conformance/fuzzall -time $(FUZZTIME)

record:   ## record the golden transcripts from the real servers
	$(GO) run ./conformance/record

binaries: ## respect-check, the suite as one program, for every system
	@for os in linux darwin windows; do for arch in amd64 arm64; do \
		[ $$os = windows ] && exe=.exe || exe=; echo "bin/respect-check-$$os-$$arch$$exe"; \
		GOOS=$$os GOARCH=$$arch CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' \
			-o bin/respect-check-$$os-$$arch$$exe ./conformance/respect-check || exit 1; done; done

compatibility: ## all checks on several servers, side by side in docs/compatibility
	$(GO) run ./conformance/compatibility

bench:    ## speed and memory beside the real servers
	$(GO) run ./conformance/bench

gen:      ## the generated tables of the docs
	$(GO) run ./docs/gen
