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
            free space, the weights with their digest, and what each profile holds in memory. A tree that is away is \
            a warning: the daemon starts and looks for it until it comes. One that this account may not write to, or \
            not make, is a problem, so check as the daemon's: sudo -u nctd nctd check. Nothing is written, but with \
            --initialize.

            EXIT STATUS: 0 in order, warnings or not; 1 warnings, with --strict; 2 there are problems.
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

    @Flag(
        name: .customLong("no-access"),
        help: "A tree that may not be written to is a warning: the daemon starts, and waits until it may be.")
    var allowsNoAccess = false

    @Flag(help: "Exit with status 1 if there are warnings.")
    var strict = false

    @Flag(
        help: ArgumentHelp(
            "Accept what lies now at the paths of the trees that are written to: each gets the file .nctd-tree, by "
                + "which the daemon recognizes it from then on."))
    var initialize = false

    func run() async throws {
        let console = Console.current
        var report = CheckReport(configuration: config)
        do {
            let configuration = try DaemonConfiguration.read(path: config)
            if initialize { try TreeInitialization(configuration).run().forEach(console.say) }
            var check = ConfigurationCheck(configuration)
            await check.run(preparing: !isQuick, demandsAccess: !allowsNoAccess)
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
        if strict, !report.warnings.isEmpty { throw ExitCode(ExitStatus.someFailed) }
    }
}
