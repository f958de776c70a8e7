import ArgumentParser
import Config

/// `nctd check`: everything that can be wrong with the daemon's configuration, before it runs.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check the daemon's configuration, its profiles, and what they will meet here.",
        discussion: """
            Reports all problems of nctd.toml and of every profile at once, each with file, line, key and remedy. If \
            there are none, tells how each root will be watched, the limits of inotify against what the roots need, \
            free space, the weights with their digest, and what each profile holds in memory. Nothing is written.

            EXIT STATUS: 0 in order, warnings or not; 2 there are problems.
            """)

    @Option(
        name: .long, help: ArgumentHelp("The configuration.", valueName: "file"),
        completion: .file(extensions: ["toml"]))
    var config = DaemonConfiguration.defaultPath

    @Flag(name: .long, help: "Print the findings as JSON.")
    var json = false

    @Flag(
        name: .customLong("no-prepare"),
        help: "Do not prepare the references, which takes the longest and finds those that cannot serve.")
    var isQuick = false

    func run() async throws {
        let console = Console.current
        var report = CheckReport(configuration: config)
        do {
            var check = ConfigurationCheck(try DaemonConfiguration.read(path: config))
            check.run(preparing: !isQuick)
            report = check.report
        } catch let error as ConfigurationError {
            report.valid = false
            report.problems = error.problems.map { CheckReport.Problem($0) }
        }
        if json {
            console.say(try report.json())
        } else {
            if report.valid { report.lines.forEach(console.say) }
            for problem in report.problems {
                let whole = ConfigurationProblem(
                    file: problem.file, line: problem.line, key: problem.key, message: problem.message,
                    remedy: problem.remedy)
                console.warn(whole.description)
            }
            report.warnings.forEach { console.warn("warning: " + $0) }
        }
        if !report.valid { throw ExitCode(ExitStatus.wrongUsage) }
    }
}
