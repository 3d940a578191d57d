import Runbook
import Testing

@Suite("Names of a site are replaced by their roles")
struct PseudonymTests {
  private static let inventory = Inventory(sites: [
    Site(
      name: "dr",
      hosts: [
        Host(
          site: "dr", name: "scheduler",
          connection: .ssh(
            settings: SSHSettings(destination: "Jams02.corp.example.com", user: "svc-runner"))),
        Host(
          site: "dr", name: "agent",
          connection: .winrm(
            settings: WinRMSettings(
              url: "https://jams02-agent.corp.example.com:5986/wsman", authentication: .ntlm)),
          rest: SchedulerREST(
            url: "https://rest.corp.example.com/jams", user: "svc-rest",
            password: SecretReference("env:X")!,
            jobs: .init(path: "/j", nameField: "n", agentField: "a", localAgent: "NODE7"))),
        Host(
          site: "dr", name: "here",
          connection: .ssh(settings: SSHSettings(destination: "127.0.0.1"))),
      ])
  ])

  @Test(
    "as a whole, in each case, by address and by name",
    arguments: [
      ("ping Jams02.corp.example.com", "ping ‹dr.scheduler›"),
      ("JAMS02 and jams02, JAMS02$", "‹dr.scheduler› and ‹dr.scheduler›, ‹dr.scheduler›$"),
      ("jams02-agent:5986", "‹dr.agent›:5986"),
      ("jams023 xjams02 127.0.0.1", "jams023 xjams02 127.0.0.1"),
      (
        "https://rest.corp.example.com/jams as svc-rest",
        "https://‹dr.agent›/jams as ‹account of dr.agent›"
      ),
      ("[\"node7\"]", "[\"‹dr.agent›\"]"),
      ("CORP\\svc-runner", "CORP\\‹account of dr.scheduler›"),
    ])
  func hidden(_ text: String, _ hidden: String) {
    #expect(Pseudonyms(Self.inventory).hidden(text) == hidden)
  }
}
