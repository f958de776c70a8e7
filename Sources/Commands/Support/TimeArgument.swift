import ArgumentParser
import Foundation

/// A time as people write it: a date, which is its midnight here, `today`, `yesterday`, or RFC 3339.
struct TimeArgument: ExpressibleByArgument, Equatable {
    /// Seconds since 1970.
    let seconds: Double

    static let help = "a date such as 2026-03-01, today, yesterday, or RFC 3339"

    init?(argument: String) {
        let calendar = Calendar.current
        let midnight = DateFormatter()
        midnight.locale = Locale(identifier: "en_US_POSIX")
        midnight.dateFormat = "yyyy-MM-dd"
        let full = ISO8601DateFormatter()
        let exact = ISO8601DateFormatter()
        exact.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        let date: Date? =
            switch argument {
            case "today": calendar.startOfDay(for: Date())
            case "yesterday": calendar.date(byAdding: .day, value: -1, to: calendar.startOfDay(for: Date()))
            default: full.date(from: argument) ?? exact.date(from: argument) ?? midnight.date(from: argument)
            }
        guard let date else { return nil }
        seconds = date.timeIntervalSince1970
    }
}
