import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

@Suite struct CatalogueTests {
  private let schemas = ActionCatalogue.standard.schemas

  @Test("every action has a name of its own, and says all that its page needs")
  func schemasAreComplete() {
    #expect(Set(schemas.map(\.name)).count == schemas.count)
    for schema in schemas {
      #expect(schema.name.contains("."), "\(schema.name)")
      #expect(!schema.summary.isEmpty && !schema.summary.hasSuffix("."), "\(schema.name)")
      #expect(!schema.discussion.isEmpty, "\(schema.name)")
      for names in [
        schema.parameters.map(\.name), schema.facts.map(\.name), schema.guards.map(\.name),
      ] {
        #expect(Set(names).count == names.count, "\(schema.name): \(names)")
      }
      if schema.effect == .changes, schema.target != .database, !schema.isRepeatable {
        let look = schema.parameters.first { ["unless", "verify"].contains($0.name) }
        #expect(look?.isRequired == true, "\(schema.name) can't be idempotent without a look")
        #expect(look?.whyRequired != nil, "\(schema.name)")
      }
    }
  }

  @Test("a fact moves by itself in every action that states it, or in none")
  func motions() {
    for (name, notes) in Dictionary(grouping: schemas.flatMap(\.facts), by: \.name) {
      #expect(Set(notes.map(\.motion)).count == 1, "\(name): \(notes.map(\.motion))")
    }
  }

  @Test("every action's capability is that of its effect")
  func effects() {
    for action in ActionCatalogue.standard.actions {
      let schema = action.schema
      #expect((action is any ActingAction.Type) == (schema.effect == .changes), "\(schema.name)")
      #expect((action is any GateAction.Type) == (schema.effect == .asks), "\(schema.name)")
    }
  }

  private static let sqlServer = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Fixtures/hosts/sqlserver-mirroring.yaml").standardized.path

  @Test("every example is a valid step for the lab, or for SQL Server, and makes the action")
  func examples() async throws {
    try await TestLab.with { lab in
      let sites = try String(contentsOfFile: "\(lab.directory)/sites.yaml", encoding: .utf8)
      let labs = SourceText(file: "sites.yaml", text: RESTOnPaper.added(to: sites))
      let servers = try SourceText(contentsOf: Self.sqlServer)
      for schema in schemas {
        // What SQL Server alone has needs one.
        let inventory = schema.name == DatabaseGrant.schema.name ? servers : labs
        // What a drill acts on may be acted on in a drill alone, and the other way round.
        let isForDrills = schema.name.hasPrefix("drill.") && schema.effect == .changes
        let step = schema.example.split(separator: "\n", omittingEmptySubsequences: false)
          .map { "    \($0)" }.joined(separator: "\n")
        let runbook = """
          runbook: example
          description: An example.
          run_type: \(isForDrills ? "drill" : "upgrade")
          steps:
            -
          \(step)
          """
        do {
          let planned = try Planner(catalogue: .standard).plan(
            runbook: SourceText(file: "example.yaml", text: runbook), inventory: inventory,
            parameters: [:])
          let step = try #require(planned.plan.steps.first)
          let action = try #require(ActionCatalogue.standard[step.action])
          let values = step.arguments.mapValues { value in
            value.resolved { _ in .null }
          }
          _ = try action.init(
            Arguments(
              step: step.id, values: values, target: step.target,
              inventory: planned.plan.inventory))
        } catch {
          Issue.record("\(schema.name): \(error)\n\(runbook)")
        }
      }
    }
  }
}

@Suite struct OwnGUIDTests {
  @Test("a GUID is the text of the first element of its name, and nothing that XML can hide")
  func elements() {
    let documents: [(String, String?)] = [
      ("<ServerConfig><InstalledGUID>a-b</InstalledGUID></ServerConfig>", "a-b"),
      ("<?xml version=\"1.0\"?>\n<C>\n <InstalledGUID> a-b\n</InstalledGUID></C>", "a-b"),
      ("<C><InstalledGUID>a</InstalledGUID><InstalledGUID>b</InstalledGUID></C>", "a"),
      ("<C><InstalledGUID><![CDATA[a]]></InstalledGUID></C>", "a"),
      ("<C><InstalledGUID/></C>", nil), ("<C><Other>a</Other></C>", nil), ("<C>", nil), ("", nil),
      ("<C><InstalledGUID>a</InstalledGUID>", nil),
      (
        "<!DOCTYPE C [<!ENTITY e SYSTEM \"file:///etc/hostname\">]><C><InstalledGUID>&e;</InstalledGUID></C>",
        nil
      ),
    ]
    for (document, guid) in documents {
      #expect(FirstElement("InstalledGUID").text(in: document) == guid, "\(document)")
    }
  }

  @Test("GUIDs are compared without regard to case, braces and blanks")
  func normalised() {
    #expect(GUIDText.normalised(" {ABC-1}\n") == GUIDText.normalised("abc-1"))
    #expect(GUIDText.normalised("abc-1") != GUIDText.normalised("abc-2"))
  }
}
