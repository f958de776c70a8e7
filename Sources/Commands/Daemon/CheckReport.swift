import Config
import Daemon
import Jobs
import NCTEngine

/// What `nctd check` finds; also the object that `--json` prints.
struct CheckReport: Codable {
    struct Problem: Codable {
        var file: String
        var line: Int?
        var key: String?
        var message: String
        var remedy: String

        init(_ problem: ConfigurationProblem) {
            file = problem.file
            line = problem.line
            key = problem.key
            message = problem.message
            remedy = problem.remedy
        }
    }

    struct Root: Codable {
        var path: String
        var lab: String
        var fileSystem: String
        var reach: String
        /// As configured.
        var mode: String
        /// As it will be watched.
        var effectiveMode: String
        var healthy: Bool
        /// Directories in it, each of which takes a watch if it is watched by events.
        var directories: Int
        var files: Int
        /// What each pattern of `exclude`, of an `include` of its own and of rules matches now.
        var patterns: [Pattern]
    }

    struct Pattern: Codable {
        /// `exclude`, `include`, or `path of` and the rule's name.
        var key: String
        var pattern: String
        /// Files that it matches now, and how many folders these lie in.
        var files: Int
        var folders: Int

        var line: String {
            "    \(key) \"\(pattern)\"  matches \(files.counted("file"))"
                + (files > 0 ? " in \(folders.counted("folder"))" : "") + " now"
        }
    }

    struct Rules: Codable {
        /// For a person: `the output`.
        var tree: String
        var directory: String
        /// What was found out by trying.
        var rules: [String]
    }

    struct Inotify: Codable {
        var watchesNeeded: Int
        var watchesAllowed: Int?
        var instancesAllowed: Int?
        var queuedEventsAllowed: Int?
    }

    struct Space: Codable {
        var purpose: String
        var directory: String
        var freeMebibytes: Int
        /// What must stay free, for results.
        var minimumFreeMebibytes: Int?
    }

    struct ProfileCost: Codable {
        var name: String
        var file: String?
        var method: String
        /// Nil for a method that uses no features, as what follows.
        var extractor: String?
        var weights: String?
        var featuresSHA256: String?
        /// What its prepared references hold in memory; nil if they were not prepared.
        var referencesMebibytes: Double?
        /// Where the palette of its captures' lab comes from; nil for a method that goes by none.
        var capturePalette: String?
        /// Where the light that its captures are corrected by comes from.
        var captureLight: String
    }

    /// What works on captures.
    struct Work: Codable {
        var workers: Int
        var isolation: String
        var stepLimitSeconds: Double

        init(_ configuration: DaemonConfiguration) {
            workers = configuration.workers
            isolation = configuration.isolation.rawValue
            stepLimitSeconds = configuration.stepLimit / .seconds(1)
        }

        var line: String {
            "  captures  \(workers) at once, "
                + (isolation == DaemonConfiguration.Isolation.processes.rawValue
                    ? "in processes of their own, at most \(stepLimitSeconds) s a step"
                    : "in threads of the daemon: one that ends its decoder ends the daemon")
        }
    }

    var configuration: String
    var valid = true
    var problems: [Problem] = []
    var warnings: [String] = []
    var roots: [Root] = []
    var inotify: Inotify?
    var space: [Space] = []
    /// Of the trees that are written to, those whose file systems have rules of their own.
    var rules: [Rules] = []
    var work: Work?
    var profiles: [ProfileCost] = []
    /// Results that are there; absent where no ledger can be read.
    var engines: EngineReview?

    init(configuration: String) { self.configuration = configuration }

    func json() throws -> String {
        String(decoding: try JSONText.encode(self), as: UTF8.self)
    }

    /// For a person, without problems and warnings, which go to standard error.
    var lines: [String] {
        var lines = ["\(configuration): in order"]
        for root in roots {
            let asked = root.mode == root.effectiveMode ? "" : " (\(root.mode))"
            lines.append(
                "  \(root.lab)  \(root.path)  \(root.fileSystem), \(root.reach)  watched by \(root.effectiveMode)\(asked)  "
                    + "\(root.directories.counted("directory", "directories")), \(root.files.counted("file"))")
            lines += root.patterns.map(\.line)
        }
        if let inotify {
            lines.append(
                "  inotify  \(inotify.watchesNeeded) watches needed of \(inotify.watchesAllowed.map(String.init) ?? "unknown")"
                    + "  queue of \(inotify.queuedEventsAllowed.map(String.init) ?? "unknown") events")
        }
        if let work { lines.append(work.line) }
        for place in space {
            let floor = place.minimumFreeMebibytes.map { ", \($0) MiB must stay free" } ?? ""
            lines.append("  \(place.purpose)  \(place.directory)  \(place.freeMebibytes) MiB free\(floor)")
        }
        for tree in rules {
            lines += ["  rules of \(tree.tree)  \(tree.directory)"] + tree.rules.map { "    \($0)" }
        }
        for profile in profiles {
            var line = "  profile \"\(profile.name)\"  \(profile.method)"
            if let extractor = profile.extractor { line += "  \(extractor)  \(profile.weights ?? "built in")" }
            if let digest = profile.featuresSHA256 { line += "  sha256 \(digest)" }
            if let cost = profile.referencesMebibytes { line += "  references hold \(cost) MiB" }
            if let palette = profile.capturePalette { line += "  captures' palette \(palette)" }
            line += "  captures' light \(profile.captureLight)"
            lines.append(line)
        }
        if let text = engines?.text { lines.append("  results  \(text)") }
        return lines
    }
}
