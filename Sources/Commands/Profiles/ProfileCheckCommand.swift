import ArgumentParser
import Config
import Jobs
import NCTEngine

/// `nctd profile check`: everything that can be wrong with a profile, before it is used.
struct ProfileCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check a profile: keys, values, references, weights.",
        discussion: """
            Reports all problems of the file at once, each with line, key and remedy. If there are none, loads the \
            weights and prepares the references, as `nctd normalize` would. A reference that shows no stained smear is \
            a problem, and what each one shows is printed, so that you see one that covers nothing.

            \(ExitStatus.help)
            """)

    @Option(
        help: ArgumentHelp("Also write a picture of the light that the profile names.", valueName: "png"),
        completion: .file(extensions: ["png"]))
    var picture: String?

    @Flag(help: "Replace a picture that is there already.")
    var overwrite = false

    @Argument(help: ArgumentHelp("The profile.", valueName: "file"), completion: .file(extensions: ["toml"]))
    var file: String

    func run() async throws {
        let console = Console.current
        let profile = try Profile.read(path: file)
        if let picture {
            var kept = KeptFiles()
            kept.keep(profile)
            try kept.claim(picture, option: "--picture", isPicture: true, existing: .init(overwrite: overwrite))
        }
        let engine: PreparedEngine
        do {
            engine = try PreparedEngine(profile: profile, workers: Workers(threads: 1), cache: nil)
        } catch let failure as JobFailure {
            throw UsageError(failure)
        }
        let review = engine.reviewReferences(workers: Workers(threads: 1))
        if let problem = review.problems.first { throw UsageError(problem) }
        (engine.notices + review.shortcomings).forEach { console.warn("warning: " + $0) }
        console.say("\(file): profile \"\(profile.name)\" is in order")
        for (index, origin) in engine.references.enumerated() {
            let image = engine.referenceImages[index]
            console.say(
                "  reference  \(PrintableName.text(origin.path))  \(image.width) × \(image.height)  \(review.summaries[index])"
            )
        }
        console.say("  method     \(profile.method.rawValue)")
        if let palettes = engine.palettes {
            console.say("  palette    \(palettes.training.path ?? "what the references show")")
            console.say("  captures   \(palettes.captures.path ?? "palette learned from the captures at hand")")
        }
        if let features = engine.features {
            console.say("  features   \(features.extractor)  \(features.weights ?? "built in")")
        }
        console.say("  light      \(Self.light(engine.light, choice: profile.flatField))")
        console.say("  digest     \(FileDigest.sha256(Array(profile.text.utf8)))")
        if let picture {
            guard case .named(let known) = engine.light else {
                throw UsageError(
                    "\(file): names no light that a picture could be made of",
                    remedy: "name one with flat_field, or do without --picture")
            }
            do {
                try PictureFile.write(LightPicture.image(of: known.field), to: picture, overwrite: overwrite)
            } catch {
                throw RunError(JobFailure(error, file: picture))
            }
        }
    }

    /// What is done about the light, in words.
    private static func light(_ light: LightCorrection, choice: FlatFieldChoice) -> String {
        guard case .named(let known) = light else { return choice.text }
        return "\(known.path ?? "")  \(KnownLight.words(ratio: known.field.ratio))"
            + (known.field.isUneven ? "" : "  even: captures are taken as they are")
    }
}
