import ArgumentParser
import Foundation
import ImageFiles
import Jobs
import NCTEngine

/// `nctd profile suggest`: chooses references from the training lab's images and prints a profile with them.
struct ProfileSuggestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "suggest",
        abstract: "Choose references from the training lab's images and print a profile.",
        usage: "nctd profile suggest INPUT... [--count N] [--copy DIR] [options] > lab-a.toml",
        discussion: """
            Looks at all images of the lab on which the detector was trained, and chooses one to three that are \
            ordinary in their background and red cells and together show the kinds of white cells that occur. The \
            profile goes to standard output; what was chosen, and how well it covers the lab, to standard error. A \
            contact sheet shows the choice.

            EXAMPLES:
              nctd profile suggest lab-a/train > lab-a.toml
              nctd profile suggest lab-a/train --count 3 --copy profiles > profiles/lab-a.toml

            \(ExitStatus.help)
            """)

    @Argument(help: ArgumentHelp("Images of the lab, or directories of them.", valueName: "input"), completion: .file())
    var inputs: [String]

    @Option(help: ArgumentHelp("References to choose (1 to 3).", valueName: "n"))
    var count = 3

    @Option(
        help: ArgumentHelp(
            "Copy the chosen images there and name them relative to it, for a profile that is kept beside them.",
            valueName: "dir"), completion: .directory)
    var copy: String?

    @Option(help: ArgumentHelp("The profile's name (default: the first input's).", valueName: "text"))
    var name: String?

    @Option(
        help: ArgumentHelp(
            "The contact sheet (default: suggested-references.png, in the directory of --copy if given).",
            valueName: "file"), completion: .file(extensions: ["png"]))
    var sheet: String?

    @Flag(help: "Replace copies and a contact sheet that are there already.")
    var overwrite = false

    @Flag(help: "Print the choice as a JSON object instead of a profile.")
    var json = false

    @Option(help: ArgumentHelp("Threads to use (default: one a core).", valueName: "n"))
    var threads: Int?

    @OptionGroup
    var links: LinkOptions

    func validate() throws {
        guard !inputs.isEmpty else { throw ValidationError("name the lab's images, or directories of them") }
        guard (1...3).contains(count) else { throw ValidationError("--count \(count) is out of range; use 1 to 3") }
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads \(threads) is out of range; use 1 to 1024")
        }
    }

    func run() async throws {
        let console = Console.current
        let sheetPath = sheet ?? (copy.map { $0 + "/" } ?? "") + "suggested-references.png"
        let sheetFolder = (sheetPath as NSString).deletingLastPathComponent
        if let copy { try OutputDirectory.prepare(copy, option: "--copy") }
        try OutputDirectory.prepare(sheetFolder.isEmpty ? "." : sheetFolder, option: "--sheet")
        if !overwrite, FileManager.default.fileExists(atPath: sheetPath) {
            throw UsageError(
                "\(sheetPath) exists", remedy: "use --overwrite to replace it, or name another with --sheet")
        }
        let list = InputList(inputs, skipping: copy ?? "", followingLinks: links.followLinks)
        guard !list.items.isEmpty else {
            throw list.emptiness(of: inputs, remedy: "name images of the lab, or directories of them")
        }
        list.links.notice.map { console.warn("warning: \($0); \(LeftOutLinks.remedy)") }
        let survey = LabSurvey(
            list.items.filter(\.isText).map(\.path),
            workers: Workers(threads: threads ?? ProcessInfo.processInfo.activeProcessorCount), console: console)
        let failures =
            list.missing.map { JobFailure(file: $0.path, cause: $0.reason, remedy: "check the name") }
            + list.items.filter { !$0.isText }.map {
                JobFailure(
                    file: $0.path, cause: "the name is no UTF-8, so that no profile can have it", remedy: "rename it")
            } + survey.failures
        failures.forEach { console.warn($0.description) }

        let suggestion: ReferenceSuggestion
        do {
            suggestion = try ReferenceSuggestion.suggest(from: survey.descriptors, count: count)
        } catch let error as EngineError {
            throw UsageError(JobFailure(error, file: inputs.joined(separator: ", ")))
        }
        let stem = (((inputs[0] as NSString).standardizingPath as NSString).lastPathComponent as NSString)
        var suggested = SuggestedProfile(
            name: name ?? (stem.deletingPathExtension.isEmpty ? "lab" : stem.deletingPathExtension),
            origin: inputs.joined(separator: ", "), survey: survey, suggestion: suggestion)
        if let copy {
            try suggested.copyReferences(to: copy, overwrite: overwrite)
            let colors = PaletteSurvey(
                survey.paths.map { ($0, Array($0.utf8)) },
                workers: Workers(threads: threads ?? ProcessInfo.processInfo.activeProcessorCount), console: console)
            try suggested.writePalette(colors, to: copy, overwrite: overwrite)
        }
        do {
            try PictureFile.write(suggested.sheet().render(), to: sheetPath, overwrite: overwrite)
        } catch {
            throw RunError(JobFailure(error, file: sheetPath))
        }
        suggested.report(sheet: sheetPath).forEach(console.tell)
        console.say(json ? try suggested.json(sheet: sheetPath) : suggested.toml())
        if !failures.isEmpty { throw ExitCode(ExitStatus.someFailed) }
    }
}
