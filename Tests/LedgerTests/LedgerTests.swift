import Foundation
import Ledger
import TestSupport
import Testing
import Watching

@Suite struct LedgerTests {
    @Test("What is seen for the first time is pending and due after the settle time")
    func firstSighting() async throws {
        let bench = try await LedgerBench()
        let recorded = try await bench.ledger.record(
            [.init(LedgerBench.sighting(1))], root: bench.root, settle: .seconds(2), now: LedgerBench.at(500))
        #expect(recorded.added == [LedgerBench.path(1)])
        let row = try #require(try await bench.row(1))
        #expect(row.state == .pending)
        #expect(row.dueMilliseconds == 2500)
        #expect(row.stamp == LedgerBench.stamp(1))
        #expect(try await bench.ledger.oldestDue(roots: [bench.root], now: LedgerBench.at(2499)) == nil)
        #expect(try await bench.ledger.oldestDue(roots: [bench.root], now: LedgerBench.at(2500))?.id == row.id)
        #expect(try await bench.ledger.nextDue(roots: [bench.root]) == 2500)
    }

    @Test("A scan of what is known writes nothing, also where the device has another number after a mount")
    func knownSighting() async throws {
        let bench = try await LedgerBench()
        try await bench.see(1...5)
        let before = try #require(try await bench.row(3))
        var again = (1...5).map { LedgerBench.sighting($0) }
        again[2].stamp.device = 99
        let recorded = try await bench.ledger.record(
            again.map { .init($0) }, root: bench.root, settle: .seconds(2), now: LedgerBench.at(9000))
        #expect(recorded == Ledger.Recorded())
        #expect(try await bench.row(3) == before)
    }

    @Test("A finished capture whose content changed is pending again, with its attempts counted anew")
    func changedContent() async throws {
        let bench = try await LedgerBench()
        try await bench.see([1])
        let claimed = try await bench.finish(1, at: 10)
        #expect(try await bench.row(1)?.state == .done)
        let recorded = try await bench.ledger.record(
            [.init(LedgerBench.sighting(1, size: 11))], root: bench.root, settle: .seconds(1), now: LedgerBench.at(20))
        #expect(recorded.changed == [LedgerBench.path(1)])
        let row = try #require(try await bench.row(1))
        #expect(row.state == .pending)
        #expect(row.attempts == 0)
        #expect(row.dueMilliseconds == 1020)
        #expect(row.output == claimed.output, "its place in the output tree stays reserved")
    }

    @Test("A capture that changes while it is in work is pending again after its attempt ends")
    func changedInWork() async throws {
        let bench = try await LedgerBench()
        try await bench.see([1])
        let claimed = try #require(try await bench.claim(1))
        _ = try await bench.ledger.record(
            [.init(LedgerBench.sighting(1, size: 11))], root: bench.root, settle: .seconds(1), now: LedgerBench.at(5))
        #expect(
            try await bench.ledger.oldestDue(roots: [bench.root], now: LedgerBench.at(9999)) == nil, "still claimed")
        let isPendingAgain = try await bench.ledger.end(
            claimed.id, stamp: claimed.stamp,
            .done(LedgerBench.result(1, identity: "one"), rule: nil, older: nil), now: LedgerBench.at(10))
        #expect(isPendingAgain)
        #expect(try await bench.row(1)?.state == .pending)
        #expect(try await bench.ledger.results(of: claimed.id).count == 1)
        #expect(try await bench.ledger.oldestDue(roots: [bench.root], now: LedgerBench.at(9999))?.id == claimed.id)
    }

    @Test("Seen is the sum of the four states after every kind of ending")
    func accounting() async throws {
        let bench = try await LedgerBench()
        try await bench.see(1...6)
        _ = try await bench.ledger.record(
            [.init(LedgerBench.sighting(7), ignoredBy: "exclude \"*.png\"")], root: bench.root, settle: .zero,
            now: LedgerBench.at(0))
        let endings: [Ledger.Ending] = [
            .done(LedgerBench.result(1, identity: "one"), rule: "r", older: nil),
            .failed(LedgerBench.failure, digest: nil, rule: nil),
            .gone(note: "gone before it was read", resultStays: false),
            .retry(LedgerBench.failure, due: 1000, costsWorker: false),
            .givenBack(note: nil, due: 0),
        ]
        for (number, ending) in zip(1..., endings) { try await bench.end(number, ending) }
        let counts = try await bench.counts()
        #expect(counts.done == 1)
        #expect(counts.failed == 1)
        #expect(counts.ignored == 2)
        #expect(counts.pending == 3)
        #expect(counts.seen == 7)
        #expect(try await bench.row(4)?.attempts == 1)
        #expect(try await bench.row(5)?.attempts == 0, "what is given back was no attempt")
        #expect(try await bench.row(2)?.failure == LedgerBench.failure)
    }

    @Test("What an earlier process had in work is given back and its crash counted")
    func crash() async throws {
        let bench = try await LedgerBench()
        try await bench.see(1...3)
        _ = try #require(try await bench.claim(2))
        try bench.ledger.close()
        let ledger = try Ledger.open(stateDirectory: bench.space.path)
        #expect(try await ledger.inProgress().map(\.path) == [LedgerBench.path(2)])
        #expect(try await ledger.takeOver(boot: "b", now: LedgerBench.at(50)) == 1)
        let row = try #require(try await ledger.capture(root: bench.root, path: LedgerBench.path(2)))
        #expect(row.crashes == 1)
        #expect(row.attempts == 1)
        #expect(!row.inProgress)
        #expect(try await ledger.takeOver(boot: "b", now: LedgerBench.at(51)) == 0)
    }

    @Test("After a reboot the waits start anew, after a restart of the daemon they go on")
    func reboot() async throws {
        let bench = try await LedgerBench()
        _ = try await bench.ledger.takeOver(boot: "first", now: LedgerBench.at(0))
        _ = try await bench.ledger.record(
            [.init(LedgerBench.sighting(1))], root: bench.root, settle: .seconds(600), now: LedgerBench.at(0))
        _ = try await bench.ledger.takeOver(boot: "first", now: LedgerBench.at(70))
        #expect(try await bench.row(1)?.dueMilliseconds == 600_000)
        _ = try await bench.ledger.takeOver(boot: "second", now: LedgerBench.at(5))
        #expect(try await bench.row(1)?.dueMilliseconds == 5)
        #expect(try await bench.row(1)?.observedMilliseconds == 5)
    }

    @Test("The oldest file comes first, whatever the order in which they were seen")
    func order() async throws {
        let bench = try await LedgerBench()
        try await bench.see([5, 3, 9, 1])
        var order: [CapturePath] = []
        while let row = try await bench.ledger.oldestDue(roots: [bench.root], now: LedgerBench.at(1)) {
            order.append(row.path)
            _ = try await bench.ledger.claim(row.id, outputs: [Array("\(row.id)".utf8)])
        }
        #expect(order == [1, 3, 5, 9].map { LedgerBench.path($0) })
    }

    @Test("Two captures never get one name for their results")
    func reservedOutputs() async throws {
        let bench = try await LedgerBench()
        try await bench.see(1...3)
        var taken: [[UInt8]] = []
        for number in 1...2 {
            let row = try #require(try await bench.row(number))
            let claimed = try await bench.ledger.claim(row.id, outputs: [Array("x.png".utf8), Array("x.tif.png".utf8)])
            taken.append(try #require(claimed?.output))
        }
        #expect(taken == [Array("x.png".utf8), Array("x.tif.png".utf8)])
        let third = try #require(try await bench.row(3))
        #expect(try await bench.ledger.claim(third.id, outputs: [Array("x.png".utf8)]) == nil)
        #expect(try await bench.ledger.claim(1, outputs: [Array("y.png".utf8)]) == nil, "it is claimed already")
    }

    @Test("An older result becomes a version, and a duplicate is found by its identity")
    func versions() async throws {
        let bench = try await LedgerBench()
        try await bench.see(1...2)
        for (identity, older) in [
            ("one", nil as Ledger.KeptVersion?), ("two", .init(number: 1, output: Array("lab-b/slide/1.png.v1".utf8))),
        ] {
            let row = try #require(try await bench.row(1))
            if row.state == .done {
                #expect(try await bench.ledger.reprocess(.init(profile: "lab-a"), now: LedgerBench.at(1)) == 1)
            }
            try await bench.end(
                1, .done(LedgerBench.result(1, identity: identity), rule: nil, older: older), at: 2)
        }
        let row = try #require(try await bench.row(1))
        #expect(try await bench.ledger.results(of: row.id).map(\.identity) == ["one", "two"])
        #expect(try await bench.ledger.results(of: row.id).map(\.version) == [1, nil])
        #expect(try await bench.ledger.result(identity: "two", besides: 0)?.output == row.output)
        #expect(try await bench.ledger.result(identity: "one", besides: 0) == nil, "only current results serve")
        #expect(try await bench.ledger.result(identity: "two", besides: row.id) == nil)
    }

    @Test("Patterns that changed take up what they left out and leave out what is pending, not what is done")
    func changedPatterns() async throws {
        let bench = try await LedgerBench()
        _ = try await bench.ledger.record(
            [.init(LedgerBench.sighting(1), ignoredBy: "x"), .init(LedgerBench.sighting(2))], root: bench.root,
            settle: .zero, now: LedgerBench.at(0))
        let swapped = try await bench.ledger.record(
            [.init(LedgerBench.sighting(1)), .init(LedgerBench.sighting(2), ignoredBy: "y")], root: bench.root,
            settle: .zero, now: LedgerBench.at(0))
        #expect(swapped.added == [LedgerBench.path(1)])
        #expect(swapped.ignored == [LedgerBench.path(2)])
        #expect(try await bench.row(2)?.note == "y")
        #expect(try await bench.row(1)?.state == .pending)
    }

    @Test("Captures that no rule matched are pending again once the rules changed")
    func changedRules() async throws {
        let bench = try await LedgerBench()
        try await bench.see([1])
        try await bench.end(1, .ignored(kind: .unmatched, note: "no rule matches"))
        _ = try await bench.ledger.enterRoot(path: "/srv/scope", lab: "lab-b", rules: "1", now: LedgerBench.at(2))
        #expect(try await bench.row(1)?.state == .ignored)
        _ = try await bench.ledger.enterRoot(path: "/srv/scope", lab: "lab-b", rules: "2", now: LedgerBench.at(3))
        #expect(try await bench.row(1)?.state == .pending)
    }

    @Test("Failed captures are put back to work by lab")
    func retry() async throws {
        let bench = try await LedgerBench()
        try await bench.see([1])
        try await bench.end(1, .failed(LedgerBench.failure, digest: nil, rule: nil))
        #expect(try await bench.ledger.retry(lab: "lab-x", now: LedgerBench.at(2)) == 0)
        #expect(try await bench.ledger.retry(lab: "lab-b", now: LedgerBench.at(2)) == 1)
        #expect(try await bench.row(1)?.state == .pending)
    }

    @Test("Names of any bytes are kept as they are")
    func names() async throws {
        let bench = try await LedgerBench()
        let path = try #require(CapturePath(bytes: [0xFF, 0x0A, 0x22, UInt8(ascii: "/"), 0xC3, 0x28, 0x5C]))
        _ = try await bench.ledger.record(
            [.init(Sighting(path: path, stamp: LedgerBench.stamp(1)))], root: bench.root, settle: .zero,
            now: LedgerBench.at(0))
        #expect(try await bench.ledger.capture(root: bench.root, path: path)?.path.bytes == path.bytes)
    }
}
