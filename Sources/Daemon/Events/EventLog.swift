import Foundation
import Jobs
import Logging

/// Where events go. The text backend is here; a journal backend takes the same events.
public struct EventLog: Sendable {
    public let write: @Sendable (DaemonEvent) -> Void

    public init(_ write: @escaping @Sendable (DaemonEvent) -> Void) { self.write = write }

    /// Through swift-log, the kind and the fields as metadata.
    public init(_ logger: Logger) {
        self.init { event in
            var metadata: Logger.Metadata = ["NCT_EVENT": .string(event.kind.name)]
            for (field, value) in event.fields { metadata[field.rawValue] = .string(value) }
            logger.log(level: event.level, "\(event.message)", metadata: metadata)
        }
    }
}

/// Lines of text for a person at a terminal: time, level, message, then what of the fields the message does not say.
public struct TextLogHandler: LogHandler {
    public var metadata: Logger.Metadata = [:]
    public var logLevel: Logger.Level
    private let write: @Sendable (String) -> Void
    private static let shown = ["NCT_LAB", "NCT_DURATION_MS"]

    public init(level: Logger.Level, write: @escaping @Sendable (String) -> Void) {
        logLevel = level
        self.write = write
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        let fields = event.metadata ?? [:]
        let kind = fields["NCT_EVENT"].map { " [\($0)]" } ?? ""
        let rest = Self.shown.compactMap { name in fields[name].map { " \(name)=\($0)" } }.joined()
        write("\(Timestamp.text(Date())) \(event.level.rawValue)\(kind) \(event.message)\(rest)\n")
    }
}
