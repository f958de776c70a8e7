import Foundation
import ImageFiles
import TestSupport
import Testing

@Suite struct CheckCommandTests {
    /// A configuration of one root and one profile that are in order.
    private func bench() throws -> Bench {
        let bench = try Bench()
        for directory in ["lab-b/day 1", "out"] {
            try FileManager.default.createDirectory(
                atPath: bench.space(directory), withIntermediateDirectories: true)
        }
        try bench.capture("lab-b/day 1/a.png")
        try FileManager.default.createDirectory(atPath: bench.space("profiles.d"), withIntermediateDirectories: true)
        try bench.space.write(
            "references = [\"../reference.png\"]\nlevels = [1]\n", to: "profiles.d/lab-b.toml")
        try bench.space.write(
            Bench.configuration + "\nmode = \"scan\"", to: "nctd.toml")
        return bench
    }

    private func object(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test(
        "A configuration in order is reported with roots, limits, space and the profiles' cost, and nothing is written")
    func inOrder() throws {
        let bench = try bench()
        let before = bench.space.files()
        let text = try bench.nctd("check", "--config", "nctd.toml")
        #expect(text.status == 0, "\(text.error)")
        for words in ["in order", "watched by scan", "2 directories, 1 file", "MiB free", "profile \"lab-b\"", "hold"] {
            #expect(text.output.contains(words), "\(words) is not in \(text.output)")
        }
        let json = try bench.nctd("check", "--config", bench.space("nctd.toml"), "--json")
        #expect(json.status == 0)
        let report = try object(json.output)
        #expect(report["valid"] as? Bool == true && (report["problems"] as? [Any])?.isEmpty == true)
        let root = try #require((report["roots"] as? [[String: Any]])?.first)
        #expect(root["effective_mode"] as? String == "scan" && root["healthy"] as? Bool == true)
        #expect(root["directories"] as? Int == 2 && root["files"] as? Int == 1)
        let work = try #require(report["work"] as? [String: Any])
        #expect(work["isolation"] as? String == "processes" && work["step_limit_seconds"] as? Double == 240)
        let space = try #require(report["space"] as? [[String: Any]])
        let attributes = try FileManager.default.attributesOfFileSystem(forPath: bench.space.path)
        let free = Double((attributes[.systemFreeSize] as? NSNumber)?.int64Value ?? 0) / 1_048_576
        #expect(space.map { $0["purpose"] as? String } == ["output", "state"])
        for place in space {
            let reported = Double(place["free_mebibytes"] as? Int ?? 0)
            // Other programs write meanwhile, and some space is kept for the superuser.
            #expect(reported > 0.5 * free && reported < 1.5 * free, "\(reported) of \(free)")
        }
        let profile = try #require((report["profiles"] as? [[String: Any]])?.first)
        #expect((profile["features_sha256"] as? String)?.count == 64)
        #expect(profile["capture_palette"] as? String == "learned after 25 captures")
        #expect(profile["capture_light"] as? String == "learned after 25 captures")
        #expect(text.output.contains("captures' palette learned after 25 captures"))
        #expect((profile["references_mebibytes"] as? Double ?? 0) > 0)
        #expect((report["warnings"] as? [String])?.contains { $0.contains("weights") } == false)
        let quick = try object(try bench.nctd("check", "--config", "nctd.toml", "--json", "--no-prepare").output)
        let unprepared = try #require((quick["profiles"] as? [[String: Any]])?.first)
        #expect(unprepared["references_mebibytes"] == nil && unprepared["features_sha256"] != nil)
        #expect(bench.space.files() == before)
    }

    @Test("Problems end with code 2, in words and as JSON, all at once")
    func problems() throws {
        let bench = try bench()
        let text = try #require(bench.space.read("nctd.toml").map { String(decoding: $0, as: UTF8.self) })
        try bench.space.write(
            text.replacingOccurrences(of: "\"out\"", with: "\"lab-b/out\"") + "\nsettle_second = 1\n", to: "nctd.toml")
        let words = try bench.nctd("check", "--config", "nctd.toml")
        #expect(words.status == 2 && words.output.isEmpty)
        #expect(
            words.error.contains("nctd.toml:4: output.directory")
                && words.error.contains("did you mean settle_seconds?"))
        let report = try object(try bench.nctd("check", "--config", "nctd.toml", "--json").output)
        #expect(report["valid"] as? Bool == false)
        let problems = try #require(report["problems"] as? [[String: Any]])
        #expect(problems.map { $0["line"] as? Int } == [4, 11])
        #expect(problems.allSatisfy { ($0["remedy"] as? String)?.isEmpty == false })
        #expect(try bench.nctd("check", "--config", "none.toml").status == 2)
    }

    @Test("A reference that cannot serve is a problem of its profile; a full disk and a lost sentinel are warnings")
    func surroundings() throws {
        let bench = try bench()
        let text = try #require(bench.space.read("nctd.toml").map { String(decoding: $0, as: UTF8.self) })
        try bench.space.write(
            text.replacingOccurrences(of: "mebibytes = 1", with: "mebibytes = 1000000000") + "\nsentinel = \"s\"\n",
            to: "nctd.toml")
        let warned = try bench.nctd("check", "--config", "nctd.toml")
        #expect(warned.status == 0)
        #expect(warned.error.contains("make room") && warned.error.contains("sentinel s is not in"), "\(warned.error)")
        try bench.space.write("no image", to: "reference.png")
        let broken = try bench.nctd("check", "--config", "nctd.toml")
        #expect(broken.status == 2)
        #expect(broken.error.contains("lab-b.toml") && broken.error.contains("reference.png"), "\(broken.error)")
    }

    @Test("An output that belongs to another state directory is a warning, and no state directory is made by it")
    func foreignState() throws {
        let bench = try bench()
        #expect(try !bench.nctd("check", "--config", "nctd.toml").error.contains("made with the state directory"))
        try bench.space.write(
            "{\"about\":\"\",\"tree\":\"output\",\"id\":\"1\",\"state\":\"46e5\"}", to: "out/.nctd-tree")
        let warned = try bench.nctd("check", "--config", "nctd.toml")
        #expect(warned.status == 0)
        #expect(warned.error.contains("made with the state directory 46e5"), "\(warned.error)")
        #expect(!FileManager.default.fileExists(atPath: bench.space("state")))
    }

    // MARK: Trees that may not be written to

    private static let isRoot = geteuid() == 0

    /// `nctd check` by an account that rights hold for, which they do not for root.
    private func checkAsOther(_ bench: Bench, _ options: String...) throws -> Subprocess.Result {
        let check = [Subprocess.nctd, "check", "--config", "nctd.toml", "--no-prepare"] + options
        let words =
            Self.isRoot ? ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] + check : check
        return try Subprocess.run(
            words[0], Array(words.dropFirst()), in: bench.space.path, environment: Bench.environment)
    }

    @Test(
        "A tree that may not be written to, or not be made, is a problem with its key, cause and remedy",
        arguments: [
            "output.directory", "output.held_directory", "output.quarantine_directory", "daemon.state_directory",
        ],
        [true, false])
    func denied(key: String, isThere: Bool) throws {
        let bench = try bench()
        let open = [FileAttributeKey.posixPermissions: 0o777]
        let closed = [FileAttributeKey.posixPermissions: 0o555]
        var trees = [
            "output.directory": "out", "output.held_directory": "held", "output.quarantine_directory": "quarantine",
            "daemon.state_directory": "state",
        ]
        for tree in trees.values {
            try FileManager.default.createDirectory(
                atPath: bench.space(tree), withIntermediateDirectories: true)
            try FileManager.default.setAttributes(open, ofItemAtPath: bench.space(tree))
        }
        try bench.space.write(
            "references = [\"../reference.png\"]\nlevels = [1]\nbelow_threshold = \"hold\"\n",
            to: "profiles.d/lab-b.toml")
        func configure() throws {
            let text = ["daemon", "output"].map { table in
                let keys = trees.filter { $0.key.hasPrefix(table) }.map { key, path in
                    "\(key.dropFirst(table.count + 1)) = \"\(path)\"\n"
                }
                return "[\(table)]\n" + keys.sorted().joined()
            }
            try bench.space.write(
                text.joined() + "[[watch]]\npath = \"lab-b\"\nlab = \"lab-b\"\nprofile = \"lab-b\"\n",
                to: "nctd.toml")
        }
        try configure()
        let good = try checkAsOther(bench)
        #expect(good.status == 0 && good.output.contains("in order"), "\(good.error)")

        try FileManager.default.createDirectory(
            atPath: bench.space("closed"), withIntermediateDirectories: true, attributes: closed)
        trees[key] = isThere ? "closed" : "closed/tree"
        try configure()
        let before = bench.space.files()
        let words = try checkAsOther(bench)
        #expect(words.status == 2 && words.output.isEmpty, "\(words.output) \(words.error)")
        for word in [
            key, bench.space(trees[key]!), isThere ? "may not be written to" : "cannot be made", "Permission denied",
            "; give",
        ] {
            #expect(words.error.contains(word), "no \(word) in \(words.error)")
        }
        let report = try object(try checkAsOther(bench, "--json").output)
        #expect(report["valid"] as? Bool == false)
        #expect((report["problems"] as? [[String: Any]])?.map { $0["key"] as? String } == [key])
        // The daemon would start, and wait for it.
        if key != "daemon.state_directory" {
            let lenient = try checkAsOther(bench, "--no-access")
            #expect(lenient.status == 0 && lenient.error.contains("Permission denied"), "\(lenient.error)")
        }
        #expect(bench.space.files() == before)
    }

    @Test(
        "A tree that nobody may write to is a problem for root too",
        .enabled(if: isRoot, "skipped: only root can mount a file system"))
    func readOnly() throws {
        let bench = try bench()
        let mounted = try Subprocess.run("/bin/mount", ["-t", "tmpfs", "-o", "ro", "tmpfs", bench.space("out")])
        try #require(mounted.status == 0, "a tmpfs could not be mounted: \(mounted.error)")
        defer { _ = try? Subprocess.run("/bin/umount", [bench.space("out")]) }
        let result = try bench.nctd("check", "--config", "nctd.toml", "--no-prepare")
        #expect(result.status == 2 && result.error.contains("output.directory"), "\(result.error)")
        #expect(
            result.error.contains("Read-only file system (for the account root); mount it for writing"),
            "\(result.error)")
    }

    @Test("Each pattern is said with what it matches now, and those that can match nothing with what to write")
    func patterns() throws {
        let bench = try bench()
        for name in ["day 1/overview/o.png", "day 2/overview/p.png", "day 2/b_thumb.png", "top/t.png"] {
            try bench.capture("lab-b/" + name)
        }
        let text = try #require(bench.space.read("nctd.toml").map { String(decoding: $0, as: UTF8.self) })
        func check(_ patterns: String) throws -> (Subprocess.Result, [String: [Int]]) {
            try bench.space.write(text + "\nexclude = [\(patterns)]\n", to: "nctd.toml")
            let report = try object(try bench.nctd("check", "--config", "nctd.toml", "--no-prepare", "--json").output)
            let root = try #require((report["roots"] as? [[String: Any]])?.first)
            let counts = try #require(root["patterns"] as? [[String: Any]]).map {
                ($0["pattern"] as? String ?? "", [$0["files"] as? Int ?? -1, $0["folders"] as? Int ?? -1])
            }
            return (
                try bench.nctd("check", "--config", "nctd.toml", "--no-prepare"),
                Dictionary(uniqueKeysWithValues: counts)
            )
        }
        let (good, counts) = try check("\"**/overview/**\", \"*_thumb.*\", \"top/**\", \"*.bmp\"")
        #expect(counts == ["**/overview/**": [2, 2], "*_thumb.*": [1, 1], "top/**": [1, 1], "*.bmp": [0, 0]])
        #expect(good.status == 0 && !good.error.contains("exclude"), "\(good.error)")
        #expect(good.output.contains("exclude \"**/overview/**\"  matches 2 files in 2 folders now"), "\(good.output)")
        for (pattern, why, write) in [
            ("overview/", "ends with /", "**/overview/**"),
            ("overview/**", "2 files of such a name lie deeper", "**/overview/**"),
            ("overview", "but 2 folders", "**/overview/**"), ("./top/**", "folder ., .. or ~", "**/top/**"),
            ("overview//*.png", "has //", "**/overview/*.png"),
            ("overview/p.png", "1 file of such a name lies deeper", "**/overview/p.png"),
            ("\(bench.space("lab-b"))/top/**", "below \(bench.space("lab-b"))", "**/top/**"),
        ] {
            let (result, counts) = try check("\"\(pattern)\"")
            #expect(result.status == 0 && counts == [pattern: [0, 0]], "\(pattern): \(result.error)")
            #expect(
                result.error.contains("lab-b: exclude \"\(pattern)\"") && result.error.contains(why)
                    && result.error.contains("write \"\(write)\""), "\(pattern): \(result.error)")
        }
        #expect(try bench.nctd("check", "--config", "nctd.toml", "--no-prepare", "--strict").status == 1)
    }

    @Test("A profile whose name is one letter is no trap")
    func oneLetter() throws {
        let bench = try bench()
        #expect(try bench.nctd("profile", "check", "p").status == 2)
        try bench.space.write("references = [\"reference.png\"]\nlevels = [1]\n", to: "p")
        #expect(try bench.nctd("profile", "check", "p").status == 0)
    }
}
