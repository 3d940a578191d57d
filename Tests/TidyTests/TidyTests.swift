import Foundation
import Testing

@Suite("The rules of the house")
struct TidyTests {
  @Test("every file keeps them")
  func houseIsTidy() throws {
    let files = try SourceFile.all()
    try #require(files.count > 50)
    let findings = files.filter { !$0.path.hasPrefix("Tests/TidyTests/") }
      .flatMap { file in [Rule].house.flatMap { $0.findings(in: file) } }
    #expect(findings.isEmpty, "\n\(findings.map(\.description).joined(separator: "\n"))")
  }

  @Test(
    "a broken rule is found, and only where it counts",
    arguments: [
      ("Sources/Engine/A.swift", "import Actuators", true),
      ("Sources/Engine/A.swift", "public import Journal", false),
      ("Sources/Review/A.swift", "internal import Runbook", true),
      ("Sources/LabScheduler/A.swift", "import Runbook", true),
      ("Sources/Journal/A.swift", "import struct Runbook.Plan", true),
      ("Sources/Actuators/A.swift", "let now = Date()", true),
      ("Sources/Engine/Clock/A.swift", "let now = Date()", false),
      ("Sources/Engine/A.swift", "let update = lastUpDate()", false),
      ("Sources/Actuators/Service/A.swift", "import Subprocess", true),
      ("Sources/Actuators/Transport/A.swift", "import Subprocess", false),
      ("Sources/Engine/A.swift", "  print(x)", true),
      ("Sources/lifeboat/Views/A.swift", "  print(x)", false),
      ("Sources/Engine/A.swift", "  blueprint(x)", false),
      ("Sources/Actuators/Service/A.swift", "import GRDB", true),
      ("Sources/Actuators/Database/A.swift", "import GRDB", false),
      ("Sources/Engine/A.swift", "let x = 1 // TODO", true),
      ("Sources/Engine/A.swift", "// print( is for Views, says this comment", false),
      ("Tests/EngineTests/A.swift", "try await Task.sleep(for: .seconds(1))", true),
      ("Sources/Engine/A.swift", "final class A: @unchecked Sendable {}", true),
      (
        "Sources/Engine/A.swift",
        "// `@unchecked`: the lock guards every access.\nfinal class A: @unchecked Sendable {}",
        false
      ),
      ("Sources/Engine/A.swift", String(repeating: "\n", count: 301), true),
    ])
  func brokenRuleIsFound(path: String, text: String, isBroken: Bool) {
    let findings = [Rule].house.flatMap { $0.findings(in: SourceFile(path: path, text: text)) }
    #expect(findings.isEmpty != isBroken, "\(findings)")
    for finding in findings { #expect(!finding.instead.isEmpty) }
  }

  @Test("Package.swift and the rule agree on who may import whom")
  func packageAgrees() throws {
    let package = try String(
      contentsOf: SourceFile.root.appendingPathComponent("Package.swift"), encoding: .utf8)
    for (target, allowed) in [Rule].imports where target != "lifeboat" {
      let declaration = try #require(
        package.firstRange(of: "name: \"\(target)\", dependencies")
          ?? package.firstRange(of: "name: \"\(target)\",\n"))
      let text = package[declaration.lowerBound...].prefix(300).split(separator: "swiftSettings")[0]
      for module in [Rule].imports.keys where module != target {
        #expect(text.contains("\"\(module)\"") == allowed.contains(module), "\(target): \(module)")
      }
    }
  }
}
