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
}
