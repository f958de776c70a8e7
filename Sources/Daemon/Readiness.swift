import Foundation
import ImageFiles
import Ledger
import Watching

/// Whether a claimed capture's file is quiet and whole, so that it may be read.
enum Readiness: Sendable, Equatable {
    case ready
    /// Not before `due`; `stamp` is what the file looks like now, if that is new.
    case notYet(due: Int64, note: String, stamp: FileStamp?)
    case gone(String)
    /// It is not worth reading.
    case failed(CaptureFailure)

    /// Looks at the file: at its size first, then, at a desk, at its ends and headers, within a budget. A file that does
    /// not become whole within the patience is ready all the same. An error of the system counts as ready: reading
    /// meets it, and it is recorded.
    static func of(
        _ row: CaptureRow, in root: WatchedRoot, at desk: any CaptureDesk, limits: ImageLimits, budget: ReadBudget,
        now: Moment
    ) async throws -> Readiness {
        let settle = root.settings.settle.milliseconds
        let patience = root.settings.patience.milliseconds
        do {
            let stamp = try await Blocking.run { try root.source.stamp(of: row.path) }
            guard stamp.isSameContent(as: row.stamp) else {
                return .notYet(due: now.milliseconds + settle, note: "it is being written to", stamp: stamp)
            }
            let quiet = now.milliseconds - row.observedMilliseconds
            if quiet < settle {
                return .notYet(due: row.observedMilliseconds + settle, note: "it is new", stamp: nil)
            }
            if stamp.size > limits.maximumBytes { return .failed(.tooLarge(bytes: stamp.size, limits)) }
            guard let reason = try await desk.incompleteness(of: row.path, in: root.source, budget: budget) else {
                return .ready
            }
            // The check knows less of the formats than the decoder, which has the last word.
            if quiet >= patience { return .ready }
            // Looked at less and less often; whoever writes to it makes it due at once.
            let wait = min(max(settle, quiet / 2, 100), 30_000)
            return .notYet(
                due: min(now.milliseconds + wait, row.observedMilliseconds + patience),
                note: "it is not whole: \(reason)", stamp: nil)
        } catch SourceError.gone(let reason) {
            return .gone(reason)
        } catch let loss as WorkerLoss {
            throw loss
        } catch {
            return .ready
        }
    }
}

extension CaptureFailure {
    /// For a file of more bytes than are read.
    static func tooLarge(bytes: Int64, _ limits: ImageLimits) -> CaptureFailure {
        CaptureFailure(
            code: ImageFileError.Code.tooLarge.rawValue,
            message: "the file has \(bytes) bytes, and at most \(limits.maximumBytes) are read",
            remedy: "crop or compress the image")
    }
}
