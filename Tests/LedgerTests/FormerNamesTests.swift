import Ledger
import Testing
import Watching

@Suite struct FormerNamesTests {
    /// Captures of one image, done, as many as asked for.
    private static func copies(_ count: Int) async throws -> LedgerBench {
        let bench = try await LedgerBench()
        try await bench.see(1...count)
        for number in 1...count { try await bench.finish(number) }
        return bench
    }

    private static func numbers(_ bench: LedgerBench, of row: CaptureRow, limit: Int) async throws -> [Int] {
        try await bench.ledger.formerNames(of: row, digest: "done", limit: limit).map { Int($0.row.stamp.inode) }
    }

    @Test("Of many copies that which has a file's number comes first, then one of its times, then the oldest")
    func order() async throws {
        let bench = try await Self.copies(30)
        // The 29th's number, the 3rd's time.
        let stamp = FileStamp(device: 1, inode: 29, size: 10, modifiedNanoseconds: 3)
        _ = try await bench.ledger.record(
            [.init(Sighting(path: LedgerBench.path(31), stamp: stamp))], root: bench.root, settle: .zero,
            now: LedgerBench.at(2))
        let row = try #require(try await bench.row(31))
        #expect(try await Self.numbers(bench, of: row, limit: 5) == [29, 3, 1, 2, 4])
        #expect(try await Self.numbers(bench, of: row, limit: 1) == [29])
        #expect(try await Self.numbers(bench, of: row, limit: 50).sorted() == Array(1...30))
        let one = try #require(try await bench.row(1))
        #expect(try await Self.numbers(bench, of: one, limit: 50).sorted() == Array(2...30))
    }
}
