import CSystemd
import Foundation

/// The parts of libsystemd that a service needs. Each does nothing where there is no systemd.
public enum Systemd {
    /// Tells the service manager something, such as `READY=1`; a line each.
    ///
    /// The text goes to the datagram socket that `$NOTIFY_SOCKET` names; false if there is none, or if it cannot be
    /// written to.
    @discardableResult
    public static func notify(_ state: String) -> Bool { sd_notify(0, state) > 0 }

    /// How long the service manager waits for `WATCHDOG=1` before it ends the process (`WatchdogSec=`); nil if it does
    /// not wait.
    public static var watchdog: Duration? {
        var microseconds: UInt64 = 0
        guard sd_watchdog_enabled(0, &microseconds) > 0, microseconds > 0 else { return nil }
        return .microseconds(Int64(clamping: microseconds))
    }

    /// Writes one entry to the journal: fields as `NAME=value`, the value any bytes.
    ///
    /// Returns false if the journal's socket cannot be written to. A value of any length goes; long ones travel in a
    /// sealed file.
    public static func writeToJournal(_ fields: [[UInt8]]) -> Bool {
        let flat = fields.flatMap { $0 }
        return flat.withUnsafeBytes { bytes in
            // The journal only reads what the vectors point to; their type has no const.
            var place = UnsafeMutableRawPointer(mutating: bytes.baseAddress)
            let vectors = fields.map { field in
                defer { place = place?.advanced(by: field.count) }
                return iovec(iov_base: place, iov_len: field.count)
            }
            return sd_journal_sendv(vectors, Int32(clamping: vectors.count)) == 0
        }
    }
}
