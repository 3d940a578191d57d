import CPlatform
import Foundation
import Journal

extension PersonRecord {
  /// The person at this process, with all that tells who it is: what the kernel keeps, and what the environment claims.
  static var current: PersonRecord {
    let environment = ProcessInfo.processInfo.environment
    let login = loginUID
    return PersonRecord(
      user: accountName(of: getuid()), host: ProcessInfo.processInfo.hostName,
      realUser: environment["SUDO_USER"].flatMap { $0.isEmpty ? nil : $0 }, uid: Int(getuid()),
      loginUser: login.map(accountName), loginUID: login.map(Int.init), terminal: terminal,
      client: environment["SSH_CONNECTION"].flatMap(clientAddress)
        ?? environment["SSH_CLIENT"].flatMap(clientAddress))
  }

  private static func accountName(of uid: uid_t) -> String {
    guard let entry = getpwuid(uid), let name = entry.pointee.pw_name else { return "uid \(uid)" }
    return String(cString: name)
  }

  /// The account that logged in, as the kernel keeps it for all that the login starts: `su` and `sudo` don't change it.
  private static var loginUID: uid_t? {
    guard let data = FileManager.default.contents(atPath: "/proc/self/loginuid"),
      let uid = uid_t(String(decoding: data, as: UTF8.self).trimmingCharacters(in: .newlines)),
      uid != .max
    else { return nil }
    return uid
  }

  private static var terminal: String? {
    for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] {
      var name = [CChar](repeating: 0, count: 256)
      if ttyname_r(descriptor, &name, name.count) == 0 {
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      }
    }
    return nil
  }

  /// The first word of `SSH_CONNECTION`, where it is an address.
  private static func clientAddress(_ text: String) -> String? {
    let address = text.prefix { $0 != " " }
    var bytes = in6_addr()
    let withoutZone = String(address.prefix { $0 != "%" })
    let isAddress =
      inet_pton(AF_INET, withoutZone, &bytes) == 1 || inet_pton(AF_INET6, withoutZone, &bytes) == 1
    return isAddress && address.count <= 64 ? String(address) : nil
  }
}
