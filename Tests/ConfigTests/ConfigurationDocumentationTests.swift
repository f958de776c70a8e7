import Config
import Foundation
import Testing

@Suite struct ConfigurationDocumentationTests {
    private func repositoryFile(_ name: String) throws -> String {
        let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return try String(contentsOf: root.appendingPathComponent(name), encoding: .utf8)
    }

    private func documented() throws -> String {
        let parts = try repositoryFile("docs/configuration.md").components(separatedBy: "```")
        return String(try #require(parts.first { $0.hasPrefix("toml\n") }).dropFirst("toml\n".count))
    }

    /// Reads a text whose absolute paths are moved into a folder where they exist.
    private func read(_ text: String) throws -> (DaemonConfiguration, ConfigurationFolder) {
        let folder = try ConfigurationFolder()
        for directory in ["srv/microscope/lab-b", "var/lib", "usr/share/nctd/models", "etc/nctd/profiles.d"] {
            try FileManager.default.createDirectory(
                atPath: folder.path + "/" + directory, withIntermediateDirectories: true)
        }
        try folder.space.write("", to: "usr/share/nctd/models/vgg19-features.safetensors")
        try folder.space.write("", to: "etc/nctd/profiles.d/lab-a-1.png")
        try folder.space.write(
            try repositoryFile("etc/nctd/profiles.d/example.toml.sample"), to: "etc/nctd/profiles.d/lab-b.toml")
        var moved = text
        for top in ["srv", "var", "usr", "etc"] {
            moved = moved.replacingOccurrences(of: "\"/\(top)/", with: "\"\(folder.path)/\(top)/")
        }
        return (try folder.read(moved), folder)
    }

    @Test("The documented configuration is valid, and the values that it shows are the defaults")
    func defaults() throws {
        let (read, folder) = try read(try documented())
        let root = folder.path
        var output = OutputSettings(
            directory: root + "/srv/normalized", quarantineDirectory: root + "/var/lib/nctd/quarantine")
        #expect(output.keepVersions == nil && output.keepDays == nil)
        (output.keepVersions, output.keepDays) = (3, 180)
        #expect(read.output == output)
        let notify = try #require(read.notify)
        #expect(notify == NotifySettings(command: notify.command))
        #expect(read.retry == RetrySettings())
        #expect(read.retention == .seconds(365 * 86400))
        var watch = WatchSettings(path: root + "/srv/microscope/lab-b", lab: "lab-b", profile: "lab-b")
        watch.rules = read.watches[0].rules
        watch.exclude = read.watches[0].exclude
        watch.sentinel = read.watches[0].sentinel
        watch.sampleBits = read.watches[0].sampleBits
        #expect(read.watches == [watch])
        #expect(watch.rules.count == 1 && watch.exclude.count == 2 && watch.sentinel != nil)
    }

    @Test("The installed configuration and the sample profile are valid")
    func installed() throws {
        let (read, _) = try read(try repositoryFile("etc/nctd/nctd.toml"))
        #expect(read.watches.map(\.lab) == ["lab-b"] && read.profiles["lab-b"]?.references.count == 1)
    }

    @Test("Every key that the reader knows is documented, and every documented key is known")
    func complete() throws {
        let text = try documented()
        // An unknown key's remedy lists the known ones; it is put into each table in turn.
        let odd = "qqqqqqqqqqqqqqqqqqqqqqqq = 1\n"
        let documentedKeys = Set(
            text.split(separator: "\n").filter { !$0.hasPrefix("#") && $0.contains(" = ") }
                .map { String($0.prefix { $0 != " " }) })
        for table in ["[daemon]", "[engine]", "[output]", "[retry]", "[notify]", "[[watch]]", "[[watch.rules]]"] {
            let broken = text.replacingOccurrences(of: table + "\n", with: table + "\n" + odd)
            let error = try #require(throws: ConfigurationError.self) { _ = try read(broken) }
            #expect(error.problems.count == 1, "\(error)")
            let list = try #require(error.problems[0].remedy.components(separatedBy: "known keys are ").last)
            let keys = list.components(separatedBy: ", ")
            #expect(keys.count >= 1)
            for key in keys where key != "rules" { #expect(documentedKeys.contains(key), "\(table) \(key)") }
        }
    }
}
