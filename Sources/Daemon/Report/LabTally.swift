import Foundation
import Jobs
import Ledger

/// Gathers one lab's captures of a period.
struct LabTally {
    private var lab: PeriodReport.Lab
    private var findings: [String: Int] = [:]
    private var failures: [String: PeriodReport.Failure] = [:]
    private var weeks: [String: WeekTally] = [:]
    private var work: [Float] = []
    private var waits: [Float] = []

    init(_ lab: String) { self.lab = PeriodReport.Lab(lab) }

    /// A capture that is done, with the sidecar of its result where that can be read.
    mutating func add(_ row: CaptureRow, _ sidecar: Sidecar?) {
        lab.done += 1
        lab.verdicts[row.verdict ?? "unknown", default: 0] += 1
        lab.deliveries[row.delivery ?? "unknown", default: 0] += 1
        lab.treatments[row.treatment ?? sidecar?.quality.treatment.rawValue ?? "unknown", default: 0] += 1
        lab.engines[row.engine ?? sidecar?.engineVersion ?? "unknown", default: 0] += 1
        let isDuplicate = sidecar?.capture?.duplicateOf != nil
        if isDuplicate { lab.duplicates += 1 }
        let milliseconds = isDuplicate ? nil : row.durationMilliseconds.map { Float($0) }
        if let milliseconds, milliseconds.isFinite { work.append(milliseconds) }
        if let waited = row.waited { waits.append(Float(max(0, waited))) }
        if let sidecar {
            // Each kind once per capture, however many cells it names.
            for kind in Set(sidecar.verdict.findings.map(\.kind)) { findings[kind, default: 0] += 1 }
            if let origin = sidecar.palettes?.captures.origin.rawValue { lab.palettes[origin, default: 0] += 1 }
        } else {
            lab.unread += 1
        }
        week(of: row) { $0.add(verdict: row.verdict, sidecar, milliseconds: milliseconds) }
    }

    /// A capture that failed.
    mutating func fail(_ row: CaptureRow, name: String) {
        lab.failed += 1
        let failure = row.failure ?? CaptureFailure(code: "unknown", message: "no reason is known", remedy: "retry")
        failures[
            failure.code,
            default: .init(
                code: failure.code, message: failure.message, remedy: failure.remedy, captures: 0, example: name)
        ].captures += 1
        week(of: row) { $0.fail() }
    }

    private mutating func week(of row: CaptureRow, _ body: (inout WeekTally) -> Void) {
        let name = Self.week(Date(timeIntervalSince1970: row.finishedAt ?? row.seenAt))
        body(&weeks[name, default: WeekTally(name)])
    }

    /// The week of a date where this machine is, by ISO 8601.
    static func week(_ date: Date) -> String {
        var calendar = Calendar(identifier: .iso8601)
        calendar.timeZone = .current
        let parts = calendar.dateComponents([.yearForWeekOfYear, .weekOfYear], from: date)
        let number = parts.weekOfYear ?? 0
        return "\(parts.yearForWeekOfYear ?? 0)-W\(number < 10 ? "0" : "")\(number)"
    }

    /// - Parameters:
    ///   - arrivals: what came in meanwhile.
    ///   - pending: at this moment.
    func finished(_ arrivals: Arrivals?, pending: Int) -> PeriodReport.Lab {
        var lab = lab
        lab.seen = arrivals?.seen ?? 0
        lab.pending = pending
        lab.ignored = Self.counts(arrivals?.ignored ?? [:])
        lab.findings = Self.counts(findings)
        lab.failures = failures.values.sorted { ($1.captures, $0.code) < ($0.captures, $1.code) }
        lab.workMilliseconds = PeriodReport.Spread(work)
        lab.waitSeconds = PeriodReport.Spread(waits)
        var first = WeekTally.FirstColors()
        lab.weeks = weeks.sorted { $0.key < $1.key }.map { $0.value.finished(&first) }
        return lab
    }

    private static func counts(_ counts: [String: Int]) -> [PeriodReport.Count] {
        counts.map { PeriodReport.Count(name: $0.key, captures: $0.value) }
            .sorted { ($1.captures, $0.name) < ($0.captures, $1.name) }
    }
}
