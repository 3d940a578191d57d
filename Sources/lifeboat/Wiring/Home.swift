import Foundation
import Journal

/// Where state stands on this machine: `$LIFEBOAT_HOME`, else the XDG state directory.
struct Home {
  let directory: String

  init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    if let home = environment["LIFEBOAT_HOME"], !home.isEmpty {
      directory = home
    } else if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") {
      directory = state + "/lifeboat"
    } else {
      directory = NSHomeDirectory() + "/.local/state/lifeboat"
    }
  }

  var journalPath: String { directory + "/journal.sqlite" }
}
