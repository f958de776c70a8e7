import Files
import Foundation
import Jobs
import Ledger
import Watching

/// Moves what version 0.7 held back into the tree of held results: it lay in a folder `held` beside where it would have
/// been, among what was delivered. Each step can be done again, and what was moved is not looked at any more.
struct HeldMigration: Sendable {
    let ledger: Ledger
    let trees: ResultTrees

    /// Returns how many results were moved.
    func run() async throws -> Int {
        let commit = ResultCommit(trees)
        var count = 0
        for result in try await ledger.heldResults() {
            guard let name = Self.newName(of: result.output, reserved: result.reserved) else { continue }
            let isMoved = commit.sidecar(of: name, in: .held)?.capture?.identity == result.identity
            // Another capture's result may have taken the old name.
            guard isMoved || commit.sidecar(of: result.output, in: .delivered)?.capture?.identity == result.identity
            else { continue }
            if !isMoved { try move(result.output, to: name) }
            try await ledger.renameResult(result.id, to: name)
            count += 1
        }
        return count
    }

    /// The name below the tree of held results; nil for what has it already.
    static func newName(of output: [UInt8], reserved: [UInt8]) -> [UInt8]? {
        let old = oldName(of: reserved)
        guard output.starts(with: old) else { return nil }
        return reserved + output[old.count...]
    }

    /// Where version 0.7 held back the result of a name.
    static func oldName(of reserved: [UInt8]) -> [UInt8] {
        let start = reserved.lastIndex(of: slash).map { $0 + 1 } ?? 0
        return reserved[..<start] + folder + reserved[start...]
    }

    /// The name whose result version 0.7 held back at a place; any other place is a name as it is.
    static func reservedName(of old: [UInt8]) -> [UInt8] {
        let start = old.lastIndex(of: slash).map { $0 + 1 } ?? 0
        guard old[..<start].suffix(folder.count + 1).elementsEqual([slash] + folder) else { return old }
        return Array(old[..<(start - folder.count)] + old[start...])
    }

    private static let slash = UInt8(ascii: "/")
    private static let folder = Array("held/".utf8)

    /// The image first: whoever sees the sidecar may read it.
    private func move(_ old: [UInt8], to new: [UInt8]) throws {
        let (source, target) = (trees.place(of: old, in: .delivered), trees.place(of: new, in: .held))
        try TreeFiles.makeDirectories(DurableDirectory.holding(target), below: trees.place(.held))
        for path in [{ $0 }, OutputNames.sidecar] as [([UInt8]) -> [UInt8]] {
            try TreeFiles.linkOrCopy(path(source), to: path(target))
        }
        try TreeFiles.syncDirectory(DurableDirectory.holding(target))
        for path in [OutputNames.sidecar(source), source] { try TreeFiles.removeSurely(path) }
        try TreeFiles.syncDirectory(DurableDirectory.holding(source))
    }
}
