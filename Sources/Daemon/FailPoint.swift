import Foundation
import Glibc
import Jobs
import Synchronization

/// The steps of a capture between "seen" and "committed", in the daemon and in its workers, and those of learning a lab's
/// colors. A test makes the process die at one of them (`NCTD_FAILPOINT=NAME:N` kills it with SIGKILL at its N-th pass),
/// and what it finds after that must hold; or makes it hang there for good (`NCTD_FAILPOINT=NAME:N:hang`).
public enum FailPoint: String, Sendable, CaseIterable {
    case afterSeen, beforeAttempt, afterAttempt, afterDecoding, afterNormalization, afterImageTemporary
    case afterOlderKept, afterOlderSidecarRemoved
    case afterImageRename, afterSidecarTemporary, afterSidecarRename, afterPagesEntered, beforeDone, afterDone
    case workerLooking, workerReading, workerDecoding, workerNormalizing, workerAnswering
    case afterRenameBegun, afterRenameRewritten, afterRenameImage, afterRenameSidecar, afterRenameSourceRemoved
    case afterRenameVersion, afterRenameMoved, afterRenameEntered
    case afterLearningBegun, whileLearning, afterLearnedWritten, afterLearned

    /// The one after a step of placing a result; nil for none.
    init?<Failure: Error>(after step: ResultPlacing<Failure>.Step) {
        switch step {
        case .imageWritten: self = .afterImageTemporary
        case .imageNamed: return nil
        case .imageSynced: self = .afterImageRename
        case .sidecarWritten: self = .afterSidecarTemporary
        case .sidecarSynced: self = .afterSidecarRename
        }
    }

    private final class Armed: Sendable {
        let point: FailPoint
        let passes: Atomic<Int>
        let hangs: Bool

        init(point: FailPoint, passes: Int, hangs: Bool) {
            self.point = point
            self.passes = Atomic(passes)
            self.hangs = hangs
        }
    }

    /// The one that the environment asks for, with the passes left until it kills.
    private static let armed: Armed? = {
        guard let setting = ProcessInfo.processInfo.environment["NCTD_FAILPOINT"] else { return nil }
        let parts = setting.split(separator: ":")
        let hangs = parts.last == "hang"
        guard parts.count == (hangs ? 3 : 2), let point = FailPoint(rawValue: String(parts[0])),
            let passes = Int(parts[1])
        else {
            // A test that asks for what is not there must not pass.
            FileHandle.standardError.write(Data("nctd: NCTD_FAILPOINT=\(setting): use NAME:N or NAME:N:hang\n".utf8))
            exit(2)
        }
        return Armed(point: point, passes: passes, hangs: hangs)
    }()

    /// Passes this step; the process dies here if a test asked for it.
    public func pass() {
        guard let armed = Self.armed, armed.point == self else { return }
        guard armed.passes.subtract(1, ordering: .sequentiallyConsistent).newValue == 0 else { return }
        while armed.hangs { sleep(3600) }
        kill(getpid(), SIGKILL)
    }
}
