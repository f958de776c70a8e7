import Config
import Foundation
import Testing

@Suite struct DaemonConfigurationTests {
    @Test("The least configuration has the defaults, and paths relative to its folder")
    func least() throws {
        let folder = try ConfigurationFolder()
        let read = try folder.read(ConfigurationFolder.least)
        let expected = DaemonConfiguration(
            path: folder.file, stateDirectory: folder.path + "/state", profilesDirectory: folder.path + "/profiles.d",
            workers: ProcessInfo.processInfo.activeProcessorCount,
            output: OutputSettings(
                directory: folder.path + "/out", quarantineDirectory: folder.path + "/state/quarantine"),
            watches: [WatchSettings(path: folder.path + "/lab-b", lab: "lab-b", profile: "lab-b")],
            profiles: ["lab-b": try Profile.read(path: folder.path + "/profiles.d/lab-b.toml")])
        #expect(read == expected)
    }

    @Test("A configuration with every key is read whole")
    func whole() throws {
        let folder = try ConfigurationFolder()
        try folder.space.write("references = [\"one.png\"]\nname = \"marrow\"", to: "profiles.d/second.toml")
        try folder.space.write("", to: "vgg.safetensors")
        let read = try folder.read(
            """
            [daemon]
            state_directory = "\(folder.path)/state"
            profiles_directory = "./profiles.d"
            workers = 3
            isolation = "threads"
            step_limit_seconds = 30.5
            retention_days = 10
            [engine]
            weights = "vgg.safetensors"
            [output]
            directory = "out"
            quarantine_directory = "quarantine"
            minimum_free_mebibytes = 5
            format = "tiff"
            duplicates = "copy"
            [retry]
            attempts = 4
            initial_delay_seconds = 0.5
            maximum_delay_seconds = 9
            [[watch]]
            path = "lab-b/"
            lab = "Lab B"
            profile = "lab-b"
            recursive = false
            mode = "scan"
            settle_seconds = 0.25
            patience_seconds = 20
            scan_interval_seconds = 1.5
            reconcile_interval_seconds = 60
            include = ["*.png"]
            exclude = ["x/**"]
            sentinel = "info/mounted"
            [[watch.rules]]
            name = "marrow"
            path = "marrow/**"
            make = "Leica*"
            model = "DM2000*"
            software = "LAS*"
            profile = "marrow"
            [[watch.rules]]
            make = "Zeiss*"
            profile = "lab-b"
            [[watch]]
            path = "lab-a"
            lab = "lab-a"
            rules = [{ path = "*.tif", profile = "marrow" }]
            """)
        #expect(read.isolation == .threads && read.stepLimit == .milliseconds(30_500))
        #expect(read.workers == 3 && read.retention == .seconds(10 * 86400))
        #expect(read.weights == folder.path + "/vgg.safetensors")
        #expect(
            read.output
                == OutputSettings(
                    directory: folder.path + "/out", quarantineDirectory: folder.path + "/quarantine",
                    minimumFreeMebibytes: 5, format: .tiff, duplicates: .copy))
        #expect(read.retry == RetrySettings(attempts: 4, initialDelay: .milliseconds(500), maximumDelay: .seconds(9)))
        #expect(
            read.watches == [
                WatchSettings(
                    path: folder.path + "/lab-b", lab: "Lab B",
                    rules: [
                        .init(
                            name: "marrow", pathPattern: "marrow/**", make: "Leica*", model: "DM2000*",
                            software: "LAS*",
                            profile: "marrow"),
                        .init(name: "rule 2", make: "Zeiss*", profile: "lab-b"),
                    ], profile: "lab-b", recursive: false, mode: .scan, settle: .milliseconds(250),
                    patience: .seconds(20), scanInterval: .milliseconds(1500), reconcileInterval: .seconds(60),
                    include: ["*.png"], exclude: ["x/**"], sentinel: "info/mounted"),
                WatchSettings(
                    path: folder.path + "/lab-a", lab: "lab-a",
                    rules: [.init(name: "rule 1", pathPattern: "*.tif", profile: "marrow")], profile: nil),
            ])
        #expect(Set(read.profiles.keys) == ["lab-b", "marrow"])
    }

    @Test("All problems of all files come at once, each with file, line, key and remedy")
    func allAtOnce() throws {
        let folder = try ConfigurationFolder()
        try folder.space.write("references = [\"one.png\"]\nseed = -1", to: "profiles.d/broken.toml")
        try folder.space.write("name = \"lab-b\"\nreferences = [\"one.png\"]", to: "profiles.d/twin.toml")
        let found = try folder.problems(
            """
            [daemon]
            state_directory = "state"
            worker = 2
            [output]
            directory = "lab-b/results"
            minimum_free_mebibytes = "many"
            [[watch]]
            path = "lab-b"
            lab = "lab-b"
            profile = "lab-c"
            settle_seconds = -1
            [[watch]]
            path = "lab-b/inner"
            lab = "lab-b"
            profile = "broken"
            include = ["[a"]
            [[watch.rules]]
            profile = "lab-b"
            [outputs]
            """)
        func place(_ problem: ConfigurationProblem) -> String {
            "\((problem.file as NSString).lastPathComponent):\(problem.line.map(String.init) ?? "-"):\(problem.key ?? "-")"
        }
        #expect(
            found.map(place)
                == [
                    "nctd.toml:3:daemon.worker", "nctd.toml:5:output.directory",
                    "nctd.toml:6:output.minimum_free_mebibytes",
                    "nctd.toml:10:watch[0].profile", "nctd.toml:11:watch[0].settle_seconds",
                    "nctd.toml:13:watch[1].path",
                    "nctd.toml:14:watch[1].lab", "nctd.toml:16:watch[1].include[0]",
                    "nctd.toml:17:watch[1].rules[0]", "nctd.toml:19:outputs", "broken.toml:2:seed", "twin.toml:1:name",
                ], "\(found.map(\.description).joined(separator: "\n"))")
    }

    @Test(
        "A value that cannot be is refused with what would be right",
        arguments: [
            ("workers = 0", "daemon.workers", "1 to 1024"),
            ("step_limit_seconds = 0", "daemon.step_limit_seconds", "1 to"),
            ("isolation = \"none\"", "daemon.isolation", "processes"),
            ("retention_days = 0", "daemon.retention_days", "1 to"),
            ("state_directory = \"\"", "daemon.state_directory", "path"),
            ("profiles_directory = \"none\"", "daemon.profiles_directory", "directory"),
            ("profiles_directory = \"lab-a\"", "daemon.profiles_directory", "profile"),
        ])
    func daemon(line: String, key: String, remedy: String) throws {
        let text = ConfigurationFolder.least.replacingOccurrences(
            of: line.hasPrefix("state") ? "state_directory = \"state\"" : "[daemon]\n",
            with: line.hasPrefix("state") ? line : "[daemon]\n\(line)\n")
        let found = try ConfigurationFolder().problems(text)
        #expect(found.contains { $0.key == key && $0.remedy.contains(remedy) }, "\(found)")
    }

    @Test(
        "A watch that cannot be is refused with what would be right",
        arguments: [
            ("mode = \"poll\"", "mode", "\"scan\""), ("settle_seconds = 4000", "settle_seconds", "0 to 3600"),
            ("settle_seconds = 20\npatience_seconds = 10", "patience_seconds", "20"),
            ("scan_interval_seconds = 0", "scan_interval_seconds", "0.1"), ("include = []", "include", "list"),
            ("exclude = [\"a\", \"\"]", "exclude[1]", "*.tif"), ("sentinel = \"../x\"", "sentinel", "relative"),
            ("sentinel = \"/x\"", "sentinel", "relative"), ("recursiv = true", "recursiv", "recursive"),
            ("rules = [{ profile = \"lab-b\" }]", "rules[0]", "path, make"),
            ("rules = [{ path = \"*\", profile = \"lab-bb\" }]", "rules[0].profile", "did you mean \"lab-b\""),
            ("rules = [{ path = \"*\" }]", "rules[0].profile", "name the profile"),
            ("rules = 3", "rules", "[[watch.rules]]"),
        ])
    func watch(lines: String, key: String, remedy: String) throws {
        let found = try ConfigurationFolder().problems(ConfigurationFolder.least + lines)
        #expect(found.count == 1, "\(found)")
        #expect(found[0].key == "watch[0].\(key)" && found[0].remedy.contains(remedy), "\(found[0])")
        #expect((found[0].line ?? 0) >= 5)
    }

    @Test("A lab's name must do for a directory", arguments: ["", "a/b", "..", ".lab", "a\\nb", "lab:b"])
    func labs(_ name: String) throws {
        let text = ConfigurationFolder.least.replacingOccurrences(of: "lab = \"lab-b\"", with: "lab = \"\(name)\"")
        #expect(try ConfigurationFolder().problems(text).map(\.key) == ["watch[0].lab"])
    }

    @Test("Trees that overlap are refused with links resolved")
    func overlaps() throws {
        let folder = try ConfigurationFolder()
        let manager = FileManager.default
        try manager.createSymbolicLink(atPath: folder.path + "/alias", withDestinationPath: "lab-b")
        try manager.createDirectory(atPath: folder.path + "/lab-b/inner", withIntermediateDirectories: true)
        func keys(_ old: String, _ new: String, adding: String = "") throws -> [String?] {
            try folder.problems(ConfigurationFolder.least.replacingOccurrences(of: old, with: new) + adding).map(\.key)
        }
        let second = "[[watch]]\nlab = \"second\"\nprofile = \"lab-b\"\npath = "
        #expect(try keys("", "", adding: second + "\"alias\"") == ["watch[1].path"])
        #expect(try keys("", "", adding: second + "\"alias/inner\"") == ["watch[1].path"])
        #expect(try keys("\"out\"", "\"alias/inner/out\"") == ["output.directory"])
        #expect(try keys("\"out\"", "\".\"").contains("output.directory"))
        #expect(try keys("\"state\"", "\"alias/state\"") == ["daemon.state_directory"])
        #expect(try keys("\"state\"", "\"out/state\"") == ["daemon.state_directory"])
        #expect(
            try keys("[[watch]]", "quarantine_directory = \"alias\"\n[[watch]]") == ["output.quarantine_directory"])
        let same = second.replacingOccurrences(of: "second", with: "lab-b") + "\"lab-a\""
        #expect(try keys("", "", adding: same) == ["watch[1].lab"])
    }

    @Test("What is no directory is named; one that is not there is away, and no error")
    func unreachable() throws {
        let folder = try ConfigurationFolder()
        try folder.space.write("", to: "file")
        func only(_ old: String, _ new: String) throws -> ConfigurationProblem {
            let found = try folder.problems(ConfigurationFolder.least.replacingOccurrences(of: old, with: new))
            #expect(found.count == 1, "\(found)")
            return found[0]
        }
        let away = ConfigurationFolder.least.replacingOccurrences(of: "path = \"lab-b\"", with: "path = \"lab-x\"")
        #expect(try folder.read(away).watches[0].path == folder.path + "/lab-x")
        #expect(try only("path = \"lab-b\"", "path = \"file\"").message.contains("is no directory"))
        #expect(try only("\"out\"", "\"file/out\"").key == "output.directory")
        let least = ConfigurationFolder.least
        #expect(
            try folder.read(least.replacingOccurrences(of: "\"out\"", with: "\"new/out\"")).output.directory
                == folder.path + "/new/out")
    }

    @Test("A configuration without watches, output or text is refused")
    func missing() throws {
        let folder = try ConfigurationFolder()
        let found = try folder.problems("[daemon]\nstate_directory = \"state\"\n")
        #expect(Set(found.map(\.key)) == ["output.directory", "watch"])
        #expect(try folder.problems("watch = [").count == 1)
        let error = #expect(throws: ConfigurationError.self) { try DaemonConfiguration.read(path: folder.path + "/no") }
        #expect(error?.description.contains("no such configuration") == true)
    }
}
