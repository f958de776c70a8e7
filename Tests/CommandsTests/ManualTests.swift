import Foundation
import TestSupport
import Testing

/// The manual pages against what the program and the configuration's reference say.
@Suite struct ManualTests {
    private static let root = (#filePath as NSString).deletingLastPathComponent + "/../.."

    /// A page's text with the escapes of hyphens and backslashes undone.
    private static func page(_ name: String) throws -> String {
        try String(contentsOfFile: root + "/docs/man/" + name, encoding: .utf8)
            .replacing("\\-", with: "-").replacing("\\e", with: "\\").replacing("\\(dq", with: "\"")
    }

    private struct Help: Decodable {
        struct Argument: Decodable {
            struct Name: Decodable { var name: String }
            var shouldDisplay: Bool
            var names: [Name]?
        }

        struct Command: Decodable {
            var commandName: String
            var shouldDisplay: Bool?
            var subcommands: [Command]?
            var arguments: [Argument]?
        }

        var command: Command
    }

    @Test("nctd(1) has every command with every option, and none that there is not")
    func commands() throws {
        let result = try Subprocess.run(Subprocess.nctd, ["--experimental-dump-help"])
        let help = try JSONDecoder().decode(Help.self, from: Data(result.output.utf8))
        var sections: [String: String] = [:]
        for section in try Self.page("nctd.1").split(separator: #/(?m)^\.SS /#).dropFirst() {
            let name = section.prefix { $0 != "\n" }
            sections[String(name)] = String(section).split(separator: #/(?m)^\.SH /#).first.map(String.init)
        }
        var expected: Set<String> = []
        func visit(_ command: Help.Command, _ prefix: String) throws {
            let visible = (command.subcommands ?? []).filter { $0.commandName != "help" && $0.shouldDisplay != false }
            for sub in visible { try visit(sub, "\(prefix) \(sub.commandName)") }
            guard visible.isEmpty else { return }
            expected.insert(prefix)
            let section = try #require(sections[prefix], "\(prefix) is missing; run make manual")
            for argument in command.arguments ?? [] where argument.shouldDisplay {
                for name in argument.names ?? [] where name.name.count > 1 && !["help", "version"].contains(name.name) {
                    #expect(section.contains("--\(name.name)"), "\(prefix) --\(name.name); run make manual")
                }
            }
        }
        try visit(help.command, "nctd")
        #expect(expected.count > 10)
        #expect(Set(sections.keys) == expected)
    }

    @Test("nctd.toml(5) has every key of the configuration's reference with its default")
    func configuration() throws {
        let reference = try String(contentsOfFile: Self.root + "/docs/configuration.md", encoding: .utf8)
        let example = try #require(reference.split(separator: "```toml").last?.split(separator: "```").first)
        let page = try Self.page("nctd.toml.5")
        var count = 0
        for line in example.split(separator: "\n") where !line.hasPrefix("#") && line.contains(" = ") {
            let (key, value) = (line.prefix { $0 != " " }, line.split(separator: " = ", maxSplits: 1)[1])
            #expect(page.contains(".BR \(key) \" = \(value)\""), "\(line); run make manual")
            count += 1
        }
        #expect(count > 20)
    }

    @Test("The manual pages are set without a warning")
    func setting() throws {
        for page in ["nctd.1", "nctd.toml.5", "nctd.service.8"] {
            let man = try? Subprocess.run(
                "/usr/bin/man", ["--warnings", "-l", Self.root + "/docs/man/" + page], environment: ["MANWIDTH": "100"])
            guard let man else {
                print("SKIPPED: there is no man on this machine")
                return
            }
            #expect(man.status == 0)
            #expect(man.error.isEmpty, "\(page): \(man.error)")
        }
    }
}
