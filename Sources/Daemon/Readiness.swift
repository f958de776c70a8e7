import Foundation
import Ledger
import Watching

/// Whether a pending capture's file is quiet and whole, so that work on it may begin.
enum Readiness: Sendable, Equatable {
    case ready
    /// Not before `due`; `stamp` is what the file looks like now, if that is new.
    case notYet(due: Int64, note: String, stamp: FileStamp?)
    case gone(String)
    /// It never became whole.
    case failed(CaptureFailure)

    /// Looks at the file; blocks. An error of the system counts as ready: the attempt meets it and is recorded.
    static func of(_ row: CaptureRow, in root: WatchedRoot, now: Moment) -> Readiness {
        let settle = root.settings.settle.milliseconds
        let patience = root.settings.patience.milliseconds
        do {
            let stamp = try root.source.stamp(of: row.path)
            guard stamp.isSameContent(as: row.stamp) else {
                return .notYet(due: now.milliseconds + settle, note: "it is being written to", stamp: stamp)
            }
            let quiet = now.milliseconds - row.observedMilliseconds
            if quiet < settle {
                return .notYet(due: row.observedMilliseconds + settle, note: "it is new", stamp: nil)
            }
            guard let reason = try root.source.incompleteness(of: row.path) else { return .ready }
            if quiet >= patience {
                return .failed(
                    CaptureFailure(
                        code: "incomplete",
                        message: "the file never became whole: \(reason); it has not changed for \(quiet / 1000) s",
                        remedy: "export or copy it again"))
            }
            // Looked at less and less often; whoever writes to it makes it due at once.
            let wait = min(max(settle, quiet / 2, 100), 30_000)
            return .notYet(
                due: min(now.milliseconds + wait, row.observedMilliseconds + patience),
                note: "it is not whole: \(reason)", stamp: nil)
        } catch SourceError.gone(let reason) {
            return .gone(reason)
        } catch {
            return .ready
        }
    }
}
