# Three commands for a newcomer: `make demo`, `make demo-hosts` and `make test`. Each installs what it needs.
SWIFT ?= swift
STRICT := --explicit-target-dependency-import-check error
# Debian packages: to build and to run the demo, to boot a lab of machines, and what the tests want beside these.
BUILD_PACKAGES := libyaml-dev libsqlite3-dev libssl-dev libcurl4-openssl-dev unixodbc-dev pkg-config
HOSTS_PACKAGES := systemd-container mmdebstrap nftables iproute2 openssl openssh-client e2fsprogs util-linux mount
TEST_PACKAGES := postgresql-15 mariadb-server odbc-postgresql odbc-mariadb tdsodbc freetds-bin openssh-server sudo strace \
  python3 python3-venv python3-cryptography golang-go golang-golang-x-mod-dev \
  chromium fonts-dejavu-core
PACKAGES := $(BUILD_PACKAGES) $(HOSTS_PACKAGES) $(TEST_PACKAGES)

.PHONY: demo demo-hosts test build image release lint format docs packages clean

demo: build
	@Scripts/demo

# For root: it boots machines.
demo-hosts: build image
	@Scripts/demo-hosts

test: packages
	$(SWIFT) build --build-tests $(STRICT)
	@Scripts/test

build:
	@Scripts/install-packages $(BUILD_PACKAGES)
	$(SWIFT) build $(STRICT)

# What all machines of a lab share: made once, from Debian's packages.
image: build
	@Scripts/install-packages $(HOSTS_PACKAGES)
	.build/debug/lifeboat lab image

# One file to copy to a server, with the Swift libraries in it. By product: what tests share needs a library of tests.
release:
	@Scripts/install-packages $(BUILD_PACKAGES)
	$(SWIFT) build -c release --static-swift-stdlib $(STRICT) --product lifeboat
	$(SWIFT) build -c release --static-swift-stdlib $(STRICT) --product lab-scheduler

lint:
	$(SWIFT) format lint --strict -r Package.swift Sources Tests Benchmarks

format:
	$(SWIFT) format -i -r Package.swift Sources Tests Benchmarks

# Pages that are generated from the actions' schemas. A test checks that they are current.
docs: build
	.build/debug/lifeboat actions --write-docs docs

packages:
	@Scripts/install-packages $(PACKAGES)

clean:
	$(SWIFT) package clean
