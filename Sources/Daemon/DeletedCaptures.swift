import Config
import Files
import Foundation
import Ledger
import Watching

/// Finds captures that were deleted, in watched trees whose results are to go with them (`deletions = "remove"`), and moves
/// their results to the tree of removed results. Nothing is destroyed.
///
/// A capture counts as deleted if its file was gone at two looks that are `patience_seconds` apart, its tree was well at both,
/// its folder was on the file system that it lay on and in the directory (``KnownPlaces``), and no pending capture of the tree
/// has its size: that may be the same file under another name.
final class DeletedCaptures: Sendable {
    private let ledger: Ledger
    private let live: LiveConfiguration
    private let written: WrittenTrees
    /// What only one work may be at.
    private let inWork: IdentitiesInWork
    private let clock: any DaemonClock
    private let log: EventLog

    private static let page = 500
    /// No shorter time tells a deletion from a tree that goes away.
    private static let shortestPatience: Int64 = 1000

    init(
        ledger: Ledger, live: LiveConfiguration, written: WrittenTrees, inWork: IdentitiesInWork,
        clock: any DaemonClock, log: EventLog
    ) {
        (self.ledger, self.live, self.written, self.inWork) = (ledger, live, written, inWork)
        (self.clock, self.log) = (clock, log)
    }

    /// Runs until cancelled.
    func run() async {
        var looks: [Int64: Look] = [:]
        while !Task.isCancelled {
            do { try await clock.sleep(milliseconds: 1000) } catch { return }
            let roots = live.roots.filter { $0.settings.deletions == .remove }
            looks = looks.filter { look in roots.contains { $0.id == look.key } }
            for root in roots where (looks[root.id]?.next ?? 0) <= clock.now.milliseconds {
                do {
                    let gone = try await look(through: root, known: looks[root.id]?.gone ?? [:])
                    looks[root.id] = Look(gone: gone, next: clock.now.milliseconds + Self.interval(root.settings))
                } catch is CancellationError {
                    return
                } catch {
                    log.write(.trouble("deleted captures of \(root.settings.path) could not be dealt with: \(error)"))
                    looks[root.id] = Look(next: clock.now.milliseconds + Self.interval(root.settings))
                }
            }
        }
    }

    /// What a look through a root found.
    private struct Look {
        /// Since when captures are known to be gone, on the monotonic clock.
        var gone: [Int64: Int64] = [:]
        /// Not to be looked at before.
        var next: Int64
    }

    private static func interval(_ settings: WatchSettings) -> Int64 {
        (settings.mode == .scan ? settings.scanInterval : settings.reconcileInterval).milliseconds
    }

    /// Looks for each capture of a root that has a result whether it is there, and removes results; returns which captures are
    /// gone, since when.
    private func look(through root: WatchedRoot, known: [Int64: Int64]) async throws -> [Int64: Int64] {
        let patience = max(root.settings.patience.milliseconds, Self.shortestPatience)
        var missing: [CaptureRow] = []
        guard let directory = try await ledger.directory(of: root.id) else { return [:] }
        var places = KnownPlaces(root: root, directory: directory)
        var last: Int64 = 0
        while case let rows = try await ledger.withResults(root: root.id, after: last, limit: Self.page),
            let end = rows.last
        {
            try Task.checkCancellation()
            last = end.id
            let before = places
            let found = await Blocking.run { () -> ([CaptureRow], KnownPlaces) in
                var places = before
                let gone = rows.filter { row in
                    if root.source.isGone(row.path, root: root.settings.path) { return true }
                    places.add(row)
                    return false
                }
                return (gone, places)
            }
            missing += found.0
            places = found.1
        }
        // A tree that is away says of all its files that they are gone, and so does one that is mounted over it.
        guard try await isWell(root), try await ledger.directory(of: root.id) == directory else { return [:] }
        try await ledger.vouch(for: places.vouched, root: root.id)
        let known = (times: known, places: places)
        let deleted = await Blocking.run { [missing] in missing.filter(known.places.have) }
        var gone: [Int64: Int64] = [:]
        for row in deleted {
            try Task.checkCancellation()
            let since = known.times[row.id] ?? clock.now.milliseconds
            if clock.now.milliseconds - since >= patience, try await remove(row, in: root) { continue }
            gone[row.id] = since
        }
        return gone
    }

    private func isWell(_ root: WatchedRoot) async throws -> Bool {
        guard try await ledger.identity(of: root.id) != nil else { return false }
        return try await RootStanding(ledger: ledger, live: live).isWell(root)
    }

    /// Returns false where it is not its time, or where it has no result or its file is back since it was looked for.
    private func remove(_ found: CaptureRow, in root: WatchedRoot) async throws -> Bool {
        guard try await !ledger.isPending(root: root.id, size: found.stamp.size) else { return false }
        let key = "\(root.id) \(found.digest ?? "")"
        guard inWork.begin(key) else { return false }
        defer { inWork.end([key]) }
        guard let row = try await ledger.claimRemoval(found.id) else { return false }
        do {
            let settings = live.configuration.output
            let last = try await ledger.lastVersion(of: row.id)
            let result = try await ledger.results(of: row.id).last { $0.version == nil }
            let place = try await Blocking.run { [written] () -> String? in
                guard let result, row.digest == found.digest, root.source.isGone(row.path, root: root.settings.path)
                else { return nil }
                return try Self.move(result.output, last, settings, written)
            }
            try await ledger.endRemoval(row.id, note: place.map { "deleted; its result was moved to \($0)" })
            guard let place else { return false }
            log.write(.removed(lab: root.settings.lab, file: root.name(of: row.path), place: place))
            return true
        } catch {
            try await ledger.endRemoval(row.id, note: nil)
            throw error
        }
    }

    /// Moves a result with its versions, of whichever tree; returns where it is, for a person.
    ///
    /// - Parameter last: the greatest number that a version of it ever had.
    private static func move(
        _ name: [UInt8], _ last: Int, _ settings: OutputSettings, _ written: WrittenTrees
    ) throws(TreeError) -> String {
        let trees = try written.results(settings)
        let removed = try written.open(.removed, at: settings.removedDirectory)
        try FreeSpaceGuard(settings).check(removed)
        let commit = ResultCommit(trees)
        for tree in ResultTrees.Tree.allCases {
            let move = ResultMove(
                source: .init(tree: trees.place(tree), name: name), target: .init(tree: removed.place, name: name),
                rewriting: { $0 })
            let versions = commit.latestVersion(of: name, in: tree, after: last)?.number ?? 0
            if versions > 0 {
                for number in 1...versions {
                    let version = ResultMove(
                        source: move.source.version(number), target: move.target.version(free(move.target)),
                        rewriting: { $0 })
                    try version.run()
                }
            }
            // One that was removed before has its name.
            try move.run { () throws(TreeError) in
                guard TreeFiles.exists(move.target.sidecar) else { return }
                try ResultMove(source: move.target, target: move.target.version(free(move.target)), rewriting: { $0 })
                    .run()
            }
            move.removeEmptyFolders()
        }
        return CapturePath.printable(removed.directory + [UInt8(ascii: "/")] + name)
    }

    /// The first number of a version that is not taken.
    private static func free(_ place: ResultMove.Place) -> Int {
        var number = 1
        while TreeFiles.exists(place.version(number).sidecar) { number += 1 }
        return number
    }
}

/// Which file systems and directories captures of a root lie in, by the numbers that these had when the captures were seen: a
/// file system's may be another one after each mount, a directory's is where another one took the root's place.
///
/// What is missing from a folder of another file system was not deleted: something else is mounted there, or what was
/// mounted there is not. Nor was what is missing from another directory, unless one is there that was with it: the tree
/// was put aside.
private struct KnownPlaces: Sendable {
    private let root: WatchedRoot
    /// The present one's number.
    private let directory: Int64
    /// Former directories with captures that are in the present one.
    private(set) var vouched: Set<Int64> = []
    /// The present numbers of file systems with captures that are there, by the number that each capture was seen under.
    private var present: [UInt64: Set<UInt64>] = [:]
    /// Folders that were looked at for captures that are there, each once a number.
    private var noted: [UInt64: Set<CapturePath?>] = [:]

    init(root: WatchedRoot, directory: Int64) { (self.root, self.directory) = (root, directory) }

    /// Notes a capture that is there.
    mutating func add(_ row: CaptureRow) {
        if row.directory != directory, !vouched.contains(row.directory),
            let stamp = try? root.source.stamp(of: row.path),
            stamp.size == row.stamp.size, stamp.modifiedNanoseconds == row.stamp.modifiedNanoseconds
        {
            vouched.insert(row.directory)
        }
        guard noted[row.stamp.device, default: []].insert(row.path.file.parent).inserted else { return }
        if let number = number(of: row) { present[row.stamp.device, default: []].insert(number) }
    }

    /// Whether the file system and the directory of a capture that is missing are there.
    func have(_ row: CaptureRow) -> Bool {
        guard row.directory == directory || vouched.contains(row.directory), let number = number(of: row) else {
            return false
        }
        return number == row.stamp.device || present[row.stamp.device]?.contains(number) == true
    }

    /// Of the file system that the nearest folder around a capture's name lies on.
    private func number(of row: CaptureRow) -> UInt64? {
        var folder = row.path.file.parent
        while true {
            let path = Array(root.settings.path.utf8) + (folder.map { [UInt8(ascii: "/")] + $0.bytes } ?? [])
            var status = stat()
            if withPath(path, { stat($0, &status) }) == 0 { return UInt64(status.st_dev) }
            guard let inner = folder else { return nil }
            folder = inner.parent
        }
    }
}
