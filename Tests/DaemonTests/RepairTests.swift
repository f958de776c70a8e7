import Config
import Daemon
import Foundation
import Jobs
import Ledger
import TestSupport
import Testing
import Watching

@Suite(.timeLimit(.minutes(15))) struct RepairTests {
    /// A daemon's tree of six results of lab-a.
    private func finishedBench() async throws -> DaemonBench {
        let bench = try DaemonBench()
        for number in 1...6 { try bench.write("\(number).png", seed: UInt64(number)) }
        try await bench.run {
            try await bench.finish("1.png", "2.png", "3.png", "4.png", "5.png", "6.png", done: 6)
        }
        return bench
    }

    private func sources(_ bench: DaemonBench) -> [String: any CaptureSource] {
        Dictionary(uniqueKeysWithValues: bench.configuration.watches.map { ($0.path, DirectorySource(root: $0.path)) })
    }

    private func verify(_ bench: DaemonBench, isRunning: Bool = false) async throws -> TreeVerification {
        try await TreeVerification(
            bench.ledger(), trees: ResultTrees(bench.configuration.output), isRunning: isRunning,
            roots: sources(bench), comparing: true)
    }

    private func repair(
        _ bench: DaemonBench, _ found: TreeVerification, isRunning: Bool = false, isDry: Bool = false
    ) async throws -> [TreeRepair.Outcome] {
        let ledger = try Ledger.open(forCommandIn: bench.space("state"), writing: true)
        return try await TreeRepair(ledger, trees: ResultTrees(bench.configuration.output), isRunning: isRunning)
            .run(found.problems, isDry: isDry, now: bench.clock.now)
    }

    private func remove(_ bench: DaemonBench, _ names: String...) throws {
        for name in names { try FileManager.default.removeItem(atPath: bench.space(name)) }
    }

    /// All that can be wrong with a tree, at once.
    private func damage(_ bench: DaemonBench) throws {
        try bench.space.write("torn", to: "out/lab-a/1.png")
        try remove(bench, "out/lab-a/2.png", "out/lab-a/3.png.json", "out/lab-a/5.png", "out/lab-a/5.png.json")
        try bench.space.write("{", to: "out/lab-a/4.png.json")
        try bench.space.write("stray", to: "out/lab-a/stray.png")
        try bench.space.write("half", to: "out/lab-a/.nctd-abc.tmp")
        try bench.space.write("{", to: "out/lab-a/6.png.v1.json")
        try bench.space.write("old", to: "out/lab-a/6.png.v1")
    }

    @Test("Every problem names its remedy, a dry run does nothing, and a repair leaves a tree without problems")
    func stopped() async throws {
        let bench = try await finishedBench()
        try damage(bench)
        let before = bench.space.files(in: "out")
        let found = try await verify(bench)
        let names = Set(found.problems.map { ($0.file as NSString).lastPathComponent })
        #expect(
            names == [
                "1.png", "2.png", "3.png", "4.png.json", "4.png", "5.png", "stray.png", ".nctd-abc.tmp",
                "6.png.v1.json",
            ])
        #expect(found.problems.allSatisfy { $0.remedy.contains("nctd repair") }, "\(found.problems)")
        let dry = try await repair(bench, found, isDry: true)
        #expect(dry.count == found.problems.count && !dry.contains { $0.repaired })
        #expect(bench.space.files(in: "out") == before)
        #expect(try await bench.counts().done == 6)

        let outcomes = try await repair(bench, found)
        #expect(outcomes.allSatisfy { $0.repaired }, "\(outcomes)")
        #expect(try await bench.counts().pending == 5)
        let again = try await repair(bench, try await verify(bench))
        #expect(
            !again.isEmpty && again.allSatisfy { $0.inHand && !$0.repaired },
            "what is in hand is not left, and was not repaired now: \(again)")
        let second = try DaemonBench(space: bench.space)
        try await second.run { await second.events.wait(for: "done", count: 5) }
        let after = try await verify(second)
        #expect(after.problems == [] && after.sound == 6 && after.done == 6 && after.captures == 6)
        // What was no result is kept, under names that nobody reads, and nothing of it is a version.
        #expect(bench.space.read("out/lab-a/1.png.aside1") == Data("torn".utf8))
        #expect(bench.space.read("out/lab-a/4.png.json.aside1") == Data("{".utf8))
        #expect(bench.space.read("out/lab-a/stray.png.aside1") == Data("stray".utf8))
        #expect(bench.space.read("out/lab-a/6.png.v1.aside1") == Data("old".utf8))
        #expect(!bench.space.files(in: "out").contains { $0.hasSuffix(".v1") || $0.contains(".tmp") })
        #expect(after.aside == bench.space.files(in: "out").count { $0.contains(".aside") } && after.aside >= 6)
    }

    @Test("A running daemon makes again at once what a repair gives back to it")
    func running() async throws {
        let first = try await finishedBench()
        let bench = try DaemonBench(space: first.space)
        try await bench.run {
            try bench.space.write("torn", to: "out/lab-a/1.png")
            try remove(bench, "out/lab-a/2.png.json")
            // Half written files and strays that are young may be in work.
            try bench.space.write("half", to: "out/lab-a/.nctd-abc.tmp")
            try bench.space.write("stray", to: "out/lab-a/stray.png")
            let found = try await verify(bench, isRunning: true)
            let names = found.problems.map { ($0.file as NSString).lastPathComponent }
            #expect(Set(names) == ["1.png", "2.png"])
            let named = try await TreeVerification(
                of: [.result(Array("lab-a/stray.png".utf8), in: .delivered)], bench.ledger(),
                trees: ResultTrees(bench.configuration.output), isRunning: true)
            #expect(named.problems.map(\.remedy) == ["the running daemon may be at it; repair it again in a minute"])
            let outcomes = try await repair(bench, found, isRunning: true)
            #expect(outcomes.allSatisfy { $0.repaired && $0.outcome == "the daemon makes it again" })
            await bench.events.wait(for: "done", count: 2)
        }
        for name in ["1.png", "2.png"] { #expect(try bench.isSound("lab-a/\(name)")) }
        #expect(bench.space.read("out/lab-a/1.png.aside1") == Data("torn".utf8))
        let done = try #require(bench.events.all.first { $0.kind == .done && $0[.file]?.hasSuffix("1.png") == true })
        #expect(done.message.contains("1.png.aside1"), "\(done.message)")
    }

    @Test(
        "Results of captures that are gone are said and left; what of them has no sidecar and no capture is put aside")
    func gone() async throws {
        let bench = try await finishedBench()
        try bench.space.write("torn", to: "out/lab-a/1.png")
        try remove(bench, "lab-a/1.png", "lab-a/2.png", "out/lab-a/2.png")
        let found = try await verify(bench)
        #expect(found.problems.count == 2 && found.problems.allSatisfy { $0.remedy.contains("is gone") })
        let outcomes = try await repair(bench, found)
        #expect(!outcomes.contains { $0.repaired })
        #expect(try await bench.counts().done == 6)
        #expect(bench.space.read("out/lab-a/1.png") == Data("torn".utf8))
        // An image of no capture that anybody knows of.
        try bench.space.write("stray", to: "out/lab-a/7.png")
        let stray = try await verify(bench).problems.filter { $0.file.hasSuffix("7.png") }
        #expect(stray.map(\.problem) == ["an image without a sidecar"])
        #expect(stray.allSatisfy { $0.remedy.contains("puts it aside") })
        #expect(try await repair(bench, try await verify(bench)).filter { $0.repaired }.count == 1)
        #expect(bench.space.files(in: "out/lab-a").contains("7.png.aside1"))
        #expect(!bench.space.files(in: "out/lab-a").contains("7.png"))
    }

    @Test("One capture or one result can be looked at alone")
    func named() async throws {
        let bench = try await finishedBench()
        try damage(bench)
        let ledger = try bench.ledger()
        let root = try #require(try await ledger.roots().first { $0.lab == "lab-a" })
        func problems(_ name: TreeVerification.Named) async throws -> [String] {
            try await TreeVerification(
                of: [name], ledger, trees: ResultTrees(bench.configuration.output), roots: sources(bench)
            ).problems.map { ($0.file as NSString).lastPathComponent }
        }
        for number in [1, 2] {
            let row = try #require(try await bench.row("\(number).png"))
            #expect(try await problems(.capture(row, root)).first == "\(number).png")
        }
        #expect(try await problems(.capture(try #require(try await bench.row("6.png")), root)) == [])
        for (name, expected) in [
            ("3.png", ["3.png", "3.png"]), ("stray.png", ["stray.png"]), ("6.png.v1", ["6.png.v1.json"]),
            ("5.png", ["5.png"]), ("6.png", []),
        ] {
            #expect(try await problems(.result(Array("lab-a/\(name)".utf8), in: .delivered)) == expected, "\(name)")
        }
    }

    @Test("A capture that is asked for again and is gone stays done; one that had changed before does not")
    func reprocessGone() async throws {
        let first = try await finishedBench()
        try remove(first, "lab-a/1.png")
        let ledger = try Ledger.open(forCommandIn: first.space("state"), writing: true)
        #expect(try await ledger.reprocess(.init(), now: first.clock.now) == 6)
        let bench = try DaemonBench(space: first.space)
        try await bench.run {
            await bench.events.wait(for: "done", count: 5)
            await bench.events.wait(for: "trouble")
        }
        let row = try #require(try await bench.row("1.png"))
        #expect(row.state == .done && row.note?.contains("gone") == true && !row.wasDone)
        #expect(try await bench.counts().done == 6)
        #expect(try bench.isSound("lab-a/1.png"))
        // Another content was seen and is gone: there is no result of that.
        let other = Sighting(path: row.path, stamp: .init(device: 1, inode: 1, size: 1, modifiedNanoseconds: 1))
        #expect(try await ledger.reprocess(.init(captures: [row.id]), now: bench.clock.now) == 1)
        _ = try await ledger.record([.init(other)], root: row.root, settle: .zero, now: bench.clock.now)
        let third = try DaemonBench(space: first.space)
        try await third.run { await third.events.wait(for: "ignored") }
        #expect(try await third.row("1.png")?.state == .ignored)
    }
}
