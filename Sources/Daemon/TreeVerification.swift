import Digests
import Foundation
import Jobs
import Ledger
import Watching

/// Holds the output tree against the sidecars in it, and the ledger against the tree.
public struct TreeVerification: Sendable, Equatable, Codable {
    /// What is wrong, and what can be done about it.
    public struct Problem: Sendable, Equatable, Codable {
        public var file: String
        public var problem: String
        public var remedy: String
        /// What ``TreeRepair`` does about it; nil where only a person can do something.
        var step: TreeRepair.Step?

        private enum CodingKeys: String, CodingKey { case file, problem, remedy }
    }

    /// Results whose image is the one that the sidecar speaks of.
    public internal(set) var sound = 0
    /// Captures that the ledger says are done.
    public internal(set) var done = 0
    public internal(set) var problems: [Problem] = []
    /// Images whose sidecar says that they belong elsewhere, left alone and held against nothing.
    public internal(set) var copies: [String] = []
    /// Files that were put aside, by a repair or by a commit that found no sound result in its place.
    public internal(set) var aside = 0
    /// Results whose capture is gone, which is no problem; nil where the watched trees were not looked at.
    public internal(set) var gone: [String]?
    /// Captures whose bytes were compared with those that their results were made of; nil where none was to be. Captures
    /// that are gone are not among them.
    public internal(set) var captures: Int?

    /// Reads every image; the time is that of reading the tree.
    ///
    /// - Parameters:
    ///   - isRunning: a daemon may be at work: what is minutes old at most is not yet held against anything.
    ///   - roots: the watched trees by their paths, to see which captures are gone; nil takes all for being there.
    ///   - comparing: also read every capture in them, and compare it with what its result was made of.
    public init(
        _ ledger: Ledger, trees: ResultTrees, isRunning: Bool = false, roots: [String: any CaptureSource]? = nil,
        comparing: Bool = false
    ) async throws {
        var look = try await TreeLook(ledger, trees: trees, isRunning: isRunning, roots: roots)
        for tree in ResultTrees.Tree.allCases {
            var images = SidecarTree(directory: trees.directory(tree), includingVersions: true).makeIterator()
            while let image = images.next() { try await look.at(image, in: tree) }
            look.found.problems += images.unreadable.map {
                Problem(
                    file: $0.path, problem: $0.message,
                    remedy: "give who runs this the right to read it; see who owns it")
            }
            for leftover in TreeLeftovers(trees.directory(tree), isRunning: isRunning).find() {
                try await look.at(leftover: leftover.name, leftover.kind, in: tree)
            }
        }
        let (rows, eyes) = (Rows(), look)
        try await ledger.forEach(.init(state: .done)) { row, root in
            rows.done += 1
            let isThere = eyes.hasResult(row)
            let comparison = comparing ? eyes.compare(row, root) : .none
            if [.same, .other].contains(comparison) { rows.compared += 1 }
            let difference = comparison.problem
            if !isThere || difference != nil { rows.odd.append((row, root, isThere, difference)) }
        }
        for (row, root, isThere, difference) in rows.odd {
            if let difference { look.note(difference, of: row, root) }
            if !isThere { look.noteMissing(row, root) }
        }
        look.found.done = rows.done
        look.found.captures = comparing ? rows.compared : nil
        self = look.found
    }

    /// The same for some results and captures alone.
    public init(
        of names: [Named], _ ledger: Ledger, trees: ResultTrees, isRunning: Bool = false,
        roots: [String: any CaptureSource]? = nil
    ) async throws {
        var look = try await TreeLook(ledger, trees: trees, isRunning: isRunning, roots: roots)
        for name in names { try await look.at(name) }
        self = look.found
    }

    init() {}

    /// A result or a capture that a person names.
    public enum Named: Sendable {
        case capture(CaptureRow, RootRow)
        /// Below its tree, without the ending of a sidecar.
        case result([UInt8], in: ResultTrees.Tree)

        /// Whether there is such a result: a file lies there, or a capture is done or pending whose result is to.
        public func isResult(in trees: ResultTrees, _ ledger: Ledger) async throws -> Bool {
            guard case .result(let image, let tree) = self else { return true }
            let path = trees.full(image, in: tree)
            if OutputNames.isAside(image) || TreeFiles.isDirectory(path) { return false }
            if TreeFiles.exists(path) || TreeFiles.exists(OutputNames.sidecar(path)) { return true }
            let state = try await ledger.capture(output: image)?.state
            return state == .done || state == .pending
        }
    }

    /// Filled by a callback; `@unchecked` because the ledger calls it from one thread, one row after the other.
    private final class Rows: @unchecked Sendable {
        var done = 0
        var compared = 0
        var odd: [(CaptureRow, RootRow, isThere: Bool, difference: String?)] = []
    }
}

extension RootRow {
    func name(of path: CapturePath) -> String { "\(self.path)/\(path)" }
}
