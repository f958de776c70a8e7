import Ledger
import Testing

@Suite struct LedgerDeletionsTests {
    @Test("Only what has a result and is not to be worked on is claimed for removal, once; it keeps no result")
    func claims() async throws {
        let bench = try await LedgerBench()
        try await bench.see(1...2)
        let row = try #require(try await bench.claim(1))
        #expect(try await bench.ledger.claimRemoval(row.id) == nil, "it is in work")
        try await bench.ledger.end(
            row.id, stamp: row.stamp, .done(LedgerBench.result(1, identity: "one"), rule: nil, older: nil),
            now: LedgerBench.at(1))
        let pending = try #require(try await bench.row(2))
        #expect(try await bench.ledger.claimRemoval(pending.id) == nil, "it is pending")

        let listed = try await bench.ledger.withResults(root: bench.root, after: 0, limit: 9)
        #expect(listed.map(\.id) == [row.id])
        #expect(try await bench.ledger.claimRemoval(row.id)?.output == row.output)
        #expect(try await bench.ledger.claimRemoval(row.id) == nil, "it is claimed")
        try await bench.ledger.endRemoval(row.id, note: nil)
        #expect(try await bench.ledger.results(of: row.id).count == 1)

        #expect(try await bench.ledger.claimRemoval(row.id) != nil)
        try await bench.ledger.endRemoval(row.id, note: "deleted")
        #expect(try await bench.row(1)?.state == .ignored)
        // As one whose result followed a rename after it was listed.
        #expect(try await bench.ledger.claimRemoval(row.id) == nil, "it has no result any more")
    }

    @Test("A failed capture that is left because its file has another name keeps its older result and the place of it")
    func leftWithResult() async throws {
        let bench = try await LedgerBench()
        try await bench.see(1...2)
        let row = try await bench.finish(1)
        for number in 1...2 {
            _ = try await bench.ledger.record(
                [.init(LedgerBench.sighting(number, size: 3))], root: bench.root, settle: .zero, now: LedgerBench.at(2))
            let broken = try await bench.end(number, .failed(LedgerBench.failure, digest: "d3", rule: nil), at: 3)
            try await bench.ledger.leaveFailure(broken.id, note: "renamed")
        }
        #expect(try await bench.row(1)?.state == .ignored)
        #expect(try await bench.row(1)?.output == row.output && row.output != nil)
        #expect(try await bench.ledger.results(of: row.id).map(\.output) == [row.output])
        #expect(try await bench.ledger.claimRemoval(row.id)?.output == row.output)
        #expect(try await bench.row(2)?.output == nil, "it had no result")
    }
}
