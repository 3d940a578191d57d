/// Properties that more than one action speaks of. One spelling, so that what one step predicts is what the next one
/// reads. Subjects are `site.host`, `site.host/service`, `database@site`, `path:name`.
public enum FactName {
  // Subject: a service, `production.scheduler/server`.
  /// `running`, `stopped`, `starting`, `stopping` or `failed`.
  public static let serviceState = "state"
  /// `automatic`, `manual`, `disabled` or, of systemd, `masked`: whether a rebooted host brings the service back.
  public static let startType = "start_type"
  /// A list of services that the service manager stops with it; of systemd, and of Windows those that run.
  public static let dependants = "dependants"
  /// A list of what Windows does when the service dies, one item a failure: `restart after 60000 ms`.
  public static let recovery = "recovery"

  // Subject: a database at a site, `scheduler@dr`.
  /// `primary`, `draining` or `replica`; `lost` when the file is gone or is no intact database.
  public static let role = "role"
  /// Rises by one with each promotion; two copies with the same epoch have one history.
  public static let epoch = "epoch"
  /// How far the copy has come in the primary's log.
  public static let position = "position"
  /// RFC 3339: everything that the primary had committed until then is in the copy.
  public static let asOf = "as_of"
  /// The rows of the `Failover` table, each a mapping of column to value.
  public static let failoverRows = "failover_rows"

  // Subject: a host, `dr.scheduler`.
  /// `true` when it was made harmless from outside, and nothing on it can run. False of a host that answers: it is asked
  /// itself.
  public static let fenced = "fenced"
  /// The GUID that the scheduler on this host runs under.
  public static let ownGUID = "guid"
  /// The machines that its units ask for the permit to start, as names and addresses.
  public static let permitMachines = "permit_machines"
}

extension Host {
  /// The subject of a service's facts.
  public func subject(ofService service: String) -> String { "\(id)/\(service)" }
}
