# nctd: make demo, make test
SHELL := /bin/bash
PREFIX ?= /usr/local
SWIFT_FLAGS := -c release
# Weights in a folder beside the checkout are used where they are there.
MODELS := $(firstword $(NCTD_MODELS) $(wildcard $(CURDIR)/../shared/models))
export NCTD_MODELS := $(MODELS)

.PHONY: failed-scripts help dependencies build demo test bench acceptance fuzz evaluate segmentation train lint format static install uninstall deb manual acceptance-systemd acceptance-machines clean
.DEFAULT_GOAL := help

help:
	@echo "make demo     build, show the daemon at work on synthetic smears and where the result is"
	@echo "make test     build and run the tests"
	@echo "make build    build the program"
	@echo "make bench    time the engine and what others take in the same run (docs/performance.md)"
	@echo "make acceptance  hold the built program to what docs/daemon.md promises, the library to docs/library.md"
	@echo "make fuzz     fuzz what reads files; SECONDS= each (60), TARGETS= png jpeg tiff … (all); minutes to build"
	@echo "make evaluate  measure every method by detectors, as docs/evaluation.md says; ARGS=… (--labs: kinds, several labs)"
	@echo "make segmentation  measure the classes of the built-in network (docs/smearnet.md); ARGS=…"
	@echo "make train LAB=DIR  train the built-in network again (docs/smearnet.md)"
	@echo "make lint     check the formatting, and arithmetic on numbers out of files     make format   apply it"
	@echo "make install  DESTDIR= PREFIX=$(PREFIX)     make uninstall"
	@echo "make deb      a Debian package     make acceptance-systemd  try it on a real systemd (root)"
	@echo "make acceptance-machines  a lab engineer's week with it, on two such machines (root)"

dependencies:
	@tools/install-dependencies

build: dependencies
	swift build $(SWIFT_FLAGS) --product nctd

demo:
	@echo "== 1 of 3: Debian packages that the build needs and that are missing =="
	@$(MAKE) --no-print-directory dependencies
	@echo "== 2 of 3: building, 5 to 10 minutes the first time on two cores, half of it libraries; then seconds =="
	@$(MAKE) --no-print-directory build
	@echo "== 3 of 3: the demo, some seconds =="
	@tools/demo .build/release/nctd demo-output

# Some tests at once: all of them at once, as the runner would, makes each wait for all others, and its time limit with it.
ABREAST := SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=$(shell expr 4 '*' $$(nproc))

test: dependencies
	tools/lint-arithmetic
	tools/lint-dead
	Tests/Evaluation/run
	swift build $(SWIFT_FLAGS) --build-tests
	swift build $(SWIFT_FLAGS) --product nctd
	Tests/Baselines/run
	Tests/Formats/run
	python3 Tests/Counts/counts.py
	rm -rf $(SCRIPT_LOGS)
	-$(MAKE) --no-print-directory --keep-going --jobs=$(JOBS) --output-sync=target $(QUICK:%=script-%)
	SECONDS_EACH=5 tools/fuzz png jpeg tiff
	$(ABREAST) swift test $(SWIFT_FLAGS) --skip-build
	@$(MAKE) --no-print-directory failed-scripts

# What drives the built program: crashes, signals, a full disk, a long backlog. Some need root. Those in QUICK, and short
# forms of the rest, belong to `make test`: they mostly wait, so they run side by side, each one's output in one piece.
JOBS ?= 3
QUICK := workers synced shares shares_files shares_mounts shares_rules crash_sweep hostile learning random_kills model_check \
	storm copies renames backlog full_disk signals deadly_capture confinement move repair needs_person week consumer
AMOUNT_random_kills := 60
AMOUNT_model_check := 200
AMOUNT_storm := 100 3 3
AMOUNT_shares_rules := portable exfat
AMOUNT_copies := 60
AMOUNT_renames := 40
# What one that fails said is kept, and shown once more at the end (`failed-scripts`): the tests that follow run all the same.
SCRIPT_LOGS := .build/failed-scripts
script-%:
	@begin=$$SECONDS; mkdir -p $(SCRIPT_LOGS); set -o pipefail; \
	python3 Tests/Acceptance/$*.py $(AMOUNT_$*) 2>&1 | tee $(SCRIPT_LOGS)/$* || { echo "$*: FAILED"; exit 1; }; \
	rm $(SCRIPT_LOGS)/$*; echo "$*: $$((SECONDS - begin)) s"

failed-scripts:
	@failed=$$(ls $(SCRIPT_LOGS) 2>/dev/null); [ -z "$$failed" ] || { \
		for name in $$failed; do echo "== Tests/Acceptance/$$name.py failed:"; tail -25 $(SCRIPT_LOGS)/$$name; done; exit 1; }

acceptance: build
	set -e; for script in $(QUICK) pages overflow latency isolation out_of_memory fault_sweep soak real_smears; do \
		python3 Tests/Acceptance/$$script.py; done
	$(firstword $(wildcard .venv/bin/python) python3) Tests/Acceptance/field_frames.py
	tools/check-library
	swift build $(SWIFT_FLAGS) --build-tests
	NCTD_LONG=1 swift test $(SWIFT_FLAGS) --skip-build --filter 'CompletenessAgreementTests|CopiesTests|CaptureMemoryTests'

# What reads files under libFuzzer and sanitizers. Not a part of `make test` but for a few seconds of the C codecs.
fuzz: dependencies
	SECONDS_EACH=$(or $(SECONDS),60) tools/fuzz $(TARGETS)

# Times of parts of the engine; needs the packages of the nested package Benchmarks. Then the built program's stages by
# size and setting and, of what is installed, what others take: SGEMM, PyTorch, Macenko, decoding (docs/performance.md).
bench: build
	BENCHMARK_DISABLE_JEMALLOC=1 swift package --package-path Benchmarks benchmark --no-progress
	-$(firstword $(wildcard .venv/bin/python) python3) Benchmarks/measure.py --json benchmark.json

# The tables of docs/evaluation.md, below evaluation-output: hours at first, and taken up again where it was stopped.
evaluate: build
	Evaluation/setup evaluate
	.venv/bin/python Evaluation/evaluate.py $(ARGS)

# The table of docs/smearnet.md, below evaluation-output: minutes.
segmentation: build
	Evaluation/setup
	.venv/bin/python Evaluation/segmentation.py $(ARGS)

# LAB: a YOLO data set of the lab that is trained on.
train: build
	@test -n "$(LAB)" || { echo "make train LAB=DIR: name a YOLO data set (images/ and labels/)" >&2; exit 2; }
	Evaluation/setup train
	.build/release/nctd phantom --output training-output/phantoms --count 240 --seed 1001 --width 448 --height 352 \
		--scale 0.6,1.6 --dyes --overwrite
	.venv/bin/python Training/train.py --lab $(LAB) --phantoms training-output/phantoms --output training-output $(ARGS)

lint:
	tools/lint-arithmetic
	tools/lint-dead
	swift format lint --strict --recursive Package.swift Sources Tests

format:
	swift format --in-place --recursive Package.swift Sources Tests

# The installed program needs no Swift where it runs: the runtime is linked in. Its build is kept apart, for with these
# flags all that is Swift is compiled anew. Where both are built but once, STATIC_BUILD=.build lets them share the rest.
STATIC_BUILD ?= .build/static
export STATIC_BUILD
STATIC_FLAGS := -c release --product nctd --static-swift-stdlib --disable-local-rpath \
	--scratch-path $(STATIC_BUILD)
STATIC_NCTD := $(STATIC_BUILD)/release/nctd
SYSCONFDIR ?= /etc
bindir := $(DESTDIR)$(PREFIX)/bin
libdir := $(DESTDIR)$(PREFIX)/lib
# Where systemd looks for a package's units, and for what is installed by hand.
unitdir := $(DESTDIR)$(if $(filter /usr,$(PREFIX)),/lib,$(PREFIX)/lib)/systemd/system
mandir := $(DESTDIR)$(PREFIX)/share/man
zshdir := $(DESTDIR)$(PREFIX)/share/zsh/$(if $(filter /usr,$(PREFIX)),vendor-completions,site-functions)
bashdir := $(DESTDIR)$(PREFIX)/share/bash-completion/completions
fishdir := $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
docdir := $(DESTDIR)$(PREFIX)/share/doc/nctd
etcdir := $(DESTDIR)$(SYSCONFDIR)/nctd

static: dependencies
	swift build $(STATIC_FLAGS)

install: static
	install -D -m 755 $(STATIC_NCTD) $(bindir)/nctd
	install -d $(unitdir)
	sed 's|/usr/bin/nctd|$(PREFIX)/bin/nctd|' systemd/nctd.service > $(unitdir)/nctd.service
	chmod 644 $(unitdir)/nctd.service
	install -D -m 644 systemd/90-nctd.preset $(libdir)/systemd/system-preset/90-nctd.preset
	install -D -m 644 systemd/nctd.catalog $(libdir)/systemd/catalog/nctd.catalog
	install -D -m 644 systemd/nctd.sysusers $(libdir)/sysusers.d/nctd.conf
	install -D -m 644 systemd/nctd.tmpfiles $(libdir)/tmpfiles.d/nctd.conf
	for page in docs/man/*.[158]; do \
		install -D -m 644 $$page $(mandir)/man$${page##*.}/$${page##*/} || exit 1; done
	install -d $(bashdir) $(zshdir) $(fishdir)
	$(STATIC_NCTD) --generate-completion-script bash | sed "1{/^#!/d}" > $(bashdir)/nctd
	$(STATIC_NCTD) --generate-completion-script zsh > $(zshdir)/_nctd
	$(STATIC_NCTD) --generate-completion-script fish > $(fishdir)/nctd.fish
	chmod 644 $(bashdir)/nctd $(zshdir)/_nctd $(fishdir)/nctd.fish
	install -d $(docdir)
	install -m 644 docs/*.md docs/*.json docs/*.png $(docdir)
	mv $(docdir)/README.md $(docdir)/pages.md
	sed 's|](docs/README.md)|](pages.md)|; s|](docs/|](|g' README.md > $(docdir)/README.md
	chmod 644 $(docdir)/README.md
	install -d $(docdir)/pictures $(docdir)/examples/consumer $(docdir)/examples/notify
	install -m 644 docs/pictures/* $(docdir)/pictures
	install -m 755 examples/consumer/* $(docdir)/examples/consumer
	install -m 755 examples/notify/*.sh examples/notify/*.py $(docdir)/examples/notify
	install -m 644 examples/notify/*.path examples/notify/*.service $(docdir)/examples/notify
	install -d $(etcdir)/profiles.d
	[ -e $(etcdir)/nctd.toml ] || install -m 644 etc/nctd/nctd.toml $(etcdir)/nctd.toml
	install -m 644 etc/nctd/profiles.d/example.toml.sample $(etcdir)/profiles.d
	@if [ -z "$(DESTDIR)" ] && [ -d /run/systemd/system ]; then \
		systemd-sysusers nctd.conf && systemd-tmpfiles --create nctd.conf && journalctl --update-catalog \
		&& systemctl daemon-reload; fi

# Leaves configuration, state and results.
uninstall:
	@if [ -z "$(DESTDIR)" ] && [ -d /run/systemd/system ]; then \
		systemctl disable --now nctd.service 2>/dev/null || true; fi
	rm -f $(bindir)/nctd $(unitdir)/nctd.service $(libdir)/systemd/system-preset/90-nctd.preset \
		$(libdir)/systemd/catalog/nctd.catalog $(libdir)/sysusers.d/nctd.conf $(libdir)/tmpfiles.d/nctd.conf \
		$(mandir)/man1/nctd.1 $(mandir)/man5/nctd.toml.5 $(mandir)/man8/nctd.service.8 \
		$(bashdir)/nctd $(zshdir)/_nctd $(fishdir)/nctd.fish $(etcdir)/profiles.d/example.toml.sample
	rm -rf $(docdir)
	@if [ -z "$(DESTDIR)" ] && [ -d /run/systemd/system ]; then \
		journalctl --update-catalog && systemctl daemon-reload; fi

# A Debian package: .build/deb/nctd_VERSION_ARCHITECTURE.deb
deb: static
	tools/make-deb

# The manual pages of the commands and of the configuration, and what other pages say of the method's parameters;
# nctd.service(8) is written by hand.
manual: build
	swift build $(SWIFT_FLAGS) --build-tests
	NCTD_WRITE_PAGES=1 swift test $(SWIFT_FLAGS) --skip-build --filter ParameterPagesTests
	tools/make-manual .build/release/nctd > docs/man/nctd.1
	tools/make-manual docs/configuration.md > docs/man/nctd.toml.5

# The package on a real systemd; root, and minutes. Says why where it cannot run.
acceptance-systemd: deb
	Tests/Acceptance/systemd.sh

# The same for longer: a week of a lab, from the installation to a move to a second machine and an upgrade, each command and
# what was seen; and a control group of 1 GB, in which the kernel ends workers. Root.
acceptance-machines: deb
	python3 Tests/Acceptance/week.py --containers
	python3 Tests/Acceptance/out_of_memory.py --containers

clean:
	rm -rf .build demo-output
