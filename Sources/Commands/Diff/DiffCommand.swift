import ArgumentParser
import Config
import Foundation
import Jobs
import NCTEngine

/// `nctd diff`: what another profile changes.
struct DiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Say how two profiles differ and what that means for results.",
        discussion: """
            Settings are compared with their defaults filled in, references and other files by what is in them, \
            palettes class by class. A profile is named by its file, or as the daemon's configuration names it.

            EXIT STATUS: 0 they say the same; 1 they differ; 2 one of them cannot be read.
            """)

    @Option(
        help: ArgumentHelp("The daemon's configuration, for profiles that are named.", valueName: "file"),
        completion: .file(extensions: ["toml"]))
    var config = DaemonConfiguration.defaultPath
    @Argument(help: ArgumentHelp("A profile.", valueName: "first"), completion: .file(extensions: ["toml"]))
    var first: String
    @Argument(help: ArgumentHelp("Another one.", valueName: "second"), completion: .file(extensions: ["toml"]))
    var second: String
    @Flag(help: "Print JSON.") var json = false

    private struct Report: Encodable {
        struct Side: Encodable {
            var name: String
            var path: String?
            var sha256: String

            init(_ profile: Profile) {
                (name, path) = (profile.name, profile.path)
                sha256 = FileDigest.sha256(Array(profile.text.utf8))
            }
        }

        var first: Side
        var second: Side
        var difference: ProfileDifference
    }

    func run() async throws {
        let (one, other) = (try profile(first), try profile(second))
        let difference: ProfileDifference
        do {
            let weights = (try? DaemonConfiguration.read(path: config))?.weights
            difference = try ProfileDifference(one, other, weights: weights, workers: ThreadsOption.allCores)
        } catch let failure as JobFailure {
            throw UsageError(failure)
        }
        let report = Report(first: .init(one), second: .init(other), difference: difference)
        let console = Console.current
        if json {
            console.say(String(decoding: try JSONText.encode(report), as: UTF8.self))
        } else {
            Self.lines(report).forEach(console.say)
        }
        if difference.effects.contains(where: { $0 != .nothing }) { throw ExitCode(ExitStatus.someFailed) }
    }

    /// The profile of a file, or of a name in the daemon's configuration.
    private func profile(_ name: String) throws -> Profile {
        if FileManager.default.fileExists(atPath: name) || name.contains("/") || name.hasSuffix(".toml") {
            return try Profile.read(path: name)
        }
        let profiles: [String: Profile]
        do {
            profiles = try DaemonConfiguration.read(path: config).profiles
        } catch let error as ConfigurationError {
            throw UsageError(
                "\(name) is no file, and no configuration tells what profile it is (\(error.problems[0]))",
                remedy: "name the profile's file, or the configuration with --config")
        }
        guard let profile = profiles[name] else {
            let known = profiles.keys.sorted()
            let nearest = NearestName.of(name, among: known).map { "did you mean \($0)? " } ?? ""
            throw UsageError(
                "\(name): there is no such file or profile", remedy: "\(nearest)known: \(known.joined(separator: ", "))"
            )
        }
        return profile
    }

    private static func lines(_ report: Report) -> [String] {
        let difference = report.difference
        var lines = [("first ", report.first), ("second", report.second)].map { word, side in
            "\(word)  \(side.path ?? side.name)  profile \"\(side.name)\"  sha256 \(side.sha256.prefix(16))"
        }
        if !difference.settings.isEmpty { lines.append("settings") }
        for setting in difference.settings {
            let values = [setting.first, setting.second].map { $0 ?? "left out" }
            lines.append("  \(setting.key)  \(values[0]) -> \(values[1])  (\(setting.effect.text))")
        }
        let references = difference.references
        if !references.isSame { lines.append("references") }
        lines += references.onlyInFirst.map { "  only in the first   \($0)" }
        lines += references.onlyInSecond.map { "  only in the second  \($0)" }
        if references.areReordered { lines.append("  the same images in another order") }
        if let palettes = difference.palettes {
            lines.append("palette of the training lab")
            lines.append("  \(palettes.first) -> \(palettes.second)")
            for move in palettes.distances.prefix(6) {
                let far = move.distance > PaletteDrift.bound ? "" : ", as good as the same"
                lines.append("  \(move.part)  \((Double(move.distance) * 10).rounded() / 10) ΔE*ab apart\(far)")
            }
            if palettes.distances.count > 6 {
                lines.append("  \(palettes.distances.count - 6) further classes are nearer")
            }
        }
        guard !difference.effects.isEmpty else { return lines + ["the two say the same, word by word"] }
        lines.append("what it means")
        lines += difference.effects.map { "  \($0.text)" }
        return lines + [
            "  a profile's captures are made again by nctd reprocess --profile NAME; each change of its text, of a comment too,",
            "  makes their results count as others, and the older ones stay as versions",
        ]
    }
}
