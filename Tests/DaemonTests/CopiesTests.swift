import Config
import Daemon
import Foundation
import Jobs
import Ledger
import NCTEngine
import TestSupport
import Testing

/// Copies of results that people and programs leave in the output tree, when the ledger is lost.
@Suite(.timeLimit(.minutes(15))) struct CopiesTests {
    private static let names = ["x.png", "y.tif", "sub/x.png", "sub/z.png"]

    /// A backup of the tree, conflicts of a sync program, files copied up or down, versions: where copies of a result
    /// may come to lie.
    private static func copies(of result: String, _ random: inout SeededGenerator) -> [String] {
        let name = String(result.split(separator: "/").last!)
        let stem = String(name.dropLast(4))
        let folder = String(result.dropLast(name.count))
        let all = [
            "old/\(result)", "backup 2024/\(result)", "\(folder)old/\(name)", "\(folder)\(stem) (copy).png",
            "\(folder)\(stem).sync-conflict-20240131-120000-ABCDEFG.png", "\(name)", "lab-b/\(name)",
            "a/\(result)", "\(folder)0/\(name)", "versions/\(folder)\(stem)~20240131-120000.png",
        ]
        return all.filter { _ in Bool.random(using: &random) }
    }

    static var count: Int { ProcessInfo.processInfo.environment["NCTD_LONG"] == nil ? 6 : 50 }

    @Test("With a lost ledger each new export goes to its own place, and no copy is touched")
    func lostLedger() async throws {
        for seed in 0..<UInt64(Self.count) {
            var random = SeededGenerator(seed: seed)
            let first = try DaemonBench()
            for (number, name) in Self.names.enumerated() { try first.write(name, seed: UInt64(number + 1)) }
            try await first.run {
                for name in Self.names { try await first.announce(name) }
                await first.events.wait(for: "done", count: Self.names.count)
            }
            let results = first.space.files(in: "out").filter { $0.hasSuffix(".png") }
            #expect(results.count == Self.names.count)
            var copies: [String: Data] = [:]
            for result in results {
                for place in Self.copies(of: result, &random) where !results.contains(place) && copies[place] == nil {
                    for ending in ["", ".json"] {
                        let data = try #require(first.space.read("out/" + result + ending))
                        try first.space.write(data, to: "out/" + place + ending)
                        copies[place + ending] = data
                    }
                }
            }
            for file in first.space.files(in: "state") {
                try FileManager.default.removeItem(atPath: first.space("state/" + file))
            }
            let second = try DaemonBench(space: first.space)
            for (number, name) in Self.names.enumerated() { try second.write(name, seed: UInt64(number + 101)) }
            try await second.run {
                for name in Self.names { try await second.announce(name) }
                await second.events.wait(for: "done", count: Self.names.count)
            }
            for name in Self.names {
                let row = try #require(try await second.row(name))
                let output = String(decoding: try #require(row.output), as: UTF8.self)
                #expect(results.contains(output), "seed \(seed): \(name) went to \(output)")
                #expect(try second.sidecar(output)?.source.sha256 == row.digest, "seed \(seed): \(output)")
                #expect(try second.isSound(output))
            }
            for (place, data) in copies { #expect(second.space.read("out/" + place) == data, "seed \(seed): \(place)") }
            let said = second.events.all.filter { $0.kind == .ledgerRebuilt }.map(\.message)
            let expected = DaemonEvent.ledgerRebuilt(
                captures: Self.names.count, copies: copies.count / 2, copy: copies.isEmpty ? nil : "")
            #expect(said.count == 1 && said[0].hasPrefix(expected.message), "seed \(seed): \(said)")
            let verified = try await TreeVerification(second.ledger(), trees: ResultTrees(second.configuration.output))
            #expect(verified.problems == [] && verified.copies.count == copies.count / 2, "\(verified.problems)")
        }
    }

    @Test("A folder that takes the place of a capture has its captures done, beside the capture's result")
    func folder() async throws {
        let bench = try DaemonBench()
        try bench.write("x.png", seed: 1)
        try bench.write("w.png/a.png", seed: 4)
        try await bench.run {
            try await bench.finish("x.png", "w.png/a.png", done: 2)
            try FileManager.default.removeItem(atPath: bench.space("lab-a/x.png"))
            try bench.write("x.png/a.png", seed: 2)
            try bench.write("x.png/b/a.png", seed: 3)
            // And a capture whose result would have the name of a folder.
            try bench.write("w.tif", seed: 5)
            try await bench.finish("x.png/a.png", "x.png/b/a.png", "w.tif", done: 5)
        }
        #expect(try await bench.counts().done == 5)
        let images = bench.space.files(in: "out").filter { !$0.hasSuffix(".json") }
        #expect(
            images == [
                "lab-a/w.png/a.png", "lab-a/w.tif.png", "lab-a/x.png", "lab-a/x.png.d/a.png", "lab-a/x.png.d/b/a.png",
            ])
        for image in images { #expect(try bench.isSound(image)) }
    }
}
