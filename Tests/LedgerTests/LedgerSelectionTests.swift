import Ledger
import Testing

@Suite struct LedgerSelectionTests {
    @Test("A selection is what all of its conditions hold for, and an empty one is everything")
    func selections() async throws {
        let bench = try await LedgerBench()
        try await bench.see(1...5)
        // 1 to 3 are done, 4 failed, 5 is pending; each ends a second after the one before.
        for number in 1...4 {
            var result = LedgerBench.result(number, identity: "\(number)", profile: number == 3 ? "lab-x" : "lab-a")
            result.verdict = number == 2 ? "doubtful" : "good"
            result.finishedAt = LedgerBench.at(Int64(number) * 1000).wall
            try await bench.end(
                number,
                number == 4
                    ? .failed(LedgerBench.failure, digest: nil, rule: nil) : .done(result, rule: nil, older: nil),
                at: Int64(number) * 1000)
        }
        let time = LedgerBench.at(0).wall
        typealias Selection = Ledger.Selection
        let cases: [(Selection, Int)] = [
            (Selection(), 5), (Selection(state: .done), 3), (Selection(state: .failed), 1),
            (Selection(lab: "lab-b"), 5), (Selection(lab: "lab-c"), 0), (Selection(profile: "lab-x"), 1),
            (Selection(state: .done, verdict: "doubtful"), 1), (Selection(verdict: "bad"), 0),
            (Selection(state: .done, since: time + 2), 2), (Selection(state: .done, until: time + 2), 1),
            (Selection(state: .done, since: time + 2, until: time + 3), 1),
            (Selection(state: .done, root: bench.root), 3), (Selection(root: bench.root + 1), 0),
            (Selection(exceptRoots: [bench.root]), 0),
        ]
        for (selection, count) in cases {
            #expect(try await bench.ledger.count(selection) == count, "\(selection)")
        }
        // Only what is done is worked out again, whatever the selection says.
        #expect(
            try await bench.ledger.reprocess(Selection(state: .failed, since: time + 2), now: LedgerBench.at(9)) == 2)
        #expect(try await bench.ledger.count(Selection(state: .pending)) == 3)
    }
}
