import Runbook
import Testing

@Suite struct DiagnosticFixtureTests {
  @Test(arguments: try DiagnosticFixture.all())
  func saysWhatShouldBeSaid(fixture: DiagnosticFixture) throws {
    var unexpected = try fixture.diagnostics().all
    for expectation in try fixture.expectations() {
      let index = unexpected.firstIndex {
        $0.head == expectation.head && $0.says(expectation.words)
      }
      if let index {
        unexpected.remove(at: index)
      } else {
        Issue.record("lacks \(expectation.head): \(expectation.words)")
      }
    }
    #expect(
      unexpected.isEmpty, "\n\(unexpected.map(\.description).joined(separator: "\n"))")
  }

  @Test func thereAreAtLeastSixty() throws {
    let fixtures = try DiagnosticFixture.all()
    #expect(fixtures.count >= 60)
    for fixture in fixtures { #expect(try !fixture.expectations().isEmpty, "\(fixture.name)") }
  }
}
