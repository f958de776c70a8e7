import ArgumentParser
import Config
import Foundation
import Jobs
import NCTEngine
import Pictures

/// `nctd demo`: the whole job on synthetic smears, whose right answer is known.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Show the whole job on synthetic smears.",
        discussion: """
            Draws blood smears as two labs would see them, normalizes lab B's captures to lab A's references, and \
            measures how far each is from the exact answer: the same smear in lab A's stain. Needs no data; uses \
            VGG-19 if its weights are found, else the built-in network. Files that are there already are left alone, \
            and nothing is written then, but for --overwrite.

            \(ExitStatus.help)
            """)

    @Option(help: ArgumentHelp("Where to write.", valueName: "dir"), completion: .directory)
    var output = "nctd-demo"

    @Option(parsing: .unconditional, help: ArgumentHelp("Captures to draw (1 to 50).", valueName: "n"))
    var count = 3

    @Flag(help: "Replace files that are there already, such as those of an earlier run.")
    var overwrite = false

    @OptionGroup(title: "The method")
    var engine: EngineOptions

    func validate() throws {
        guard (1...50).contains(count) else { throw ValidationError("--count \(count): use 1 to 50") }
    }

    func run() async throws {
        let console = Console.current
        let start = ContinuousClock.now
        try OutputDirectory.prepare(output)
        Interruption.shared.install()
        console.tell("drawing \(count.counted("capture")) of lab B and 3 references of lab A …")
        let folder = DemoFolder(path: output)
        let smears = DemoSmears(seed: engine.seed ?? 7, count: count, width: 480, height: 360)
        var kept = KeptFiles()
        engine.weights.map { kept.keep($0) }
        kept.keep(engine.flatField)
        for file in folder.files(of: smears) { try kept.claim(file, existing: .init(overwrite: overwrite)) }
        do {
            let profile = try folder.write(smears, engine)
            let prepared: PreparedEngine
            do {
                prepared = try PreparedEngine(
                    profile: profile,
                    workers: engine.threads.workers,
                    cache: nil)
            } catch let failure as JobFailure {
                throw UsageError(failure)
            }
            prepared.notices.forEach { console.warn("warning: " + $0) }
            let rows = try normalize(smears, folder: folder, engine: prepared, console: console)
            try folder.writeContactSheet(rows, smears: smears, features: prepared.features?.extractor ?? "none")
            DemoTable(
                rows: rows, folder: folder, features: prepared.features?.extractor ?? "none",
                seconds: start.duration(to: .now) / .seconds(1)
            ).lines.forEach(console.say)
        } catch let error as UsageError {
            throw error
        } catch {
            throw RunError(JobFailure(error, file: output))
        }
    }

    private func normalize(
        _ smears: DemoSmears, folder: DemoFolder, engine: PreparedEngine, console: Console
    ) throws -> [DemoTable.Row] {
        var progress = ProgressDisplay(console: console, total: smears.captures.count)
        var rows: [DemoTable.Row] = []
        for capture in smears.captures {
            progress.begin(capture.name)
            let job = CaptureJob(
                input: folder.capture(capture.name), output: folder.result(capture.name), overwrite: true)
            let result = try job.run(
                on: engine, writing: { try Interruption.shared.protecting($0) }, onStage: { progress.advance($0) })
            let truth = LabImage(capture.truth)
            let row = DemoTable.Row(
                name: capture.name, result: result.normalization.image,
                before: CIEDE2000.mean(LabImage(capture.image), truth),
                after: CIEDE2000.mean(LabImage(result.normalization.image), truth),
                verdict: result.sidecar.verdict.value)
            rows.append(row)
            progress.end(line: "", isWorthKeeping: false, to: { _ in })
        }
        progress.clear()
        return rows
    }
}
