# nctd: make demo, make test
SHELL := /bin/bash
PREFIX ?= /usr/local
SWIFT_FLAGS := -c release
# Weights in a folder beside the checkout are used where they are there.
MODELS := $(firstword $(NCTD_MODELS) $(wildcard $(CURDIR)/../shared/models))
export NCTD_MODELS := $(MODELS)

.PHONY: help dependencies build demo test acceptance lint format install uninstall clean
.DEFAULT_GOAL := help

help:
	@echo "make demo     build, normalize synthetic smears end to end, show where the result is"
	@echo "make test     build and run all tests"
	@echo "make build    build the program"
	@echo "make acceptance  hold the built program to what docs/daemon.md promises"
	@echo "make lint     check the formatting     make format   apply it"
	@echo "make install  DESTDIR= PREFIX=$(PREFIX)"

dependencies:
	@tools/install-dependencies

build: dependencies
	swift build $(SWIFT_FLAGS) --product nctd

demo: build
	tools/demo .build/release/nctd demo-output

test: dependencies
	swift build $(SWIFT_FLAGS) --build-tests
	swift test $(SWIFT_FLAGS) --skip-build

# Drives the built program: crashes, signals, a full disk, a long backlog. Some need root; minutes in all.
acceptance: build
	set -e; for script in crash_sweep random_kills signals deadly_capture full_disk overflow backlog latency real_smears; do \
		python3 Tests/Acceptance/$$script.py; done

lint:
	swift format lint --strict --recursive Package.swift Sources Tests

format:
	swift format --in-place --recursive Package.swift Sources Tests

install: dependencies
	swift build $(SWIFT_FLAGS) --product nctd --static-swift-stdlib
	install -D -m 755 .build/release/nctd $(DESTDIR)$(PREFIX)/bin/nctd

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/nctd

clean:
	rm -rf .build demo-output
