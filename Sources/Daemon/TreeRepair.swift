import Files
import Glibc
import Jobs
import Ledger
import Watching

/// Puts in order what a ``TreeVerification`` found. What can be made again is given back to the daemon, which makes it as
/// it makes all results; what belongs to no capture is put aside under another name. Nothing is removed but what was never
/// more than half written.
public struct TreeRepair: Sendable {
    /// What is done about a problem.
    enum Step: Sendable, Equatable {
        /// The capture, by its row, is pending again.
        case makeAgain(Int64)
        /// The capture is pending already.
        case wait
        /// An image below a tree and its sidecar, whichever of them is there, get names that nobody reads.
        case setAside([UInt8], in: ResultTrees.Tree)
        /// A half written file.
        case remove([UInt8], in: ResultTrees.Tree)
    }

    /// What became of a problem.
    public struct Outcome: Sendable, Equatable, Codable {
        public var file: String
        public var problem: String
        /// What was done about it, or is to be done.
        public var outcome: String
        public var repaired: Bool
        /// Its capture was pending already, so that the daemon makes the result anyway.
        public var inHand: Bool
    }

    private let ledger: Ledger
    private let trees: ResultTrees
    private let isRunning: Bool

    /// A half written file of a daemon that runs may be in work; one that was not written to for so long is not, seconds.
    private static let longestWrite = 3600

    /// - Parameters:
    ///   - ledger: open for writing.
    ///   - isRunning: a daemon may be at work meanwhile.
    public init(_ ledger: Ledger, trees: ResultTrees, isRunning: Bool) {
        (self.ledger, self.trees, self.isRunning) = (ledger, trees, isRunning)
    }

    /// Takes the problems one by one.
    ///
    /// - Parameter isDry: only say what would be done.
    public func run(_ problems: [TreeVerification.Problem], isDry: Bool = false, now: Moment) async throws -> [Outcome]
    {
        var outcomes: [Outcome] = []
        var again: [Int64: Bool] = [:]
        for problem in problems {
            var (outcome, isRepaired, isInHand) = (problem.remedy, false, problem.step == .wait)
            if !isDry, let step = problem.step {
                switch step {
                case .makeAgain(let id):
                    // One capture may have several problems.
                    if again[id] == nil {
                        again[id] = try await ledger.reprocess(.init(captures: [id]), now: now) > 0
                    }
                    isRepaired = again[id] ?? false
                    isInHand = try await isRepaired ? false : ledger.capture(id)?.state == .pending
                    outcome =
                        !isRepaired && !isInHand
                        ? "it is not done any more; see `nctd explain`"
                        : isRunning ? "the daemon makes it again" : "the daemon makes it again when it runs"
                case .wait: break
                case .setAside(let image, let tree):
                    (outcome, isRepaired, isInHand) = try await setAside(image, in: tree)
                case .remove(let name, let tree): (outcome, isRepaired) = remove(name, in: tree)
                }
            }
            outcomes.append(
                Outcome(
                    file: problem.file, problem: problem.problem, outcome: outcome, repaired: isRepaired,
                    inHand: isInHand))
        }
        return outcomes
    }

    private func setAside(
        _ image: [UInt8], in tree: ResultTrees.Tree
    ) async throws -> (outcome: String, isRepaired: Bool, isInHand: Bool) {
        let path = trees.place(of: image, in: tree)
        // A capture may have come to have this name since it was looked at.
        let current = OutputNames.unversioned(image)
        guard try await ledger.capture(output: current)?.state != .pending else {
            return current == image
                ? ("its capture is pending: the daemon makes the result, and puts this aside", false, true)
                : ("its capture is pending by now; it is left alone", false, false)
        }
        let parts = [path, OutputNames.sidecar(path)].filter(TreeFiles.exists)
        guard !parts.isEmpty else { return ("it is gone by now", true, false) }
        let number = ResultCommit.freeNumber(besides: [path, OutputNames.sidecar(path)])
        do throws(TreeError) {
            // The sidecar first, so that none ever speaks of an image that is not there.
            for part in parts.reversed() { try TreeFiles.rename(part, to: OutputNames.aside(part, number)) }
            try TreeFiles.syncDirectory(DurableDirectory.holding(path))
        } catch {
            return ("it could not be put aside: \(trees.named(error))", false, false)
        }
        if current != image { try await ledger.forgetVersion(output: image) }
        let aside = CapturePath.printable(trees.full(OutputNames.aside(image, number), in: tree))
        return ("put aside as \(aside)", true, false)
    }

    private func remove(_ name: [UInt8], in tree: ResultTrees.Tree) -> (String, Bool) {
        let path = trees.place(of: name, in: tree)
        var status = stat()
        let isThere = withPath(path) { lstat($0, &status) } == 0
        guard isThere, NewFile.isTemporary(Array(name.split(separator: UInt8(ascii: "/")).last ?? [])) else {
            return ("it is gone by now", true)
        }
        guard !isRunning || status.st_mtim.tv_sec <= time(nil) - Self.longestWrite else {
            return ("the running daemon may be writing it; stop the daemon first, or wait an hour", false)
        }
        do throws(TreeError) {
            try TreeFiles.removeSurely(path)
        } catch {
            return ("it could not be removed: \(trees.named(error))", false)
        }
        return ("removed", true)
    }
}
