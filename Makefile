# Millrace. `make help` lists what there is.

CC      ?= gcc
BUILD   ?= build/release
STD     := -std=c11 -D_GNU_SOURCE -Isrc -isystem /usr/include/lua5.1
WARN    := -Wall -Wextra -Wshadow -Wconversion -Wmissing-prototypes -Wstrict-prototypes -Wvla -Werror
HARDEN  := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
OPT     ?= -O2 -g -flto=auto $(HARDEN) -DMILLRACE_JEMALLOC
LINK    ?= -flto=auto -O2 -pie -Wl,-z,relro,-z,now
ALLOC   ?= -ljemalloc
LIBS    := -lev -llz4 -llua5.1 -lmsgpackc -lssl -lcrypto -lseccomp -lpthread -lm \
           -Wl,--as-needed -lglib-2.0 -Wl,--no-as-needed
GLIB     = $(subst -I,-isystem ,$(shell pkg-config --cflags glib-2.0))

# llhttp reads the heads of HTTP requests: as a library where there is one (libllhttp-dev), else made
# of the sources that Debian's node-llhttp installs. Foreign code: without our warnings.
LLHTTP  := $(if $(wildcard /usr/include/llhttp.h),,/usr/share/llhttp)
ifeq ($(LLHTTP),)
LIBS    := -lllhttp $(LIBS)
else
STD     += -isystem /usr/share/include/llhttp
HTTPOBJ := $(patsubst %,$(BUILD)/foreign/%.o,api http llhttp)
endif

# The console's files, compressed, and the examples of the reference, as object files (utils/assets.py, utils/examples.py).
PAGES   := $(wildcard src/admin/pages/*)
SHOWN   := $(wildcard docs/examples/*)
FILES   := $(BUILD)/pages.o $(BUILD)/examples.o

CFLAGS  := $(STD) $(WARN) $(OPT)

SRC     := $(sort $(wildcard src/*/*.c src/*/*/*.c))
MAIN    := src/server/main.c
OBJ     := $(SRC:src/%.c=$(BUILD)/%.o)
LIBOBJ  := $(filter-out $(BUILD)/server/main.o,$(OBJ))
SERVER  := $(BUILD)/millrace-server

UNIT    := $(sort $(wildcard tests/unit/*/*_test.c))
UNITBIN := $(UNIT:tests/unit/%.c=$(BUILD)/unit/%)

.PHONY: all run trio test test-all check objects layers house format format-check lint bench bench-structures bench-console bench-brokers docs-test clients soak fuzz fuzz-run models models-long sanitized clean help deps tests-build units reference replies site docs deb deb-test container container-test examples console-test screenshots screenshots-docs newcomer-test
all: $(SERVER) $(BUILD)/millrace.conf

# How a target makes others: a job for each processor, unless -j was given.
SUB = --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

help:
	@echo 'make            build the server ($(SERVER))'
	@echo 'make run        install what is missing, build, start on a working default (Ctrl-C ends it)'
	@echo 'make trio       three servers and three sentinels on loopback, for a look at fail-over (Ctrl-C ends them)'
	@echo 'make test       build and run all tests; ends with "N passed, N failed"'
	@echo 'make check      formatting, layers, warnings with gcc and clang, tests under sanitizers'
	@echo 'make layers     includes, calls, names and headers against src/LAYERS'
	@echo 'make house      sizes, models, names, tests beside sources: the rules of CONTRIBUTING.md'
	@echo 'make bench      measure against redis-server'
	@echo 'make bench-brokers   a million orders against redis-server, RabbitMQ and NATS'
	@echo 'make bench-console   what the console, its API and the metrics cost the server'
	@echo 'make bench-structures   structures of our own against others'
	@echo 'make docs-test  what README.md and the guides show is run and compared; their spelling'
	@echo 'make clients    client libraries from npm'
	@echo 'make examples   whole applications, with kills; each says at the end whether its promises held'
	@echo 'make console-test   the console in a browser; screenshots: pictures of every view in build/screenshots, -docs: those of docs/images'
	@echo 'make fuzz       libFuzzer over requests, HTTP, users, scripts, libraries, files and streams, ten minutes each'
	@echo 'make soak       long random and crash tests and mutants, each time with another seed'
	@echo 'make models     the model of fail-over, searched completely; models-long: larger sizes, two hours'
	@echo 'make reference  docs/reference and millrace.conf(5), written by the server itself; replies: what it says of types in RESP3, when an example changes'
	@echo 'make site       the documentation as pages in build/site; docs: reference, then site'
	@echo 'make deb        the Debian package, in build/deb; deb-test: and installs it in a fresh Debian (as root);'
	@echo '                newcomer-test: does in one what README.md and the first guides say'
	@echo 'make container  the container image, in build/container; container-test: and runs it (as root)'
	@echo 'make format     format the sources'
	@echo 'make lint       clang-tidy'

# make deps-PURPOSE-PURPOSE: the packages of these sections of deps/packages.txt that are missing.
deps: deps-run-test-check
deps-%:
	@deps/install.sh $(subst -, ,$*)

$(BUILD)/%.o: src/%.c
	@mkdir -p $(dir $@)
	@echo '  CC $<'
	@$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

$(HTTPOBJ): $(BUILD)/foreign/%.o: $(LLHTTP)/%.c
	@mkdir -p $(dir $@)
	@echo '  CC $<'
	@$(CC) $(OPT) -w -DLLHTTP_STRICT_MODE=1 -I/usr/share/include/llhttp -c $< -o $@

$(BUILD)/pages.s: utils/assets.py $(PAGES) src/admin/pages
	@mkdir -p $(dir $@)
	@utils/assets.py src/admin/pages $@
$(BUILD)/examples.s: utils/examples.py $(SHOWN) docs/examples docs/replies.tsv redis-compat/differences.md redis-compat/commands.tsv
	@mkdir -p $(dir $@)
	@utils/examples.py docs/examples docs/replies.tsv redis-compat $@
$(FILES): %.o: %.s
	@$(CC) -c $< -o $@

# xxhash.h insists on being inlined, which -Og refuses.
$(BUILD)/base/hash.o: CFLAGS += $(if $(filter -Og,$(OPT)),-O1)

# The only file that sees GLib. Programs that do not need it do not load it (--as-needed).
$(BUILD)/base/zone.o: CFLAGS += $(GLIB)

$(SERVER): $(OBJ) $(HTTPOBJ) $(FILES)
	@echo '  LINK $@'
	@$(CC) $(LINK) -rdynamic -o $@ $(OBJ) $(HTTPOBJ) $(FILES) $(LIBS) $(ALLOC)
	@ln -sf millrace-server $(BUILD)/millrace-check-aof
	@ln -sf millrace-server $(BUILD)/millrace-check-rdb

# The sample configuration is made from the table of settings by the server itself.
$(BUILD)/millrace.conf: $(SERVER)
	@$(SERVER) --print-sample-config > $@

# What a module's tests may use: its layer and those below, of which the linker takes what is needed.
$(BUILD)/below/%.a: $(LIBOBJ) $(HTTPOBJ) $(FILES)
	@mkdir -p $(dir $@)
	@rm -f $@
	@gcc-ar rcsT $@ $$(utils/layers.py below $* $(BUILD)) $(HTTPOBJ) $(FILES)
.PRECIOUS: $(BUILD)/below/%.a

.SECONDEXPANSION:
$(BUILD)/unit/%: tests/unit/%.c $(BUILD)/below/$$(*D).a $(wildcard tests/support/*.h)
	@mkdir -p $(dir $@)
	@echo '  UNIT $*'
	@$(CC) $(CFLAGS) $(UNIT_OPT) -Itests/support $(LINK) -o $@ $< $(BUILD)/below/$(*D).a $(LIBS) $(ALLOC)

# The server, writing down which keys are touched: for tests/rights/handler_keys.py. Functions are put
# in the place of others, which link-time optimisation has resolved before: so not in that build.
ifeq (,$(findstring -flto,$(OPT)))
RECORDING := $(BUILD)/recording-server
endif
RECORDED := db_store_new table_find table_remove db_changed db_changed_quietly db_add
$(BUILD)/record_keys.o: tests/support/record_keys.c
	@mkdir -p $(dir $@)
	@$(CC) $(CFLAGS) -MMD -MP -c $< -o $@
$(BUILD)/recording-server: $(OBJ) $(HTTPOBJ) $(FILES) $(BUILD)/record_keys.o
	@echo '  LINK $@'
	@$(CC) $(LINK) -rdynamic $(RECORDED:%=-Wl,--wrap=%) -o $@ $(BUILD)/record_keys.o $(OBJ) $(HTTPOBJ) $(FILES) $(LIBS) $(ALLOC)

$(BUILD)/fuzz/%_drive: tests/fuzz/%_fuzz.c tests/fuzz/drive.c $(LIBOBJ) $(HTTPOBJ) $(FILES)
	@mkdir -p $(dir $@)
	@echo '  DRIVE $*'
	@$(CC) $(CFLAGS) $(LINK) -o $@ tests/fuzz/$*_fuzz.c tests/fuzz/drive.c \
	    $$(utils/layers.py below $(if $(filter http,$*),admin,persist) $(BUILD)) $(HTTPOBJ) $(FILES) $(LIBS) $(ALLOC)

# By a make of its own: which packages there are is asked when it begins.
run: deps-run
	@$(MAKE) $(SUB) all
	@mkdir -p data
	@$(SERVER) $(BUILD)/millrace.conf --dir data

trio: deps-run-test
	@$(MAKE) $(SUB) all
	@utils/trio.py $(SERVER)

tests-build: $(SERVER) $(RECORDING) $(UNITBIN) $(BUILD)/fuzz/file_drive $(BUILD)/fuzz/http_drive

# The server under test is the optimised one. Programs of unit tests are built by the other compiler,
# without link-time optimisation, and what is theirs without any: both take longer for 290 of them
# than they run. The linker gold (of binutils, as the other one) takes a third of the time for them.
CLANG := BUILD=build/clang CC=clang OPT='-O1 -g1 $(HARDEN) -DMILLRACE_JEMALLOC' LINK='-pie -fuse-ld=gold' UNIT_OPT='-O0 -U_FORTIFY_SOURCE'
units: $(UNITBIN)

test: deps-run-test
	@$(MAKE) $(SUB) all
	@$(MAKE) $(SUB) $(CLANG) units
	@tests/run.py --server $(SERVER) --build build/clang

test-all: deps-run-test-check
	@$(MAKE) $(SUB) all
	@$(MAKE) $(SUB) $(CLANG) units
	@$(MAKE) $(SUB) sanitized
	@tests/run.py --server $(SERVER) --build build/clang --all
	@tests/run.py --server build/san/millrace-server --build build/san --sanitized --all

# Under sanitizers gcc takes half the time with -Og that it takes with -O1.
SAN_OPT := -Og -g1 -DLEAKS_ARE_TRACED -DCHANGES_ARE_CHECKED -DMILLRACE_FAULTS -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
sanitized:
	@$(MAKE) $(SUB) BUILD=build/san OPT='$(SAN_OPT)' \
	    LINK='-fsanitize=address,undefined -fuse-ld=gold' UNIT_OPT="-O0 -Wno-clobbered" ALLOC= tests-build

check: deps-run-test-check
	@$(MAKE) $(SUB) format-check layers house
	@$(MAKE) $(SUB) $(CLANG) objects
	@$(MAKE) $(SUB) sanitized
	@tests/run.py --server build/san/millrace-server --build build/san --sanitized

# Both compilers warn: gcc while it builds the rest, clang in the objects that `make test` needs.
objects: $(OBJ)

layers: $(OBJ)
	@utils/layers.py check $(BUILD)
	@utils/layers.py selftest $(BUILD)

house:
	@utils/house.py check
	@utils/house.py selftest

FORMATTED := $(shell find src tests -name '*.[ch]')
format:
	@clang-format -i $(FORMATTED)
format-check: deps-run-check
	@clang-format --dry-run -Werror $(FORMATTED)

lint:
	@clang-tidy $(SRC) -- $(STD) $(GLIB) -DMILLRACE_JEMALLOC

# Each in full: minutes.
examples: deps-run-test-examples all
	@for e in examples/*/run.sh; do echo "== $$e"; MILLRACE_SERVER=$(abspath $(SERVER)) $$e || exit 1; done

bench: all
	@utils/bench.sh $(SERVER)

# Structures against their alternatives: prints, judges nothing.
bench-structures: $(LIBOBJ)
	@$(CC) $(CFLAGS) $(LINK) -o $(BUILD)/ordered tests/bench/ordered.c \
	    $$(utils/layers.py below ds $(BUILD)) $(LIBS) $(ALLOC)
	@$(BUILD)/ordered
	@$(CC) $(CFLAGS) $(LINK) -o $(BUILD)/topics tests/bench/topics.c \
	    $$(utils/layers.py below ds $(BUILD)) $(LIBS) $(ALLOC)
	@$(BUILD)/topics

# 10,000 subscriptions under load, for PUSH_SECONDS: judges what is lost, and long turns.
PUSH_SECONDS ?= 300
bench-push: all
	@$(CC) $(STD) -O2 -pthread -o $(BUILD)/push tests/bench/push.c
	@python3 tests/bench/push.py --server $(SERVER) --driver $(BUILD)/push --seconds $(PUSH_SECONDS)

# The main job against redis-server, rabbitmq-server and nats-server: prints, judges nothing.
bench-console: all
	@python3 tests/bench/console.py --server $(SERVER)

bench-brokers: deps-run-bench all
	@python3 tests/bench/brokers.py --server $(SERVER)

# libFuzzer, each target for FUZZ_SECONDS.
FUZZ_SECONDS ?= 600
FUZZ_OPT := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
fuzz: deps-run-test-check all
	@$(MAKE) $(SUB) BUILD=build/fuzz CC=clang OPT='$(FUZZ_OPT)' ALLOC= WRITER=$(SERVER) fuzz-run
fuzz-run: $(LIBOBJ) $(HTTPOBJ) $(FILES)
	@python3 tests/fuzz/seeds.py build/fuzz/corpus/file $(WRITER)
	@python3 tests/fuzz/replication_seeds.py build/fuzz/corpus/replication
	@python3 tests/fuzz/http_seeds.py build/fuzz/corpus/http
	@for t in request:proto http:admin acl:acl script:script function:script file:persist replica:replica replication:commands; do \
	    name=$${t%%:*}; mkdir -p build/fuzz/corpus/$$name; \
	    $(CC) $(STD) $(FUZZ_OPT) -fsanitize=fuzzer -o build/fuzz/$${name}_fuzz tests/fuzz/$${name}_fuzz.c \
	        $$(utils/layers.py below $${t##*:} build/fuzz) $(HTTPOBJ) $(FILES) $(LIBS) || exit 1; \
	    ASAN_OPTIONS=detect_leaks=0 build/fuzz/$${name}_fuzz -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2000 \
	        -print_final_stats=1 build/fuzz/corpus/$$name || exit 1; \
	done

# The models of docs/models. Long: half an hour each, MODEL_MEMORY GiB at most.
MODEL_MEMORY ?= 12
models: deps-run-test
	@nice -n 15 utils/models.py all
models-long: deps-run-test
	@nice -n 15 utils/models.py long --memory $(MODEL_MEMORY)

docs-test: deps-run-test all
	@tests/docs/pages.py --server $(SERVER)
	@tests/docs/replies.py --server $(SERVER)
	@tests/docs/spelling.py

# The types of replies, as the examples of the reference show them; make reference comes after it.
replies: deps-run-test all
	@tests/docs/replies.py --server $(SERVER) --write

# What the server says of itself; make test sees that it is what the tree has.
reference: all
	@$(SERVER) --print-reference docs/reference
	@$(SERVER) --print-conf-manual > docs/man/millrace.conf.5
	@utils/prometheusrule.py > utils/deploy/kubernetes/overlays/monitoring/prometheusrule.yaml
	@utils/completions/generate.py

site: deps-docs
	@/usr/bin/python3 utils/site.py build/site
docs: reference
	@$(MAKE) $(SUB) site

# From a clean copy of the tree. Tests of packages and images take minutes, and mount things: as root.
deb: deps-run-deb
	@utils/deb.sh build/deb
deb-test: deps-run-deb-test
	@/usr/bin/python3 tests/packages/deb.py
newcomer-test: deps-deb
	@/usr/bin/python3 tests/packages/newcomer.py
container: deps-container
	@utils/container.sh build/container
container-test: deps-container
	@/usr/bin/python3 tests/packages/container.py

# The console in Debian's Chromium.
console-test: deps-run-test all
	@tests/console/console.py --server $(SERVER)
screenshots: deps-run-test all
	@tests/console/screenshots.py --server $(SERVER) --to build/screenshots
screenshots-docs: deps-run-test-docs all
	@tests/console/screenshots.py --server $(SERVER) --to docs/images --docs

clients: all
	@redis-compat/clients/run.sh $(SERVER)

soak: all sanitized
	@utils/soak.sh $(SERVER) build/san/millrace-server

clean:
	rm -rf build

-include $(OBJ:.o=.d)
