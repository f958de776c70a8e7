import Ledger
import Testing
import Watching

@Suite struct ReservedNamesTests {
    /// Which names captures get, one after the other, that would like these, with a number behind as a second choice.
    private func reserve(_ names: [String], caseless: Bool) async throws -> [String] {
        let bench = try await LedgerBench()
        try await bench.see(1...names.count)
        var got: [String] = []
        for (index, name) in names.enumerated() {
            let row = try #require(try await bench.row(index + 1))
            _ = try await bench.ledger.claim(row.id)
            let outputs = ["\(name).png", "\(name)-2.png", "d/\(name).png"].map { Array($0.utf8) }
            let reserved = try await bench.ledger.reserve(row.id, outputs: outputs, caseless: caseless)
            got.append(String(decoding: reserved?.output ?? [], as: UTF8.self))
        }
        return got
    }

    @Test("Names that differ in case alone are one where the trees are caseless, also as folders")
    func caseless() async throws {
        let names = ["lab/x", "lab/X", "lab/Day/1", "lab/day/1", "lab/J.png.JSON/1", "lab/j", "lab/Day/2"]
        #expect(
            try await reserve(names, caseless: true) == [
                "lab/x.png", "lab/X-2.png", "lab/Day/1.png", "d/lab/day/1.png", "lab/J.png.JSON/1.png", "lab/j-2.png",
                "lab/Day/2.png",
            ])
        #expect(try await reserve(names, caseless: false) == names.map { "\($0).png" })
    }

    @Test("A reserved name stays, unless the trees do not allow it any more")
    func keeping() async throws {
        let bench = try await LedgerBench()
        try await bench.see(1...1)
        let row = try #require(try await bench.row(1))
        _ = try await bench.ledger.claim(row.id)
        let (old, new) = (Array("lab/a:b.png".utf8), Array("lab/a%3Ab.png".utf8))
        #expect(try await bench.ledger.reserve(row.id, outputs: [old])?.output == old)
        #expect(try await bench.ledger.reserve(row.id, outputs: [new])?.output == old)
        #expect(try await bench.ledger.reserve(row.id, outputs: [new], keeping: { $0 != old })?.output == new)
    }
}
