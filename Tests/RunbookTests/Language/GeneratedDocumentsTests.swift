import Foundation
import Testing

@testable import Runbook

@Suite struct GeneratedDocumentsTests {
  @Test func everyActionHasAPageThatSaysAllOfItsSchema() throws {
    let files = GeneratedDocuments(of: .sample).files
    for schema in ActionCatalogue.sample.schemas {
      let page = try #require(files.first { $0.path == "actions/\(schema.name).md" }).text
      #expect(page.hasPrefix("# \(schema.name)\n"))
      for parameter in schema.parameters { #expect(page.contains("| `\(parameter.name)` |")) }
      for note in schema.guards + schema.facts { #expect(page.contains("| `\(note.name)` |")) }
      #expect(page.contains("- \(schema.example.split(separator: "\n")[0])"))
      let index = try #require(files.first { $0.path == "actions/README.md" }).text
      #expect(index.contains("[\(schema.name)](\(schema.name).md)"))
    }
  }

  @Test func recordsAreListedFieldByField() throws {
    #expect(ActionPage(RequestSample.schema).text.contains("| `unless.status` |"))
  }

  @Test func schemasKnowExactlyTheKeysThatTheDecoderKnows() {
    #expect(Set(RunbookJSONSchema.rootProperties.keys) == Set(RunbookDocument.keys))
    #expect(Set(RunbookJSONSchema.stepProperties.keys) == Set(StepDocument.stepKeys))
    #expect(Set(InventoryJSONSchema.hostProperties.keys) == Set(HostDecoder.keys))
    #expect(
      Set(InventoryJSONSchema.databaseProperties.keys)
        == Set(AcrossSitesDecoder.databaseKeys(.postgresql)))
    #expect(Set(InventoryJSONSchema.restProperties.keys) == Set(SchedulerRESTDecoder.keys))
    #expect(Set(InventoryJSONSchema.sshProperties.keys) == Set(SSHDecoder.keys))
  }

  @Test func schemasAreJSONAndTheSameEachTime() throws {
    let first = GeneratedDocuments(of: .sample).files
    let second = GeneratedDocuments(of: .sample).files
    #expect(first.map(\.text) == second.map(\.text))
    for file in first where file.path.hasSuffix(".json") {
      let value = try JSONDecoder().decode(Value.self, from: Data(file.text.utf8))
      #expect(value.mapping?["$schema"] == "http://json-schema.org/draft-07/schema#")
    }
  }

  @Test func theDurationPatternAgreesWithTheReader() throws {
    let pattern = try #require(
      JSONSchemaPart.duration.mapping?["anyOf"]?.list?.first?.mapping?["pattern"]?.string)
    let expression = try Regex(pattern)
    for text in ["15s", "2h30m", "500ms", "1d", "1m30s", "1m1ms", "0s"] {
      #expect(text.wholeMatch(of: expression) != nil && Duration(runbook: text) != nil, "\(text)")
    }
    for text in ["", "15", "s", "1s1m", "1.5h", "1 m", "-1s", "1m1m"] {
      #expect(text.wholeMatch(of: expression) == nil && Duration(runbook: text) == nil, "\(text)")
    }
  }
}
