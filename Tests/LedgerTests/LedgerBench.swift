import Foundation
import Ledger
import TestSupport
import Testing
import Watching

/// A ledger in a folder of its own.
struct LedgerBench {
    let space: Workspace
    let ledger: Ledger
    let root: Int64

    init() async throws {
        space = try Workspace()
        ledger = try Ledger.open(stateDirectory: space.path)
        root = try await ledger.enterRoot(path: "/srv/scope", lab: "lab-b", rules: "1", now: Self.at(0))
    }

    static func at(_ milliseconds: Int64) -> Moment {
        Moment(milliseconds: milliseconds, wall: 1_700_000_000 + Double(milliseconds) / 1000)
    }

    static func stamp(_ number: Int, size: Int64 = 10) -> FileStamp {
        FileStamp(device: 1, inode: UInt64(number), size: size, modifiedNanoseconds: Int64(number))
    }

    static func sighting(_ number: Int, size: Int64 = 10) -> Sighting {
        Sighting(path: path(number), stamp: stamp(number, size: size))
    }

    static func path(_ number: Int) -> CapturePath { CapturePath("slide/\(number).png")! }

    /// Seen at 0, due at 0.
    func see(_ numbers: some Sequence<Int>) async throws {
        _ = try await ledger.record(
            numbers.map { .init(Self.sighting($0)) }, root: root, settle: .zero, now: Self.at(0))
    }

    func row(_ number: Int) async throws -> CaptureRow? {
        try await ledger.capture(root: root, path: Self.path(number))
    }

    func counts() async throws -> StateCounts {
        try await ledger.summaries(now: Self.at(0)).map(\.counts).reduce(StateCounts(), +)
    }

    func claim(_ number: Int) async throws -> CaptureRow? {
        guard let row = try await row(number) else { return nil }
        return try await ledger.claim(row.id, outputs: [Array("lab-b/slide/\(number).png".utf8)])
    }

    /// Claims a capture and ends its attempt; returns it as it was claimed.
    @discardableResult
    func end(_ number: Int, _ ending: Ledger.Ending, at time: Int64 = 1) async throws -> CaptureRow {
        let row = try #require(try await claim(number))
        try await ledger.end(row.id, stamp: row.stamp, ending, now: Self.at(time))
        return row
    }

    /// Claims a capture and ends its attempt with a result; returns it as it was claimed.
    @discardableResult
    func finish(_ number: Int, identity: String = "one", at time: Int64 = 1) async throws -> CaptureRow {
        try await end(number, .done(Self.result(number, identity: identity), rule: nil, older: nil), at: time)
    }

    static func result(_ number: Int, identity: String, profile: String = "lab-a") -> ResultRow {
        ResultRow(
            digest: "d\(identity)", identity: identity, profile: profile, verdict: "good", delivery: "delivered",
            output: Array("lab-b/slide/\(number).png".utf8), attempt: 1, durationMilliseconds: 12,
            finishedAt: 1_700_000_001)
    }

    static let failure = CaptureFailure(code: "truncated", message: "the file ends early", remedy: "export it again")
}

extension Ledger {
    /// Claims a capture and reserves a name for its result, as a worker does that finds its file whole.
    func claim(_ id: Int64, outputs: [[UInt8]]) async throws -> CaptureRow? {
        guard try await claim(id) != nil else { return nil }
        return try await reserve(id, outputs: outputs)
    }
}
