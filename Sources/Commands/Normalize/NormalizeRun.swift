import Config
import Foundation
import Jobs

/// One run over many captures: one after the other, each with all threads, and no failure stops the others.
struct NormalizeRun {
    let engine: PreparedEngine
    /// What the jobs' outputs begin with.
    let outputDirectory: String
    let stagesDirectory: String?
    let printsJSON: Bool
    let console: Console
    private var report = NormalizeReport()
    private var failures: [JobFailure] = []
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant

    init(
        engine: PreparedEngine, outputDirectory: String, stagesDirectory: String?, printsJSON: Bool, console: Console
    ) {
        self.engine = engine
        self.outputDirectory = outputDirectory
        self.stagesDirectory = stagesDirectory
        self.printsJSON = printsJSON
        self.console = console
        start = clock.now
        report.features = engine.features
        report.notices = engine.notices
    }

    /// Notes links that were left out.
    mutating func leaveOut(_ links: LeftOutLinks) {
        guard let notice = links.notice else { return }
        report.leftOut = links.all.map { NormalizeReport.LeftOut(input: $0.path, reason: $0.reason) }
        report.summary.leftOut = links.all.count
        console.warn("warning: \(notice); \(LeftOutLinks.remedy)")
    }

    /// Notes inputs that could not be found.
    mutating func fail(_ missing: [JobFailure]) {
        for failure in missing {
            report.add(failure, input: failure.file, seconds: 0)
            console.warn(failure.description)
        }
    }

    mutating func perform(_ jobs: [CaptureJob]) {
        var progress = ProgressDisplay(console: console, total: jobs.count)
        let (console, printsJSON) = (self.console, self.printsJSON)
        let write: (String) -> Void = { printsJSON ? console.tell($0) : console.say($0) }
        for job in jobs {
            let begin = clock.now
            progress.begin(job.input)
            do {
                let result = try job.run(
                    on: engine, keepingStages: stagesDirectory != nil,
                    writing: { try Interruption.shared.protecting($0) },
                    onStage: { progress.advance($0) })
                if let stagesDirectory { try writeStages(result, job: job, to: stagesDirectory) }
                report.add(result, input: job.input, seconds: begin.duration(to: clock.now) / .seconds(1))
            } catch {
                let failure = JobFailure(error, file: job.input)
                report.add(failure, input: job.input, seconds: begin.duration(to: clock.now) / .seconds(1))
                progress.clear()
                console.warn(
                    failure.file == job.input
                        ? failure.description : "\(PrintableName.text(job.input)): \(failure)")
            }
            if let entry = report.results.last {
                let isWorthKeeping = entry.status == .doubtful || entry.status == .bad
                progress.end(line: NormalizeReport.line(entry), isWorthKeeping: isWorthKeeping, to: write)
            }
        }
        progress.clear()
    }

    mutating func finish() -> NormalizeReport {
        report.finish(seconds: start.duration(to: clock.now) / .seconds(1))
        return report
    }

    private func writeStages(_ result: CaptureJob.Result, job: CaptureJob, to directory: String) throws {
        // The place below the output directory, so that captures of one name from different folders stay apart.
        let below = job.output.dropFirst(outputDirectory.count).drop { $0 == "/" }
        let name = (String(below) as NSString).deletingPathExtension
        let folder = (directory as NSString).appendingPathComponent(name)
        do {
            try StageFolder.write(result, references: engine.referenceImages, name: name, to: folder)
        } catch {
            let failure = JobFailure(error, file: folder)
            throw JobFailure(
                file: failure.file, cause: "the result is written, its stages are not: \(failure.cause)",
                remedy: failure.remedy)
        }
    }
}
