import Journal
import Testing

@testable import Review

/// What a rehearsal says would be done, as people read it.
struct OperationLineTests {
  @Test(arguments: [
    (
      OperationRecord(
        .command, at: "dr.db", account: "postgres",
        arguments: ["sh", "-c", "echo 'a' $(b)", "", "/x-1_2.y"], environment: ["A": "b c"],
        input: "in"), #"postgres@dr.db$ A='b c' sh -c 'echo '\''a'\'' $(b)' '' /x-1_2.y <<< in"#
    ),
    (
      OperationRecord(
        .statement, at: "d@dr", statement: "DELETE\n  FROM t", condition: "it answers"),
      "if it answers: d@dr: DELETE   FROM t"
    ),
    (
      OperationRecord(.request, method: "PUT", url: "http://a/", body: "dr"),
      "PUT http://a/ with dr"
    ),
    (OperationRecord(.writeFile, at: "a.b", path: "/f"), "a.b: write /f"),
    (OperationRecord(.untold, note: "it depends"), "can't say what exactly: it depends"),
  ]) func oneLineEach(_ record: OperationRecord, _ line: String) {
    #expect(record.spoken == line)
  }

  @Test("a rehearsal's report has them under their step, folded, and as text")
  func inTheReport() throws {
    var entries = ReportEntries()
    try entries.begin()
    try entries.add(
      1,
      StepRehearsed(
        name: "Step reverse", action: "replication.reverse", target: "scheduler",
        outcome: .wouldChange, basis: .probed, message: "reverse it", observation: [], guards: [],
        predicted: nil,
        operations: [
          OperationRecord(.command, at: "dr.db", arguments: ["echo", "<b>", "it's"]),
          OperationRecord(.statement, at: "d@dr", statement: "SELECT 1", condition: "it answers"),
          OperationRecord(.untold, note: "it depends"),
        ]), step: "reverse")
    let html = try entries.report().html
    #expect(html.contains("<summary>Exactly what would be done, in order (3)</summary>"))
    #expect(html.contains("<code>echo &#39;&lt;b&gt;&#39; &#39;it"))
    #expect(html.contains("<code>SELECT 1</code>") && html.contains(">it answers</td>"))
    #expect(!html.contains("<b>&#39;") && !html.contains("echo <b>"))
    #expect(html.contains("Can&#39;t say what exactly: it depends"))
  }
}
