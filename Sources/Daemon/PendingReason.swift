import Foundation
import Jobs
import Ledger
import NCTEngine

/// What a pending capture waits for, in words.
public struct PendingReason: Sendable {
    /// What is so for all captures.
    public struct Surroundings: Sendable, Equatable {
        public var isRunning: Bool
        /// What is not worked on just now, and why.
        public var pauses: [PauseRow]
        /// Of memory for all captures in work, bytes; nil where it is not known.
        public var budget: Int?

        public init(isRunning: Bool, pauses: [PauseRow] = [], budget: Int? = nil) {
            (self.isRunning, self.pauses, self.budget) = (isRunning, pauses, budget)
        }

        /// What the ledger and its lock tell.
        public init(_ ledger: Ledger, stateDirectory: String) async throws {
            isRunning = LedgerLock.holder(stateDirectory: stateDirectory) != nil
            pauses = isRunning ? try await ledger.pauses() : []
            budget = try await ledger.value(of: .memory).flatMap { Int($0) }
        }
    }

    let surroundings: Surroundings

    public init(_ surroundings: Surroundings) { self.surroundings = surroundings }

    /// - Parameter ahead: captures of its lab that come before it.
    public func text(_ row: CaptureRow, root: RootRow, ahead: Int, now: Moment) -> String {
        if !root.isWatched { return Self.unwatched(root) }
        if row.inProgress {
            return surroundings.isRunning
                ? "it is in work" : "it was in work when the daemon ended; the next start takes it up again"
        }
        if !surroundings.isRunning { return "the daemon is not running" }
        if let reason = root.unhealthy { return "its watched tree is not well: \(reason)" }
        // A pause of another watched tree is none of its concern; that of its profile its note tells.
        let pauses = surroundings.pauses.filter { $0.profile == nil }
        if let pause = pauses.first(where: { $0.root == nil || $0.root == root.id }) {
            return "\(pause.what) is paused: \(pause.reason)"
        }
        if let bytes = row.memory { return Self.memory(bytes, budget: surroundings.budget) }
        guard row.dueMilliseconds > now.milliseconds else {
            return "it waits for its turn"
                + (ahead > 0 ? ", after \(ahead.counted("other capture")) of its lab" : "; it is the next of its lab")
        }
        let seconds = Double(row.dueMilliseconds - now.milliseconds) / 1000
        let due = Timestamp.text(Date(timeIntervalSince1970: now.wall + seconds))
        if let failure = row.failure {
            return "its \(row.attempts.ordinal) attempt failed (\(failure.message)); it is tried again at \(due)"
        }
        if let note = row.note { return "\(note); it is looked at again at \(due)" }
        return "it is new, and must stay unchanged until \(due)"
    }

    static func memory(_ bytes: Int, budget: Int?) -> String {
        "it waits for memory: it needs about \(bytes >> 20) MiB, and captures in work have too much of the "
            + (budget.map { "\($0 >> 20) MiB that all of them may take" } ?? "memory that all of them may take")
            + " (daemon.memory_mebibytes)"
    }

    /// Why nothing becomes of captures of a root.
    public static func unwatched(_ root: RootRow) -> String {
        "its tree \(root.path) is no longer watched; name it in a [[watch]] of the configuration again"
    }
}

extension PendingCounts {
    /// For a person; nil where nothing is pending.
    var text: String? {
        let parts = [
            inWork > 0 ? "\(inWork) in work" : nil,
            memory > 0 ? "\(memory) waiting for memory" : nil,
            time > 0 ? "\(time) waiting to settle or to be tried again" : nil,
            turn > 0 ? "\(turn) waiting for their turn" : nil,
            unwatched > 0 ? "\(unwatched) in trees that are no longer watched" : nil,
        ].compactMap { $0 }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }
}
