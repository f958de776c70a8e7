import Config
import Daemon
import Foundation
import Jobs
import Ledger
import TestSupport
import Testing
import Watching

/// Results under names that the next ones may not have: the format of the output, or the name of a lab, is another since.
@Suite(.timeLimit(.minutes(5))) struct OutgrownNameTests {
    /// What is changed, and the name that the next result has by it.
    enum Change: CaseIterable {
        case format, lab

        var output: String { self == .format ? "lab-a/x.jpg" : "lab-x/x.png" }
        var lab: String { self == .format ? "lab-a" : "lab-x" }

        @Sendable func change(_ configuration: inout DaemonConfiguration) {
            switch self {
            case .format: configuration.output.format = .jpeg
            case .lab: configuration.watches[0].lab = "lab-x"
            }
        }
    }

    private func verify(_ bench: DaemonBench) async throws -> TreeVerification {
        try await TreeVerification(bench.ledger(), trees: ResultTrees(bench.configuration.output))
    }

    /// Has the capture done again with other bytes.
    private func export(_ seed: UInt64, _ bench: DaemonBench, _ lab: String = "lab-a", until: String = "done")
        async throws
    {
        try bench.write("x.png", seed: seed)
        let count = bench.events.count(until)
        await bench.announcers[lab]!.say(.found([try bench.sighting("x.png")]))
        await bench.events.wait(for: until, count: count + 1)
    }

    /// A tree with a result of two versions, and the same with the change.
    private func benches(_ change: Change) async throws -> (DaemonBench, DaemonBench) {
        let bench = try DaemonBench()
        try await bench.run {
            try await export(1, bench)
            try await export(2, bench)
        }
        #expect(bench.space.files(in: "out/lab-a") == ["x.png", "x.png.json", "x.png.v1", "x.png.v1.json"])
        return (bench, try DaemonBench(space: bench.space, change: change.change))
    }

    private func files(_ output: String, versions: Int) -> [String] {
        let images = [output] + (1...versions).map { "\(output).v\($0)" }
        return images.flatMap { [$0, $0 + ".json"] }.sorted()
    }

    private func row(_ bench: DaemonBench) async throws -> (row: CaptureRow, results: [ResultRow]) {
        let ledger = try bench.ledger()
        let root = try #require(try await ledger.roots().first { $0.path == bench.space("lab-a") })
        let row = try #require(try await ledger.capture(root: root.id, path: CapturePath("x.png")!))
        return (row, try await ledger.results(of: row.id))
    }

    private func outputs(_ bench: DaemonBench) async throws -> [String] {
        try await row(bench).results.map { String(decoding: $0.output, as: UTF8.self) }
    }

    @Test("The next result has a name that fits, and the earlier ones are its versions", arguments: Change.allCases)
    func next(_ change: Change) async throws {
        let (first, bench) = try await benches(change)
        let older = try #require(first.space.read("out/lab-a/x.png"))
        try await bench.run {
            // What is not made again stays where it is.
            #expect(try await verify(bench).problems == [])
            try await export(3, bench, change.lab)
        }
        let output = change.output
        #expect(bench.space.files(in: "out") == files(output, versions: 2))
        #expect(bench.space.read("out/\(output).v2") == older)
        #expect(try bench.isSound(output) && bench.isSound("\(output).v1") && bench.isSound("\(output).v2"))
        #expect(try bench.sidecar(output)?.output.format == (change == .format ? "jpeg" : "png"))
        #expect(try await outputs(bench) == ["\(output).v1", "\(output).v2", output])
        let found = try await verify(bench)
        #expect(found.problems == [] && found.copies == [] && found.sound == 3, "\(found)")

        // A lost ledger knows them all again, and nothing is done twice.
        for file in bench.space.files(in: "state") {
            try FileManager.default.removeItem(atPath: bench.space("state/\(file)"))
        }
        let rebuilt = try DaemonBench(space: bench.space, change: change.change)
        try await rebuilt.run {
            await rebuilt.events.wait(for: "ledger-rebuilt")
            await rebuilt.announcers[change.lab]!.say(.found([try rebuilt.sighting("x.png")]))
        }
        #expect(try await rebuilt.counts().done == 1 && rebuilt.shelf.state.withLock { $0.rendered } == [])
        #expect(try await outputs(rebuilt) == ["\(output).v1", "\(output).v2", output])
        #expect(bench.space.files(in: "out") == files(output, versions: 2))
    }

    @Test("A damaged or missing result is found and made again after the change", arguments: Change.allCases)
    func damaged(_ change: Change) async throws {
        for isGone in [false, true] {
            let (_, bench) = try await benches(change)
            if isGone {
                try FileManager.default.removeItem(atPath: bench.space("out/lab-a/x.png"))
            } else {
                try bench.space.write("torn", to: "out/lab-a/x.png")
            }
            let found = try await verify(bench)
            #expect(found.problems.map(\.file) == [bench.space("out/lab-a/x.png")] && found.copies == [])
            let ledger = try Ledger.open(forCommandIn: bench.space("state"), writing: true)
            let outcomes = try await TreeRepair(
                ledger, trees: ResultTrees(bench.configuration.output), isRunning: false
            ).run(found.problems, now: bench.clock.now)
            #expect(outcomes.map(\.repaired) == [true])
            try await bench.run { await bench.events.wait(for: "done") }
            let after = try await verify(bench)
            #expect(after.problems == [] && after.copies == [] && after.done == 1)
            #expect(try bench.isSound(change.output))
        }
    }

    @Test(
        "Until the next result is there the present one stays, and nobody else gets its name",
        arguments: Change.allCases)
    func fails(_ change: Change) async throws {
        let (_, bench) = try await benches(change)
        let before = bench.space.files(in: "out")
        let image = bench.space.read("out/lab-a/x.png")
        try await bench.run {
            try bench.space.write("no image", to: "lab-a/x.png")
            await bench.announcers[change.lab]!.say(.found([try bench.sighting("x.png")]))
            await bench.events.wait(for: "failed")
            #expect(bench.space.files(in: "out") == before && bench.space.read("out/lab-a/x.png") == image)
            #expect(try await verify(bench).problems == [])
            #expect(try await outputs(bench).last == "lab-a/x.png")
            try await export(4, bench, change.lab)
        }
        #expect(bench.space.files(in: "out") == files(change.output, versions: 2))
        #expect(try await verify(bench).problems == [])
    }

    @Test("A rename after the change takes the result and its versions along", arguments: Change.allCases)
    func renamed(_ change: Change) async throws {
        let (_, bench) = try await benches(change)
        try await bench.run {
            try await export(3, bench, change.lab)
            try FileManager.default.moveItem(atPath: bench.space("lab-a/x.png"), toPath: bench.space("lab-a/y.png"))
            await bench.announcers[change.lab]!.say(.found([try bench.sighting("y.png")]))
            await bench.events.wait(for: "renamed")
        }
        #expect(bench.space.files(in: "out") == files(change.output.replacing("/x", with: "/y"), versions: 2))
        let found = try await verify(bench)
        #expect(found.problems == [] && found.copies == [] && found.sound == 3)
    }

    @Test("What earlier versions made under the former name is a result, not a copy, also for a new ledger")
    func earlierVersions() async throws {
        let bench = try DaemonBench(change: Change.format.change)
        try await bench.run(untilDone: "x.png")
        // Version 0.9.4 left a capture's name as it was, whatever the format was by then.
        for ending in ["", ".json"] {
            try FileManager.default.moveItem(
                atPath: bench.space("out/lab-a/x.jpg\(ending)"), toPath: bench.space("out/lab-a/x.png\(ending)"))
        }
        let json = String(decoding: try #require(bench.space.read("out/lab-a/x.png.json")), as: UTF8.self)
        try bench.space.write(json.replacing("lab-a/x.jpg", with: "lab-a/x.png"), to: "out/lab-a/x.png.json")
        for file in bench.space.files(in: "state") {
            try FileManager.default.removeItem(atPath: bench.space("state/\(file)"))
        }
        let second = try DaemonBench(space: bench.space, change: Change.format.change)
        try await second.run {
            await second.events.wait(for: "ledger-rebuilt")
            #expect(try await outputs(second) == ["lab-a/x.png"])
            let found = try await verify(second)
            #expect(found.problems == [] && found.copies == [] && found.sound == 1)
            try await export(2, second)
        }
        #expect(bench.space.files(in: "out") == files("lab-a/x.jpg", versions: 1))
    }
}
