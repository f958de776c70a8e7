import Logging
import SystemdBridge
import Watching

extension EventLog {
    /// Into the journal: an entry with a `MESSAGE_ID` of its kind and all fields, so that `journalctl NCT_LAB=lab-b` works.
    ///
    /// - Parameters:
    ///   - level: of the least important events that are written.
    ///   - fallback: what events go to that the journal does not take.
    public static func journal(level: Logger.Level, fallback: EventLog) -> EventLog {
        EventLog { event in
            guard event.level >= level else { return }
            if !Systemd.writeToJournal(event.journalFields) { fallback.write(event) }
        }
    }
}

extension DaemonEvent {
    /// The entry as the journal takes it: `NAME=value`, names of files as the bytes that they are.
    public var journalFields: [[UInt8]] {
        let common = [
            ("MESSAGE", message), ("MESSAGE_ID", kind.messageID), ("PRIORITY", String(priority)),
            ("SYSLOG_IDENTIFIER", "nctd"), ("NCT_EVENT", kind.name),
        ]
        return common.map { Array("\($0)=\($1)".utf8) }
            + fields.map { field, value in
                Array("\(field.rawValue)=".utf8)
                    + (field.isName ? CapturePath.bytes(printable: value) : Array(value.utf8))
            }
    }

    /// The level as syslog numbers it.
    private var priority: Int {
        switch level {
        case .critical: 2
        case .error: 3
        case .warning: 4
        case .notice: 5
        case .info: 6
        case .debug, .trace: 7
        }
    }
}
