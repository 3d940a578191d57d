/// SQL Server, by FreeTDS's driver or Microsoft's.
extension ConnectionString {
  mutating func describeSQLServer(_ settings: ODBCSettings, driver: String) throws {
    if Self.isMicrosofts(driver) {
      try describeMicrosofts(settings)
    } else {
      try describeFreeTDS(settings)
    }
    try addPlain("Database", settings.database)
    try addPlain("APP", settings.applicationName)
  }

  /// FreeTDS's versions differ in how a `}` is written within braces, so that none is.
  mutating func addForFreeTDS(_ key: String, _ value: String) throws {
    guard value.contains(";") || value.hasPrefix("{") else { return try addRaw(key, value) }
    guard !value.contains("}") else { throw Unwritable(key: key) }
    try addRaw(key, "{\(value)}")
  }

  static func isMicrosofts(_ driver: String) -> Bool {
    driver.contains("msodbcsql") || driver.hasPrefix("ODBC Driver ")
  }

  /// https://www.freetds.org/userguide/odbcconnattr.html
  private mutating func describeFreeTDS(_ settings: ODBCSettings) throws {
    switch settings.encryption {
    case .verified(let authorityFile):
      let section = try FreeTDSConfiguration.shared.section(
        host: settings.host, port: settings.port, authorityFile: authorityFile)
      try addPlain("Servername", section)
    case .required: try describeFreeTDS(settings, encryption: "require")
    case .preferred: try describeFreeTDS(settings, encryption: "request")
    case .disabled: try describeFreeTDS(settings, encryption: "off")
    }
    try addPlain("TDS_Version", "7.4")
    try addPlain("ClientCharset", "UTF-8")
  }

  private mutating func describeFreeTDS(_ settings: ODBCSettings, encryption: String) throws {
    try addPlain("Server", settings.host)
    try addPlain("Port", String(settings.port))
    try addPlain("Encryption", encryption)
  }

  /// https://learn.microsoft.com/sql/connect/odbc/dsn-connection-string-attribute
  private mutating func describeMicrosofts(_ settings: ODBCSettings) throws {
    try addPlain("Server", "tcp:\(settings.host),\(settings.port)")
    switch settings.encryption {
    case .verified: try describeMicrosofts(encrypt: "yes", trust: "no")
    case .required: try describeMicrosofts(encrypt: "yes", trust: "yes")
    case .preferred, .disabled: try describeMicrosofts(encrypt: "no", trust: "yes")
    }
  }

  private mutating func describeMicrosofts(encrypt: String, trust: String) throws {
    try addPlain("Encrypt", encrypt)
    try addPlain("TrustServerCertificate", trust)
  }
}
