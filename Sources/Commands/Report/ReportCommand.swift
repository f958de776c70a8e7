import ArgumentParser
import Config
import Daemon
import Foundation
import Jobs
import Ledger

/// `nctd report`: a period of the labs on paper.
struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Report on a month: captures, verdicts, failures, drift, times, disk.",
        discussion: """
            For each lab: what came in and what became of it, why results are less than good, what failed and why, how \
            the colors of its captures moved from week to week, how long captures took, what lies on the disk. It reads \
            the ledger and the sidecars, also while the daemon runs. Without a period: this month until now.

            A month as Markdown, and as a page that prints:
              nctd report --month 2026-11 > november.md
              nctd report --month 2026-11 --lab lab-b --html > november.html
            """)

    @OptionGroup var options: LedgerOptions
    @Option(help: ArgumentHelp("The month.", valueName: "yyyy-mm")) var month: MonthArgument?
    @OptionGroup var ended: EndedOptions
    @Flag(help: "Print one HTML page, which needs nothing else and prints well.") var html = false
    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
        if html, json { throw ValidationError("--html and --json are two formats; use one of them") }
        if month != nil, ended.since != nil || ended.until != nil {
            throw ValidationError("--month is a period already; use it, or --since and --until")
        }
    }

    func run() async throws {
        let period = try period()
        let ledger = try options.ledger()
        try await NamedInLedger.check(lab: ended.lab, in: ledger)
        let report = try await PeriodReport(
            ledger, trees: ResultTrees(options.configuration().output), stateDirectory: options.directory(),
            lab: ended.lab, since: period.since, until: period.until, clock: SystemClock())
        let console = Console.current
        if json { return console.say(String(decoding: try JSONText.encode(report), as: UTF8.self)) }
        let document = ReportDocument(report, month: month?.text)
        console.out(html ? document.html : document.markdown)
    }

    /// Seconds since 1970.
    private func period() throws -> (since: Double, until: Double) {
        if let month { return (month.since, month.until) }
        let now = Date().timeIntervalSince1970
        let until = ended.until?.seconds ?? now
        let since = ended.since?.seconds ?? MonthArgument(containing: until).since
        guard since < until else {
            throw UsageError("the period ends before it begins", remedy: "name a --since before --until")
        }
        return (since, until)
    }
}

/// A month of the calendar, where this machine is.
struct MonthArgument: ExpressibleByArgument, Equatable {
    /// Such as `2026-11`.
    let text: String
    /// Seconds since 1970; `until` is the next month's begin.
    let since: Double
    let until: Double

    init?(argument: String) {
        guard let parts = argument.wholeMatch(of: #/(\d{4})-(\d{2})/#), let year = Int(parts.1),
            let month = Int(parts.2), (1...12).contains(month), year > 0
        else { return nil }
        self.init(year: year, month: month)
    }

    /// - Parameter time: seconds since 1970.
    init(containing time: Double) {
        let parts = Self.calendar.dateComponents([.year, .month], from: Date(timeIntervalSince1970: time))
        self.init(year: parts.year ?? 1970, month: parts.month ?? 1)
    }

    private init(year: Int, month: Int) {
        text = "\(year)-\(month < 10 ? "0" : "")\(month)"
        func begin(_ year: Int, _ month: Int) -> Double {
            let date = Self.calendar.date(from: DateComponents(year: year, month: month, day: 1))
            return date?.timeIntervalSince1970 ?? 0
        }
        since = begin(year, month)
        until = month == 12 ? begin(year + 1, 1) : begin(year, month + 1)
    }

    private static var calendar: Calendar {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .current
        return calendar
    }
}
