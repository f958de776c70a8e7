import CheckedArithmetic
import Foundation
import NCTEngine
import Testing
import Watching

@Suite struct CompletenessBudgetTests {
    private func check(
        _ bytes: [UInt8], length: Int? = nil, budget: ReadBudget = ReadBudget()
    ) throws -> Completeness.Verdict {
        let tree = try Tree()
        try tree.write("f", bytes)
        if let length { #expect(truncate(tree.root + "/f", length) == 0) }
        return try Completeness.check(try ReadOnlyFile(root: tree.root, path: path("f")), budget: budget)
    }

    private static func little(_ value: UInt64, _ size: Int) -> [UInt8] {
        (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
    }

    @Test("The numbers of a BMP's header may be any: what they promise is missing, and nothing traps")
    func overflow() throws {
        let most: [UInt64] = [0, 1, 31, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1_759_218_604]
        for width in most {
            for height in most {
                for offset in [UInt64(54), 0xFFFF_FFFF] {
                    let header: [UInt8] =
                        [0x42, 0x4D] + Self.little(54, 4) + Self.little(0, 4) + Self.little(offset, 4)
                        + Self.little(40, 4) + Self.little(width, 4) + Self.little(height, 4) + Self.little(1, 2)
                        + Self.little(40000, 2) + [UInt8](repeating: 0, count: 24)
                    let verdict = try check(header)
                    guard width > 0, height > 0 else { continue }
                    if case .incomplete = verdict { continue }
                    Issue.record("\(width) × \(height) from \(offset): \(verdict)")
                }
            }
        }
    }

    @Test("The numbers of a TIFF's directory may be any, in files of any length", arguments: [42, 43] as [UInt64])
    func directories(version: UInt64) throws {
        var generator = SeededGenerator(seed: 7)
        let (word, room, entry) = version == 43 ? (8, 8, 20) : (4, 4, 12)
        for round in 0..<300 {
            var bytes: [UInt8] = [0x49, 0x49] + Self.little(version, 2)
            if version == 43 { bytes += Self.little(8, 2) + Self.little(0, 2) }
            bytes += Self.little(UInt64(bytes.count + word), word)
            let count = Int.random(in: 0...6, using: &generator)
            bytes += Self.little(UInt64(count), version == 43 ? 8 : 2)
            for _ in 0..<count {
                let tags: [UInt64] = [273, 279, 324, 325, 256, 257]
                let numbers: [UInt64] = [0, 1, 2, UInt64(Int32.max), .max, .max / 8, 1 << 40]
                let values: [UInt64] = [0, 8, .max, UInt64(Int64.max), 1 << 39]
                let number = numbers.randomElement(using: &generator) ?? 0
                let value = values.randomElement(using: &generator) ?? 0
                bytes +=
                    Self.little(tags.randomElement(using: &generator) ?? 273, 2)
                    + Self.little(UInt64.random(in: 1...18, using: &generator), 2)
                bytes += Self.little(number, room) + Self.little(value, room)
            }
            bytes += [UInt8](repeating: 1, count: entry)
            _ = try check(bytes)
            if round.isMultiple(of: 10) { _ = try check(bytes, length: 1 << 40) }
        }
    }

    @Test(
        "A start and then a hole of a terabyte: the look ends within its budget",
        arguments: [
            [0xFF, 0xD8, 0xFF, 0xE0, 0, 16], [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], [0x49, 0x49, 42, 0],
            [0x42, 0x4D],
        ] as [[UInt8]])
    func hole(head: [UInt8]) throws {
        let verdict = try check(head, length: 1 << 40)
        #expect(verdict != .whole)
        #expect(verdict != .unknownFormat || head.count == 2)
    }

    @Test("A JPEG whose end lies behind more data than is read is undecided, and says within what")
    func undecided() throws {
        let data = [0xFF, 0xD8, 0xFF, 0xDA, 0, 4, 1, 2] + [UInt8](repeating: 1, count: 300_000) + [0xFF, 0xD9, 7]
        #expect(try check(data) == .whole)
        let verdict = try check(data, budget: ReadBudget(bytes: 1 << 17))
        guard case .undecided(let reason) = verdict else {
            Issue.record("\(verdict)")
            return
        }
        #expect(reason.contains("0 MiB"))
        guard case .undecided = try check(data, budget: ReadBudget(reads: 3)),
            case .undecided = try check(data, budget: ReadBudget(isCancelled: { true }))
        else {
            Issue.record("calls and cancellation end the look as well")
            return
        }
    }

    @Test("Hundreds of thousands of tiny chunks before a PNG's end cost few reads")
    func chunks() throws {
        let chunk: [UInt8] = [0, 0, 0, 0, 0x74, 0x65, 0x53, 0x74, 1, 2, 3, 4]
        let end: [UInt8] = [0, 0, 0, 0, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82]
        let head: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        let many = head + Array((0..<100_000).lazy.map { _ in chunk }.joined()) + end + [1]
        #expect(try check(many, budget: ReadBudget(reads: 3000)) == .whole)
        guard case .undecided = try check(many, budget: ReadBudget(bytes: 100_000)) else {
            Issue.record("not bounded")
            return
        }
    }

    @Test("A sum, difference or product that leaves the range is nil, and stays it")
    func arithmetic() {
        #expect((Int8.max +? 1) == nil)
        #expect((UInt8.min -? 1) == nil)
        #expect((Int64.max *? 2 +? 1) == nil)
        #expect((Int64.min *? -1) == nil)
        #expect((nil as Int? +? 1) == nil)
        #expect((2 *? 3 +? 4 -? 1) == 9)
        #expect(33.dividedRoundingUp(by: 32) == 2)
        #expect(Int.max.dividedRoundingUp(by: 1) == .max)
        #expect((-1).dividedRoundingUp(by: 2) == nil)
    }
}
