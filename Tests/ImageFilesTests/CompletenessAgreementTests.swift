import Foundation
import ImageFiles
import NCTEngine
import TestSupport
import Testing
import Watching

/// What the check for whole files says, held against what the decoder says, over files that are cut off and changed.
@Suite("Completeness and decoder")
struct CompletenessAgreementTests {
    /// One row of the table: a change, and whether it only takes bytes from the end.
    struct Mutation: Sendable, CustomTestStringConvertible {
        var name: String
        var cuts = false
        var change: @Sendable (inout [UInt8], inout SeededGenerator) -> Void
        var testDescription: String { name }
    }

    static let mutations = [
        Mutation(name: "none") { _, _ in },
        Mutation(name: "cut off anywhere", cuts: true) { bytes, random in
            bytes.removeLast(Int.random(in: 1..<bytes.count, using: &random))
        },
        Mutation(name: "cut off near the end", cuts: true) { bytes, random in
            bytes.removeLast(Int.random(in: 1...min(64, bytes.count - 1), using: &random))
        },
        Mutation(name: "bytes after the end") { bytes, random in
            bytes += (0..<Int.random(in: 1...64, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        },
        Mutation(name: "a byte of the first 200") { bytes, random in
            bytes[Int.random(in: 0..<min(200, bytes.count), using: &random)] = .random(in: 0...255, using: &random)
        },
        Mutation(name: "a byte of the last 200") { bytes, random in
            bytes[Int.random(in: max(0, bytes.count - 200)..<bytes.count, using: &random)] =
                .random(in: 0...255, using: &random)
        },
        Mutation(name: "some bytes anywhere") { bytes, random in
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = [0, 0xFF, 0x7F].randomElement(using: &random)!
            }
        },
        Mutation(name: "a hole of zeros") { bytes, random in
            let start = Int.random(in: 32..<bytes.count, using: &random)
            let end = min(bytes.count, start + Int.random(in: 1...200, using: &random))
            bytes.replaceSubrange(start..<end, with: [UInt8](repeating: 0, count: end - start))
        },
    ]

    /// Where the check asks for more than the decoder needs, and why it has to.
    static let exceptions: [(format: ImageFormat, reason: String, why: String)] = [
        (
            .tiff, "strip 0 of the TIFF is not written yet",
            "a lone strip of length 0 is read to the file's end, and one that is yet to be written looks the same"
        ),
        (
            .tiff, "the values of TIFF tag 34675 lie beyond the file's end",
            "the decoder drops a profile that is cut off, and one that is yet to be written would leave the colors wrong"
        ),
        (
            .bmp, "the BMP's run lengths end in zeros, as if not written yet",
            "zeros are run lengths of no pixels, which a file that is yet to be written has as well"
        ),
        (
            .jpeg, "the JPEG's end marker (EOI) is missing",
            "a file that is still written may pause there; it is taken once its patience is over, with a warning"
        ),
    ]

    static let quick = 40
    /// `NCTD_LONG=1` makes them 2,000 a format.
    static var count: Int {
        ProcessInfo.processInfo.environment["NCTD_LONG"] == nil ? quick : 2000 / mutations.count
    }

    @Test(
        "Whatever the decoder reads is whole, and whatever is cut off and cannot be read is not",
        .timeLimit(.minutes(15)),
        arguments: ImageFormat.allCases, mutations)
    func agreement(format: ImageFormat, mutation: Mutation) throws {
        let space = try Workspace()
        let files = try DamagedFileTests.corpus(format)
        var random = SeededGenerator(seed: UInt64(format.rawValue.utf8.reduce(0) { $0 &* 31 &+ Int($1) }))
        var (disagreements, excepted) = ([String](), 0)
        for index in 0..<Self.count {
            var bytes = files[index % files.count]
            mutation.change(&bytes, &random)
            if format == .png, index % 2 == 0 { bytes = Bytes.repairingChecksums(bytes) }
            try space.write(bytes, to: "f")
            let verdict = try Completeness.check(try ReadOnlyFile(root: space.path, path: CapturePath("f")!))
            var incomplete: String?
            if case .incomplete(let reason) = verdict { incomplete = reason }
            let failure = failure(bytes)
            let said = "file \(index % files.count), change \(index): \(verdict) and \(String(describing: failure))"
            if failure == nil, let incomplete {
                if Self.exceptions.contains(where: { $0.format == format && $0.reason == incomplete }) {
                    // A hole at the end of a small file takes its end marker as often as not.
                    if !mutation.cuts, format != .jpeg { excepted += 1 }
                } else {
                    disagreements.append(said)
                }
            }
            if mutation.cuts, [.truncated, .empty].contains(failure?.code) { #expect(incomplete != nil, "\(said)") }
        }
        #expect(disagreements.isEmpty, "\(disagreements)")
        // What falls on the last bytes by chance: a hole of zeros often takes an end marker.
        #expect(excepted <= max(1, Self.count / 8))
    }
}
