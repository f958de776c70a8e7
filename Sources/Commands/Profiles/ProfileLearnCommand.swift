import ArgumentParser
import Foundation
import Jobs
import NCTEngine

/// `nctd profile learn`: a lab's palette from its images.
struct ProfileLearnCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "learn",
        abstract: "Learn a lab's palette from its images.",
        usage: "nctd profile learn INPUT... --output FILE [options]",
        discussion: """
            A change of stain is a property of two labs, not of one image. A palette is what is known of one lab's colors: \
            of background, red cells and platelets, and of cytoplasm and nucleus of each kind of white cell. Learn the \
            training lab's once, and name it in the profile (palette = "FILE"); learn that of the lab whose captures are \
            normalized from a few dozen captures or more (capture_palette = "FILE"). Of more than \
            \(PaletteSurvey.enough) images as many are looked at, evenly spread.

            EXAMPLES:
              nctd profile learn lab-a/train --output lab-a.palette.json
              nctd profile learn captures/ --output lab-b.palette.json

            \(ExitStatus.help)
            """)

    @Argument(help: ArgumentHelp("Images of the lab, or directories of them.", valueName: "input"), completion: .file())
    var inputs: [FileArgument]

    @Option(help: ArgumentHelp("The palette to write.", valueName: "file"), completion: .file(extensions: ["json"]))
    var output: String

    @Flag(help: "Replace a palette that is there already.")
    var overwrite = false

    @OptionGroup
    var threads: ThreadsOption

    @OptionGroup
    var links: LinkOptions

    func validate() throws {
        guard !inputs.isEmpty else { throw ValidationError("name the lab's images, or directories of them") }
    }

    func run() async throws { try learn(console: Console.current) }

    private func learn(console: Console) throws {
        let list = try InputList(
            toLearnFrom: inputs, links, remedy: "name images of the lab, or directories of them", console: console)
        var kept = KeptFiles()
        kept.keep(list.items)
        try kept.claim(output, existing: .init(overwrite: overwrite))
        let survey = PaletteSurvey(
            list.items.map { ($0.path, $0.bytes) },
            workers: threads.workers, console: console)
        let failures = list.missing + survey.failures
        failures.forEach { console.warn($0.description) }
        survey.passedOver.forEach { console.warn("\($0): passed over, for it does not look like a smear") }
        let palette: LabPalette
        do {
            palette = try survey.palette()
        } catch {
            throw UsageError(JobFailure(error, file: inputs.names))
        }
        do {
            try PaletteFile.write(palette, to: output, overwrite: overwrite)
        } catch {
            throw RunError(JobFailure(error, file: output))
        }
        PaletteText.lines(palette).forEach(console.say)
        console.say("  palette    \(output)")
        if !failures.isEmpty { throw ExitCode(ExitStatus.someFailed) }
    }
}

/// What a palette holds, for people.
enum PaletteText {
    static func lines(_ palette: LabPalette) -> [String] {
        func row(_ name: String, _ statistics: ColorStatistics) -> String {
            func number(_ value: Float) -> String { String(format: "%4.0f", value) }
            let mean = [statistics.mean.x, statistics.mean.y, statistics.mean.z].map(number).joined(separator: " ")
            let name = name.padding(toLength: 34, withPad: " ", startingAt: 0)
            return "  \(name) L*a*b* \(mean)   of \(Int(statistics.count.rounded()))"
        }
        var lines = ["\(palette.images.counted("image")), \(palette.whiteCells.counted("white cell"))"]
        lines.append(row("background", palette.background))
        lines.append(row("red cell", palette.redCell))
        lines.append(row("platelet", palette.platelet))
        for kind in WhiteCellKind.allCases {
            let name = kind.rawValue.replacing("_", with: " ")
            if let part = palette.cytoplasm[kind] { lines.append(row(name + ", cytoplasm", part)) }
            if let part = palette.nucleus[kind] { lines.append(row(name + ", nucleus", part)) }
        }
        return lines
    }
}
