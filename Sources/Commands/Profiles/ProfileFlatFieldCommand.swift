import ArgumentParser
import Foundation
import ImageFiles
import Jobs
import NCTEngine

/// `nctd profile flat-field`: learns a microscope's light from its captures.
struct ProfileFlatFieldCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flat-field",
        abstract: "Learn the light of a microscope from its captures.",
        usage: "nctd profile flat-field INPUT... --output FILE [--picture PNG] [options]",
        discussion: """
            Cells move from capture to capture, the light stays: from twenty captures on it is known to a percent. The \
            file serves as `flat_field` of a profile and as --flat-field; captures are divided by the light before \
            anything else is done with them. Even light is reported as even, and its file changes no capture.

            EXAMPLES:
              nctd profile flat-field captures/ --output scope-2.json --picture scope-2.png
              nctd normalize captures/ --profile lab-a.toml --flat-field scope-2.json

            \(ExitStatus.help)
            """)

    @Argument(help: ArgumentHelp("Captures, or directories of them.", valueName: "input"), completion: .file())
    var inputs: [FileArgument]

    @Option(help: ArgumentHelp("The file to write.", valueName: "file"), completion: .file(extensions: ["json"]))
    var output: String

    @Option(
        help: ArgumentHelp("Also write a picture of the light.", valueName: "png"),
        completion: .file(extensions: ["png"]))
    var picture: String?

    @Flag(help: "Replace files that are there already.")
    var overwrite = false

    @Flag(help: "Print the figures as a JSON object.")
    var json = false

    @OptionGroup
    var threads: ThreadsOption

    @OptionGroup
    var links: LinkOptions

    func validate() throws {
        guard !inputs.isEmpty else { throw ValidationError("name captures, or directories of them") }
    }

    private struct Report: Encodable {
        var output: String
        var sha256: String
        var captures: Int
        /// Of other proportions, dark or unreadable.
        var leftOut: Int
        var width: Int
        var height: Int
        var ratio: [Float]
        var error: [Float]
        var background: Float
        var drifts: Bool
        var isUneven: Bool
    }

    func run() async throws {
        let console = Console.current
        let list = try InputList(
            toLearnFrom: inputs, links, remedy: "name captures, or directories of them", console: console)
        var kept = KeptFiles()
        kept.keep(list.items)
        try kept.claim(output, existing: .init(overwrite: overwrite))
        if let picture {
            try kept.claim(picture, option: "--picture", isPicture: true, existing: .init(overwrite: overwrite))
        }
        let workers = threads.workers
        let survey = LightSurvey(list.items.map(\.path), workers: workers, console: console)
        let failures = list.missing + survey.failures
        failures.forEach { console.warn($0.description) }
        guard let group = survey.largest, let field = group.estimator.estimate(workers: workers) else {
            throw UsageError(
                JobFailure(
                    file: inputs.names,
                    cause: "no background is found to learn the light from",
                    remedy: "name ordinary captures of the microscope, twenty or more, at least 64 pixels wide"))
        }
        let bytes = try KnownLight.bytes(of: field)
        try write(bytes, to: output)
        if let picture {
            do {
                try PictureFile.write(LightPicture.image(of: field), to: picture, overwrite: overwrite)
            } catch {
                throw RunError(JobFailure(error, file: picture))
            }
        }
        let report = Report(
            output: output, sha256: FileDigest.sha256(bytes), captures: group.estimator.count,
            leftOut: list.items.count - group.estimator.count, width: group.width, height: group.height,
            ratio: field.ratio, error: field.error, background: field.background,
            drifts: field.drift.contains { $0 > 0 }, isUneven: field.isUneven)
        if json {
            console.say(String(decoding: try JSONText.encode(report), as: UTF8.self))
        } else {
            lines(report).forEach(console.say)
        }
        if !failures.isEmpty { throw ExitCode(ExitStatus.someFailed) }
    }

    private func write(_ bytes: [UInt8], to path: String) throws {
        do {
            try SystemError.makeFolder(KeptFiles.folder(of: path))
            try Interruption.shared.protecting { try OutputFile.write(bytes, to: path, overwrite: overwrite) }
        } catch {
            throw RunError(JobFailure(error, file: path))
        }
    }

    private func lines(_ report: Report) -> [String] {
        let few = report.captures < FlatFieldEstimator.enough
        let percent = report.error.map { Decimals.text($0 * 100, 1) + " %" }.joined(separator: ", ")
        return [
            "\(output): learned from \(report.captures.counted("capture")) of \(report.width) × \(report.height)"
                + (report.leftOut > 0
                    ? ", \(report.leftOut) left out (other proportions, copies, dark or unreadable)" : ""),
            "  brightest over darkest  \(KnownLight.words(ratio: report.ratio))",
            "  error                   \(percent)" + (few ? "  (20 captures and more make it smaller)" : ""),
            "  background              \(Decimals.text(report.background * 100, 0)) % of the captures",
            "  over time               "
                + (report.drifts ? "it moves; each capture's own share is followed" : "it stands still"),
            report.isUneven
                ? "the light is uneven: captures are corrected by it"
                : "the light is even: captures are left as they are",
        ]
    }
}
