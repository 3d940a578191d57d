/// Which part of an inventory points at a lost site, and what that means.
enum InventoryArea: String {
  case host, database, path, witness, people

  /// Nil of what points nowhere: a group is only a list of hosts, whose steps are looked at; the primary in normal times is
  /// a name.
  init?(of keys: [String]) {
    switch keys.first {
    case "sites": self = .host
    case "databases" where keys.last != "primary": self = .database
    case "paths": self = .path
    case "witnesses": self = .witness
    case "people": self = .people
    default: return nil
    }
  }

  /// Stable.
  var code: String { "lost_site.\(rawValue)" }

  var why: String {
    switch self {
    case .host: "the surviving host can't be reached, or can't work, without the site that is lost"
    case .database: "the surviving copy depends on the site that is lost"
    case .path: "the directory goes with the site that is lost"
    case .witness:
      "no copy of a checkpoint can be delivered, or compared with, while the site is lost"
    case .people: "signatures can't be verified while the site is lost"
    }
  }

  var advice: String {
    switch self {
    case .host: "give a way, or a place, that the surviving site has for itself"
    case .database: "name an address, a file or an option of the surviving site"
    case .path: "give a directory that the surviving site has for itself"
    case .witness: "name a witness elsewhere, or a second one"
    case .people: "keep the file on the machine that Lifeboat runs on"
    }
  }
}
