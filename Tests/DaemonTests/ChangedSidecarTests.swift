import Config
import Daemon
import Foundation
import GRDB
import Jobs
import Ledger
import TestSupport
import Testing
import Watching

/// Sidecars that somebody changed: what the ledger knows of a result is held against them.
@Suite(.timeLimit(.minutes(5))) struct ChangedSidecarTests {
    struct Change: CustomTestStringConvertible {
        var key: String
        var old: String
        var new: String
        var testDescription: String { key }
    }

    static let changes = [
        Change(key: "verdict.value", old: #""value" : "doubtful""#, new: #""value" : "good""#),
        Change(key: "verdict.delivery", old: #""delivery" : "delivered""#, new: #""delivery" : "flagged""#),
        Change(key: "source.sha256", old: #""sha256" : "SOURCE""#, new: #""sha256" : "00""#),
        Change(key: "capture.path", old: #""path" : "x.png""#, new: #""path" : "y.png""#),
        Change(key: "capture.lab", old: #""lab" : "lab-a""#, new: #""lab" : "lab-b""#),
        Change(key: "output.path", old: #"out/lab-a/x.png""#, new: #"out/lab-b/x.png""#),
    ]

    private static let name = "out/lab-a/x.png.json"

    /// A tree with one result.
    private func finished() async throws -> (DaemonBench, sidecar: String) {
        let bench = try DaemonBench()
        try await bench.run(untilDone: "x.png")
        return (bench, String(decoding: try #require(bench.space.read(Self.name)), as: UTF8.self))
    }

    private func verify(_ bench: DaemonBench) async throws -> TreeVerification {
        try await TreeVerification(bench.ledger(), trees: ResultTrees(bench.configuration.output))
    }

    @Test("A sidecar that says otherwise than the ledger is a problem, and is made again", arguments: changes)
    func changed(_ change: Change) async throws {
        let (bench, sidecar) = try await finished()
        #expect(try await verify(bench).problems == [])
        let source = FileDigest.sha256(try #require(bench.space.read("lab-a/x.png")))
        let old = change.old.replacing("SOURCE", with: source)
        try #require(sidecar.contains(old), "\(sidecar)")
        try bench.space.write(sidecar.replacing(old, with: change.new), to: Self.name)
        for isKnown in [true, false] {
            // Results of earlier versions are compared by what their rows have.
            if !isKnown {
                let queue = try DatabaseQueue(path: bench.space("state/\(Ledger.fileName)"))
                try await queue.write { try $0.execute(sql: "UPDATE results SET sidecar = NULL") }
                try queue.close()
            }
            let found = try await verify(bench)
            #expect(found.problems.map(\.file) == [bench.space(Self.name)], "\(found.problems)")
            #expect(found.problems.allSatisfy { $0.problem.contains(change.key) }, "\(found.problems)")
            #expect(found.copies == [] && found.sound == 0)
        }
        try await repair(bench)
        let made = try #require(try bench.sidecar("lab-a/x.png"))
        let first = try Sidecar(json: Array(sidecar.utf8))
        #expect(made.verdict == first.verdict && made.source == first.source && made.output == first.output)
        #expect(made.capture?.lab == "lab-a" && made.capture?.path == "x.png")
    }

    @Test("What the ledger has no column for is told by the sidecar's digest")
    func anything() async throws {
        let (bench, sidecar) = try await finished()
        try bench.space.write(sidecar + " ", to: Self.name)
        let found = try await verify(bench)
        #expect(
            found.problems.map(\.problem).allSatisfy { $0.contains("another SHA-256") } && found.problems.count == 1)
        try await repair(bench)
        #expect(bench.space.read(Self.name + ".aside1") == Data((sidecar + " ").utf8))
    }

    /// Repairs the tree, and has the daemon do what that gave back to it.
    private func repair(_ bench: DaemonBench) async throws {
        let ledger = try Ledger.open(forCommandIn: bench.space("state"), writing: true)
        let outcomes = try await TreeRepair(ledger, trees: ResultTrees(bench.configuration.output), isRunning: false)
            .run(try await verify(bench).problems, now: bench.clock.now)
        #expect(outcomes.count == 1 && outcomes.allSatisfy(\.repaired), "\(outcomes)")
        let second = try DaemonBench(space: bench.space)
        try await second.run { await second.events.wait(for: "done") }
        let after = try await verify(second)
        #expect(after.problems == [] && after.sound == 1 && after.copies == [])
        #expect(
            bench.space.files(in: "out/lab-a") == ["x.png", "x.png.aside1", "x.png.json", "x.png.json.aside1"],
            "what was changed is no version")
    }

    @Test("A result that follows a rename, and one of a ledger that was rebuilt, are known with their sidecars")
    func known() async throws {
        let (bench, _) = try await finished()
        try FileManager.default.moveItem(atPath: bench.space("lab-a/x.png"), toPath: bench.space("lab-a/z.png"))
        let second = try DaemonBench(space: bench.space)
        try await second.run {
            try await second.announce("z.png")
            await second.events.wait(for: "renamed")
        }
        for isRebuilt in [false, true] {
            if isRebuilt {
                for file in bench.space.files(in: "state") {
                    try FileManager.default.removeItem(atPath: bench.space("state/\(file)"))
                }
                let third = try DaemonBench(space: bench.space)
                try await third.run { await third.events.wait(for: "ledger-rebuilt") }
            }
            #expect(try await verify(second).problems == [])
            let sidecar = try #require(bench.space.read("out/lab-a/z.png.json"))
            try bench.space.write(sidecar + Data(" ".utf8), to: "out/lab-a/z.png.json")
            #expect(try await verify(second).problems.count == 1)
            try bench.space.write(sidecar, to: "out/lab-a/z.png.json")
        }
    }
}
