/// The JSON Schema of inventories, for editors.
enum InventoryJSONSchema {
  private typealias Part = JSONSchemaPart

  static let document = JSONSchemaDocument(
    title: "Lifeboat inventory",
    Part.object(
      [
        "sites": Part.named(site, atLeast: 1), "databases": Part.named(database),
        "paths": Part.named(path), "groups": Part.named(Part.list(Part.text, atLeast: 1)),
        "witnesses": Part.named(witness),
        "people": Part.object(
          [
            "allowed_signers": Part.described(
              Part.absolutePath, "The keys that people sign with, in OpenSSH's format of that name")
          ], required: ["allowed_signers"]),
      ], required: ["sites"]))

  private static let site = Part.object(
    [
      "hosts": Part.named(host, atLeast: 1),
      "settings": Part.described(
        Part.named(Part.text), "What runbooks refer to as ${SITE.settings.NAME}"),
    ], required: ["hosts"])

  private static let argumentVector = Part.list(Part.text, atLeast: 1)

  static let hostProperties: [String: Value] = [
    "connection": [
      "anyOf": [
        Part.object(["kind": ["const": "local"]], required: ["kind"]),
        Part.object(
          ["kind": ["const": "exec"], "through": argumentVector], required: ["kind", "through"]),
        Part.object(sshProperties, required: ["kind", "to"]),
        Part.object(winrmProperties, required: ["kind", "authentication"]),
      ]
    ],
    "os": Part.described(
      Part.words(OperatingSystem.allCases.map(\.rawValue)),
      "What the host runs where it isn't Linux; by winrm it is Windows"),
    "elevate": Part.described(
      Part.words(Elevation.allCases.map(\.rawValue)), "How commands get the rights that they need"),
    "inside": Part.described(
      argumentVector,
      "A program, with its arguments, behind which every command runs on the host, as nsenter"),
    "service_manager": [
      "anyOf": [
        Part.object(
          [
            "kind": ["const": "process"], "control": argumentVector,
            "directory": Part.absolutePath,
          ], required: ["kind", "control", "directory"]),
        Part.object(["kind": ["const": "systemd"]], required: ["kind"]),
        Part.object(["kind": ["const": "windows"]], required: ["kind"]),
      ]
    ],
    "services": Part.described(Part.list(Part.text), "In the order of starting"),
    "start_type": Part.described(
      Part.words(StartType.allCases.map(\.rawValue)),
      "What the services are set to where they run, in normal times: automatic unless it is said"),
    "guid": [
      "description": "Where the GUID of the scheduler on this host is had from",
      "anyOf": [
        Part.object(["value": Part.text], required: ["value"]),
        Part.object(
          ["file": Part.absolutePath, "element": Part.text], required: ["file", "element"]),
      ],
    ],
    "rest": Part.described(
      Part.object(restProperties, required: ["url", "user", "password"]),
      "The REST server of the scheduler on this host"),
    "drill": Part.described(
      Part.object(
        [
          "database": Part.text, "directory": Part.absolutePath,
          "server": Part.described(
            Part.object(
              ["address": Part.text, "port": port, "service": Part.text, "account": Part.text],
              required: ["address", "port", "service", "account"]),
            "Of a networked database: what serves the copy"),
        ],
        required: ["database", "directory"]),
      "Of a host that is there for drills alone: what is copied, and where to"),
  ]

  static let sshProperties: [String: Value] = [
    "kind": ["const": "ssh"],
    "to": Part.described(Part.text, "The host as ssh is told it: an alias, a name or an address"),
    "user": Part.text, "port": port,
    "config": Part.described(Part.absolutePath, "An ssh_config to read in place of the operator's"),
    "connect_timeout": Part.text, "silence_timeout": Part.text,
  ]

  static let winrmProperties: [String: Value] = [
    "kind": ["const": "winrm"],
    "address": Part.described(
      Part.text, "The name in the host's certificate; WinRM listens on port 5986 there"),
    "url": Part.described(Part.text, "In place of the address: https://dr-1.example:5986/wsman"),
    "authentication": Part.described(
      Part.words(WinRMSettings.Authentication.allCases.map(\.rawValue)),
      "negotiate is Kerberos, by a ticket, and takes neither user nor password"),
    "user": Part.text, "password": secret,
    "ca": Part.described(
      Part.absolutePath, "Certificates of the authorities to trust in place of this machine's"),
  ]

  static let restProperties: [String: Value] = [
    "url": Part.described(Part.text, "As https://jams-1.example:6371/jams"),
    "user": Part.text, "password": secret,
    "ca": Part.described(
      Part.absolutePath, "Certificates of the authorities to trust in place of this machine's"),
    "maintenance_window": Part.described(
      Part.object(
        ["resource": Part.text, "path": Part.text, "update": Part.text, "quantity": Part.text],
        required: ["path", "quantity"]),
      "The resource that jobs need to start: where it is read and put, and its quantity's field"),
    "jobs": Part.described(
      Part.object(
        ["path": Part.text, "name": Part.text, "agent": Part.text, "local_agent": Part.text],
        required: ["path", "name", "agent", "local_agent"]),
      "Where all jobs are listed, the names of their fields, and the scheduler's own agent"),
    "version": Part.described(
      Part.object(["path": Part.text, "field": Part.text], required: ["path"]),
      "Where the server tells its version"),
  ]

  private static let port: Value = ["type": "integer", "minimum": 1, "maximum": 65535]

  private static let host = Part.object(hostProperties, required: ["connection"])

  static let databaseProperties: [String: Value] = [
    "kind": Part.words(Database.Kind.allCases.map(\.rawValue)),
    "replication": Part.object(
      [
        "kind": Part.words(Database.Replication.Kind.allCases.map(\.rawValue)),
        "user": Part.text, "password": secret,
        "options": ["type": "object", "additionalProperties": Part.text],
        "interval": Part.described(
          Part.text, "Of SQL Server's log_shipping: how often a job that is made for it runs"),
      ], required: ["kind"]),
    "primary": Part.described(Part.name, "The site that is primary in normal times"),
    "failover_table": Part.text,
    "guid_column": Part.text, "heartbeat_column": Part.text,
    "database": Part.described(Part.text, "The database's name on its server"),
    "port": port,
    "driver": Part.described(
      Part.text, "The ODBC driver, by its file or its name in odbcinst.ini; default Debian's"),
    "tls": Part.object(
      [
        "mode": Part.words(DatabaseServer.TLS.Mode.allCases.map(\.rawValue)),
        "ca": Part.absolutePath,
      ], required: []),
    "observe": Part.described(login, "The account that probes look with, and that can do no more"),
    "operate": Part.described(login, "The account that acts change things with"),
    "server": installation,
    "at": Part.named(
      [
        "anyOf": [
          Part.object(["host": Part.name, "file": Part.absolutePath], required: ["host", "file"]),
          Part.object(
            [
              "host": Part.name, "address": Part.text, "port": port, "server": installation,
              "log_shipping": shipping,
            ],
            required: ["host", "address"]),
        ]
      ], atLeast: 1),
  ]

  private static let secret = Part.described(
    ["type": "string", "pattern": "^(env:|file:/|command:)"], "A reference to a secret")

  private static let login = Part.object(
    ["user": Part.text, "password": secret], required: ["user"])

  private static let installation = Part.object(
    [
      "service": Part.described(Part.text, "The service that runs it, as postgresql@15-main"),
      "account": Part.described(Part.text, "The account that owns its files"),
      "data_directory": Part.absolutePath,
      "program_directory": Part.absolutePath,
      "configuration_directory": Part.absolutePath,
    ], required: [])

  private static let shipping = Part.described(
    Part.object(
      [
        "backup_directory": Part.absolutePath, "backup_share": Part.absolutePath,
        "copy_directory": Part.absolutePath,
      ], required: ServerDecoder.shippingKeys),
    "SQL Server's log shipping: where backups of the log go and come from")

  private static let database = Part.object(
    databaseProperties, required: ["kind", "primary", "at"])

  private static let witness: Value = [
    "description": "Gets a copy of each checkpoint of the journal",
    "anyOf": [
      Part.object(
        ["kind": ["const": "path"], "directory": Part.absolutePath],
        required: ["kind", "directory"]),
      Part.object(
        ["kind": ["const": "http"], "url": Part.text, "authorization": secret],
        required: ["kind", "url"]),
      Part.object(
        ["kind": ["const": "command"], "command": argumentVector], required: ["kind", "command"]),
    ],
  ]

  private static let path = Part.object(
    ["at": ["type": "object", "additionalProperties": Part.absolutePath]], required: ["at"])
}
