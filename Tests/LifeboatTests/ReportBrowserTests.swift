import Foundation
import Testing

@Suite("A report in a browser", .serialized)
struct ReportBrowserTests {
  private static let sections = [
    "summary", "attention", "timeline", "time", "objectives", "steps", "people", "prechecks",
    "proof",
  ]

  @Test("on a phone and on a desk, dark and light", arguments: JournalFixture.allCases)
  func screens(fixture: JournalFixture) async throws {
    try await fixture.withReport { html, _ in
      for (width, theme) in [(390, Browser.Theme.dark), (390, .light), (1280, .light)] {
        let seen = try await Browser.look(at: html, width: width, theme: theme)
        #expect(seen.width == width)
        #expect(seen.contentWidth <= width, "it is wider than the screen")
        #expect(seen.isDark == (theme == .dark))
        #expect(seen.faint.isEmpty, "\(theme): \(seen.faint)")
        expectWhole(seen)
      }
    }
  }

  private func expectWhole(_ seen: Browser.Seen) {
    #expect(seen.sections == Self.sections)
    #expect(seen.emptySections.isEmpty)
    #expect(seen.scripts == 0)
    #expect(seen.outside.isEmpty)
    #expect(seen.fetched.isEmpty)
    #expect(seen.headersWithoutScope == 0)
    #expect(seen.images > 0)
    #expect(seen.imagesWithoutText == 0)
  }

  @Test("on paper nothing stays folded")
  func paper() async throws {
    try await JournalFixture.done.withReport { html, _ in
      let folder = (html as NSString).deletingLastPathComponent
      let ran = try await run(
        "chromium",
        [
          "--headless=new", "--no-sandbox", "--disable-gpu", "--user-data-dir=\(folder)/profile",
          "--no-pdf-header-footer", "--print-to-pdf=\(folder)/report.pdf", "file://\(html)",
        ], environment: ["HOME": folder])
      let folded = try pages(of: folder + "/report.pdf")
      let text = try String(contentsOfFile: html, encoding: .utf8)
      let opened = text.replacing("<details", with: "<details open=\"\"")
      try opened.write(toFile: folder + "/opened.html", atomically: true, encoding: .utf8)
      _ = try await run(
        "chromium",
        [
          "--headless=new", "--no-sandbox", "--disable-gpu", "--user-data-dir=\(folder)/profile",
          "--no-pdf-header-footer", "--print-to-pdf=\(folder)/opened.pdf",
          "file://\(folder)/opened.html",
        ], environment: ["HOME": folder])
      #expect(folded > 3, "\(ran)")
      #expect(try pages(of: folder + "/opened.pdf") == folded)
    }
  }

  private func pages(of pdf: String) throws -> Int {
    let data = try Data(contentsOf: URL(fileURLWithPath: pdf))
    return String(decoding: data, as: UTF8.self).matches(of: #/\/Type \/Page\b(?!s)/#).count
  }
}
