import ArgumentParser
import Daemon
import Foundation
import Ledger

/// `nctd retry`: failed captures back to work.
struct RetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Put failed captures back to work.",
        usage: "nctd retry [--lab LAB] [FILE...]",
        discussion: "The running daemon takes them up within a second; otherwise the next start does.")

    @OptionGroup var options: LedgerOptions
    @Option(help: ArgumentHelp("Only this lab's.", valueName: "lab")) var lab: String?
    @Argument(help: "Only these captures.", completion: .file()) var files: [String] = []
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let ledger = try options.ledger(writing: true)
        var ids: [Int64]?
        for file in files {
            guard let found = try await ledger.find(file), let row = found.row else {
                throw UsageError(
                    "\(file): the ledger knows no such capture", remedy: "see `nctd failures` for the names")
            }
            ids = (ids ?? []) + [row.id]
        }
        let count = try await ledger.retry(lab: lab, captures: ids, now: SystemClock().now)
        Console.current.say(json ? "{\"retried\": \(count)}" : "\(count) captures are pending again")
    }
}

/// `nctd reprocess`: finished captures back to work, after their profile changed.
struct ReprocessCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reprocess",
        abstract: "Work out a profile's captures again after it changed.",
        discussion: """
            Older results are kept as versions (NAME.png.v1, v2, …). Captures whose result would be the same are left \
            as they are.
            """)

    @OptionGroup var options: LedgerOptions
    @Option(help: ArgumentHelp("The profile's name.", valueName: "name")) var profile: String
    @Option(
        help: ArgumentHelp(
            "Only captures that ended at or after this time (2026-03-01 or 2026-03-01T14:05:09.000+01:00).",
            valueName: "time"))
    var since: String?
    @Flag(help: "Print JSON.") var json = false

    private func sinceTime() throws -> Double? {
        guard let since else { return nil }
        let midnight = DateFormatter()
        midnight.locale = Locale(identifier: "en_US_POSIX")
        midnight.dateFormat = "yyyy-MM-dd"
        let full = ISO8601DateFormatter()
        let exact = ISO8601DateFormatter()
        exact.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        guard let date = full.date(from: since) ?? exact.date(from: since) ?? midnight.date(from: since) else {
            throw UsageError("--since \(since) is no time", remedy: "write it like 2026-03-01")
        }
        return date.timeIntervalSince1970
    }

    func run() async throws {
        let time = try sinceTime()
        let count = try await options.ledger(writing: true)
            .reprocess(profile: profile, since: time, now: SystemClock().now)
        Console.current.say(json ? "{\"reprocessed\": \(count)}" : "\(count) captures are pending again")
    }
}
