# tallyman: one file, GNU make, no recursion.  Everything built lands in B.
# A new source file needs no edit here.  CFLAGS and LDFLAGS are the user's.

B       ?= build
PREFIX  ?= /usr/local
CC      ?= cc
OBJCOPY ?= objcopy
VERSION := 0.1.0

CFLAGS  ?= -O2 -g
PKG     ?= pkg-config
XML_CFLAGS    ?= $(shell $(PKG) --cflags libxml-2.0)
XML_LIBS      ?= $(shell $(PKG) --libs libxml-2.0)
SQLITE_LIBS   ?= $(shell $(PKG) --libs sqlite3)
SSH_LIBS      ?= $(shell $(PKG) --libs libssh2)
CRYPTO_LIBS   ?= $(shell $(PKG) --libs libcrypto)
CMOCKA_LIBS   ?= $(shell $(PKG) --libs cmocka)

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wwrite-strings -Wvla -Wformat=2 -Wundef -Wcast-qual
ifeq ($(WERROR),1)
WARN += -Werror
endif
ifndef SAN
HARDEN := -fstack-protector-strong -D_FORTIFY_SOURCE=2
endif
# The process that reads partners' bytes gives up its rights.  SANDBOX=no leaves
# them to it, for tools that work inside of it: sanitizers and valgrind.
SANDBOX ?= $(if $(SAN),no,yes)
OURS := -std=c11 -D_POSIX_C_SOURCE=200809L -D_FILE_OFFSET_BITS=64 \
	-DTALLYMAN_VERSION='"$(VERSION)"' -Iinclude -Isrc $(WARN) $(HARDEN) \
	-fPIC -fvisibility=default $(SAN) $(XML_CFLAGS) \
	-DSANDBOX=$(if $(filter no,$(SANDBOX)),0,1)
COMPILE = $(CC) $(OURS) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
LINK = $(CC) -pthread $(CFLAGS) $(SAN) -Wl,-z,relro,-z,now $(LDFLAGS) -o $@

# The core is the library; the application is the shell around it.
CORE_DIRS := base x12 record map guide ack
APP_DIRS  := store mailbox flow command
CORE_SRC  := $(foreach d,$(CORE_DIRS),$(wildcard src/$d/*.c))
APP_SRC   := $(foreach d,$(APP_DIRS),$(wildcard src/$d/*.c))
MAIN_SRC  := src/command/main.c
CORE_LIBS := $(XML_LIBS) $(CRYPTO_LIBS)
APP_LIBS  := $(SQLITE_LIBS) $(SSH_LIBS)

DICT_DIRS := $(sort $(wildcard src/dictionary/[0-9]*))
DICT_TEXT := $(foreach d,$(DICT_DIRS),$(wildcard $d/*))
EMBED     := $(sort $(wildcard maps/*.xml maps/*.rng))
GEN_SRC   := $(B)/gen/dictionary.c $(B)/gen/embedded.c $(B)/gen/model.c \
	$(B)/gen/maps.c

obj = $(patsubst %.c,$(B)/obj/%.o,$(1))
CORE_OBJ := $(call obj,$(CORE_SRC)) $(GEN_SRC:.c=.o)
APP_OBJ  := $(call obj,$(filter-out $(MAIN_SRC),$(APP_SRC)))
MAIN_OBJ := $(call obj,$(MAIN_SRC))
SUPPORT_OBJ := $(call obj,$(wildcard tests/support/*.c))

#: all               the program and the library, in build/; what make does alone
.PHONY: all
all: $(B)/tallyman $(B)/libtallyman.a $(B)/libtallyman.so

$(B)/tallyman: $(MAIN_OBJ) $(APP_OBJ) $(B)/libtallyman.a
	$(LINK) $(MAIN_OBJ) $(APP_OBJ) $(B)/libtallyman.a $(APP_LIBS) $(CORE_LIBS)

# One object, so that names that only its own files share can be made local.
$(B)/libtallyman.a: $(CORE_OBJ)
	@rm -f $@
	$(LD) -r -o $(B)/libtallyman.o $(CORE_OBJ)
	$(OBJCOPY) -w --keep-global-symbol='tally_*' $(B)/libtallyman.o
	ar rcs $@ $(B)/libtallyman.o

# What is not tally_… stays inside, whatever a program calls its own.
$(B)/libtallyman.so: $(CORE_OBJ) src/libtallyman.sym
	$(LINK) -shared -Wl,-soname,libtallyman.so.0 \
	    -Wl,--version-script=src/libtallyman.sym $(CORE_OBJ) $(CORE_LIBS)

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(COMPILE)
$(B)/gen/%.o: $(B)/gen/%.c
	$(COMPILE)

# Build tools and what they make: .c files only, never headers.
DICT_TOOL_OBJ := $(call obj,src/tool/dictionary.c \
	$(wildcard src/x12/dictionary*.c) src/x12/grammar.c \
	src/x12/value.c src/base/check_digit.c src/base/err.c \
	src/base/mem.c)
$(B)/tool/embed: $(call obj,src/tool/embed.c)
	@mkdir -p $(@D)
	$(LINK) $^
$(B)/tool/dictionary: $(DICT_TOOL_OBJ)
	@mkdir -p $(@D)
	$(LINK) $^
$(B)/tool/model: $(call obj,src/tool/model.c src/record/model.c \
    $(wildcard src/base/*.c)) $(B)/gen/embedded.o
	@mkdir -p $(@D)
	$(LINK) $^ $(CORE_LIBS)
$(B)/gen/model.c: $(B)/tool/model
	$(B)/tool/model > $@
$(B)/tool/maps: $(call obj,src/tool/maps.c $(filter-out src/map/image.c, \
    $(foreach d,base x12 record map,$(wildcard src/$d/*.c)))) \
    $(filter-out $(B)/gen/maps.o,$(GEN_SRC:.c=.o))
	@mkdir -p $(@D)
	$(LINK) $^ $(CORE_LIBS)
$(B)/gen/maps.c: $(B)/tool/maps
	$(B)/tool/maps > $@
$(B)/gen/embedded.c: $(EMBED) src/tool/embed.c | $(B)/tool/embed
	@mkdir -p $(@D)
	$(B)/tool/embed $(EMBED) > $@
$(B)/gen/dictionary.c: $(DICT_DIRS) $(DICT_TEXT) src/tool/dictionary.c \
    $(wildcard src/x12/dictionary*.c) | $(B)/tool/dictionary
	@mkdir -p $(@D)
	$(B)/tool/dictionary $(DICT_DIRS) > $@

$(B)/obj/tests/%.o: OURS += -Itests

# Tests: a program per file of tests/unit, linked with all but main; of
# tests/prop, linked with the core; of tests/fuzz/fuzz_*.c, linked with the
# core and replay.c.  Each group is check-GROUP and ends in a line of totals;
# T=name runs one.
GROUPS := layers style headers unit golden prop fuzz manuals e2e count fault
UNIT_BIN := $(patsubst tests/%.c,$(B)/%,$(wildcard tests/unit/*.c))
PROP_BIN := $(patsubst tests/%.c,$(B)/%,$(wildcard tests/prop/*.c))
FUZZ_BIN := $(patsubst tests/%.c,$(B)/%,$(wildcard tests/fuzz/fuzz_*.c))
REPLAY_OBJ := $(call obj,tests/fuzz/replay.c)
$(B)/libsupport.a: $(SUPPORT_OBJ)
	@rm -f $@
	ar rcs $@ $(SUPPORT_OBJ)
$(UNIT_BIN): $(B)/%: $(B)/obj/tests/%.o $(B)/libsupport.a $(APP_OBJ) \
    $(B)/libtallyman.a
	@mkdir -p $(@D)
	$(LINK) $^ $(APP_LIBS) $(CORE_LIBS) $(CMOCKA_LIBS)
$(filter-out %/prop_linear,$(PROP_BIN)): $(B)/%: $(B)/obj/tests/%.o \
    $(B)/libsupport.a $(B)/libtallyman.a
	@mkdir -p $(@D)
	$(LINK) $^ $(CORE_LIBS) $(CMOCKA_LIBS)
# Counts the work of the core, which is compiled for it alone: see there.
WORK_OBJ  := $(patsubst %.c,$(B)/work/%.o,$(CORE_SRC)) $(GEN_SRC:.c=.o)
WORK_WRAP := $(foreach f,memcpy memmove memset memcmp memchr strlen,-Wl,--wrap=$f)
$(B)/work/%.o: %.c
	@mkdir -p $(@D)
	$(COMPILE) -U_FORTIFY_SOURCE -fno-builtin -fsanitize-coverage=trace-pc
$(B)/prop/prop_linear: $(B)/obj/tests/prop/prop_linear.o $(B)/libsupport.a \
    $(WORK_OBJ)
	@mkdir -p $(@D)
	$(LINK) $(WORK_WRAP) $^ $(CORE_LIBS) $(CMOCKA_LIBS)
# Programs that tests run, each of one file.
HELPER_BIN := $(patsubst tests/support/programs/%.c,$(B)/support/%, \
	$(wildcard tests/support/programs/*.c))
$(HELPER_BIN): $(B)/support/%: $(B)/obj/tests/support/programs/%.o
	@mkdir -p $(@D)
	$(LINK) $^
$(UNIT_BIN): | $(HELPER_BIN)
$(FUZZ_BIN): $(B)/%: $(B)/obj/tests/%.o $(REPLAY_OBJ) $(B)/libtallyman.a
	@mkdir -p $(@D)
	$(LINK) $(filter %.o,$^) $(filter %.a,$^) $(CORE_LIBS)
# These look at pure parts of the shell.
$(B)/libsite.a: $(call obj,$(wildcard src/flow/site*.c src/mailbox/*.c) \
    src/flow/clock.c src/flow/workspace.c)
	@rm -f $@
	ar rcs $@ $^
SITE_FUZZ := $(foreach f,config ssh,$(B)/fuzz/fuzz_$f $(B)/run/fuzz_$f)
$(SITE_FUZZ): $(B)/libsite.a
$(SITE_FUZZ): CORE_LIBS += $(SSH_LIBS)
$(B)/fuzz/fuzz_sftp $(B)/run/fuzz_sftp: $(B)/obj/src/mailbox/sftp_codec.o
$(B)/fuzz/fuzz_wire $(B)/run/fuzz_wire: $(call obj,$(wildcard src/flow/wire*.c) \
    src/flow/gathered.c src/store/load.c)
# Whether anything is lost or doubled: tests/fault, with builds of the program
# that have a fault planted, of the few files that know of one.
FAULT_OBJ := $(call obj,$(filter-out %/preload.c,$(wildcard tests/fault/*.c)))
$(B)/fault/fault: $(FAULT_OBJ) $(B)/libsupport.a $(APP_OBJ) \
    $(B)/libtallyman.a
	@mkdir -p $(@D)
	$(LINK) $^ $(APP_LIBS) $(CORE_LIBS)
# Loaded before the C library.
$(B)/fault/preload.so $(B)/bench/slow_disk.so: $(B)/%.so: $(B)/obj/tests/%.o
	@mkdir -p $(@D)
	$(LINK) -shared $^
PLANTS    := $(shell sed -n 's/^\#define PLANT_\([A-Z_]*\)  *[0-9].*/\1/p' \
	src/base/plant.h)
PLANT_SRC := $(shell grep -l '"base/plant.h"' $(APP_SRC))
define plant
$(B)/plant/$1/%.o: %.c
	@mkdir -p $$(@D)
	$$(COMPILE) -DPLANT=PLANT_$1
$(B)/plant/$1/tallyman: $(patsubst %.c,$(B)/plant/$1/%.o,$(PLANT_SRC)) \
    $(MAIN_OBJ) $(filter-out $(call obj,$(PLANT_SRC)),$(APP_OBJ)) \
    $(B)/libtallyman.a
	$$(LINK) $$^ $(APP_LIBS) $(CORE_LIBS)
endef
$(foreach p,$(PLANTS),$(eval $(call plant,$p)))
FAULT := $(B)/fault/fault
FAULT_PROGRAMS := $(B)/tallyman $(B)/plant/POISON/tallyman \
	$(B)/fault/preload.so
PLANTED := $(filter-out POISON,$(PLANTS))
.PHONY: fault fault-quick fault-planted
#: fault             breaks runs at every point and looks for what is lost; M=method
#: fault-quick       a sample of that, which is in check
#: fault-planted     which of its methods finds which mistake
# All points, twenty minutes on two cores; a sample, which is in check; the proof
# that each planted fault is found.  M=method runs one, SEED= another sample.
fault: $(FAULT) $(FAULT_PROGRAMS)
	@$(FAULT) $(addprefix -m ,$(M)) $(FAULT_PROGRAMS)
fault-quick check-fault: $(FAULT) $(FAULT_PROGRAMS)
	@$(FAULT) -q $(addprefix -m ,$(M) $(T)) $(FAULT_PROGRAMS)
fault-planted: $(FAULT) $(FAULT_PROGRAMS) \
    $(foreach p,$(PLANTED),$(B)/plant/$p/tallyman)
	@scripts/planted $(B) $(PLANTED)
# The program as SANDBOX=no builds it, for valgrind.
$(B)/unboxed/sandbox.o: src/flow/sandbox.c
	@mkdir -p $(@D)
	$(COMPILE) -USANDBOX -DSANDBOX=0
$(B)/unboxed/tallyman: $(B)/unboxed/sandbox.o $(MAIN_OBJ) \
    $(filter-out %/sandbox.o,$(APP_OBJ)) $(B)/libtallyman.a
	$(LINK) $^ $(APP_LIBS) $(CORE_LIBS)
BENCH_BIN := $(patsubst tests/%.c,$(B)/%,$(filter-out %/slow_disk.c, \
	$(wildcard tests/bench/*.c)))
COUNT_BIN := $(B)/bench/core $(B)/bench/make850 $(B)/unboxed/tallyman
$(BENCH_BIN): $(B)/%: $(B)/obj/tests/%.o $(SUPPORT_OBJ) $(APP_OBJ) \
    $(B)/libtallyman.a
	@mkdir -p $(@D)
	$(LINK) $^ $(APP_LIBS) $(CORE_LIBS) $(CMOCKA_LIBS)
chosen = $(if $(T),$(filter %/$(T) %/test_$(T) %/prop_$(T) %/fuzz_$(T),$(1)),$(1))

.PHONY: check check-programs check-groups $(addprefix check-,$(GROUPS)) golden-accept count-accept sanitize sanitize-threads valgrind
#: check             every test; ends in the totals
#: check-GROUP       one group of them, T=name one test of it; the groups are
#:                   GROUPS
check: check-programs
	@MAKE='$(MAKE)' scripts/groups $(GROUPS)
check-programs: all $(UNIT_BIN) $(PROP_BIN) $(FUZZ_BIN) $(COUNT_BIN) $(FAULT) \
    $(FAULT_PROGRAMS) $(BENCH_BIN) $(B)/bench/slow_disk.so
check-groups:
	@echo $(GROUPS)
check-layers:
	@scripts/layers
check-style:
	@scripts/style
check-headers:
	@scripts/headers $(CC) $(OURS)
check-manuals: $(B)/unit/test_mailbox_matrix
	@scripts/manuals $(B)
check-unit: $(UNIT_BIN)
	@scripts/unit $(call chosen,$^)
check-prop: $(PROP_BIN)
	@scripts/unit -n prop $(call chosen,$^)
check-fuzz: $(FUZZ_BIN)
	@scripts/replay $(call chosen,$^)
check-golden: $(B)/tallyman
	@scripts/golden $< $(T)
check-e2e: $(B)/tallyman $(HELPER_BIN) $(BENCH_BIN) $(B)/bench/slow_disk.so
	@scripts/e2e $< $(T)
check-count: $(COUNT_BIN)
	@scripts/count $(B) '$(CC)' '$(strip $(CFLAGS) $(SAN))'
#: count-accept      instruction counts as they are now are the new truth
count-accept: $(COUNT_BIN)
	@scripts/count -a $(B) '$(CC)' '$(strip $(CFLAGS) $(SAN))'
#: storm             hours of deaths and cut lines, in minutes; SEED=n repeats one
# The long form of tests/e2e/storm.sh; SEED=N repeats one.
.PHONY: storm
storm: $(B)/tallyman $(HELPER_BIN)
	@FILES=4500 BATCH=40 scripts/e2e $< storm
#: golden-accept     shows each difference of a golden case, and asks; T=case
golden-accept: $(B)/tallyman
	@scripts/golden -a $< $(T)

#: sanitize          check under address and undefined behaviour sanitizers
sanitize:
	$(MAKE) check B=build/asan \
	    SAN='-fsanitize=address,undefined -fno-sanitize-recover=all' \
	    CFLAGS='-O1 -g -fno-omit-frame-pointer'
#: sanitize-threads  what has threads, under the sanitizer of threads
# Where there are threads: a large file on its way to the disk, and on its way
# to the store, whose log is copied; many small ones on their way through the
# stages.
THREADED := test_store_log test_store_payloads test_parser test_parser_beside \
	test_flow_many test_flow_boxes test_fetch_ahead
sanitize-threads:
	for t in $(THREADED); do \
		$(MAKE) check-unit T=$$t B=build/tsan SAN=-fsanitize=thread \
		    CFLAGS='-O1 -g -fno-omit-frame-pointer' || exit 1; \
	done
#: valgrind          unit and golden tests under valgrind; T=name
VALGRIND := valgrind -q --leak-check=full --error-exitcode=99 \
	--suppressions=$(CURDIR)/tests/support/valgrind.supp
valgrind:
	$(MAKE) valgrind-all B=$(B)/valgrind SANDBOX=no
.PHONY: valgrind-all
valgrind-all: $(UNIT_BIN) $(B)/tallyman
	$(if $(call chosen,$(UNIT_BIN)),@scripts/unit -w '$(VALGRIND)' \
	    $(call chosen,$(UNIT_BIN)))
	$(if $(and $(T),$(call chosen,$(UNIT_BIN))),,@scripts/golden -w '$(VALGRIND)' \
	    $(B)/tallyman $(T))

#: fuzz              libFuzzer with clang; F=read for a target, SECS=60
# F is read, map, guide, json, csv, config, dictionary, sftp, ssh or wire.  What
# libFuzzer learns stays in build; crash-* there is the input that failed:
# "$(B)/fuzz/fuzz_F FILE" repeats it.
F    ?= read
SECS ?= 60
FUZZER := $(B)/libfuzzer
.PHONY: fuzz
fuzz:
	$(MAKE) $(FUZZER)/run/fuzz_$(F) B=$(FUZZER) CC=clang \
	    SAN='-fsanitize=address,undefined -fno-sanitize-recover=all' \
	    CFLAGS='-O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link'
	@mkdir -p $(FUZZER)/corpus/$(F)
	$(FUZZER)/run/fuzz_$(F) -max_total_time=$(SECS) -max_len=8192 -timeout=10 \
	    -artifact_prefix=$(FUZZER)/ -print_final_stats=1 \
	    $(FUZZER)/corpus/$(F) tests/fuzz/corpus/$(F)
$(B)/run/fuzz_%: $(B)/obj/tests/fuzz/fuzz_%.o $(B)/libtallyman.a
	@mkdir -p $(@D)
	$(LINK) -fsanitize=fuzzer $(filter %.o,$^) $(filter %.a,$^) $(CORE_LIBS)

#: install           program, library, headers, maps, manuals; PREFIX=, DESTDIR=
# Installing.  The library can be used without the program: tallyman.pc.
LIBDIR  ?= $(PREFIX)/lib
MANDIR  ?= $(PREFIX)/share/man
SHARED  := libtallyman.so.$(VERSION)
INSTALL ?= install
into = $(DESTDIR)$(1)
$(B)/tallyman.pc: Makefile
	@mkdir -p $(@D)
	printf '%s\n' 'prefix=$(PREFIX)' 'libdir=$(LIBDIR)' \
	    'includedir=$${prefix}/include' '' 'Name: tallyman' \
	    'Description: reads, checks and acknowledges X12' \
	    'Version: $(VERSION)' 'Libs: -L$${libdir} -ltallyman' \
	    'Libs.private: $(CORE_LIBS)' 'Cflags: -I$${includedir}' > $@
.PHONY: install $(B)/tallyman.pc
install: all $(B)/tallyman.pc
	$(INSTALL) -d $(call into,$(PREFIX)/bin) $(call into,$(LIBDIR)/pkgconfig) \
	    $(call into,$(PREFIX)/include/tallyman) \
	    $(call into,$(PREFIX)/share/tallyman/maps)
	$(INSTALL) $(B)/tallyman $(call into,$(PREFIX)/bin)
	$(INSTALL) -m 644 $(B)/libtallyman.a $(call into,$(LIBDIR))
	$(INSTALL) -m 644 $(B)/libtallyman.so $(call into,$(LIBDIR)/$(SHARED))
	ln -sf $(SHARED) $(call into,$(LIBDIR)/libtallyman.so.0)
	ln -sf $(SHARED) $(call into,$(LIBDIR)/libtallyman.so)
	$(INSTALL) -m 644 $(B)/tallyman.pc $(call into,$(LIBDIR)/pkgconfig)
	$(INSTALL) -m 644 $(wildcard include/tallyman/*) \
	    $(call into,$(PREFIX)/include/tallyman)
	$(INSTALL) -m 644 $(EMBED) $(call into,$(PREFIX)/share/tallyman/maps)
	for page in $(wildcard man/*.[1-9]); do \
	    to=$(call into,$(MANDIR))/man$${page##*.}; \
	    $(INSTALL) -d $$to && $(INSTALL) -m 644 $$page $$to || exit 1; done

#: bench             speed, as ratios and rates
#: bench-large       the same for large files, which takes long
#: bench-sftp        the same over a line with a delay; RTT=
.PHONY: bench bench-large bench-sftp
bench: $(B)/tallyman $(BENCH_BIN) bench-sftp
	@scripts/bench $(B) $(MB)
bench-large: $(B)/tallyman $(BENCH_BIN) $(B)/bench/slow_disk.so
	@scripts/bench-large $(B) $(LARGE)
bench-sftp: $(B)/tallyman $(B)/bench/timed $(B)/support/relay
	@scripts/bench-sftp $(B) $(RTT)

#: lint              cppcheck and clang-tidy
#: coverage          what tests reach of the core, as a table
#: format            clang-format over all code
#: dist              the sources as build/tallyman-VERSION.tar.gz
#: distcheck         builds, checks and installs what dist makes
.PHONY: lint coverage format dist distcheck
lint:
	@scripts/lint
coverage:
	$(MAKE) check-unit check-golden check-prop check-fuzz B=build/cov \
	    SAN='--coverage' CFLAGS='-O0 -g'
	@scripts/coverage build/cov $(CORE_SRC)
format:
	clang-format -i $(shell find src include tests samples -name '*.[ch]')
DIST := tallyman-$(VERSION)
dist:
	@mkdir -p $(B)
	git archive --format=tar.gz --prefix=$(DIST)/ -o $(B)/$(DIST).tar.gz HEAD
	@echo $(B)/$(DIST).tar.gz
distcheck: dist
	rm -rf $(B)/dist && mkdir $(B)/dist
	tar -xzf $(B)/$(DIST).tar.gz -C $(B)/dist
	$(MAKE) -C $(B)/dist/$(DIST) check B=build
	$(MAKE) -C $(B)/dist/$(DIST) install B=build DESTDIR=$(abspath $(B)/dist/root)
	$(B)/dist/root$(PREFIX)/bin/tallyman --version
	rm -rf $(B)/dist

#: clean             removes build/
#: help              these lines
.PHONY: clean
clean:
	rm -rf $(B)
# A target is told of by a line in front of it.
.PHONY: help
help:
	@sed -n 's/GROUPS$$/$(GROUPS)/; s/^#: //p' Makefile

.DELETE_ON_ERROR:
.SECONDARY:
-include $(shell find $(B) -name '*.d' 2>/dev/null)
