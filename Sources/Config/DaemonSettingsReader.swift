extension OutputSettings {
    /// `[output]`.
    init(reading reader: inout TableReader, places: PlaceReader, stateDirectory: String) {
        reader.require("directory", remedy: "name the directory that results go to")
        self.init(
            directory: places.path("directory", &reader) ?? "",
            heldDirectory: places.path("held_directory", &reader),
            removedDirectory: places.path("removed_directory", &reader),
            quarantineDirectory: places.path("quarantine_directory", &reader) ?? stateDirectory + "/quarantine")
        minimumFreeMebibytes = reader.integer("minimum_free_mebibytes", in: 0...1 << 30) ?? minimumFreeMebibytes
        format = reader.choice("format", Format.self) ?? format
        duplicates = reader.choice("duplicates", Duplicates.self) ?? duplicates
        keepVersions = reader.integer("keep_versions", in: 0...1000)
        keepDays = reader.integer("keep_days", in: 1...36500)
        for (key, path) in [
            ("directory", directory), ("held_directory", heldDirectory), ("removed_directory", removedDirectory),
            ("quarantine_directory", quarantineDirectory),
        ] where path != "" {
            // The default quarantine stands or falls with the state directory, which is checked by itself.
            guard reader.contains(key), let problem = ResolvedPath.problem(of: path, for: .write), !problem.isAway
            else {
                continue
            }
            reader.report([key], problem.message, remedy: problem.remedy)
        }
    }
}

extension RetrySettings {
    /// `[retry]`.
    init(reading reader: inout TableReader) {
        self.init()
        attempts = reader.integer("attempts", in: 1...1000) ?? attempts
        initialDelay = reader.seconds("initial_delay_seconds", in: 0.01...86400) ?? initialDelay
        maximumDelay = reader.seconds("maximum_delay_seconds", in: 0.01...604_800) ?? max(maximumDelay, initialDelay)
        if maximumDelay < initialDelay {
            reader.report(
                ["maximum_delay_seconds"], "is shorter than initial_delay_seconds",
                remedy: "use at least \(initialDelay / .seconds(1))")
        }
    }
}

extension NotifySettings {
    /// `[notify]`; nil where its command is missing or wrong.
    init?(reading reader: inout TableReader) {
        reader.require("command", remedy: "name a program and its arguments, such as [\"/etc/nctd/tell\", \"lab-b\"]")
        let command = reader.strings("command", count: 1...100)
        self.init(command: command ?? [])
        timeLimit = reader.seconds("time_limit_seconds", in: 1...3600) ?? timeLimit
        mostPerHour = reader.integer("most_per_hour", in: 1...1000) ?? mostPerHour
        delay = reader.seconds("delay_seconds", in: 0...86400) ?? delay
        guard let program = command?.first else { return nil }
        if !program.hasPrefix("/") || program.utf8.contains(0) {
            reader.report(
                ["command", "0"], "\"\(program)\" is no full path", remedy: "begin it with /, for no shell looks for it"
            )
        }
    }
}

extension WatchSettings {
    /// One `[[watch]]`.
    ///
    /// - Parameter profiles: the names that profiles go by, those with problems too.
    init(reading reader: inout TableReader, places: PlaceReader, profiles: Set<String>) {
        reader.require("path", remedy: "name the directory that the instrument exports to")
        reader.require("lab", remedy: "name the lab that the captures belong to, such as \"lab-b\"")
        self.init(path: places.path("path", &reader) ?? "", lab: reader.string("lab") ?? "", profile: nil)
        // A tree that is away comes by itself; until then it is a state, which the daemon tells.
        if path != "", let problem = ResolvedPath.problem(of: path, for: .read), !problem.isAway {
            reader.report(["path"], problem.message, remedy: problem.remedy)
        }
        if reader.contains("lab"), !Self.isName(lab) {
            reader.report(
                ["lab"], "\"\(lab)\" cannot name a directory of the output",
                remedy: "use letters, digits, blanks and - _ . such as \"lab-b\"; no / and no dot at the start")
        }
        profile = reader.profile("profile", among: profiles)
        var tables = reader.tables("rules")
        rules = tables.indices.map { Rule(reading: &tables[$0], number: $0 + 1, profiles: profiles) }
        for (index, rule) in rules.enumerated() where rules[..<index].contains(where: { $0.name == rule.name }) {
            tables[index].report(["name"], "\"\(rule.name)\" names an earlier rule", remedy: "give it another name")
        }
        if !reader.contains("profile"), !reader.contains("rules") {
            reader.report(
                [], "has neither profile nor rules, so that all captures would be ignored",
                remedy: "add profile = \"NAME\"")
        }
        recursive = reader.bool("recursive") ?? recursive
        mode = reader.choice("mode", Mode.self) ?? mode
        settle = reader.seconds("settle_seconds", in: 0...3600) ?? settle
        patience = reader.seconds("patience_seconds", in: 0...604_800) ?? max(patience, settle)
        if patience < settle {
            reader.report(
                ["patience_seconds"], "is shorter than settle_seconds", remedy: "use at least \(settle / .seconds(1))")
        }
        scanInterval = reader.seconds("scan_interval_seconds", in: 0.1...86400) ?? scanInterval
        reconcileInterval = reader.seconds("reconcile_interval_seconds", in: 0.1...604_800) ?? reconcileInterval
        include = reader.patterns("include", count: 1...1000) ?? include
        exclude = reader.patterns("exclude", count: 0...1000) ?? exclude
        builtInExclude = reader.bool("builtin_exclude") ?? builtInExclude
        followLinks = reader.bool("follow_links") ?? followLinks
        renames = reader.choice("renames", Renames.self) ?? renames
        deletions = reader.choice("deletions", Deletions.self) ?? deletions
        sampleBits = reader.integer("sample_bits", in: 8...16)
        sentinel = reader.string("sentinel")
        if let sentinel, !Self.isRelative(sentinel) {
            reader.report(
                ["sentinel"], "\"\(sentinel)\" is no file below the watched directory",
                remedy: "use a relative path without .., such as \".mounted\"")
        }
    }

    /// A name that one directory can have on any system that the output is shared with.
    private static func isName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 128 && !name.hasPrefix(".") && !name.hasSuffix(" ")
            && name.unicodeScalars.allSatisfy { scalar in
                !"/\\:*?\"<>|".unicodeScalars.contains(scalar)
                    && ![.control, .format, .lineSeparator, .paragraphSeparator].contains(
                        scalar.properties.generalCategory)
            }
    }

    private static func isRelative(_ path: String) -> Bool {
        path.split(separator: "/", omittingEmptySubsequences: false)
            .allSatisfy { $0 != "" && $0 != "." && $0 != ".." } && !path.utf8.contains(0)
    }
}

extension WatchSettings.Rule {
    /// One `[[watch.rules]]`.
    init(reading reader: inout TableReader, number: Int, profiles: Set<String>) {
        reader.require("profile", remedy: "name the profile that the rule gives captures to")
        self.init(
            name: reader.string("name") ?? "rule \(number)", pathPattern: reader.pattern("path"),
            make: reader.pattern("make"), model: reader.pattern("model"), software: reader.pattern("software"),
            objective: reader.pattern("objective"), profile: reader.profile("profile", among: profiles) ?? "")
        if name.isEmpty { reader.report(["name"], "is empty", remedy: "give the rule a name, or leave it out") }
        if !["path", "make", "model", "software", "objective"].contains(where: reader.contains) {
            reader.report(
                [], "has no condition",
                remedy: "add path, make, model, software or objective, or make it the watch's profile")
        }
        reader.finish()
    }
}

extension TableReader {
    /// The name of a profile that there is.
    fileprivate mutating func profile(_ key: String, among profiles: Set<String>) -> String? {
        guard let name = string(key) else { return nil }
        if !profiles.contains(name) {
            let nearest = NearestName.of(name, among: profiles.sorted()).map { "did you mean \"\($0)\"? " } ?? ""
            report(
                [key], "there is no profile \"\(name)\"",
                remedy: nearest + "known profiles are "
                    + (profiles.isEmpty ? "none" : profiles.sorted().map { "\"\($0)\"" }.joined(separator: ", ")))
        }
        return name
    }

    fileprivate mutating func pattern(_ key: String) -> String? {
        guard let text = string(key) else { return nil }
        check(text, [key])
        return text
    }

    fileprivate mutating func patterns(_ key: String, count: ClosedRange<Int>) -> [String]? {
        guard let texts = strings(key, count: count) else { return nil }
        for (index, text) in texts.enumerated() { check(text, [key, String(index)]) }
        return texts
    }

    private func check(_ text: String, _ keys: [String]) {
        do throws(GlobError) { _ = try GlobPattern(text) } catch { report(keys, error.message, remedy: error.remedy) }
    }
}
