# Two commands for a newcomer: `make demo` and `make test`. Each installs what it needs.
SWIFT ?= swift
STRICT := --explicit-target-dependency-import-check error
# Debian packages: to build, and to run demo and tests.
PACKAGES := libyaml-dev libsqlite3-dev libssl-dev libcurl4-openssl-dev unixodbc-dev pkg-config python3 strace util-linux \
  odbc-postgresql odbc-mariadb postgresql-15 mariadb-server openssl

.PHONY: demo test build release lint format docs packages clean

demo: build
	@Scripts/demo

test: packages
	$(SWIFT) build --build-tests $(STRICT)
	@Scripts/test

build: packages
	$(SWIFT) build $(STRICT)

# One file to copy to a server, with the Swift libraries in it.
release: packages
	$(SWIFT) build -c release --static-swift-stdlib $(STRICT)

lint:
	$(SWIFT) format lint --strict -r Package.swift Sources Tests

format:
	$(SWIFT) format -i -r Package.swift Sources Tests

# Pages that are generated from the actions' schemas. A test checks that they are current.
docs: build
	.build/debug/lifeboat actions --write-docs docs

packages:
	@Scripts/install-packages $(PACKAGES)

clean:
	$(SWIFT) package clean
