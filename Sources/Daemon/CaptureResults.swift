import Foundation
import ImageFiles
import Jobs
import Ledger
import Watching

/// Results that need not be worked out, and the names of all.
extension CaptureWorker {
    /// The name of the capture's result below either tree.
    func reserve(_ claim: Claim, in trees: ResultTrees) async throws -> [UInt8] {
        let rules = try await Blocking.run { try self.written.rules(of: trees) }
        let names = try await names(of: claim, as: claim.format, rules)
        let row = try await ledger.reserve(
            claim.row.id, outputs: names, caseless: rules.contains(.caseless),
            keeping: { [lab = claim.root.settings.lab, format = claim.format] in
                rules.subtracting(.caseless).allow($0) && OutputNames.isFit($0, lab: lab, format: format)
            })
        guard let output = row?.output else {
            throw AttemptError.notYet(
                note: "all names for its result are taken", due: clock.now.milliseconds + 10_000)
        }
        return output
    }

    /// The names that a capture's result may get, best first: as one that arrives, and as one that follows a rename. A
    /// further page is named after its file as the first page is, where that has a name.
    ///
    /// - Parameter former: the name that its file had before and has no longer.
    func names(
        of claim: Claim, as format: ImageFormat, _ rules: NameRules, former: CapturePath? = nil
    ) async throws -> [[UInt8]] {
        let row = claim.row
        let isAlone: Bool
        if let first = try await firstPage(of: row)?.output {
            isAlone = OutputNames.isPlain(first, of: row.path, rules: rules)
        } else {
            isAlone = try await !ledger.hasTwin(row, besides: former)
        }
        return OutputNames.candidates(
            lab: claim.root.settings.lab, path: row.path, format: format, isAlone: isAlone, rules: rules)
    }

    /// The capture that a further page's file stands for; nil for a file.
    func firstPage(of row: CaptureRow) async throws -> CaptureRow? {
        guard row.path.page != nil else { return nil }
        return try await ledger.capture(root: row.root, path: row.path.file)
    }

    /// Takes a result that is there, of this capture or of another with the same bytes and settings; nil for none.
    func reuse(
        _ facts: Facts, _ places: Places, _ seat: Seat, gate: WorkGate, _ findings: inout Findings
    ) async throws -> Committed? {
        let earlier = try await earlierIdentities(seat, facts)
        try await Blocking.run { try self.putChangedAside(places, facts) }
        if let recovered = try await Blocking.run({ try self.recovered(places, facts, earlier) }) { return recovered }
        try hold(facts.identity, &findings)
        guard let other = try await ledger.result(identity: facts.identity, besides: facts.claim.row.id) else {
            return nil
        }
        return try await Blocking.run { try self.duplicate(other, places, facts, gate: gate) }
    }

    /// The result that lies there already: the one that the capture would get again, or one that an earlier process
    /// committed and could not tell of.
    ///
    /// - Parameter earlier: identities that its result may have had then.
    private func recovered(_ places: Places, _ facts: Facts, _ earlier: Set<String>) throws -> Committed? {
        for tree in ResultTrees.Tree.allCases {
            guard let found = places.commit.foundSidecar(of: places.output, in: tree),
                let identity = found.sidecar.capture?.identity,
                identity == facts.identity || earlier.contains(identity),
                places.commit.soundSidecar(of: places.output, in: tree) != nil,
                ResultTrees.Tree(found.sidecar.verdict.delivery) == tree
            else { continue }
            // It may have died before it took away what an older result left in the other tree.
            try places.commit.removeOlderElsewhere(places.output, than: tree)
            let moved = try facts.outgrown(places.output, in: places.commit.trees).move()
            var facts = facts
            facts.identity = identity
            return Committed(facts, found, output: places.output, moved: moved, how: .recovered, at: clock.now)
        }
        return nil
    }

    /// Puts aside what lies under the capture's name with a sidecar that somebody changed: it is no result that could be
    /// taken, or kept as a version. Where an attempt died, the tree may know more than the ledger.
    private func putChangedAside(_ places: Places, _ facts: Facts) throws {
        let claim = facts.claim
        guard claim.row.crashes == 0, let known = facts.results.last, known.version == nil,
            known.output == places.output
        else { return }
        let tree = ResultTrees.Tree(delivery: known.delivery)
        guard let found = places.commit.foundSidecar(of: known.output, in: tree),
            found.sidecar.capture?.identity == known.identity,
            let difference = known.difference(of: found, path: claim.row.path, lab: claim.root.settings.lab)
        else { return }
        let name = CapturePath.printable(try places.commit.putAside(known.output, in: tree))
        log.write(
            .trouble(
                "\(claim.name): the sidecar of its result was changed (\(difference)); both were put aside as \(name), and "
                    + "the result is made again"))
    }

    /// Which identities a result may have that an earlier process committed and could not tell of, where the lab's colors
    /// were learned just after: those by what was learned before. Not those that the ledger knows of this capture.
    private func earlierIdentities(_ seat: Seat, _ facts: Facts) async throws -> Set<String> {
        guard facts.claim.row.crashes > 0, !seat.known.current.isEmpty else { return [] }
        let engine = seat.desk.identity
        let engines = [engine] + seat.known.earlier.map { engine.adapted(to: $0) }
        let identities = engines.map {
            CaptureIdentity.of(facts.digest, $0, facts.profile, in: facts.claim.root, facts.claim.format)
        }
        return Set(identities).subtracting(try await ledger.results(of: facts.claim.row.id).map(\.identity))
    }

    /// Commits a link to, or a copy of, the result of another capture with the same bytes and settings.
    private func duplicate(
        _ earlier: ResultRow, _ places: Places, _ facts: Facts, gate: WorkGate
    ) throws -> Committed? {
        let tree = ResultTrees.Tree(delivery: earlier.delivery)
        guard var sidecar = places.commit.soundSidecar(of: earlier.output, in: tree),
            sidecar.capture?.identity == facts.identity
        else { return nil }
        sidecar.createdAt = Timestamp.text(clock.now.date)
        sidecar.source.path = facts.claim.root.name(of: facts.claim.row.path.file)
        sidecar.output.path = places.name(for: sidecar.verdict.delivery)
        let image = ResultCommit.Image.existing(
            earlier.output, in: tree, linking: facts.claim.output.duplicates == .link, sha256: sidecar.output.sha256)
        return try commit(
            image, sidecar, facts, places, gate: gate, how: .duplicate, duplicateOf: earlier.output)
    }

    /// Commits a result, unless a shutdown gave its capture back; blocks.
    func commit(
        _ image: ResultCommit.Image, _ sidecar: Sidecar, _ facts: Facts, _ places: Places, gate: WorkGate,
        how: DaemonEvent.Finished.How, duplicateOf earlier: [UInt8]? = nil
    ) throws -> Committed {
        var sidecar = sidecar
        let delivery = sidecar.verdict.delivery
        sidecar.capture = facts.capture(sidecar, duplicateOf: earlier)
        let json = try sidecar.json()
        let trees = try treesWithRoom(facts.claim, for: delivery)
        guard gate.beginCommit() else { throw AttemptError.abandoned }
        let outgrown = facts.outgrown(places.output, in: trees)
        let moved = try outgrown.move()
        let replaced: ResultCommit.Replaced
        do {
            replaced = try ResultCommit(trees).commit(
                image, sidecar: json, output: places.output, in: .init(delivery),
                after: max(facts.lastVersion, moved.older?.number ?? 0))
        } catch {
            outgrown.restore(moved)
            throw error
        }
        pauses.succeeded(at: Self.places(of: delivery))
        return Committed(
            facts, (sidecar, FileDigest.sha256(json)), output: places.output, replaced, moved: moved, how: how,
            at: clock.now)
    }

    /// The trees of results as they are when the commit begins.
    func treesWithRoom(_ claim: Claim, for delivery: Sidecar.Delivery) throws -> ResultTrees {
        let trees = try written.results(claim.output, held: delivery == .held)
        for tree in trees.open.values { try FreeSpaceGuard(claim.output).check(tree) }
        return trees
    }

    static func places(of delivery: Sidecar.Delivery) -> [Pauses.Place] {
        delivery == .held ? [.tree(.output), .tree(.held)] : [.tree(.output)]
    }
}
