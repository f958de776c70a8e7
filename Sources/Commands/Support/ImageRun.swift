import Config
import Foundation
import Jobs

/// Images that a command takes one after the other, each to files below an output directory; no failure stops the
/// others.
struct ImageRun {
    /// The images, without those that were named and are not there.
    let items: [InputList.Item]
    private let missing: [JobFailure]
    private let output: String
    /// What the results' names end with, after the image's own name.
    private let endings: [String]
    private let overwrite: Bool

    /// Finds the images and refuses what can be refused before any work, as ``UsageError``; makes the output directory.
    ///
    /// - Parameters:
    ///   - light: whose file is read too, where it is one.
    ///   - verb: what is done to the images, for the errors.
    init(
        _ inputs: [FileArgument], light: FlatFieldChoice? = nil, verb: String, output: String, endings: [String],
        overwrite: Bool, links: LinkOptions
    ) throws {
        var list = InputList(inputs, skipping: output, followingLinks: links.followLinks)
        try list.refuseResultsAmongInputs(output)
        guard !list.items.isEmpty || !list.missing.isEmpty else {
            throw list.emptiness(of: inputs, remedy: "name images or directories of them")
        }
        list.tellApart()
        list.tellLeftOut(Console.current)
        if let pair = list.collisions.first {
            throw UsageError(
                "\(pair.first) and \(pair.second) would both become \(pair.stem)",
                remedy: "rename one of them, or \(verb) them into different --output")
        }
        items = list.items
        missing = list.missing
        self.output = output
        self.endings = endings
        self.overwrite = overwrite
        var kept = KeptFiles()
        kept.keep(items)
        kept.keep(light)
        for target in items.flatMap(targets) { try kept.claim(target, existing: .seenLater) }
        try OutputDirectory.prepare(output)
    }

    private func targets(of item: InputList.Item) -> [String] {
        endings.map { (output as NSString).appendingPathComponent(item.stem + $0) }
    }

    /// Does the work.
    ///
    /// - Parameters:
    ///   - keepsLines: whether a terminal keeps each image's line, which otherwise only the bar shows.
    ///   - write: takes the lines where there is no bar.
    ///   - work: takes an image and its results' paths in the order of the endings, and returns the image's line.
    /// - Returns: the inputs that failed: those that are not there, then the others in their order.
    func perform(
        on console: Console, keepsLines: Bool = false, write: (String) -> Void,
        _ work: (_ item: InputList.Item, _ targets: [String]) throws -> String
    ) -> [(input: String, failure: JobFailure)] {
        Interruption.shared.install()
        var failures = missing.map { (input: $0.name, failure: $0) }
        missing.forEach { console.warn($0.description) }
        var progress = ProgressDisplay(console: console, total: items.count)
        for item in items {
            progress.begin(item.path)
            do {
                let targets = targets(of: item)
                try makeRoom(for: targets, of: item.path)
                progress.end(line: try work(item, targets), isWorthKeeping: keepsLines, to: write)
            } catch {
                let failure = JobFailure(error, file: item.path)
                failures.append((item.path, failure))
                progress.clear()
                console.warn(failure.description(of: item.path))
                progress.end(line: "failed  \(PrintableName.text(item.path))", isWorthKeeping: false, to: write)
            }
        }
        progress.clear()
        return failures
    }

    /// Refuses results that are there, and makes the folder that the results lie in.
    private func makeRoom(for targets: [String], of path: String) throws {
        for target in targets where !overwrite && FileManager.default.fileExists(atPath: target) {
            throw JobFailure(file: path, cause: "the result \(target) exists", remedy: "use --overwrite to replace it")
        }
        let folder = (targets[0] as NSString).deletingLastPathComponent
        do {
            if !folder.isEmpty { try SystemError.makeFolder(folder) }
        } catch {
            throw JobFailure(
                file: folder, cause: "the folder cannot be made (\(error))",
                remedy: "name an --output directory that you may write to")
        }
    }
}
