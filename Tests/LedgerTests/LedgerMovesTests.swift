import Ledger
import Testing

@Suite struct LedgerMovesTests {
    @Test("A root that moved keeps its captures, under one path; one where something was done is not given up for it")
    func move() async throws {
        let bench = try await LedgerBench()
        try await bench.see(1...2)
        try await bench.finish(1)
        #expect(try await !bench.ledger.moveRoot(from: "/srv/nowhere", to: "/srv/new"))
        // The daemon was started under the new path before anybody told it.
        let early = try await bench.ledger.enterRoot(path: "/srv/new", lab: "lab-b", rules: "1", now: LedgerBench.at(2))
        #expect(try await bench.ledger.moveRoot(from: "/srv/scope", to: "/srv/new"))
        let roots = try await bench.ledger.roots()
        #expect(roots.map(\.path) == ["/srv/new"] && roots.map(\.id) == [bench.root] && early != bench.root)
        #expect(try await bench.ledger.identity(of: bench.root) == nil)
        #expect(try await bench.row(1)?.state == .done)
        #expect(
            try await bench.ledger.enterRoot(path: "/srv/new", lab: "lab-b", rules: "1", now: LedgerBench.at(3))
                == bench.root)
        let other = try await bench.ledger.enterRoot(
            path: "/srv/scope", lab: "lab-b", rules: "1", now: LedgerBench.at(4))
        await #expect(throws: LedgerError.self) {
            _ = try await bench.ledger.moveRoot(from: "/srv/scope", to: "/srv/new")
        }
        #expect(try await bench.ledger.forgetRoot(other) == 0)
        #expect(try await bench.ledger.forgetRoot(bench.root) == 2)
        #expect(try await bench.ledger.roots().isEmpty)
        #expect(try await bench.counts().seen == 0)
    }
}
