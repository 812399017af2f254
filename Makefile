# A thin layer over meson and ninja
#
#   make            build build/firmament-system-x86_64
#   make demo       set up, build, show what a guest would see of a SLIC table;
#                   save a machine and show that its generation ID changes
#   make check      set up, build, run all tests; check-unit and check-qtest
#                   run one suite
#   make asan       the same under ASan and UBSan, in build-asan/
#   make deb        build a Debian package, in build-deb/
#   make bench      measure us beside QEMU and beside a program that does
#                   nothing; CASES=life,qmp RUNS=20 choose what and how often
#   make tsan       the same under TSan, in build-tsan/; SUITE=threads: only
#                   what starts threads
#   make valgrind   unit tests and suites under valgrind; SUITE=unit: only those
#   make fuzz       run the fuzz targets, in build-fuzz/, with clang; TIME=60:
#                   seconds in all, TARGET="qmp qtest": only those
#   make install    install under the prefix given to ./configure
#   make clean      remove the build directories
#
# SPDX-License-Identifier: GPL-2.0-or-later

BUILD ?= build
ASAN_BUILD ?= build-asan
DEB_BUILD ?= build-deb
PEER ?= qemu-system-x86_64
RUNS ?= 20
CASES ?=
TSAN_BUILD ?= build-tsan
FUZZ_BUILD ?= build-fuzz
TIME ?= 60
MESON_TEST = meson test -C $(1) --no-rebuild --print-errorlogs \
	--num-processes $$(nproc)

all: $(BUILD)/build.ninja
	ninja -C $(BUILD)

$(BUILD)/build.ninja:
	./configure --builddir=$(BUILD)

packages-build:
	@scripts/packages.sh install build

packages-test:
	@scripts/packages.sh install test

demo: packages-build
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	@ninja -C $(BUILD) --quiet firmament-system-x86_64
	@scripts/demo.sh $(BUILD)/firmament-system-x86_64

check: packages-test
	@$(MAKE) --no-print-directory all
	$(call MESON_TEST,$(BUILD))

check-unit check-qtest: check-%: packages-test
	@$(MAKE) --no-print-directory all
	$(call MESON_TEST,$(BUILD)) --suite $*

asan: packages-test
	@test -f $(ASAN_BUILD)/build.ninja || \
	    ./configure --builddir=$(ASAN_BUILD) --enable-sanitizers
	ninja -C $(ASAN_BUILD)
	UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
	    $(call MESON_TEST,$(ASAN_BUILD)) --timeout-multiplier 4

packages-deb:
	@scripts/packages.sh install deb

deb: packages-deb
	@scripts/make-deb.sh $(DEB_BUILD)

packages-bench:
	@scripts/packages.sh install bench

BENCH_SLIC = tests/data/acpi/input/slic.bin
# Copies, as an installed program is one: what the linker has written lies in
# the page cache in smaller pieces, which costs some percent at start.
BENCH_DIR = $(BUILD)/tests/bench/installed

bench: packages-bench
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	@ninja -C $(BUILD) --quiet firmament-system-x86_64 \
	    tests/bench/vmbench tests/bench/bench-floor
	@mkdir -p $(BENCH_DIR)
	@cp $(BUILD)/firmament-system-x86_64 $(BUILD)/tests/bench/bench-floor \
	    $(BENCH_DIR)
	@$(BUILD)/tests/bench/vmbench --slic=$(BENCH_SLIC) \
	    --peer=$(PEER) --floor=$(BENCH_DIR)/bench-floor \
	    --runs=$(RUNS) $(if $(CASES),--cases=$(CASES)) \
	    --json=$(BUILD)/bench.json $(BENCH_DIR)/firmament-system-x86_64

tsan: packages-test
	@test -f $(TSAN_BUILD)/build.ninja || \
	    ./configure --builddir=$(TSAN_BUILD) -- -Db_sanitize=thread
	$(if $(SUITE),,ninja -C $(TSAN_BUILD))
	TSAN_OPTIONS=halt_on_error=1 $(if $(SUITE),$(filter-out \
	    --no-rebuild,$(call MESON_TEST,$(TSAN_BUILD))),$(call \
	    MESON_TEST,$(TSAN_BUILD))) --timeout-multiplier 4 \
	    $(patsubst %,--suite %,$(SUITE))

valgrind:
	@scripts/packages.sh install valgrind
	@$(MAKE) --no-print-directory all
	$(call MESON_TEST,$(BUILD)) --setup valgrind \
	    $(patsubst %,--suite %,$(SUITE))

fuzz:
	@scripts/packages.sh install fuzz
	@test -f $(FUZZ_BUILD)/build.ninja || CC=clang \
	    ./configure --builddir=$(FUZZ_BUILD) --enable-fuzzing \
	    --enable-sanitizers
	ninja -C $(FUZZ_BUILD) fuzz-targets
	@scripts/fuzz.py --time $(TIME) \
	    $(patsubst %,--target %,$(TARGET)) $(FUZZ_BUILD)

install: all
	meson install -C $(BUILD) --no-rebuild

clean:
	rm -rf $(BUILD) $(ASAN_BUILD) $(TSAN_BUILD) $(FUZZ_BUILD) $(DEB_BUILD)

.PHONY: all packages-build packages-test packages-deb packages-bench demo check \
	check-unit check-qtest asan tsan valgrind fuzz bench deb install clean
