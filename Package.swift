// swift-tools-version: 6.2
import PackageDescription

let swiftSettings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]
// For the modules that compute: optimised in debug builds, too, their tests take less than half the time.
let computing = swiftSettings + [.unsafeFlags(["-O"], .when(configuration: .debug))]

let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")

let package = Package(
  name: "lifeboat",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "lifeboat", targets: ["lifeboat"]),
    .executable(name: "lab-scheduler", targets: ["LabScheduler"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
  ],
  targets: [
    // C libraries, through headers of ours.
    .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CCurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(name: "CPlatform"),
    .systemLibrary(name: "CODBC", pkgConfig: "odbc", providers: [.apt(["unixodbc-dev"])]),

    // A small client for networked databases. It knows nothing of the house, and the house's two programs share it.
    .target(name: "ODBC", dependencies: ["CODBC"], swiftSettings: swiftSettings),

    // The house. Who may import whom is in docs/architecture.md and held by TidyTests.
    .target(name: "Runbook", dependencies: ["CYAML"], swiftSettings: computing),
    .target(
      name: "Journal", dependencies: ["CCrypto", "CPlatform", grdb], swiftSettings: computing),
    .target(
      name: "Engine", dependencies: ["Runbook", "Journal", "CPlatform"],
      swiftSettings: computing),
    .target(
      name: "Actuators",
      dependencies: ["Runbook", "ODBC", "CCurl", "CPlatform", grdb, subprocess, system],
      swiftSettings: swiftSettings),
    .target(name: "Review", dependencies: ["Journal"], swiftSettings: swiftSettings),
    .executableTarget(
      name: "lifeboat",
      dependencies: [
        "Runbook", "Journal", "Engine", "Actuators", "Review", "CPlatform", argumentParser,
      ],
      swiftSettings: swiftSettings),
    .executableTarget(
      name: "LabScheduler",
      dependencies: ["ODBC", "CCrypto", "CPlatform", argumentParser, grdb, system],
      swiftSettings: swiftSettings),
    // Not shipped: writes the journal that Benchmarks/journal measures with.
    .executableTarget(
      name: "journal-fill", dependencies: ["Journal"], path: "Benchmarks/journal/Fill",
      swiftSettings: swiftSettings),
    .target(
      name: "TestSupport", dependencies: ["Runbook", "Journal", "Engine"],
      swiftSettings: swiftSettings),

    .testTarget(
      name: "RunbookTests", dependencies: ["Runbook", "TestSupport"], swiftSettings: swiftSettings),
    .testTarget(
      name: "JournalTests", dependencies: ["Journal", "TestSupport", grdb],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "EngineTests", dependencies: ["Engine", "Runbook", "Journal", "TestSupport"],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "ActuatorsTests",
      dependencies: [
        "Actuators", "LabScheduler", "Engine", "Journal", "Runbook", "TestSupport", grdb,
        subprocess,
        system,
      ],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "ODBCTests", dependencies: ["ODBC", "TestSupport", subprocess, system],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "ProofTests",
      dependencies: ["Actuators", "Engine", "Journal", "Runbook", "TestSupport"],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "ReviewTests", dependencies: ["Review", "Journal", "TestSupport"],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "LabSchedulerTests",
      dependencies: ["LabScheduler", "ODBC", "TestSupport", grdb, subprocess, system],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "LifeboatTests",
      dependencies: [
        "lifeboat", "LabScheduler", "Runbook", "Journal", "Engine", "Actuators", "Review",
        "TestSupport",
        grdb,
        subprocess, system,
      ],
      swiftSettings: swiftSettings),
    .testTarget(name: "TidyTests", swiftSettings: swiftSettings),
  ]
)
