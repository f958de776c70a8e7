import Config
import Foundation
import Jobs
import NCTEngine
import Synchronization

/// The report of a run while it grows, for the run and for an interrupt that ends it.
private final class RunReport: Sendable {
    private let report = Mutex(NormalizeReport())
    private let start: ContinuousClock.Instant

    init(begun start: ContinuousClock.Instant) { self.start = start }

    func change(_ body: (inout NormalizeReport) -> Void) { report.withLock { body(&$0) } }

    /// Adds a capture's entry, and returns it.
    func reach(_ body: (inout NormalizeReport) -> Void) -> NormalizeReport.Entry {
        report.withLock { report in
            body(&report)
            report.summary.notReached = report.summary.notReached.map { $0 - 1 }
            return report.results[report.results.count - 1]
        }
    }

    func finished(isInterrupted: Bool) -> NormalizeReport {
        var copy = report.withLock { $0 }
        if !isInterrupted { copy.summary.notReached = nil }
        copy.finish(seconds: start.duration(to: ContinuousClock().now) / .seconds(1))
        return copy
    }
}

/// One run over many captures: one after the other, each with all threads, and no failure stops the others.
struct NormalizeRun {
    let engine: PreparedEngine
    /// What the jobs' outputs begin with.
    let outputDirectory: String
    let stagesDirectory: String?
    let printsJSON: Bool
    let console: Console
    private let report: RunReport
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
        report = RunReport(begun: start)
        report.change { report in
            report.features = engine.features
            report.notices = engine.notices
        }
    }

    /// Notes links that were left out.
    func leaveOut(_ links: LeftOutLinks) {
        guard let notice = links.notice else { return }
        report.change {
            $0.leaveOut(links.all.map { NormalizeReport.LeftOut(input: $0.path, reason: $0.reason) })
        }
        console.warn("warning: \(notice); \(LeftOutLinks.remedy)")
    }

    /// Notes results of nctd that lay among the captures.
    func leaveOut(_ results: LeftOutResults) {
        guard let notice = results.notice else { return }
        report.change {
            $0.leaveOut(
                results.paths.map { NormalizeReport.LeftOut(input: $0, reason: LeftOutResults.reason) })
        }
        console.warn("warning: \(notice)")
    }

    /// Notes images of formats that are not read.
    func note(foreign: [String: Int]) {
        report.change { $0.summary.notRead = foreign.isEmpty ? nil : foreign }
    }

    /// Notes inputs that could not be found.
    func fail(_ missing: [JobFailure]) {
        for failure in missing {
            report.change { $0.add(failure, input: failure.name, seconds: 0) }
            console.warn(failure.description)
        }
    }

    func perform(_ jobs: [CaptureJob]) {
        report.change { $0.summary.notReached = jobs.count }
        tellWhenInterrupted()
        var progress = ProgressDisplay(console: console, total: jobs.count)
        let (console, printsJSON) = (self.console, self.printsJSON)
        let write: (String) -> Void = { printsJSON ? console.tell($0) : console.say($0) }
        for job in jobs {
            let begin = clock.now
            progress.begin(job.input)
            func seconds() -> Double { begin.duration(to: clock.now) / .seconds(1) }
            do {
                // One that is done has no stages to draw any more.
                if stagesDirectory == nil, let (output, sidecar) = try job.finished(on: engine) {
                    let entry = report.reach {
                        $0.add(sidecar, at: output, input: job.input, seconds: seconds(), isSkipped: true)
                    }
                    progress.end(line: NormalizeReport.line(entry), isWorthKeeping: false, to: write)
                    continue
                }
                let result = try job.run(
                    on: engine, keepingStages: stagesDirectory != nil,
                    writing: { try Interruption.shared.protecting($0) },
                    onStage: { progress.advance($0) })
                if let stagesDirectory { try writeStages(result, job: job, to: stagesDirectory) }
                let entry = report.reach {
                    $0.add(result.sidecar, at: result.output, input: job.input, seconds: seconds())
                }
                if let warnings = entry.warnings {
                    progress.clear()
                    warnings.forEach { console.warn("\(PrintableName.text(job.input)): \($0)") }
                }
                let isWorthKeeping = entry.status == .doubtful || entry.status == .bad
                progress.end(line: NormalizeReport.line(entry), isWorthKeeping: isWorthKeeping, to: write)
            } catch {
                let failure = JobFailure(error, file: job.input)
                let entry = report.reach { $0.add(failure, input: job.input, seconds: seconds()) }
                progress.clear()
                console.warn(failure.description(of: job.input))
                progress.end(line: NormalizeReport.line(entry), isWorthKeeping: false, to: write)
            }
        }
        progress.clear()
    }

    /// The whole report.
    func finish() -> NormalizeReport { report.finished(isInterrupted: false) }

    /// Has an interrupt end with what is done: as JSON where that is asked for, and in one line.
    private func tellWhenInterrupted() {
        Interruption.shared.onEnd { [report, console, printsJSON] in
            let last = report.finished(isInterrupted: true)
            if printsJSON, let json = try? last.json() { console.say(json) }
            let (summary, all) = (last.summary, last.summary.captures + (last.summary.notReached ?? 0))
            return "\(summary.captures) of \(all.counted("capture")) done"
        }
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
                failure.subject, cause: "the result is written, its stages are not: \(failure.cause)",
                remedy: failure.remedy)
        }
    }
}
