import Testing

@testable import ODBC

@Test func diagnosticsCompareByContent() {
  let one = ODBCDiagnostic(state: "HYT00", nativeError: 0, message: "timeout")
  #expect(one != ODBCDiagnostic(state: "HYT01", nativeError: 0, message: "timeout"))
}
