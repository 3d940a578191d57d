/// The lab's inventory as if its schedulers had REST servers, which they have not: for steps that are read and not done.
public enum RESTOnPaper {
  public static func added(to sites: String) -> String {
    let scheduler = "\n      scheduler:\n"
    let rest = """
              rest:
                url: https://jams.example:6371/jams
                user: lifeboat
                password: env:JAMS_PASSWORD
                maintenance_window: { path: "/api/resource/{resource}", quantity: quantityAvailable }

      """
    return sites.replacing(scheduler, with: scheduler + rest)
  }
}
