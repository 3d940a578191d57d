/// Decodes one host of an inventory.
struct HostDecoder {
  static let keys = [
    "connection", "os", "elevate", "inside", "service_manager", "services", "start_type", "guid",
    "rest", "drill",
  ]
  static let connectionKinds = ["local", "exec", "ssh", "winrm"]
  static let managerKinds = ["process", "systemd", "windows"]

  let decoder: NodeDecoder

  func host(_ node: YAMLNode, site: String, name: String) -> Host? {
    guard let record = decoder.record(node, keys: Self.keys, "a host") else { return nil }
    let connection = record.required("connection", hint: "for this machine: { kind: local }")
      .flatMap(self.connection)
    let elevation = record["elevate"].flatMap { decoder.choice($0, of: Elevation.self) }
    let inside = record["inside"].flatMap(through)
    let manager = record["service_manager"].flatMap(serviceManager)
    let services = record["services"].map(self.services) ?? []
    if let position = record.keyPosition(of: "services"), record["service_manager"] == nil,
      !services.isEmpty
    {
      decoder.diagnostics.error(
        .missingManager, at: position, "the host has services, and no service_manager to ask",
        hint: "add the key 'service_manager'")
    }
    let startType = record["start_type"].flatMap { decoder.choice($0, of: StartType.self) }
    let os = record["os"].flatMap { decoder.choice($0, of: OperatingSystem.self) }
    let guid = record["guid"].flatMap(self.guid)
    let rest = record["rest"].flatMap(SchedulerRESTDecoder(decoder: decoder).rest)
    let drill = record["drill"].flatMap(DrillDecoder(decoder: decoder).drill)
    if drill != nil {
      for key in ["guid", "services"] where record[key] == nil {
        decoder.diagnostics.error(
          .missingKey, at: record.keyPosition(of: "drill"),
          "a drill's host needs the key '\(key)': its scheduler is started for real")
      }
      if let position = record.keyPosition(of: "rest") {
        decoder.diagnostics.error(
          .badValue, at: position, "a drill's scheduler is reached by nobody from outside",
          hint: "remove 'rest'")
      }
    }
    guard let connection else { return nil }
    var system = os
    if case .winrm = connection { system = .windows }
    HostSystemCheck(diagnostics: decoder.diagnostics, record: record)
      .report(system, connection, manager)
    return Host(
      site: site, name: name, connection: connection, os: system, elevation: elevation ?? .none,
      inside: inside, serviceManager: manager, services: services, startType: startType,
      guid: guid, rest: rest, drill: drill)
  }

  private func connection(_ node: YAMLNode) -> Connection? {
    guard let kind = kind(of: node, among: Self.connectionKinds, "a connection") else {
      return nil
    }
    switch kind {
    case "exec":
      return decoder.record(node, keys: ["kind", "through"], "an exec connection")?
        .required("through", hint: "the program that enters the host, and its arguments")
        .flatMap(through)
        .map { .exec(through: $0) }
    case "ssh":
      return SSHDecoder(decoder: decoder).settings(node).map { .ssh(settings: $0) }
    case "winrm":
      return WinRMDecoder(decoder: decoder).settings(node).map { .winrm(settings: $0) }
    default:
      return decoder.record(node, keys: ["kind"], "a local connection").map { _ in .local }
    }
  }

  /// Programs that would hand the rest of their arguments to a shell.
  private static let shells: Set = [
    "bash", "dash", "ksh", "rsh", "sh", "ssh", "su", "zsh",
  ]

  /// What a shell reads it may act upon: even a look could then change something.
  private func through(_ node: YAMLNode) -> [String]? {
    guard let arguments = decoder.strings(node, "a program and its arguments, as a list") else {
      return nil
    }
    let program = arguments.first?.split(separator: "/").last.map(String.init) ?? ""
    guard !Self.shells.contains(program) else {
      decoder.diagnostics.error(
        .badValue, at: node.position,
        "\(Quoted.text(program)) would hand the arguments to a shell",
        hint: program == "ssh"
          ? "use a connection of kind ssh"
          : "enter the host by a program that runs its arguments as they are")
      return nil
    }
    return arguments
  }

  private func serviceManager(_ node: YAMLNode) -> ServiceManager? {
    guard let kind = kind(of: node, among: Self.managerKinds, "a service manager") else {
      return nil
    }
    if kind == "systemd" || kind == "windows" {
      return decoder.record(node, keys: ["kind"], kind).map { _ in
        kind == "systemd" ? .systemd : .windows
      }
    }
    guard
      let record = decoder.record(
        node, keys: ["kind", "control", "directory"], "a process manager")
    else { return nil }
    let control = record.required("control")
      .flatMap { decoder.strings($0, "a program and its arguments, as a list") }
    let directory = record.required("directory").flatMap(decoder.absolutePath)
    guard let control, let directory else { return nil }
    return .process(control: control, directory: directory)
  }

  /// The word under `kind`, read first because it decides which other keys are known.
  private func kind(of node: YAMLNode, among kinds: [String], _ what: String) -> String? {
    guard let pairs = decoder.pairs(node, "\(what): a mapping with the key 'kind'") else {
      return nil
    }
    guard let kind = pairs.first(where: { $0.key == "kind" }) else {
      decoder.diagnostics.error(
        .missingKey, at: node.position, "\(what) needs the key 'kind'",
        hint: "kinds: \(kinds.joined(separator: ", "))")
      return nil
    }
    return decoder.choice(kind.value, kinds)
  }

  private func services(_ node: YAMLNode) -> [String] {
    let items = decoder.list(node, "a list of services, in the order of starting") ?? []
    let services = decoder.distinct(items, "the name of a service")
    for service in services where !ScalarSyntax.isServiceName(service.text) {
      decoder.diagnostics.error(
        .badName, at: service.position,
        "\(Quoted.text(service.text)) can't be the name of a service",
        hint: "it must not start with '-' or hold control characters")
    }
    return services.map(\.text)
  }

  private func guid(_ node: YAMLNode) -> GUIDSource? {
    guard let record = decoder.record(node, keys: ["file", "element", "value"], "a guid") else {
      return nil
    }
    if let value = record["value"] {
      for key in ["file", "element"] where record[key] != nil {
        decoder.diagnostics.error(
          .unknownKey, at: record.keyPosition(of: key),
          "a guid has either 'value', or 'file' and 'element'", hint: "remove '\(key)'")
      }
      return decoder.nonEmptyString(value, "a GUID").map { .value($0) }
    }
    let file = record.required(
      "file", hint: "as in { file: …/Server.config, element: InstalledGUID }"
    )
    .flatMap(decoder.absolutePath)
    let element = record.required("element", hint: "in a Server.config it is InstalledGUID")
      .flatMap { decoder.nonEmptyString($0, "the name of an XML element") }
    guard let file, let element else { return nil }
    return .file(path: file, element: element)
  }
}
