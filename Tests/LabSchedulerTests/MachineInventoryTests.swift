import Foundation
import Testing

@testable import LabScheduler

@Suite("The inventory of a lab of machines")
struct MachineInventoryTests {
  /// Shipped runbooks are validated against these files where no machines can be booted.
  @Test("is the fixture of the same name", arguments: DatabaseKind.allCases)
  func isTheFixture(kind: DatabaseKind) throws {
    let settings = MachineLabSettings(
      id: "fixture", database: kind, agents: 2, asksPermit: true, image: "/", programs: "/",
      runbooks: nil, swiftLibraries: nil, madeDirectory: false, createdAt: Clock.now)
    let fixture = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures/hosts/\(kind).yaml")
    #expect(
      MachineSitesFile(lab: MachineLab(root: "/lab", settings: settings)).yaml
        == (try String(contentsOf: fixture, encoding: .utf8)))
  }
}
