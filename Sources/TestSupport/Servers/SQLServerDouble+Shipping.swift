/// Log shipping in a world of the double: where each site's instance writes, shows and copies backups of its log, in names that
/// want quoting.
extension SQLServerDouble {
  /// By the keys of an inventory.
  public static func shippingPlaces(of site: String) -> [String: String] {
    [
      "backup_directory": #"D:\log's ]"ö\out"#, "backup_share": #"\\\#(site)\log's share"#,
      "copy_directory": #"D:\log's ]"ö\in"#,
    ]
  }

  /// The same as an inventory has it.
  public static func shippingInventory(of site: String) -> String {
    let words = shippingPlaces(of: site).sorted { $0.key < $1.key }.map {
      "\($0): '\($1.replacing("'", with: "''"))'"
    }
    return "{ \(words.joined(separator: ", ")) }"
  }

  /// The volumes of a site's instance: its own directories, and the shares of all.
  public static func shippingVolumes(of site: String, among sites: [String]) -> [String: String] {
    let own = shippingPlaces(of: site)
    var volumes: [String: String] = [:]
    volumes[own["backup_directory"] ?? ""] = "out-\(site)"
    volumes[own["copy_directory"] ?? ""] = "in-\(site)"
    for each in sites { volumes[shippingPlaces(of: each)["backup_share"] ?? ""] = "out-\(each)" }
    return volumes
  }

  /// As the wizard sets it up, one way only.
  public static func shipping(
    _ database: String, from primary: String, to secondary: String
  ) -> [String: Any] {
    var described: [String: Any] = shippingPlaces(of: primary)
    described["copy_directory"] = shippingPlaces(of: secondary)["copy_directory"]
    return described.merging([
      "database": database, "primary": primary, "secondary": secondary,
    ]) { $1 }
  }
}
