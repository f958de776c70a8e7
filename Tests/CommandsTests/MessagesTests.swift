import Foundation
import TestSupport
import Testing

/// Every way that a command or a configuration can be wrong ends with a message that lets one put it right: what, where,
/// why, and what to do.
@Suite struct MessagesTests {
    /// What no message has in it: the words of frameworks and of Swift, not of this program.
    private static let foreign = [
        "NSCocoa", "Error Domain", "couldn’t be completed", "couldn't be completed", "could not be completed",
        "Optional(",
        "(null)", "Swift.", "__C.", "Fatal error", "UserInfo", "Foundation.",
    ]

    private func check(_ result: Subprocess.Result, _ status: Int32, _ words: [String], _ what: String) {
        #expect(result.status == status, "\(what): \(result.status) \(result.error)")
        #expect(result.output.isEmpty || status <= 1, "\(what): \(result.output)")
        for word in words { #expect(result.error.contains(word), "\(what): no \(word) in \(result.error)") }
        for word in Self.foreign { #expect(!result.error.contains(word), "\(what): \(result.error)") }
        // What is wrong, and after it what to do; the parser of the command line says the latter by the usage.
        #expect(
            result.error.contains("; ") || result.error.contains("Usage:") || result.error.contains("Help:"),
            "\(what): no remedy in \(result.error)")
    }

    private func bench() throws -> Bench {
        let bench = try Bench()
        try bench.capture("in/x.png")
        for folder in ["empty", "state", "lab-b", "profiles.d"] {
            try FileManager.default.createDirectory(atPath: bench.space(folder), withIntermediateDirectories: true)
        }
        try bench.space.write(Self.profile, to: "profiles.d/lab-b.toml")
        try bench.space.write(Bench.configuration, to: "nctd.toml")
        return bench
    }

    // MARK: Usage

    private static let normalize = ["normalize", "in", "--reference", "reference.png", "--output", "out", "--no-cache"]

    private static let usages: [(arguments: [String], words: [String])] = [
        (["normalise", "in"], ["nctd has no command normalise", "did you mean `nctd normalize`?"]),
        (["stats", "--config", "nctd.toml"], ["no command stats", "`nctd status`"]),
        (["profile", "sugest", "in"], ["nctd profile has no command sugest", "`nctd profile suggest`"]),
        (["help", "profile", "lern"], ["nctd profile has no command lern", "`nctd profile learn`"]),
        (
            ["reprocess", "--lab", "lab-b", "--since", "2026-03-02", "--until", "2026-03-01"],
            ["--since must be before --until"]
        ),
        (["list", "--since", "2026-03-01", "--until", "2026-03-01"], ["--since must be before --until"]),
        (["status", "--check", "--watch"], ["--check", "--watch", "one of them"]),
        (["qqqqqqqqqqqq"], ["no command qqqqqqqqqqqq", "its commands are check, compare"]),
        (["normalize"], ["input"]),
        (["normalize", "in"], ["--profile FILE or --reference IMAGE"]),
        (["normalize", "in", "--profile", "p.toml", "--reference", "r.png"], ["--profile", "exclude each other"]),
        (["normalize", "in", "--reference", "a", "b", "c", "d"], ["4 references", "one to three"]),
        (["normalize", "in", "--refrence", "reference.png"], ["give --profile FILE or --reference IMAGE"]),
        (["normalize", "in", "--reference", "none.png"], ["--reference none.png", "correct the name"]),
        (["normalize", "in", "--profile", "none.toml"], ["none.toml", "nctd profile suggest"]),
        (["normalize", "empty", "--reference", "reference.png"], ["no images in empty", "png"]),
        (
            ["normalize", "in", "--reference", "reference.png", "--output", "in"],
            ["--output in", "--output in/normalized"]
        ),
        (["segment", "in", "--output", "in"], ["--output in is the directory", "--output in/normalized"]),
        (normalize + ["--output=~/out"], ["--output=~/out", "no home directory", "the whole path"]),
        (["check", "--config", "~/nctd.toml"], ["~/nctd.toml", "the whole path"]),
        (
            ["normalize", "in", "--reference", "reference.png", "--output", "reference.png"],
            ["reference.png", "--output"]
        ),
        (
            ["normalize", "in", "--reference", "reference.png", "--output", "reference.png/below"],
            ["reference.png/below", "Not a directory", "--output"]
        ),
        (normalize + ["--stages", "reference.png/below"], ["reference.png/below", "--stages"]),
        (normalize + ["--layer", "6"], ["--layer", "1 to 5"]),
        (normalize + ["--layer", "one"], ["--layer", "one"]),
        (normalize + ["--threads", "0"], ["--threads 0", "1 to 1024"]),
        (normalize + ["--seed", "x"], ["--seed", "x"]),
        (normalize + ["--enhancement", "magic"], ["--enhancement", "clustering"]),
        (normalize + ["--overwrite", "--skip-existing"], ["--overwrite and --skip-existing", "give one"]),
        (normalize + ["--weights", "none.safetensors"], ["none.safetensors"]),
        (normalize + ["--weights", "reference.png"], ["reference.png"]),
        (normalize + ["--features", "vgg19"], ["vgg19", "weights"]),
        (normalize + ["--palette", "reference.png"], ["reference.png", "nctd profile learn"]),
        (normalize + ["--capture-palette", "none.json"], ["none.json"]),
        (normalize + ["--flat-field", "none.json"], ["none.json"]),
        (["compare", "reference.png", "--output", "o.png"], ["two or more"]),
        (["compare", "reference.png", "in/x.png", "--output", "in/x.png"], ["in/x.png", "--output"]),
        (["profile", "check", "none.toml"], ["none.toml"]),
        (["profile", "check", "reference.png"], ["reference.png"]),
        (["profile", "suggest", "empty"], ["no images in empty", "name images of the lab"]),
        (["profile", "learn", "none", "--output", "p.json"], ["none", "no such file"]),
        (["profile", "flat-field", "in", "--output", "in/x.png"], ["in/x.png, which is read", "--output"]),
        (["demo", "--count", "0"], ["1 to 50"]),
        (["check", "--config", "none.toml"], ["none.toml", "etc/nctd/nctd.toml"]),
        (["check", "--config", "in"], ["in", "directory"]),
        (["run", "--config", "none.toml"], ["none.toml", "check the name"]),
        (["run", "--log-level", "loud"], ["--log-level loud", "debug, info"]),
        (["status", "--config", "none.toml"], ["none.toml", "--state-directory"]),
        (["status", "--state-directory", "empty"], ["empty/ledger.sqlite", "nctd run"]),
        (["list", "--state-directory", "empty", "--since", "tomorow"], ["--since", "tomorow"]),
        (["explain", "--state-directory", "empty"], ["file"]),
        (["verify", "--config", "nctd.toml"], ["ledger.sqlite", "nctd run"]),
        (["repair", "--config", "none.toml"], ["none.toml"]),
        (["reprocess", "--config", "nctd.toml"], ["--profile"]),
    ]

    @Test("Wrong usage says what, where and what to do", arguments: usages.indices)
    func usage(index: Int) throws {
        let bench = try bench()
        let before = bench.space.files()
        let (arguments, words) = Self.usages[index]
        let result = try Subprocess.run(
            Subprocess.nctd, arguments, in: bench.space.path, environment: Bench.environment)
        check(result, 2, words, arguments.joined(separator: " "))
        #expect(bench.space.files() == before, "\(arguments)")
    }

    @Test("What a run comes upon says the file, the reason and what to do")
    func runs() throws {
        let bench = try bench()
        try bench.space.write("no image", to: "bad/text.png")
        try bench.space.write(Array(try Bench.encode(Bench.smear(seed: 1)).prefix(300)), to: "bad/cut.png")
        try bench.space.write([], to: "bad/nothing.png")
        try FileManager.default.createSymbolicLink(
            atPath: bench.space("bad/link.png"), withDestinationPath: bench.space("none.png"))
        for (inputs, words) in [
            (["none.png"], ["none.png: there is no such file", "check the name"]),
            (["reference.png/x.png"], ["reference.png/x.png"]),
            (["bad/text.png"], ["bad/text.png", "PNG, JPEG, TIFF or BMP"]), (["bad/cut.png"], ["bad/cut.png"]),
            (["bad/nothing.png"], ["bad/nothing.png"]), (["bad"], ["bad/link.png", "link into nothing"]),
            (["/dev/null"], ["/dev/null"]),
        ] {
            check(try bench.normalize(inputs), 1, words, "\(inputs)")
        }
        // A cache that cannot be written is a warning.
        let cached = try bench.nctd(
            "normalize", "in", "--reference", "reference.png", "--output", "out", "--layer", "1", "--cache",
            "reference.png/below")
        check(
            cached, 0, ["the cache could not be written (Not a directory)", "the next run prepares again"], "cache")
    }

    // MARK: Configurations

    private static let profile = "references = [\"../reference.png\"]\nlevels = [1]\n"
    private struct Wrong: Sendable {
        var file = "nctd.toml"
        var old: String
        var new: String
        /// What each message begins with, after the file's name.
        var begins: String
        var words: [String]
    }

    private static func daemon(_ old: String, _ new: String, _ begins: String, _ words: String...) -> Wrong {
        Wrong(old: old, new: new, begins: begins, words: words)
    }

    private static func profile(_ new: String, _ begins: String, _ words: String...) -> Wrong {
        Wrong(file: "profiles.d/lab-b.toml", old: "levels = [1]\n", new: new, begins: begins, words: words)
    }

    private static let wrongs: [Wrong] = [
        daemon("[output]", "[outptu]", ":3: outptu: unknown key", "did you mean output?"),
        daemon("directory = \"out\"", "", ":3: output.directory: is missing", "name"),
        daemon("\"out\"", "out", ":4: is no valid TOML", "correct the syntax"),
        daemon("\"out\"", "\"out", ":4: is no valid TOML", "correct the syntax"),
        daemon("[output]", "[output", ":3: is no valid TOML", "correct the syntax"),
        daemon("= 1", "= -1", ":5: output.minimum_free_mebibytes: -1 is out of range", "0 "),
        daemon("= 1", "= \"1\"", ":5: output.minimum_free_mebibytes: is a text", "whole number"),
        daemon("= 1", "= 1\nformat = \"pgn\"", ":6: output.format", "did you mean \"png\"?"),
        daemon("= 1", "= 1\nduplicates = true", ":6: output.duplicates: is true or false", "text in quotes"),
        daemon(
            "\"out\"", "\"lab-b/out\"", ":4: output.directory", "lies in the watched", "apart from all watched trees"),
        daemon("\"out\"", "\"~/out\"", ":4: output.directory: ~/out begins with ~", "the whole path"),
        daemon("\"state\"", "\"~/state\"", ":2: daemon.state_directory: ~/state begins with ~", "the whole path"),
        daemon("\"state\"", "\"reference.png/state\"", ":2: daemon.state_directory", "reference.png", "directory"),
        daemon("\"state\"", "\"lab-b/state\"", ":2: daemon.state_directory", "lies in the watched"),
        daemon("[output]", "workers = 0\n[output]", ":3: daemon.workers: 0 is out of range", "1 to 1024"),
        daemon("[output]", "isolation = \"process\"\n[output]", ":3: daemon.isolation", "did you mean \"processes\"?"),
        daemon("[output]", "memory_mebibytes = 1\n[output]", ":3: daemon.memory_mebibytes", "256"),
        daemon("[output]", "profiles_directory = \"none\"\n[output]", ":3: daemon.profiles_directory", "no directory"),
        daemon(
            "[output]", "profiles_directory = \"empty\"\n[output]", ":3: daemon.profiles_directory", "no profile in"),
        daemon("[output]", "[engine]\nweights = \"none\"\n[output]", ":4: engine.weights: there is no file", "correct"),
        daemon("[output]", "[retry]\nattempts = 0\n[output]", ":4: retry.attempts: 0 is out of range", "1 to 1000"),
        daemon("path = \"lab-b\"", "", ":6: watch[0].path: is missing", "name"),
        daemon("lab = \"lab-b\"", "lab = \"\"", ":8: watch[0].lab", "lab"),
        daemon("lab = \"lab-b\"", "lab = \"a/b\"", ":8: watch[0].lab", "lab"),
        daemon("profile = \"lab-b\"", "profile = \"lab-c\"", ":9: watch[0].profile", "did you mean", "lab-b"),
        daemon(
            "lab = \"lab-b\"", "lab = \"lab-b\"\nmode = \"poll\"", ":9: watch[0].mode",
            "\"auto\", \"inotify\", \"scan\""),
        daemon("lab = \"lab-b\"", "lab = \"lab-b\"\nsettle_seconds = -1", ":9: watch[0].settle_seconds", "0 to 3600"),
        daemon(
            "lab = \"lab-b\"", "lab = \"lab-b\"\nsettle_second = 1", ":9: watch[0].settle_second", "settle_seconds?"),
        daemon("lab = \"lab-b\"", "lab = \"lab-b\"\nexclude = [\"[\"]", ":9: watch[0].exclude[0]", "without ]"),
        daemon("lab = \"lab-b\"", "lab = \"lab-b\"\nexclude = \"*.tif\"", ":9: watch[0].exclude: is a text", "a list"),
        daemon("lab = \"lab-b\"", "lab = \"lab-b\"\ninclude = []", ":9: watch[0].include", "is empty"),
        daemon(
            "profile = \"lab-b\"", "profile = \"lab-b\"\n[[watch.rules]]\npath = \"m/**\"",
            ":10: watch[0].rules[0].profile",
            "is missing"),
        daemon(
            "profile = \"lab-b\"",
            "profile = \"lab-b\"\n[[watch]]\npath = \"empty\"\nlab = \"lab-b\"\nprofile = \"lab-b\"",
            ":12: watch[1].lab", "a lab of its own"),
        daemon(
            "profile = \"lab-b\"",
            "profile = \"lab-b\"\n[[watch]]\npath = \"./lab-b\"\nlab = \"c\"\nprofile = \"lab-b\"",
            ":11: watch[1].path", "watch each tree once"),
        profile("levels = [7]\n", ":2: levels[0]: 7 is out of range", "1 to 5"),
        profile("level = [1]\n", ":2: level: unknown key", "did you mean levels?"),
        profile("method = \"reinhart\"\n", ":2: method", "did you mean \"reinhard\"?"),
        profile("palette = \"none.json\"\n", ":2: palette: there is no file", "nctd profile learn"),
        profile("palette = \"~/lab.json\"\n", ":2: palette: ~/lab.json begins with ~", "the whole path"),
        profile("flat_field = \"none.json\"\n", ":2: flat_field", "nctd profile flat-field"),
        profile("weights = \"none\"\n", ":2: weights: there is no file", "usual places"),
        profile("below_threshold = \"reject\"\n", ":2: below_threshold", "\"hold\""),
        profile("[thresholds]\nminimum_confidence = 2\n", ":3: thresholds.minimum_confidence", "0 to 1"),
        profile("[verdict]\nfields = \"red\"\n", ":3: verdict.fields", "\"red-cells\""),
        profile("[verdict]\nnuclei_color = \"note\"\n", ":3: verdict.nuclei_color", "did you mean nucleus_color?"),
        profile("[verdict]\nclipped = \"warn\"\n", ":3: verdict.clipped", "\"doubtful\""),
        Wrong(
            file: "profiles.d/lab-b.toml", old: "../reference.png", new: "none.png", begins: ":1: references[0]",
            words: ["there is no file", "relative to the profile's folder"]),
        Wrong(
            file: "profiles.d/lab-b.toml", old: "../reference.png", new: "~/r.png", begins: ":1: references[0]",
            words: ["begins with ~", "the whole path"]),
    ]

    @Test("A wrong configuration says file, line, key, what is wrong and what to do", arguments: wrongs.indices)
    func configuration(index: Int) throws {
        let (bench, wrong) = (try bench(), Self.wrongs[index])
        let text = wrong.file == "nctd.toml" ? Bench.configuration : Self.profile
        let changed = text.replacingOccurrences(of: wrong.old, with: wrong.new)
        #expect(changed != text)
        try bench.space.write(changed, to: wrong.file)
        let result = try bench.nctd("check", "--config", "nctd.toml", "--no-prepare")
        check(result, 2, wrong.words, wrong.new)
        #expect(result.error.contains(wrong.file + wrong.begins), "\(wrong.new): \(result.error)")
        // The mistake comes first; what follows from it may be said as well.
        let problems = result.error.split(separator: "\n").filter { $0.hasPrefix("nctd: ") && !$0.contains("warning") }
        #expect(problems.count <= 2 && problems.first?.contains(wrong.file + wrong.begins) == true, "\(result.error)")
    }

    @Test("There are as many as were asked for")
    func enough() { #expect(Self.usages.count >= 30 && Self.wrongs.count >= 30) }
}
