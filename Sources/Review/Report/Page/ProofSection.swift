import Journal

/// Where the run stands in the journal, and how anybody checks that nothing of it was changed.
struct ProofSection {
  let report: RunReport

  @HTMLBuilder var html: HTML {
    tag("p") {
      "This page is a rendering and proves nothing by itself. The journal does: it is a Merkle log in which no entry of this run can be changed, removed or reordered without another root. Whoever can write the journal can compute another root, and whoever has its key, too, can sign that; the copies of its checkpoints that witnesses keep then disagree."
    }
    tag("dl", ["class": "pairs"]) {
      Said.pair("Entries of the run") { "\(report.proof.firstEntry) to \(report.proof.lastEntry)" }
      Said.pair("Journal's size then") { "\(report.proof.size)" }
      Said.pair("Merkle root then") { tag("code") { report.proof.root.description } }
      Said.pair("Plan") { tag("code") { report.run.planDigest } }
      Said.pair("Runbook") { tag("code") { report.run.runbookFile } }
      Said.pair("Inventory") { tag("code") { report.run.inventoryFile } }
      Said.pair("Made with") { "Lifeboat \(report.run.version)" }
    }
    tag("h3") { "Signed checkpoint" }
    for problem in report.proof.problems {
      tag("p") {
        Said.chip("does not hold", .bad)
        " \(problem)"
      }
    }
    if let checkpoint = report.proof.checkpoint { signed(checkpoint) } else { unsigned }
    tag("h3") { "Check it" }
    tag("dl", ["class": "pairs checks"]) {
      for (command, meaning) in commands {
        Said.pair(meaning) { tag("pre") { command } }
      }
    }
    tag("p", ["class": "soft small"]) {
      "KEY is the verifier key, as ‘lifeboat audit keys export’ wrote it, that you have from elsewhere: a page can name any key. WITNESS is a place that keeps copies of the checkpoints: a name in the inventory, a directory, a file or a URL. ‘audit check-proof’ needs no journal."
    }
  }

  @HTMLBuilder private func signed(_ checkpoint: ReportProof.Signed) -> HTML {
    let later = checkpoint.size - report.proof.size
    tag("p") {
      "Of all that was signed for this journal, this is the first that covers the run"
      later == 0
        ? ": it was signed when the run's last entry was the journal's last."
        : ", with \(later) \(later == 1 ? "entry" : "entries") after it."
    }
    tag("dl", ["class": "pairs"]) {
      Said.pair("Signed as") { checkpoint.origin }
      Said.pair("Entries") { "\(checkpoint.size)" }
      Said.pair("Merkle root") { tag("code") { checkpoint.root.description } }
    }
    tag("pre", ["class": "note"]) { checkpoint.note }
  }

  private var unsigned: HTML {
    tag("p") {
      tag("b") { "There is none that covers this run and holds." }
      " Nobody's signature stands for its entries: until one is made (‘lifeboat audit checkpoint’), the journal is only its own witness."
    }
  }

  private var commands: [(String, String)] {
    let last = report.proof.lastEntry
    return [
      ("lifeboat audit verify --key KEY --witness WITNESS", "All entries, signatures and copies"),
      (
        "lifeboat audit prove \(last) --output json > proof.json\nlifeboat audit check-proof proof.json --key KEY",
        "The run's last entry, by itself"
      ),
      ("lifeboat audit people \(report.run.id)", "Who answered, and their signatures"),
      ("lifeboat audit show \(report.run.id)", "The entries"),
      ("lifeboat audit report \(report.run.id)", "This report, made anew"),
    ]
  }
}
