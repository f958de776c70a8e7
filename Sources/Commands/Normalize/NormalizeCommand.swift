import ArgumentParser
import Foundation
import Jobs
import NCTEngine

/// `nctd normalize`: captures go in, images in the references' colors and their sidecars come out.
struct NormalizeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "normalize",
        abstract: "Repaint captures in the colors of a reference.",
        usage: """
            nctd normalize INPUT... --profile FILE [options]
            nctd normalize INPUT... --reference IMAGE... [options]
            """,
        discussion: """
            Each INPUT is an image (PNG, JPEG, TIFF, BMP) or a directory, which is walked through. For every capture \
            the result goes to OUTPUT/NAME.png, with a sidecar OUTPUT/NAME.png.json that says where it came from, how \
            it was made, and whether to trust it. Both appear whole or not at all. Captures are never written to.

            EXAMPLES:
              nctd normalize capture.jpg --reference lab-a.png
              nctd normalize captures/ --profile lab-a.toml --output normalized --json > report.json
              nctd normalize capture.jpg --reference lab-a.png --layer 1 --stages why/

            Options override what the profile says. Run again after an interruption, it leaves what is done already. An \
            image with a sidecar beside it is a result and no capture.

            \(ExitStatus.help)
            """)

    @OptionGroup(title: "Files")
    var files: FileOptions

    @OptionGroup(title: "The method")
    var engine: EngineOptions

    func run() async throws {
        let console = Console.current
        let profile = try files.resolvedProfile(engine)
        let jobs = try files.plannedJobs(for: profile)
        try OutputDirectory.prepare(files.output)
        if let stages = files.stages { try OutputDirectory.prepare(stages, option: "--stages") }
        let directory = files.noCache ? nil : files.cache.map { CacheDirectory(path: $0) } ?? CacheDirectory.standard()
        let workers = engine.threads.workers
        let captures = jobs.jobs.map(\.input)
        var prepared: PreparedEngine
        do {
            var light = try LightCorrection(profile.flatField, workers: workers)
            if profile.flatField == .automatic, captures.count >= FlatFieldEstimator.enough {
                light = try LightSurvey.learn(
                    from: captures, reading: profile.reading(), output: files.output, workers: workers, console: console
                )
            }
            let learned = PaletteSurvey.learned(
                for: profile, from: jobs.jobs.map { ($0.input, $0.inputBytes) }, under: light, workers: workers,
                console: console)
            prepared = try PreparedEngine(profile: profile, workers: workers, cache: directory, captures: learned)
            prepared.light = light
        } catch let failure as JobFailure {
            throw UsageError(failure)
        }
        prepared.notices.forEach { console.warn("warning: " + $0) }

        Interruption.shared.install()
        let run = NormalizeRun(
            engine: prepared, outputDirectory: files.output, stagesDirectory: files.stages, printsJSON: files.json,
            console: console)
        run.leaveOut(jobs.links)
        run.leaveOut(jobs.results)
        run.note(foreign: jobs.foreign)
        run.fail(jobs.missing)
        run.perform(jobs.jobs)
        let report = run.finish()
        if files.json {
            console.say(try report.json())
        } else {
            report.summaryLines(output: files.output).forEach(console.say)
            jobs.notice.map(console.say)
        }
        if report.summary.failed > 0 { throw ExitCode(ExitStatus.someFailed) }
    }
}
