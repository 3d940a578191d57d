import ArgumentParser
import Engine
import Foundation
import Journal
import Review

extension AuditCommand {
  struct Report: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "report",
      abstract: "Write a run's report: one HTML file, or JSON.",
      discussion: """
        The HTML file needs nothing beside it: no network, no scripts. Both forms are computed from the journal alone, \
        so the same run gives the same report. Without --html and --json the HTML goes into RUN.html here; \
        --output json prints the JSON instead.
        """)

    @Argument(help: "The run, or how its name ends. Default: the last one.")
    var run: String?

    @Option(help: "Where to write the HTML.", completion: .file(extensions: ["html"]))
    var html: String?

    @Option(help: "Where to write the JSON.", completion: .file(extensions: ["json"]))
    var json: String?

    @Flag(help: "Replace files that are there.")
    var force = false

    @OptionGroup var output: OutputOptions

    func run() async throws {
      let console = output.console
      try await output.errors(on: console).guarding {
        let reading = try await ReadingWiring()
        let id = try await reading.runs.resolve(run, onlyExecutions: false)
        let report = try await reading.report(of: id)
        let files = try files(for: report)
        for file in files { try file.write(force: force) }
        switch output.output {
        case .json: console.write(try JSON(encoding: report).description)
        case .text: for file in files { console.write("Wrote \(file.path)") }
        }
      }
    }

    private func files(for report: RunReport) throws -> [ReportFile] {
      var files: [ReportFile] = []
      if let json {
        let text = try JSON(encoding: report).description + "\n"
        files.append(ReportFile(path: json, text: text))
      }
      let isDefault = html == nil && json == nil && output.output == .text
      if let path = html ?? (isDefault ? "\(report.run.id).html" : nil) {
        files.append(ReportFile(path: path, text: report.html))
      }
      return files
    }
  }
}

/// A file that a report goes into.
private struct ReportFile {
  let path: String
  let text: String

  /// Throws `InputError` when it is there already and may not be replaced, and when it can't be written.
  func write(force: Bool) throws {
    let options: Data.WritingOptions = force ? [.atomic] : [.withoutOverwriting]
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: options)
    } catch let error as CocoaError where error.code == .fileWriteFileExists {
      throw InputError(
        "report.exists", "\(path) is there already; nothing was written to it",
        advice: "name another file, or replace it by --force")
    } catch {
      throw InputError(
        "report.unwritable", "\(path) can't be written: \(error.localizedDescription)",
        advice: "name a file in a directory that you may write to")
    }
  }
}
