import Foundation
import TestSupport
import Testing

/// No command writes over what it reads, over one of its own results, or, unasked, over what is there already.
@Suite struct KeptFilesTests {
    /// A command with the files that it reads and those that it writes.
    struct Case: Sendable, CustomTestStringConvertible {
        var command: String
        /// What stands for a file that an option names is that option in braces, such as `{--output}`.
        var arguments: [String]
        var reads: [String] = []
        /// Options that name a file, with a name that does.
        var named: [String: String] = [:]
        /// Files below directories that options name.
        var fixed: [String] = []
        /// Options that name these directories.
        var directories: [String] = []
        /// False where files that are there fail one by one.
        var refusesAtOnce = true

        var testDescription: String { command }

        func line(_ names: [String: String] = [:], overwrite: Bool) -> [String] {
            let words = command.split(separator: " ").map(String.init)
            let rest = arguments.map { word in
                word.hasPrefix("{")
                    ? names[String(word.dropFirst().dropLast())] ?? named[String(word.dropFirst().dropLast())]! : word
            }
            return words + rest + (overwrite ? ["--overwrite"] : [])
        }
    }

    private static let profile = ["lab.toml", "reference.png", "a.json", "b.json", "ff.json", "w.safetensors"]

    private static let cases = [
        Case(
            command: "normalize",
            arguments: ["in/x.png", "--profile", "lab.toml", "--output", "out", "--stages", "why", "--no-cache"],
            reads: ["in/x.png"] + profile,
            fixed: ["out/x.png", "out/x.png.json", "out.held/x.png", "out.held/x.png.json"],
            directories: ["--output", "--stages"], refusesAtOnce: false),
        Case(
            command: "segment",
            arguments: ["in", "--flat-field", "ff.json", "--overlay", "--labels", "--output", "out"],
            reads: ["in/x.png", "ff.json"], fixed: ["out/x-classes.png", "out/x-overlay.png", "out/x.txt"],
            directories: ["--output"], refusesAtOnce: false),
        Case(
            command: "restain", arguments: ["in", "--preset", "understained", "--output", "out"], reads: ["in/x.png"],
            fixed: ["out/x.png"], directories: ["--output"], refusesAtOnce: false),
        Case(
            command: "compare", arguments: ["in/x.png", "reference.png", "--output", "{--output}"],
            reads: ["in/x.png", "reference.png"], named: ["--output": "o.png"]),
        Case(
            command: "profile suggest", arguments: ["in", "--output", "{--output}", "--sheet", "{--sheet}"],
            reads: ["in/x.png"], named: ["--output": "o.toml", "--sheet": "o.png"], directories: ["--copy"]),
        Case(
            command: "profile learn", arguments: ["in", "--output", "{--output}"], reads: ["in/x.png"],
            named: ["--output": "o.json"]),
        Case(
            command: "profile flat-field", arguments: ["in", "--output", "{--output}", "--picture", "{--picture}"],
            reads: ["in/x.png"], named: ["--output": "o.json", "--picture": "o.png"]),
        Case(
            command: "profile check", arguments: ["lab.toml", "--picture", "{--picture}"], reads: profile,
            named: ["--picture": "o.png"]),
        Case(
            command: "demo",
            arguments: ["--count", "1", "--flat-field", "ff.json", "--weights", "w.safetensors", "--output", "out"],
            reads: ["ff.json", "w.safetensors"],
            fixed: [
                "out/captures/capture-1.png", "out/truth/capture-1.png", "out/normalized/capture-1.png",
                "out/normalized/capture-1.png.json", "out/references/lab-a-1.png", "out/references/lab-a-2.png",
                "out/references/lab-a-3.png", "out/lab-a.toml", "out/contact-sheet.png",
            ], directories: ["--output"]),
        Case(
            command: "phantom", arguments: ["--count", "2", "--dyes", "--output", "out"],
            fixed: [
                "out/images/scene-000001.png", "out/masks/scene-000002.png", "out/labels/scene-000002.txt",
                "out/dyes/scene-000001.png",
            ], directories: ["--output"]),
    ]

    private static func bench() throws -> Bench {
        let bench = try Bench()
        try bench.capture("in/x.png")
        try bench.space.write(
            """
            references = ["reference.png"]
            palette = "a.json"
            capture_palette = "b.json"
            flat_field = "ff.json"
            weights = "w.safetensors"
            """, to: "lab.toml")
        for name in ["a.json", "b.json", "ff.json", "w.safetensors"] { try bench.space.write(name, to: name) }
        return bench
    }

    private static func contents(_ bench: Bench) -> [String: Data?] {
        Dictionary(uniqueKeysWithValues: bench.space.files().map { ($0, bench.space.read($0)) })
    }

    /// Runs a command, which must refuse, with nothing written.
    private func refuse(_ bench: Bench, _ arguments: [String], status: Int32 = 2, saying words: [String]) throws {
        let before = Self.contents(bench)
        let result = try Subprocess.run(
            Subprocess.nctd, arguments, in: bench.space.path, environment: Bench.environment)
        #expect(result.status == status, "\(arguments): \(result.error)")
        for word in words { #expect(result.error.contains(word), "\(arguments): no \(word) in \(result.error)") }
        #expect(Self.contents(bench) == before, "\(arguments)")
    }

    @Test("A result never takes the place of a file that is read, whatever is said", arguments: cases)
    func reads(_ command: Case) throws {
        let bench = try Self.bench()
        for file in command.reads {
            for option in command.named.keys {
                for path in [file, "./" + file, bench.space(file)] {
                    try refuse(
                        bench, command.line([option: path], overwrite: true),
                        saying: ["take the place of", "which is read", option])
                }
            }
            for target in command.fixed {
                let path = bench.space(target)
                try FileManager.default.createDirectory(
                    atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
                for link in [false, true] {
                    if link {
                        try FileManager.default.createSymbolicLink(
                            atPath: path, withDestinationPath: bench.space(file))
                    } else {
                        try FileManager.default.linkItem(atPath: bench.space(file), toPath: path)
                    }
                    try refuse(
                        bench, command.line(overwrite: true),
                        saying: ["take the place of", "which is read", "--output"])
                    try FileManager.default.removeItem(atPath: path)
                }
            }
        }
    }

    @Test("No two results are written to one place", arguments: cases.filter { $0.named.count > 1 })
    func targets(_ command: Case) throws {
        let bench = try Self.bench()
        try FileManager.default.createDirectory(atPath: bench.space("new"), withIntermediateDirectories: true)
        let options = command.named.keys.sorted()
        for other in ["o.png", "./o.png", "new/../o.png", bench.space("o.png")] {
            try refuse(
                bench, command.line([options[0]: "o.png", options[1]: other], overwrite: true),
                saying: options + ["would both write"])
        }
    }

    @Test("A picture is not written under a name that says another format", arguments: cases)
    func pictures(_ command: Case) throws {
        let bench = try Self.bench()
        for (option, name) in command.named where name.hasSuffix(".png") {
            for other in ["o.jpg", "o", "o.png.json"] {
                try refuse(
                    bench, command.line([option: other], overwrite: true),
                    saying: ["\(option) \(other)", "ends in .png"])
            }
        }
    }

    @Test("What is there already is replaced only if that is asked for", arguments: cases)
    func existing(_ command: Case) throws {
        let bench = try Self.bench()
        for target in command.named.values + command.fixed where !target.hasSuffix(".json") || command.refusesAtOnce {
            try bench.space.write("mine", to: target)
            if command.refusesAtOnce {
                try refuse(bench, command.line(overwrite: false), saying: ["\(target) exists", "--overwrite"])
            } else if target.hasPrefix("out/") {
                _ = try Subprocess.run(
                    Subprocess.nctd, command.line(overwrite: false), in: bench.space.path,
                    environment: Bench.environment)
                #expect(bench.space.read(target) == Data("mine".utf8))
            }
            try FileManager.default.removeItem(atPath: bench.space(target))
        }
    }

    @Test("Stages are not written into a folder with something that is read, nor over results")
    func stages() throws {
        let bench = try Self.bench()
        try bench.capture("why/x/01-source.png", seed: 2)
        let line = ["normalize", "in/x.png", "--no-cache", "--overwrite", "--output", "out"]
        for stages in ["why", "./why", bench.space("why")] {
            try refuse(
                bench, line + ["--reference", "why/x/01-source.png", "--stages", stages],
                saying: ["why/x/01-source.png, which is read", "--stages"])
        }
        try bench.capture("in/x/01-source.png", seed: 3)
        try refuse(
            bench,
            ["normalize", "in", "--no-cache", "--reference", "reference.png", "--output", "out", "--stages", "out"],
            saying: ["out/x/01-source.png would lie in out/x", "--stages"])
    }

    // MARK: All commands

    private struct Help: Decodable {
        struct Argument: Decodable {
            struct Name: Decodable { var name: String }
            var kind: String
            var names: [Name]?
            var valueName: String?
        }

        struct Command: Decodable {
            var commandName: String
            var subcommands: [Command]?
            var arguments: [Argument]?
        }

        var command: Command
    }

    @Test("All options of all commands that say where to write are held to this")
    func all() throws {
        let help = try JSONDecoder().decode(
            Help.self,
            from: Data(try Subprocess.run(Subprocess.nctd, ["--experimental-dump-help"]).output.utf8))
        // What is read, and the cache, whose files have names that nothing else has.
        let others: Set = ["config", "profile", "palette", "capture-palette", "weights", "state-directory", "cache"]
        var found: Set<String> = []
        func visit(_ command: Help.Command, _ path: String) {
            for sub in command.subcommands ?? [] where sub.commandName != "help" {
                visit(sub, path.isEmpty ? sub.commandName : "\(path) \(sub.commandName)")
            }
            for argument in command.arguments ?? []
            where argument.kind == "option" && ["file", "dir", "png"].contains(argument.valueName ?? "") {
                for name in argument.names ?? [] where !others.contains(name.name) {
                    found.insert("\(path) --\(name.name)")
                }
            }
        }
        for command in help.command.subcommands ?? [] { visit(command, command.commandName) }
        let tried = Self.cases.flatMap { one in (one.named.keys + one.directories).map { "\(one.command) \($0)" } }
        #expect(found == Set(tried))
    }
}
