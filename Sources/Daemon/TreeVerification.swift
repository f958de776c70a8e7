import Foundation
import Jobs
import Ledger
import Watching

/// Holds the output tree against the sidecars in it, and the ledger against the tree.
public struct TreeVerification: Sendable, Equatable, Codable {
    public struct Problem: Sendable, Equatable, Codable {
        public var file: String
        public var problem: String
    }

    /// Results whose image is the one that the sidecar speaks of.
    public var sound = 0
    /// Captures that the ledger says are done.
    public var done = 0
    public var problems: [Problem] = []
    /// Images whose sidecar says that they belong elsewhere, left alone and held against nothing.
    public var copies: [String] = []

    /// Reads every image; the time is that of reading the tree.
    public init(_ ledger: Ledger, trees: ResultTrees) async throws {
        let commit = ResultCommit(trees)
        for tree in ResultTrees.Tree.allCases {
            var images = SidecarTree(directory: trees.directory(tree), includingVersions: true).makeIterator()
            while let image = images.next() {
                let name = CapturePath.printable(trees.full(image, in: tree))
                guard let sidecar = commit.sidecar(of: image, in: tree) else {
                    problems.append(Problem(file: name + ".json", problem: "it is no sidecar that can be read"))
                    continue
                }
                guard sidecar.capture == nil || sidecar.reservedName(at: image) != nil else {
                    copies.append(name)
                    continue
                }
                guard commit.soundSidecar(of: image, in: tree) != nil else {
                    problems.append(
                        Problem(file: name, problem: "the image is missing, or not the one that its sidecar speaks of"))
                    continue
                }
                sound += 1
                guard let capture = sidecar.capture else { continue }
                try await check(image, in: tree, name, capture, ledger)
            }
            problems += images.unreadable.map { Problem(file: $0.path, problem: $0.message) }
        }
        let checked = Checked()
        try await ledger.forEach(.done) { row, root in
            checked.done += 1
            let isThere = ResultTrees.Tree.allCases.contains {
                commit.sidecar(of: row.output ?? [], in: $0)?.capture?.identity == row.identity
            }
            if !isThere {
                checked.problems.append(
                    Problem(
                        file: root.name(of: row.path),
                        problem: "the ledger says it is done, and its result is not in the tree"))
            }
        }
        done = checked.done
        problems += checked.problems
    }

    private mutating func check(
        _ image: [UInt8], in tree: ResultTrees.Tree, _ name: String, _ capture: Sidecar.Capture, _ ledger: Ledger
    ) async throws {
        guard OutputNames.unversioned(image) == image else { return }
        guard let row = try await ledger.capture(output: image) else {
            problems.append(Problem(file: name, problem: "the ledger knows no capture that this is the result of"))
            return
        }
        if row.state == .done, row.identity != capture.identity || ResultTrees.Tree(delivery: row.delivery) != tree {
            problems.append(Problem(file: name, problem: "the ledger has another result for this capture"))
        }
    }

    /// Filled by a callback; `@unchecked` because the ledger calls it from one thread, one row after the other.
    private final class Checked: @unchecked Sendable {
        var done = 0
        var problems: [Problem] = []
    }
}

extension RootRow {
    func name(of path: CapturePath) -> String { "\(self.path)/\(path)" }
}
