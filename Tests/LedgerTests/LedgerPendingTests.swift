import Foundation
import Ledger
import Testing
import Watching

@Suite struct LedgerPendingTests {
    @Test("What waits for more memory than there is is passed over; the longest wait comes first, and costs no attempt")
    func waiting() async throws {
        let bench = try await LedgerBench()
        try await bench.see(1...4)
        try await bench.end(2, .waitsForMemory(500), at: 10)
        try await bench.end(1, .waitsForMemory(700), at: 20)
        func next(_ room: Int, isKnown: Bool = false) async throws -> [UInt8]? {
            try await bench.ledger.oldestDue(
                roots: [bench.root], fitting: .init(memory: room, isKnown: isKnown), now: LedgerBench.at(99))?.path
                .bytes
        }
        #expect(try await next(100, isKnown: true) == nil)
        #expect(try await next(600, isKnown: true) == LedgerBench.path(2).bytes)
        #expect(try await bench.ledger.waitForMemory(roots: [bench.root], atLeast: 2))
        #expect(try await !bench.ledger.waitForMemory(roots: [bench.root], atLeast: 3))
        #expect(try await next(800) == LedgerBench.path(1).bytes)
        #expect(try await next(600) == LedgerBench.path(2).bytes)
        #expect(try await next(100) == LedgerBench.path(3).bytes)
        #expect(try await bench.ledger.longestWaitingForMemory(roots: [bench.root])?.path == LedgerBench.path(2))
        #expect(try await bench.ledger.longestWaitingForMemory(roots: []) == nil)
        let row = try #require(try await bench.row(1))
        #expect(row.attempts == 0 && row.memory == 700 && !row.inProgress)
        #expect(try await bench.ledger.waitingForMemory(limit: 5).map(\.row.memory) == [500, 700])
        let counts = try await bench.ledger.pendingCounts(now: LedgerBench.at(99))
        #expect(
            counts
                == {
                    var counts = PendingCounts(); counts.memory = 2; counts.turn = 2; return counts
                }())
        let fourth = try #require(try await bench.row(4))
        #expect(try await bench.ledger.ahead(of: fourth, now: LedgerBench.at(99)) == 1)
    }

    @Test("Other bytes, an attempt, and another start each forget what was needed")
    func forgotten() async throws {
        let bench = try await LedgerBench()
        try await bench.see(1...3)
        for number in 1...3 { try await bench.end(number, .waitsForMemory(500), at: 10) }
        _ = try await bench.ledger.record(
            [.init(LedgerBench.sighting(1, size: 11))], root: bench.root, settle: .zero, now: LedgerBench.at(20))
        #expect(try await bench.row(1)?.memory == nil)
        _ = try await bench.claim(2)
        #expect(try await bench.row(2)?.memory == nil)
        _ = try await bench.ledger.takeOver(boot: "boot", now: LedgerBench.at(30))
        #expect(try await bench.row(3)?.memory == nil)
        #expect(try await bench.ledger.longestWaitingForMemory(roots: [bench.root]) == nil)
    }

    @Test("Other bytes seen while it was looked at do not wait for the memory of those before")
    func changedMeanwhile() async throws {
        let bench = try await LedgerBench()
        try await bench.see([1])
        let row = try #require(try await bench.claim(1))
        _ = try await bench.ledger.record(
            [.init(LedgerBench.sighting(1, size: 11))], root: bench.root, settle: .zero, now: LedgerBench.at(20))
        try await bench.ledger.end(row.id, stamp: row.stamp, .waitsForMemory(500), now: LedgerBench.at(30))
        #expect(try await bench.row(1)?.memory == nil)
    }

    @Test("Captures of a tree that is no longer watched stay as they are, whatever is asked for again")
    func unwatched() async throws {
        let bench = try await LedgerBench()
        try await bench.see(1...2)
        try await bench.end(1, .failed(LedgerBench.failure, digest: nil, rule: nil), at: 10)
        try await bench.finish(2, at: 10)
        let now = LedgerBench.at(20)
        #expect(try await bench.ledger.retry(except: [bench.root], now: now) == 0)
        #expect(try await bench.ledger.reprocess(.init(profile: "lab-a", exceptRoots: [bench.root]), now: now) == 0)
        #expect(try await bench.ledger.count(.init(state: .failed, root: bench.root)) == 1)
        #expect(try await bench.ledger.retry(now: now) == 1)
        #expect(try await bench.ledger.reprocess(.init(profile: "lab-a"), now: now) == 1)
        try await bench.ledger.leaveRoots(except: [])
        #expect(try await bench.ledger.pendingCounts(now: now).unwatched == 2)
    }

    @Test("What the daemon tells of itself is kept, replaced and taken away")
    func facts() async throws {
        let bench = try await LedgerBench()
        #expect(try await bench.ledger.value(of: .memory) == nil)
        try await bench.ledger.set(.memory, "1")
        try await bench.ledger.set(.memory, "2")
        #expect(try await bench.ledger.value(of: .memory) == "2")
        try await bench.ledger.set(.memory, nil)
        #expect(try await bench.ledger.value(of: .memory) == nil)
    }
}
