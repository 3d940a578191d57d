import ArgumentParser

struct ImageOptions: ParsableArguments {
  @Option(
    name: .customLong("package"),
    help: ArgumentHelp(
      "A Debian package that the machines have beside the usual; may be repeated.",
      valueName: "name"))
  var packages: [String] = []
}

extension LabCommand {
  struct Image: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make the base image of a lab of machines, unless it is there.")

    @OptionGroup var options: ImageOptions

    func run() throws {
      try HostPackages.require()
      let image = BaseImage(extraPackages: options.packages)
      Terminal.show(try image.prepare(telling: Terminal.show))
    }
  }
}
