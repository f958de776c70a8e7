import Foundation

/// Times as RFC 3339 writes them, with the offset of the local time zone.
public enum Timestamp {
    /// Such as `2026-03-01T14:05:09.250+01:00`.
    public static func text(_ date: Date, timeZone: TimeZone = .current) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.calendar = Calendar(identifier: .gregorian)
        formatter.timeZone = timeZone
        formatter.dateFormat = "yyyy-MM-dd'T'HH:mm:ss.SSSxxx"
        return formatter.string(from: date)
    }

    /// The time that ``text(_:timeZone:)`` wrote; nil for anything else.
    public static func date(_ text: String) -> Date? {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.calendar = Calendar(identifier: .gregorian)
        formatter.dateFormat = "yyyy-MM-dd'T'HH:mm:ss.SSSxxx"
        return formatter.date(from: text)
    }
}

/// This machine, as sidecars name it.
public enum Host {
    /// Asked once: it may take a name server.
    public static let name = ProcessInfo.processInfo.hostName
}
