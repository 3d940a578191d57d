/// Decodes how the REST server of a host's scheduler is asked.
struct SchedulerRESTDecoder {
  static let keys = ["url", "user", "password", "ca", "maintenance_window", "jobs", "version"]
  static let windowKeys = ["resource", "path", "update", "quantity"]
  static let jobsKeys = ["path", "name", "agent", "local_agent"]
  static let versionKeys = ["path", "field"]

  let decoder: NodeDecoder

  func rest(_ node: YAMLNode) -> SchedulerREST? {
    guard let record = decoder.record(node, keys: Self.keys, "'rest'") else { return nil }
    let url = record.required("url", hint: "as https://jams-1.example:6371/jams").flatMap(self.url)
    let user = record.required("user").flatMap { decoder.nonEmptyString($0, "an account") }
    let password = record.required("password", hint: "as env:JAMS_PASSWORD")
      .flatMap(decoder.secret)
    let authority = record["ca"].flatMap(decoder.absolutePath)
    let window = record["maintenance_window"].flatMap(maintenanceWindow)
    let jobs = record["jobs"].flatMap(self.jobs)
    let version = record["version"].flatMap(self.version)
    guard let url, let user, let password else { return nil }
    return SchedulerREST(
      url: url, user: user, password: password, authority: authority, maintenanceWindow: window,
      jobs: jobs, version: version)
  }

  private func url(_ node: YAMLNode) -> String? {
    guard let url = decoder.nonEmptyString(node, "a URL") else { return nil }
    guard HTTPSURL.isPlain(url) else {
      decoder.diagnostics.error(
        .badValue, at: node.position, "that can't be where a scheduler's REST server listens",
        hint: "only HTTPS is spoken, as https://jams-1.example:6371/jams; the account stands under "
          + "'user'")
      return nil
    }
    return url.hasSuffix("/") ? String(url.dropLast()) : url
  }

  private func maintenanceWindow(_ node: YAMLNode) -> SchedulerREST.MaintenanceWindow? {
    guard let record = decoder.record(node, keys: Self.windowKeys, "'maintenance_window'") else {
      return nil
    }
    let resource = record["resource"].map { decoder.nonEmptyString($0, "a resource's name") }
    let placeholder = SchedulerREST.MaintenanceWindow.placeholder
    let path = record.required("path", hint: "where the resource is read, as in its Swagger page")
      .flatMap { self.path($0, with: placeholder) }
    let update = record["update"].map { self.path($0, with: placeholder) }
    let quantity = record.required("quantity", hint: "the field with the quantity available")
      .flatMap { decoder.nonEmptyString($0, "a field's name") }
    guard let path, let quantity else { return nil }
    if case .some(nil) = resource { return nil }
    if case .some(nil) = update { return nil }
    return SchedulerREST.MaintenanceWindow(
      resource: (resource ?? nil) ?? SchedulerREST.MaintenanceWindow.defaultResource, path: path,
      updatePath: update ?? nil, quantityField: quantity)
  }

  private func jobs(_ node: YAMLNode) -> SchedulerREST.Jobs? {
    guard let record = decoder.record(node, keys: Self.jobsKeys, "'jobs'") else { return nil }
    let path = record.required("path", hint: "where all jobs are listed").flatMap { self.path($0) }
    let name = record.required("name", hint: "the field with a job's name")
      .flatMap { decoder.nonEmptyString($0, "a field's name") }
    let agent = record.required("agent", hint: "the field with the name of a job's agent")
      .flatMap { decoder.nonEmptyString($0, "a field's name") }
    let local = record.required(
      "local_agent", hint: "the scheduler's own agent: on a secondary it is localhost"
    )
    .flatMap { decoder.nonEmptyString($0, "an agent's name") }
    guard let path, let name, let agent, let local else { return nil }
    return SchedulerREST.Jobs(path: path, nameField: name, agentField: agent, localAgent: local)
  }

  private func version(_ node: YAMLNode) -> SchedulerREST.Version? {
    guard let record = decoder.record(node, keys: Self.versionKeys, "'version'") else { return nil }
    let path = record.required("path", hint: "where the server tells its version")
      .flatMap { self.path($0) }
    let field = record["field"].flatMap { decoder.nonEmptyString($0, "a field's name") }
    return path.map { SchedulerREST.Version(path: $0, field: field) }
  }

  /// What follows the URL. Nothing in it may lead to another place there than it says.
  private func path(_ node: YAMLNode, with placeholder: String = "") -> String? {
    guard let path = decoder.nonEmptyString(node, "a path") else { return nil }
    let plain = placeholder.isEmpty ? path : path.replacing(placeholder, with: "")
    guard plain.wholeMatch(of: /\/[A-Za-z0-9\/._~%=&?:@,;+-]*/) != nil, !plain.contains("..") else {
      decoder.diagnostics.error(
        .badValue, at: node.position, "\(Quoted.text(path)) can't follow the URL",
        hint: placeholder.isEmpty
          ? "begin it with '/', as /api/job"
          : "begin it with '/', as /api/resource/\(placeholder)")
      return nil
    }
    return path
  }
}
