import Config
import Jobs
import Ledger
import Watching

/// Looks at results one by one and says what is wrong with them, and what can be done about it.
struct TreeLook: Sendable {
    typealias Problem = TreeVerification.Problem

    private let ledger: Ledger
    private let trees: ResultTrees
    private let commit: ResultCommit
    private let isRunning: Bool
    private let sources: [String: any CaptureSource]?
    private let roots: [Int64: RootRow]
    var found = TreeVerification()

    init(
        _ ledger: Ledger, trees: ResultTrees, isRunning: Bool, roots: [String: any CaptureSource]?
    ) async throws {
        (self.ledger, self.trees, self.isRunning) = (ledger, trees, isRunning)
        commit = ResultCommit(trees)
        sources = roots
        found.gone = roots.map { _ in [] }
        self.roots = Dictionary(uniqueKeysWithValues: try await ledger.roots().map { ($0.id, $0) })
    }

    private func name(_ image: [UInt8], in tree: ResultTrees.Tree) -> String {
        CapturePath.printable(trees.full(image, in: tree))
    }

    // MARK: What lies in the trees

    /// An image that has a sidecar.
    mutating func at(_ image: [UInt8], in tree: ResultTrees.Tree) async throws {
        let name = name(image, in: tree)
        let own = try await current(at: image, in: tree)
        guard let sidecar = commit.sidecar(of: image, in: tree) else {
            try await add(SidecarName.of(name), "it is no sidecar that can be read", at: image, in: tree)
            return
        }
        // Where the ledger has a result, there it belongs, whatever lies there says of itself.
        guard own != nil || sidecar.capture == nil || sidecar.reservedName(at: image) != nil else {
            found.copies.append(name)
            return
        }
        if let difference = try await difference(own, at: image, in: tree) {
            try await add(
                SidecarName.of(name), "the sidecar was changed since it was written: \(difference)", at: image, in: tree
            )
            return
        }
        guard commit.soundSidecar(of: image, in: tree) != nil else {
            try await add(
                name, "the image is missing, or not the one that its sidecar speaks of", at: image, in: tree)
            return
        }
        found.sound += 1
        guard let capture = sidecar.capture, OutputNames.unversioned(image) == image else { return }
        let row = try await ledger.capture(output: image)
        // Where the ledger knows the capture, it knows where its tree is now; the sidecar says where that was.
        if let path = row?.path ?? capture.place, let root = row.map({ roots[$0.root]?.path }) ?? capture.root,
            sources?[root]?.isGone(path, root: root) ?? false
        {
            found.gone?.append(name)
        }
        guard let row else {
            found.problems.append(
                Problem(
                    file: name, problem: "the ledger knows no capture that this is the result of",
                    remedy:
                        "it is a sound result of a capture that was forgotten; leave it, or remove it and its sidecar"))
            return
        }
        if row.state == .done, row.identity != capture.identity || ResultTrees.Tree(delivery: row.delivery) != tree {
            try await add(name, "the ledger has another result for this capture", at: image, in: tree)
        }
    }

    /// The current result of a capture that is done.
    private struct Current {
        var row: CaptureRow
        var result: ResultRow
    }

    /// The one that the ledger says lies at a place.
    private func current(at image: [UInt8], in tree: ResultTrees.Tree) async throws -> Current? {
        guard OutputNames.unversioned(image) == image, let row = try await ledger.capture(output: image),
            row.state == .done, let result = try await ledger.results(of: row.id).last, result.version == nil,
            result.output == image, ResultTrees.Tree(delivery: result.delivery) == tree
        else { return nil }
        return Current(row: row, result: result)
    }

    /// What a result's sidecar says otherwise than the ledger. Between two looks the daemon may have made another result.
    private func difference(
        _ first: Current?, at image: [UInt8], in tree: ResultTrees.Tree
    ) async throws -> String? {
        var next = first
        var difference: String?
        for _ in 0..<2 {
            guard let current = next, let found = commit.foundSidecar(of: image, in: tree),
                found.sidecar.capture?.identity == current.result.identity
            else { return nil }
            difference = current.result.difference(
                of: found, path: current.row.path, lab: roots[current.row.root]?.lab ?? "")
            if difference == nil { return nil }
            next = try await self.current(at: image, in: tree)
        }
        return difference
    }

    /// What lies in a tree and belongs to no result.
    mutating func at(leftover name: [UInt8], _ kind: TreeLeftovers.Kind, in tree: ResultTrees.Tree) async throws {
        switch kind {
        case .aside: found.aside += 1
        case .temporary:
            found.problems.append(
                Problem(
                    file: self.name(name, in: tree), problem: "a hidden file that a process which died left behind",
                    remedy: "`nctd repair` removes it", step: .remove(name, in: tree)))
        case .image: try await add(self.name(name, in: tree), "an image without a sidecar", at: name, in: tree)
        }
    }

    private mutating func add(
        _ file: String, _ problem: String, at image: [UInt8], in tree: ResultTrees.Tree
    ) async throws {
        let (remedy, step) = try await remedy(at: image, in: tree)
        found.problems.append(Problem(file: file, problem: problem, remedy: remedy, step: step))
    }

    /// What can be done about something under an image's name that is not as it should be.
    private func remedy(
        at image: [UInt8], in tree: ResultTrees.Tree
    ) async throws -> (remedy: String, step: TreeRepair.Step?) {
        let aside = TreeRepair.Step.setAside(image, in: tree)
        let current = OutputNames.unversioned(image)
        let row = try await ledger.capture(output: current)
        if let row, row.state == .pending {
            return ("its capture is pending: the daemon makes it anew", current == image ? .wait : nil)
        }
        if current != image { return ("an older version cannot be made again; `nctd repair` puts it aside", aside) }
        guard let row else { return ("it is the result of no capture; `nctd repair` puts it aside", aside) }
        if row.state == .done { return remedy(for: row) }
        return ("its capture is \(row.state.rawValue), so that it has no result; `nctd repair` puts it aside", aside)
    }

    /// What can be done about the result of a capture that is done.
    private func remedy(for row: CaptureRow) -> (remedy: String, step: TreeRepair.Step?) {
        guard let root = roots[row.root], let sources else {
            return ("`nctd repair` has it made again", .makeAgain(row.id))
        }
        guard let source = sources[root.path] else {
            return ("it cannot be made again, for \(PendingReason.unwatched(root))", nil)
        }
        if source.isGone(row.path, root: root.path) {
            return (
                "it cannot be made again, for its capture \(root.name(of: row.path)) is gone; bring back either from a "
                    + "backup", nil
            )
        }
        return ("`nctd repair` has it made again", .makeAgain(row.id))
    }

    // MARK: What the ledger has

    /// Whether the result that the ledger says a capture has is in one of the trees.
    func hasResult(_ row: CaptureRow) -> Bool {
        ResultTrees.Tree.allCases.contains {
            commit.sidecar(of: row.output ?? [], in: $0)?.capture?.identity == row.identity
        }
    }

    mutating func noteMissing(_ row: CaptureRow, _ root: RootRow) {
        let (remedy, step) = remedy(for: row)
        found.problems.append(
            Problem(
                file: root.name(of: row.path), problem: "the ledger says it is done, and its result is not in the tree",
                remedy: remedy, step: step))
    }

    mutating func note(_ difference: String, of row: CaptureRow, _ root: RootRow) {
        found.problems.append(
            Problem(
                file: root.name(of: row.path), problem: difference, remedy: "`nctd repair --captures` has it done anew",
                step: .makeAgain(row.id)))
    }

    /// What a capture is, held against what its result was made of.
    enum Comparison: Equatable {
        case same
        case other
        case unreadable(String)
        /// It is gone, or its tree is not watched.
        case none

        var problem: String? {
            switch self {
            case .same, .none: nil
            case .other: "it has other bytes than its result was made of"
            case .unreadable(let reason): "it cannot be read (\(reason))"
            }
        }
    }

    func compare(_ row: CaptureRow, _ root: RootRow) -> Comparison {
        guard let source = sources?[root.path] else { return .none }
        do {
            return row.path.digest(ofFile: try source.digest(of: row.path)) == row.digest ? .same : .other
        } catch SourceError.gone {
            return .none
        } catch {
            return .unreadable("\(error)")
        }
    }

    // MARK: What a person names

    mutating func at(_ named: TreeVerification.Named) async throws {
        switch named {
        case .capture(let row, let root):
            guard row.state == .done, let output = row.output else { return }
            try await look(at: output, row, root)
        case .result(let image, let tree):
            let row = OutputNames.unversioned(image) == image ? try await ledger.capture(output: image) : nil
            if let row, row.state == .done, let root = roots[row.root] {
                return try await look(at: image, row, root)
            }
            try await lookInTree(at: image, in: tree)
            if row?.state == .pending, !ResultTrees.Tree.allCases.contains(where: { hasAnything(at: image, in: $0) }) {
                found.problems.append(
                    Problem(
                        file: name(image, in: tree), problem: "it is not there",
                        remedy: "its capture is pending: the daemon makes it anew", step: .wait))
            }
            guard TreeLeftovers(trees.directory(tree), isRunning: isRunning).isFresh(image) else { return }
            found.problems.append(
                Problem(
                    file: CapturePath.printable(trees.full(image, in: tree)),
                    problem: "an image without a sidecar, less than a minute old",
                    remedy: "the running daemon may be at it; repair it again in a minute"))
        }
    }

    /// At a capture that is done, and at what lies under its result's name in either tree.
    private mutating func look(at output: [UInt8], _ row: CaptureRow, _ root: RootRow) async throws {
        found.done += 1
        for tree in ResultTrees.Tree.allCases { try await lookInTree(at: output, in: tree) }
        if !hasResult(row) { noteMissing(row, root) }
    }

    private func hasAnything(at image: [UInt8], in tree: ResultTrees.Tree) -> Bool {
        let path = trees.full(image, in: tree)
        return TreeFiles.exists(path) || TreeFiles.exists(OutputNames.sidecar(path))
    }

    private mutating func lookInTree(at image: [UInt8], in tree: ResultTrees.Tree) async throws {
        if TreeFiles.exists(OutputNames.sidecar(trees.full(image, in: tree))) {
            try await at(image, in: tree)
        } else if TreeLeftovers(trees.directory(tree), isRunning: isRunning).isImage(image) {
            try await at(leftover: image, .image, in: tree)
        }
    }
}
