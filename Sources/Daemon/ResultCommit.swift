import Files
import Foundation
import Glibc
import Jobs
import Ledger
import Watching

/// Puts results into the output tree (``ResultPlacing``). An older result under the same name gets a second name as a
/// version, then loses its sidecar, before the image takes its name. Each step can be done again.
public struct ResultCommit: Sendable {
    public let trees: ResultTrees

    public init(_ trees: ResultTrees) { self.trees = trees }

    /// The image to commit.
    public enum Image: Sendable {
        case bytes([UInt8])
        /// A result below one of the trees to link to, or to copy, and its digest.
        case existing([UInt8], in: ResultTrees.Tree, linking: Bool, sha256: String)
    }

    /// What a commit found under the name and made room from.
    public struct Replaced: Sendable, Equatable {
        /// The version that an older result was kept as, now or by an attempt that died.
        public var older: Ledger.KeptVersion?
        /// Names, below their tree, that something was put aside under which was not the result that its sidecar spoke of.
        public var aside: [[UInt8]] = []

        public init() {}
    }

    /// The most bytes of a sidecar; one of the program's own has some thousands.
    static let longestSidecar = 4 << 20

    /// Commits an image and its sidecar under a name below a tree. An older result of the capture, in either tree, is
    /// kept as a version where it was; what is no sound result any more is put aside there instead.
    ///
    /// - Parameter last: the greatest number that a version of it ever had, also one that was removed since.
    ///
    /// Throws ``TreeError``; what was there before is then still there, but for a version that was already kept.
    public func commit(
        _ image: Image, sidecar: [UInt8], output: [UInt8], in tree: ResultTrees.Tree, after last: Int = 0
    ) throws(TreeError) -> Replaced {
        do throws(TreeError) {
            return try put(image, sidecar: sidecar, output: output, in: tree, after: last)
        } catch {
            throw trees.named(error)
        }
    }

    private func put(
        _ image: Image, sidecar: [UInt8], output: [UInt8], in tree: ResultTrees.Tree, after last: Int
    ) throws(TreeError) -> Replaced {
        try refuseTooLong(output, in: tree)
        let target = trees.place(of: output, in: tree)
        var older = Older()
        do throws(TreeError) {
            try Self.placing.put(
                sidecar, of: target,
                image: { temporary throws(TreeError) in
                    try TreeFiles.inDirectory(DurableDirectory.holding(target), below: trees.place(tree)) {
                        () throws(TreeError) in try write(image, to: temporary)
                    }
                },
                makingRoom: { () throws(TreeError) in try keepOlder(of: output, in: tree, after: last, &older) },
                onStep: { step in
                    // From here on the older sidecar would speak of another image.
                    if step == .imageNamed { older.restorable = [] }
                    FailPoint(after: step)?.pass()
                })
            try removeOlderElsewhere(output, than: tree)
            older.replaced.older = older.replaced.older ?? newVersion(of: output, after: last, first: tree)
            return older.replaced
        } catch {
            for (version, sidecar) in older.restorable { try? TreeFiles.linkOrCopy(version, to: sidecar) }
            throw error
        }
    }

    private static var placing: ResultPlacing<TreeError> {
        ResultPlacing(writeNew: TreeFiles.writeNew, rename: TreeFiles.rename, sync: TreeFiles.syncDirectory)
    }

    /// Throws, before anything is made, if a name of all that may be made is too long for the file system.
    func refuseTooLong(_ output: [UInt8], in tree: ResultTrees.Tree) throws(TreeError) {
        let names = output.split(separator: UInt8(ascii: "/"))
        let longest = max(names.dropLast().map(\.count).max() ?? 0, (names.last?.count ?? 0) + ShortName.reserve)
        guard let most = TreeFiles.longestName(in: trees.place(tree)), longest > most else { return }
        throw TreeError(
            operation: "creating", path: CapturePath.printable(trees.full(output, in: tree)), code: ENAMETOOLONG)
    }

    private func write(_ image: Image, to temporary: [UInt8]) throws(TreeError) {
        switch image {
        case .bytes(let bytes): try TreeFiles.writeNew(bytes, to: temporary)
        case .existing(let earlier, let tree, let linking, let sha256):
            let source = trees.place(of: earlier, in: tree)
            do throws(TreeError) {
                let isLinked = linking ? try TreeFiles.link(source, to: temporary) : false
                if !isLinked { try TreeFiles.copy(source, to: temporary) }
            } catch {
                // It may have followed its capture to another name just now.
                guard error.code == ENOENT, !TreeFiles.exists(source) else { throw error }
                throw TreeError(operation: "linking", path: CapturePath.printable(earlier), code: EAGAIN)
            }
            // A new version may have taken the earlier name just now.
            guard try TreeFiles.sha256(temporary) == sha256 else {
                TreeFiles.remove(temporary)
                throw TreeError(operation: "linking", path: CapturePath.printable(earlier), code: EAGAIN)
            }
        }
    }

    /// What was done about an older result.
    struct Older {
        var replaced = Replaced()
        /// Sidecars that were taken away, each with the version's that has the same content.
        var restorable: [(version: [UInt8], sidecar: [UInt8])] = []
    }

    /// Keeps the committed result that the capture has now, if it has one, and takes away its sidecar.
    func keepOlder(
        of output: [UInt8], in tree: ResultTrees.Tree, after last: Int, _ older: inout Older
    ) throws(TreeError) {
        for tree in [tree, tree.other] {
            let image = trees.place(of: output, in: tree)
            let sidecar = OutputNames.sidecar(image)
            guard TreeFiles.exists(sidecar) else { continue }
            guard !TreeFiles.exists(image) || soundSidecar(of: output, in: tree) != nil else {
                try putAside(output, in: tree, &older)
                continue
            }
            let latest = latestVersion(of: output, in: tree, after: last)?.number ?? 0
            let number = self.number(of: image, sidecar: sidecar, after: latest)
            let version = OutputNames.version(image, number)
            if TreeFiles.exists(image) {
                try TreeFiles.linkOrCopy(image, to: version)
                try TreeFiles.linkOrCopy(sidecar, to: OutputNames.sidecar(version))
                try TreeFiles.syncDirectory(DurableDirectory.holding(image))
                older.replaced.older = Ledger.KeptVersion(number: number, output: OutputNames.version(output, number))
                older.restorable.append((OutputNames.sidecar(version), sidecar))
            }
            FailPoint.afterOlderKept.pass()
            try TreeFiles.removeSurely(sidecar)
            try TreeFiles.syncDirectory(DurableDirectory.holding(image))
            FailPoint.afterOlderSidecarRemoved.pass()
        }
    }

    /// Gives an image that its sidecar does not speak of, and that sidecar, second names, and takes the sidecar away.
    private func putAside(
        _ output: [UInt8], in tree: ResultTrees.Tree, _ older: inout Older
    ) throws(TreeError) {
        let sidecar = OutputNames.sidecar(trees.place(of: output, in: tree))
        let number = Self.freeNumber(besides: [trees.place(of: output, in: tree), sidecar])
        older.restorable.append((OutputNames.aside(sidecar, number), sidecar))
        older.replaced.aside.append(try putAside(output, in: tree))
    }

    /// The same; returns the name that the image has besides.
    func putAside(_ output: [UInt8], in tree: ResultTrees.Tree) throws(TreeError) -> [UInt8] {
        let image = trees.place(of: output, in: tree)
        let sidecar = OutputNames.sidecar(image)
        let number = Self.freeNumber(besides: [image, sidecar])
        for path in [image, sidecar] where TreeFiles.exists(path) {
            try TreeFiles.linkOrCopy(path, to: OutputNames.aside(path, number))
        }
        try TreeFiles.removeSurely(sidecar)
        try TreeFiles.syncDirectory(DurableDirectory.holding(image))
        return OutputNames.aside(output, number)
    }

    /// The first number under which nothing was put aside yet of any of some paths.
    static func freeNumber(besides paths: [[UInt8]]) -> Int {
        var number = 1
        while paths.contains(where: { TreeFiles.exists(OutputNames.aside($0, number)) }) { number += 1 }
        return number
    }

    /// Takes away the image without a sidecar that an older result left in the other tree; it is kept as a version.
    func removeOlderElsewhere(_ output: [UInt8], than tree: ResultTrees.Tree) throws(TreeError) {
        let image = trees.place(of: output, in: tree.other)
        guard TreeFiles.exists(image), !TreeFiles.exists(OutputNames.sidecar(image)) else { return }
        try TreeFiles.removeSurely(image)
        try TreeFiles.syncDirectory(DurableDirectory.holding(image))
    }

    /// The next number, or the last one if an attempt that died already kept this very result.
    private func number(of image: [UInt8], sidecar: [UInt8], after last: Int) -> Int {
        guard last > 0 else { return 1 }
        let kept = OutputNames.sidecar(OutputNames.version(image, last))
        guard let known = try? TreeFiles.read(kept, limit: Self.longestSidecar),
            let present = try? TreeFiles.read(sidecar, limit: Self.longestSidecar)
        else { return last + 1 }
        return known == present ? last : last + 1
    }

    /// The version that an attempt which died kept an older result as; nil for none.
    ///
    /// - Parameters:
    ///   - last: the greatest number that a version ever had, as far as the ledger knows.
    ///   - tree: where it is looked for first.
    func newVersion(of output: [UInt8], after last: Int, first tree: ResultTrees.Tree) -> Ledger.KeptVersion? {
        [tree, tree.other].lazy.compactMap { self.latestVersion(of: output, in: $0, after: last) }
            .first { $0.number > last }
    }

    /// The version of the greatest number; nil if there never was one. Those up to a known number need not be there.
    func latestVersion(
        of output: [UInt8], in tree: ResultTrees.Tree, after known: Int
    ) -> Ledger.KeptVersion? {
        var number = known
        while TreeFiles.exists(OutputNames.sidecar(OutputNames.version(trees.place(of: output, in: tree), number + 1)))
        {
            number += 1
        }
        return number == 0
            ? nil : Ledger.KeptVersion(number: number, output: OutputNames.version(output, number))
    }

    /// The sidecar of a committed result whose image is the one it speaks of; nil if there is none, or if it is not
    /// sound. The image is read in pieces, and only where it has the bytes that the sidecar says.
    public func soundSidecar(of output: [UInt8], in tree: ResultTrees.Tree) -> Sidecar? {
        guard let sidecar = sidecar(of: output, in: tree),
            let digest = try? TreeFiles.sha256(trees.place(of: output, in: tree), bytes: sidecar.output.bytes),
            digest == sidecar.output.sha256
        else { return nil }
        return sidecar
    }

    /// The sidecar beside an image below a tree; nil if there is none that can be read.
    public func sidecar(of output: [UInt8], in tree: ResultTrees.Tree) -> Sidecar? {
        foundSidecar(of: output, in: tree)?.sidecar
    }

    /// A sidecar as it lies in a tree, with the SHA-256 of its bytes.
    typealias FoundSidecar = (sidecar: Sidecar, digest: String)

    func foundSidecar(of output: [UInt8], in tree: ResultTrees.Tree) -> FoundSidecar? {
        let path = OutputNames.sidecar(trees.place(of: output, in: tree))
        guard let json = try? TreeFiles.read(path, limit: Self.longestSidecar), let sidecar = try? Sidecar(json: json)
        else { return nil }
        return (sidecar, FileDigest.sha256(json))
    }
}
