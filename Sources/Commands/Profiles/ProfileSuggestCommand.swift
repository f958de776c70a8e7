import ArgumentParser
import Foundation
import ImageFiles
import Jobs
import NCTEngine

/// `nctd profile suggest`: chooses references from the training lab's images and makes a profile with them.
struct ProfileSuggestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "suggest",
        abstract: "Choose references from the training lab's images and make a profile.",
        usage: "nctd profile suggest INPUT... [--output FILE] [--copy DIR] [options]",
        discussion: """
            Looks at all images of the lab on which the detector was trained, and chooses one to three that are \
            ordinary in their background and red cells and together show the kinds of white cells that occur. The \
            profile goes to the file of --output, whole or not at all, or to standard output; what was chosen, and how \
            well it covers the lab, to standard error. A contact sheet shows the choice: where --sheet says, or beside \
            the images of --copy. What is copied has the name of the lab that it comes from, whatever the profile's.

            EXAMPLES:
              nctd profile suggest lab-a/train --output lab-a.toml
              nctd profile suggest lab-a/train --name lab-b --copy profiles --output profiles/lab-b.toml

            \(ExitStatus.help)
            """)

    @Argument(help: ArgumentHelp("Images of the lab, or directories of them.", valueName: "input"), completion: .file())
    var inputs: [FileArgument]

    @Option(parsing: .unconditional, help: ArgumentHelp("References to choose (1 to 3).", valueName: "n"))
    var count = 3

    @Option(
        help: ArgumentHelp(
            "Copy the chosen images there and name them relative to it, for a profile that is kept beside them.",
            valueName: "dir"), completion: .directory)
    var copy: String?

    @Option(
        help: ArgumentHelp("The profile's name (default: the training lab's, from the first input).", valueName: "text")
    )
    var name: String?

    @Option(
        help: ArgumentHelp(
            "Write the profile there, whole or not at all (default: standard output).", valueName: "file"),
        completion: .file(extensions: ["toml"]))
    var output: String?

    @Option(
        help: ArgumentHelp(
            "Draw a contact sheet there (default: none, or LAB-references.png in the directory of --copy).",
            valueName: "file"), completion: .file(extensions: ["png"]))
    var sheet: String?

    @Flag(help: "Replace a profile, copies and a contact sheet that are there already and differ.")
    var overwrite = false

    @Flag(help: "Print the choice as a JSON object instead of a profile.")
    var json = false

    @OptionGroup
    var threads: ThreadsOption

    @OptionGroup
    var links: LinkOptions

    func validate() throws {
        guard !inputs.isEmpty else { throw ValidationError("name the lab's images, or directories of them") }
        guard (1...3).contains(count) else { throw ValidationError("--count \(count) is out of range; use 1 to 3") }
    }

    func run() async throws {
        let console = Console.current
        let lab = SuggestedProfile.lab(of: inputs[0].text)
        let list = InputList(inputs, skipping: copy ?? "", followingLinks: links.followLinks)
        if let copy { try list.refuseResultsAmongInputs(copy, option: "--copy", other: "references") }
        guard !list.items.isEmpty else {
            throw list.emptiness(of: inputs, remedy: "name images of the lab, or directories of them")
        }
        var kept = KeptFiles()
        kept.keep(list.items)
        for (path, option) in [(output, "--output"), (sheet, "--sheet")] {
            guard let path else { continue }
            try kept.claim(
                path, option: option, isPicture: option == "--sheet", existing: .init(overwrite: overwrite))
            try OutputDirectory.prepare(KeptFiles.folder(of: path), option: option)
        }
        if let copy { try OutputDirectory.prepare(copy, option: "--copy") }
        list.tellLeftOut(console)
        let survey = LabSurvey(
            list.items.filter(\.isText).map(\.path),
            workers: threads.workers, console: console)
        let failures =
            list.missing
            + list.items.filter { !$0.isText }.map {
                JobFailure(
                    file: $0.path, cause: "the name is no UTF-8, so that no profile can have it", remedy: "rename it")
            } + survey.failures
        failures.forEach { console.warn($0.description) }

        let suggestion: ReferenceSuggestion
        do {
            suggestion = try ReferenceSuggestion.suggest(from: survey.descriptors, count: count)
        } catch let error as EngineError {
            throw UsageError(JobFailure(error, file: inputs.names))
        }
        var suggested = SuggestedProfile(
            name: name ?? lab, lab: lab, origin: inputs.names, survey: survey, suggestion: suggestion)
        if let copy {
            let colors = PaletteSurvey(
                survey.paths.map { ($0, Array($0.utf8)) },
                workers: threads.workers, console: console)
            try suggested.copy(
                palette: colors, withSheet: sheet == nil, to: copy, profile: output, overwrite: overwrite,
                claiming: &kept)
        }
        if let sheet {
            do {
                try PictureFile.write(suggested.sheet().render(), to: sheet, overwrite: overwrite)
            } catch {
                throw RunError(JobFailure(error, file: sheet))
            }
        }
        let drawn = sheet ?? copy.map { ($0 as NSString).appendingPathComponent(suggested.sheetName) }
        suggested.report(sheet: drawn).forEach(console.tell)
        let profile = suggested.toml()
        if let output {
            do {
                try OutputFile.write(Array((profile + "\n").utf8), to: output, overwrite: overwrite)
            } catch {
                throw RunError(JobFailure(error, file: output))
            }
            console.tell("  profile      \(output)")
        }
        if json {
            console.say(try suggested.json(sheet: drawn))
        } else if output == nil {
            console.say(profile)
        }
        if !failures.isEmpty { throw ExitCode(ExitStatus.someFailed) }
    }
}
