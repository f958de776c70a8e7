import Foundation

extension DaemonConfiguration {
    /// Where the configuration is looked for if none is named.
    public static let defaultPath = "/etc/nctd/nctd.toml"

    /// Reads the daemon's configuration and all profiles beside it.
    ///
    /// Throws ``ConfigurationError`` with the problems of all files at once: syntax, unknown keys, wrong types, values
    /// out of range, missing keys, files and directories that cannot be used, trees that overlap (links resolved),
    /// labs and profiles of one name, rules that name unknown profiles, patterns that cannot be read.
    /// Paths in it are relative to the file's folder.
    public static func read(path: String) throws -> DaemonConfiguration {
        let text = try ConfigurationText.read(
            path: path, what: "configuration", missing: "check the name, or start from etc/nctd/nctd.toml")
        let log = ProblemLog(file: path, text: text)
        var reader = TableReader(try ProblemLog.parse(text, file: path), log: log)
        let folder = Self.absolute((path.hasPrefix("/") ? path : "./" + path) as NSString).deletingLastPathComponent
        let places = PlaceReader(folder: folder)

        var daemon = reader.table("daemon") ?? reader.empty("daemon")
        let stateDirectory = places.path("state_directory", &daemon) ?? "/var/lib/nctd"
        let profilesDirectory =
            places.path("profiles_directory", &daemon) ?? (folder as NSString).appendingPathComponent("profiles.d")
        let workers = daemon.integer("workers", in: 1...1024) ?? ProcessInfo.processInfo.activeProcessorCount
        let isolation = daemon.choice("isolation", Isolation.self)
        let stepLimit = daemon.seconds("step_limit_seconds", in: 1...86400)
        let memory = daemon.integer("memory_mebibytes", in: 256...1 << 24)
        let megapixels = daemon.integer("maximum_megapixels", in: 1...4000) ?? 200
        let days = daemon.integer("retention_days", in: 1...36500) ?? 365
        if let problem = ResolvedPath.problem(of: stateDirectory, for: .write) {
            daemon.report(["state_directory"], problem.message, remedy: problem.remedy)
        }
        daemon.finish()

        var engine = reader.table("engine") ?? reader.empty("engine")
        let weights = places.file(
            "weights", &engine, remedy: "correct the name, or leave it out to search the usual places")
        engine.finish()

        var output = reader.table("output") ?? reader.empty("output")
        let outputSettings = OutputSettings(reading: &output, places: places, stateDirectory: stateDirectory)
        output.finish()

        var retry = reader.table("retry") ?? reader.empty("retry")
        let retrySettings = RetrySettings(reading: &retry)
        retry.finish()

        var notify: NotifySettings?
        if var table = reader.table("notify") {
            notify = NotifySettings(reading: &table)
            table.finish()
        }

        let (profiles, names, problems) = ProfileFolder.read(profilesDirectory) { message, remedy in
            daemon.report(["profiles_directory"], message, remedy: remedy)
        }
        if !output.contains("held_directory"), outputSettings.directory != "",
            let holding = profiles.values.filter({ $0.belowThreshold == .hold }).map(\.name).min(),
            let problem = ResolvedPath.problem(of: outputSettings.heldDirectory, for: .write), !problem.isAway
        {
            output.report(
                ["held_directory"], "profile \"\(holding)\" holds results back, and \(problem.message)",
                remedy: problem.remedy + ", or name another directory")
        }
        reader.require("watch", remedy: "name a tree to watch under a line [[watch]]")
        var tables = reader.tables("watch")
        if reader.contains("watch"), tables.isEmpty {
            reader.report(["watch"], "names no tree", remedy: "name a tree to watch under a line [[watch]]")
        }
        let watches = tables.indices.map { WatchSettings(reading: &tables[$0], places: places, profiles: names) }
        for index in tables.indices { tables[index].finish() }
        reader.finish()

        var configuration = DaemonConfiguration(
            path: path, stateDirectory: stateDirectory, profilesDirectory: profilesDirectory, workers: workers,
            memoryMebibytes: memory, maximumMegapixels: megapixels, weights: weights, output: outputSettings,
            retry: retrySettings, retention: .seconds(days * 86400),
            watches: watches, profiles: profiles)
        configuration.isolation = isolation ?? configuration.isolation
        configuration.stepLimit = stepLimit ?? configuration.stepLimit
        configuration.notify = notify
        TreeCheck(configuration: configuration, tables: tables, daemon: daemon, output: output).run()
        let all = log.problems + problems
        guard all.isEmpty else { throw ConfigurationError(all) }
        return configuration
    }

    /// The state directory that a configuration names, whatever else is wrong with it, so that a share which is away
    /// hides no status. Where the file is no TOML, what stands before its first error counts; nil where that does not
    /// name it.
    public static func stateDirectory(path: String) -> String? {
        guard let text = try? ConfigurationText.read(path: path, what: "configuration", missing: "") else { return nil }
        let sound = beginning(of: text)
        guard let table = try? ProblemLog.parse(sound, file: path) else { return nil }
        var reader = TableReader(table, log: ProblemLog(file: path, text: text))
        let folder = absolute((path.hasPrefix("/") ? path : "./" + path) as NSString).deletingLastPathComponent
        var daemon = reader.table("daemon") ?? reader.empty("daemon")
        guard daemon.contains("state_directory") else { return sound == text ? "/var/lib/nctd" : nil }
        return PlaceReader(folder: folder).path("state_directory", &daemon)
    }

    /// The lines before the first that is no TOML, or that what is none begins on; all of them where there is none.
    private static func beginning(of text: String) -> String {
        var text = text
        while let problem = KeyLocator(text).problem {
            let newline = UInt8(ascii: "\n")
            var lines = text.utf8.split(separator: newline, omittingEmptySubsequences: false)
            if lines.last?.isEmpty == true { lines.removeLast() }
            let sound = lines.prefix(max(0, min(problem.line, lines.count) - 1))
            text = String(decoding: sound.flatMap { $0 + [newline] }, as: UTF8.self)
        }
        return text
    }

    private static func absolute(_ path: NSString) -> NSString {
        guard !path.hasPrefix("/") else { return PlaceReader.plain(path as String) as NSString }
        let current = FileManager.default.currentDirectoryPath as NSString
        return PlaceReader.plain(current.appendingPathComponent(path as String)) as NSString
    }
}

/// Reads paths, relative ones from the configuration's folder.
struct PlaceReader {
    let folder: String

    func located(_ name: String) -> String {
        let full = name.hasPrefix("/") ? name : (folder as NSString).appendingPathComponent(name)
        return Self.plain(full)
    }

    /// The absolute path without `.`, `..` and double slashes. Links in it stay: where they lead may change.
    static func plain(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    func path(_ key: String, _ reader: inout TableReader) -> String? {
        guard let name = reader.string(key) else { return nil }
        guard !name.isEmpty, !name.utf8.contains(0) else {
            reader.report([key], "is empty", remedy: "name a path")
            return nil
        }
        if let problem = HomeDirectory.problem(of: name) {
            reader.report([key], problem, remedy: HomeDirectory.remedy)
            return nil
        }
        return located(name)
    }

    func file(_ key: String, _ reader: inout TableReader, remedy: String) -> String? {
        guard let path = path(key, &reader) else { return nil }
        var isDirectory: ObjCBool = false
        if !FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) || isDirectory.boolValue {
            reader.report([key], "there is no file \(path)", remedy: remedy)
        }
        return path
    }
}

extension TableReader {
    /// A duration of which the key names the unit, seconds.
    mutating func seconds(_ key: String, in range: ClosedRange<Double>) -> Duration? {
        number(key, in: range).map { .milliseconds(Int64(($0 * 1000).rounded())) }
    }
}
