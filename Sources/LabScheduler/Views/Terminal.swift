import Foundation

/// Where everything that a person or a program reads on the standard streams goes through.
enum Terminal {
  static func show(_ line: String) {
    print(line)
  }

  static func show(json: Data) {
    show(String(decoding: json, as: UTF8.self))
  }

  /// One line on standard error.
  static func complain(_ line: String) {
    FileHandle.standardError.write(Data("lab-scheduler: \(line)\n".utf8))
  }

  /// One line in a service's log, which is its standard error.
  static func log(_ service: String, _ line: String) {
    FileHandle.standardError.write(Data("\(Clock.now) \(service): \(line)\n".utf8))
  }
}
