import CPlatform
import Foundation

/// Becomes another program, with its terminal, signals and exit code: for verbs that another program carries out.
func replaceProcess(_ program: String, arguments: [String]) throws -> Never {
  var pointers = ([program] + arguments).map { strdup($0) }
  pointers.append(nil)
  execv(program, pointers)
  throw InputError(
    "lab.not_started", "\(program) can't be started: \(String(cString: strerror(errno)))")
}
