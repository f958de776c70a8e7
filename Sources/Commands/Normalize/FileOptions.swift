import ArgumentParser
import Config
import Foundation
import ImageFiles
import Jobs
import NCTEngine

/// What goes in and where results go.
struct FileOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("Images, or directories of images.", valueName: "input"), completion: .file())
    var inputs: [FileArgument]

    @Option(
        help: ArgumentHelp(
            "The lab's profile: references and settings (TOML).",
            discussion: "`nctd profile suggest` makes one.", valueName: "file"),
        completion: .file(extensions: ["toml"]))
    var profile: String?

    @Option(
        name: .customLong("reference"), parsing: .upToNextOption,
        help: ArgumentHelp("One to three images with the colors to take on.", valueName: "image"), completion: .file())
    var references: [String] = []

    @Option(
        help: ArgumentHelp(
            "The training lab's palette (default: the profile's, or what the references show).",
            discussion: "`nctd profile learn` makes one from the lab's images.", valueName: "file"),
        completion: .file(extensions: ["json"]))
    var palette: String?

    @Option(
        help: ArgumentHelp(
            "The palette of the lab that the captures come from (default: the profile's, or learned from the inputs).",
            discussion: "With it a capture gives the same bytes whatever other inputs there are.", valueName: "file"),
        completion: .file(extensions: ["json"]))
    var capturePalette: String?

    @Option(
        help: ArgumentHelp("Where results go.", valueName: "dir"), completion: .directory)
    var output = "normalized"

    @Option(help: "Format of the results.")
    var format: OutputFormat = .png

    @Flag(
        help: ArgumentHelp(
            "Replace results that are there already.",
            discussion:
                "Without it those of the same capture and settings are left and counted as done, others count as failed."
        ))
    var overwrite = false

    @Flag(help: "Leave results of the same capture that are there already, whatever they were made with.")
    var skipExisting = false

    @Flag(help: "Print one JSON object with all results and a summary on standard output.")
    var json = false

    @Option(
        help: ArgumentHelp(
            "Also write pictures of each stage and a contact sheet, in a folder per capture.", valueName: "dir"),
        completion: .directory)
    var stages: String?

    @Option(
        help: ArgumentHelp(
            "Where prepared references are kept between runs (default: $XDG_CACHE_HOME/nctd or ~/.cache/nctd).",
            valueName: "dir"), completion: .directory)
    var cache: String?

    @Flag(name: .customLong("no-cache"), help: "Keep no prepared references and use none.")
    var noCache = false

    @OptionGroup
    var links: LinkOptions

    func validate() throws {
        guard !inputs.isEmpty else { throw ValidationError("name at least one image or directory") }
        if profile == nil, references.isEmpty {
            throw ValidationError("nothing to normalize to: give --profile FILE or --reference IMAGE")
        }
        if profile != nil, !references.isEmpty {
            throw ValidationError("--profile and --reference exclude each other; give one of them")
        }
        if references.count > 3 { throw ValidationError("\(references.count) references; give one to three") }
        if overwrite, skipExisting {
            throw ValidationError("--overwrite and --skip-existing exclude each other; give one of them")
        }
        if cache != nil, noCache { throw ValidationError("--cache and --no-cache exclude each other") }
    }

    /// The profile's settings, or those for the named references, with the options put over them.
    func resolvedProfile(_ engine: EngineOptions) throws -> Profile {
        var resolved: Profile
        if let profile {
            resolved = try Profile.read(path: profile)
        } else {
            for path in references where !FileManager.default.fileExists(atPath: path) {
                throw UsageError("--reference \(path): there is no such file", remedy: "correct the name")
            }
            resolved = Profile(name: "command line", references: references)
        }
        engine.override(&resolved)
        resolved.palette = palette ?? resolved.palette
        resolved.capturePalette = capturePalette ?? resolved.capturePalette
        return resolved
    }

    /// What is to be done, after everything that can be refused beforehand was.
    ///
    /// - Parameter profile: what becomes of a file of several pages, and whose files are read too.
    func plannedJobs(for profile: Profile) throws -> Plan {
        let pages = profile.page == nil ? profile.pages : nil
        var list = InputList(inputs, skipping: output, followingLinks: links.followLinks, leavingResultsOut: true)
        try list.refuseResultsAmongInputs(output)
        list.tellApart()
        let missing = list.missing
        guard !list.items.isEmpty || !missing.isEmpty else {
            throw list.emptiness(
                of: inputs,
                remedy:
                    "name images, or directories with \(InputList.extensions.sorted().joined(separator: ", ")) files")
        }
        if !list.collisions.isEmpty {
            let pairs = list.collisions.map { "\($0.first) and \($0.second) would both become \($0.stem)" }
            throw UsageError(
                pairs.joined(separator: "\n"), remedy: "rename one of each, or normalize them into different --output")
        }
        let held = OutputSettings.heldDirectory(beside: output)
        let jobs = list.items.flatMap { item in
            let count = pages == .all ? item.pageCount : 1
            return (1...count).map { page in
                let name = item.stem + (page > 1 ? ".p\(page)." : ".") + format.imageFormat.fileExtension
                return CaptureJob(
                    input: item.path, inputBytes: item.bytes, output: (output as NSString).appendingPathComponent(name),
                    heldOutput: (held as NSString).appendingPathComponent(name), format: format.imageFormat,
                    overwrite: overwrite, keepsOthers: skipExisting, page: count > 1 ? page : nil)
            }
        }
        var kept = KeptFiles()
        kept.keep(list.items)
        kept.keep(profile)
        for job in jobs {
            for image in [job.output, job.heldOutput] {
                for target in [image, SidecarName.of(image)] { try kept.claim(target, existing: .seenLater) }
            }
        }
        if let stages {
            for job in jobs {
                try kept.check(
                    folder: (stages as NSString).appendingPathComponent(
                        (String(job.output.dropFirst(output.count).drop { $0 == "/" }) as NSString)
                            .deletingPathExtension),
                    option: "--stages")
            }
        }
        return Plan(
            jobs: jobs, missing: missing, links: list.links, results: list.results, foreign: list.foreign,
            notice: list.foreignNotice)
    }

    /// What is to be done.
    struct Plan {
        var jobs: [CaptureJob]
        var missing: [JobFailure]
        var links: LeftOutLinks
        var results: LeftOutResults
        /// Images of formats that are not read, and the sentence about them.
        var foreign: [String: Int]
        var notice: String?
    }
}

/// Formats that results can be written in.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
    case png, jpeg, tiff

    var imageFormat: ImageFormat {
        switch self {
        case .png: .png
        case .jpeg: .jpeg
        case .tiff: .tiff
        }
    }
}
