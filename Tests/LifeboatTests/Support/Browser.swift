import Foundation
import Testing

/// A page as a real browser shows it, headless: Debian's `chromium`.
enum Browser {
  /// Numbered as the browser's setting is.
  enum Theme: Int {
    case dark = 0
    case light = 1
  }

  /// What the browser made of a page.
  struct Seen: Decodable {
    let width: Int
    let contentWidth: Int
    let sections: [String]
    let emptySections: [String]
    let scripts: Int
    /// Addresses that lead out of the file.
    let outside: [String]
    /// What the browser fetched for it.
    let fetched: [String]
    let isDark: Bool
    /// Texts whose contrast is less than WCAG's 4.5 to 1, with what it is.
    let faint: [String]
    let headersWithoutScope: Int
    let images: Int
    let imagesWithoutText: Int
  }

  /// Shows the page `width` pixels wide, with everything opened. A window can't be as narrow as a phone: the page stands in
  /// a frame, whose width is that of its screen.
  static func look(at html: String, width: Int, theme: Theme) async throws -> Seen {
    let folder = FileManager.default.temporaryDirectory.path + "/lw-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer {
      do { try FileManager.default.removeItem(atPath: folder) } catch { Issue.record(error) }
    }
    let page = try String(contentsOfFile: html, encoding: .utf8)
    try frame(page, width: width)
      .write(toFile: folder + "/frame.html", atomically: true, encoding: .utf8)
    let ran = try await run(
      "chromium",
      [
        "--headless=new", "--no-sandbox", "--disable-gpu", "--user-data-dir=\(folder)/profile",
        "--blink-settings=preferredColorScheme=\(theme.rawValue)", "--window-size=1400,900",
        "--hide-scrollbars", "--virtual-time-budget=5000", "--dump-dom",
        "file://\(folder)/frame.html",
      ], environment: ["HOME": folder])
    let title = try #require(
      ran.output.firstMatch(of: #/<title>(.*?)<\/title>/#.dotMatchesNewlines())?.1, "\(ran)")
    return try JSONDecoder().decode(
      Seen.self, from: try #require(Data(base64Encoded: String(title)), "\(title)"))
  }

  private static func frame(_ page: String, width: Int) -> String {
    let source = page.replacing("&", with: "&amp;").replacing("\"", with: "&quot;")
    return """
      <!DOCTYPE html><meta charset="utf-8"><title>nothing yet</title>
      <iframe style="border:0;width:\(width)px;height:800px" srcdoc="\(source)"></iframe>
      <script>\(script)</script>
      """
  }

  private static let script = """
    const frame = document.querySelector('iframe');
    frame.onload = () => {
      const page = frame.contentDocument, view = frame.contentWindow, all = [...page.querySelectorAll('*')];
      page.querySelectorAll('details').forEach(d => d.open = true);
      const channels = color => color.match(/[\\d.]+/g).map(Number);
      const light = color => { const c = channels(color).slice(0, 3).map(v => v / 255)
        .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2]; };
      const ground = e => { for (; e; e = e.parentElement) { const c = view.getComputedStyle(e).backgroundColor;
        if (channels(c)[3] !== 0) return c; } return 'rgb(255,255,255)'; };
      const faint = all.filter(e => page.body.contains(e) && !e.closest('svg')
          && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())).map(e => {
        const a = light(view.getComputedStyle(e).color), b = light(ground(e));
        return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.textContent.trim().slice(0, 40)];
      }).filter(([ratio]) => ratio < 4.5).map(([ratio, text]) => ratio.toFixed(2) + ' ' + text);
      const sections = [...page.querySelectorAll('section[id]')], images = [...page.querySelectorAll('svg[role=img]')];
      const inside = value => value.startsWith('#');
      const seen = {
        width: page.documentElement.clientWidth, contentWidth: page.documentElement.scrollWidth,
        sections: sections.map(s => s.id),
        emptySections: sections.filter(s => s.textContent.trim() === s.querySelector('h2').textContent.trim()).map(s => s.id),
        scripts: page.querySelectorAll('script').length
          + all.filter(e => [...e.attributes].some(a => a.name.startsWith('on'))).length,
        outside: all.flatMap(e => ['src', 'href', 'srcset', 'action', 'data', 'xlink:href'].map(n => e.getAttribute(n)))
          .filter(v => v && !inside(v)).concat([...page.querySelectorAll('style')].flatMap(s => s.textContent.match(/url\\(|@import/g) || [])),
        fetched: view.performance.getEntriesByType('resource').map(r => r.name),
        isDark: light(view.getComputedStyle(page.body).backgroundColor) < 0.2, faint,
        headersWithoutScope: page.querySelectorAll('th:not([scope])').length,
        images: images.length, imagesWithoutText: images.filter(i => !i.getAttribute('aria-label')).length,
      };
      document.title = btoa(unescape(encodeURIComponent(JSON.stringify(seen))));
    };
    """
}
