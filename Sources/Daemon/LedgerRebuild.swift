import Config
import Foundation
import Jobs
import Ledger
import Watching

/// Enters into a new ledger what the sidecars in the trees of results tell, but for those of copies.
///
/// A sidecar names the path that its capture's tree had then. Where no tree of that path is watched any more, and one of the
/// same lab has the same file at the same place in it, the tree has moved, and all its captures are entered where it is
/// now: they would be made again beside their results otherwise. That is told by the files, and by no record of the move,
/// for a record may be lost with the ledger, and trees are moved by other means, too.
struct LedgerRebuild {
    private let ledger: Ledger
    private let trees: ResultTrees
    private let commit: ResultCommit
    private let watches: [WatchSettings]
    private let clock: any DaemonClock
    private let log: EventLog

    private var roots: [String: Int64] = [:]
    private var pages: [(root: Int64, batch: [Ledger.Judged])] = []
    private var isWhole = true
    /// What was found; a copy lies elsewhere than its sidecar says.
    private(set) var found: (captures: Int, copies: Int, copy: String?) = (0, 0, nil)
    /// Trees that have another path than the sidecars say, with that.
    private(set) var moved: [String: String] = [:]

    /// Files of a tree's captures that are read, at most, before it is taken for one that did not move.
    private static let mostLooks = 20

    init(
        _ ledger: Ledger, _ trees: ResultTrees, watches: [WatchSettings], clock: any DaemonClock, log: EventLog
    ) {
        (self.ledger, self.trees, self.watches, self.clock, self.log) = (ledger, trees, watches, clock, log)
        commit = ResultCommit(trees)
    }

    /// Where a sidecar lies.
    private typealias Place = (output: [UInt8], tree: ResultTrees.Tree)

    /// What a sidecar tells of a capture.
    private struct Told: Sendable {
        var output: [UInt8]
        var tree: ResultTrees.Tree
        var found: ResultCommit.FoundSidecar
        var sidecar: Sidecar { found.sidecar }
        var capture: Sidecar.Capture
        var path: CapturePath
        /// The name that is reserved for the capture's result; nil for a copy.
        var reserved: [UInt8]?
    }

    /// - Parameter isStopping: asked between captures; true ends the rebuilding, which the next start takes up again.
    mutating func run(_ isStopping: @Sendable () -> Bool) async throws {
        let watched = Set(watches.map(\.path))
        var others: [Place] = []
        for tree in ResultTrees.Tree.allCases {
            var images = SidecarTree(directory: trees.place(tree)).makeIterator()
            while let output = images.next() {
                if isStopping() { return }
                guard let told = told((output, tree)) else { continue }
                guard told.reserved != nil else {
                    found.copies += 1
                    found.copy = found.copy ?? CapturePath.printable(trees.full(output, in: tree))
                    continue
                }
                if watched.contains(told.capture.root) {
                    try await enter(told, below: told.capture.root)
                } else {
                    others.append((output, tree))
                }
            }
            for error in images.unreadable.map(trees.named) {
                log.write(.trouble("what lies in \(error) is not known to the new ledger"))
                isWhole = isWhole && [EACCES, EPERM].contains(error.code)
            }
        }
        try await enterOthers(others, isStopping)
        if isStopping() { return }
        // Further pages that have no results yet are to get them.
        for (root, batch) in pages { _ = try await ledger.record(batch, root: root, settle: .zero, now: clock.now) }
        try await enterVersions(isStopping)
        if isStopping() { return }
        // What could not be read for want of something is taken in by the next start.
        if isWhole { try await ledger.setRebuilt() }
    }

    private func told(_ place: Place) -> Told? {
        guard let found = commit.foundSidecar(of: place.output, in: place.tree), let capture = found.sidecar.capture,
            let path = capture.place
        else { return nil }
        return Told(
            output: place.output, tree: place.tree, found: found, capture: capture, path: path,
            reserved: found.sidecar.reservedName(at: place.output))
    }

    private mutating func root(_ path: String, lab: String) async throws -> Int64 {
        if let known = roots[path] { return known }
        let root = try await ledger.enterRoot(path: path, lab: lab, rules: "", now: clock.now)
        roots[path] = root
        return root
    }

    private mutating func enter(_ told: Told, below path: String) async throws {
        guard let reserved = told.reserved else { return }
        let (sidecar, capture) = (told.sidecar, told.capture)
        let root = try await root(path, lab: capture.lab)
        let stamp = FileStamp(
            device: 0, inode: capture.inode, size: Int64(sidecar.source.bytes),
            modifiedNanoseconds: capture.modifiedNanoseconds)
        if capture.page == 1, let count = sidecar.source.pages, (2...CaptureWorker.mostPages).contains(count) {
            pages.append((root, (2...count).map { .init(Sighting(path: told.path.page($0), stamp: stamp)) }))
        }
        try await ledger.rebuild(
            root: root, path: told.path, stamp: stamp,
            result: ResultRow(told.found, capture, output: told.output, in: told.tree, now: clock.now),
            rule: capture.rule, reserved: reserved, now: clock.now)
        found.captures += 1
    }

    // MARK: Trees that are not watched under the path that the sidecars say

    private mutating func enterOthers(_ places: [Place], _ isStopping: @Sendable () -> Bool) async throws {
        guard !places.isEmpty else { return }
        var looks: [String: Int] = [:]
        for place in places {
            if isStopping() { return }
            guard let told = told(place) else { continue }
            let old = told.capture.root
            guard moved[old] == nil, looks[old, default: 0] < Self.mostLooks else { continue }
            for watch in watches where watch.lab == told.capture.lab {
                guard try await isFree(told, below: watch.path), let isSame = await isSameFile(told, in: watch) else {
                    continue
                }
                looks[old, default: 0] += 1
                if isSame {
                    moved[old] = watch.path
                    break
                }
            }
        }
        // A tree that is away may be the one: what the next start finds there is not to be known under another path.
        let away = await labsAway()
        for place in places {
            if isStopping() { return }
            guard let told = told(place) else { continue }
            let old = told.capture.root
            if let new = moved[old], try await isFree(told, below: new) {
                try await enter(told, below: new)
            } else if moved[old] == nil, away.contains(told.capture.lab) {
                isWhole = false
            } else {
                try await enter(told, below: old)
            }
        }
    }

    /// Whether no other result is known of a capture of the same place below a watched tree.
    private func isFree(_ told: Told, below path: String) async throws -> Bool {
        guard let root = roots[path] else { return true }
        let row = try await ledger.capture(root: root, path: told.path)
        return row == nil || row?.output == told.reserved
    }

    /// Whether the file that a sidecar speaks of lies in a tree; nil where none of its size does, or it cannot be told.
    private func isSameFile(_ told: Told, in watch: WatchSettings) async -> Bool? {
        let source = DirectorySource(root: watch.path, followingLinks: watch.followLinks)
        return await Blocking.run {
            let answer: Bool?? = Answer.within(watch.path, seconds: 10) { () -> Bool? in
                guard let stamp = try? source.stamp(of: told.path), stamp.size == Int64(told.sidecar.source.bytes),
                    let digest = try? source.digest(of: told.path)
                else { return nil }
                return digest == told.sidecar.source.sha256
            }
            return answer ?? nil
        }
    }

    /// Labs of which a watched tree does not answer or is empty, as one that is not mounted is.
    private func labsAway() async -> Set<String> {
        let watches = watches
        return await Blocking.run {
            Set(
                watches.filter { watch in
                    let isThere = Answer.within(watch.path) {
                        (try? FileManager.default.contentsOfDirectory(atPath: watch.path))?.isEmpty == false
                    }
                    return isThere != true
                }.map(\.lab))
        }
    }

    // MARK: Older results

    /// Enters the older results that were kept aside, of captures that are known by now.
    private func enterVersions(_ isStopping: @Sendable () -> Bool) async throws {
        for tree in ResultTrees.Tree.allCases {
            for place in SidecarTree(directory: trees.place(tree), includingVersions: true) {
                if isStopping() { return }
                guard let number = OutputNames.versionNumber(place), let told = told((place, tree)),
                    let reserved = told.reserved
                else { continue }
                var version = ResultRow(told.found, told.capture, output: place, in: tree, now: clock.now)
                version.version = number
                try await ledger.rebuildVersion(version, reserved: reserved)
            }
        }
    }
}

extension ResultRow {
    /// What a sidecar tells of the result that it lies beside.
    init(
        _ found: ResultCommit.FoundSidecar, _ capture: Sidecar.Capture, output: [UInt8], in tree: ResultTrees.Tree,
        now: Moment
    ) {
        let sidecar = found.sidecar
        self.init(
            digest: capture.place?.digest(ofFile: sidecar.source.sha256) ?? sidecar.source.sha256,
            identity: capture.identity, profile: sidecar.profile?.name ?? "",
            verdict: sidecar.verdict.value.rawValue,
            delivery: (tree == .held ? .held : sidecar.verdict.delivery).rawValue, output: output,
            attempt: capture.attempt, durationMilliseconds: nil,
            finishedAt: Timestamp.date(sidecar.createdAt)?.timeIntervalSince1970 ?? now.wall,
            treatment: sidecar.quality.treatment.rawValue, engine: sidecar.engineVersion)
        self.sidecar = found.digest
    }
}
