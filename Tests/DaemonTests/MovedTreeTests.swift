import Config
import Daemon
import Foundation
import Jobs
import Ledger
import TestSupport
import Testing
import Watching

/// Of trees that have another path than the sidecars of their captures say.
@Suite(.timeLimit(.minutes(15))) struct MovedTreeTests {
    /// A tree of three captures that are done, moved from `lab-a` to `moved`, which the ledger was told.
    private func movedBench() async throws -> DaemonBench {
        let bench = try DaemonBench()
        for number in 1...3 { try bench.write("sub/\(number).png", seed: UInt64(number)) }
        try await bench.run {
            try await bench.finish("sub/1.png", "sub/2.png", "sub/3.png", done: 3)
        }
        try FileManager.default.moveItem(atPath: bench.space("lab-a"), toPath: bench.space("moved"))
        let ledger = try Ledger.open(forCommandIn: bench.space("state"), writing: true)
        #expect(try await ledger.moveRoot(from: bench.space("lab-a"), to: bench.space("moved")))
        try ledger.close()
        return bench
    }

    private func loseLedger(_ bench: DaemonBench) throws {
        for name in bench.space.files(in: "state") where name.hasPrefix("ledger.sqlite") {
            try FileManager.default.removeItem(atPath: bench.space("state/\(name)"))
        }
    }

    /// A daemon that watches `moved` as lab-a.
    private func next(_ bench: DaemonBench) throws -> DaemonBench {
        let moved = bench.space("moved")
        return try DaemonBench(space: bench.space) { $0.watches[0].path = moved }
    }

    private func announce(_ bench: DaemonBench, _ names: String...) async throws {
        let source = DirectorySource(root: bench.space("moved"))
        let sightings = try names.map { name in
            let path = CapturePath(name)!
            return Sighting(path: path, stamp: try source.stamp(of: path))
        }
        await bench.announcers["lab-a"]!.say(.found(sightings))
    }

    private func labRoots(_ bench: DaemonBench) async throws -> [String] {
        try await bench.ledger().roots().filter { $0.lab == "lab-a" }.map(\.path)
    }

    @Test("A ledger that is lost after a tree moved is rebuilt below its new path, and no capture gets two results")
    func rebuilt() async throws {
        let first = try await movedBench()
        let before = first.space.files(in: "out")
        try loseLedger(first)
        // The first that the rebuilding looks at may be gone or changed: the tree has moved all the same.
        try FileManager.default.removeItem(atPath: first.space("moved/sub/1.png"))
        try first.space.write(try DaemonBench.picture(9), to: "moved/sub/2.png")
        let second = try next(first)
        try await second.run {
            try await announce(second, "sub/2.png", "sub/3.png")
            await second.events.wait(for: "done")
            #expect(try await labRoots(second) == [second.space("moved")])
        }
        let said = second.events.all.filter { $0.kind == .ledgerRebuilt }.map(\.message)
        #expect(said.count == 1 && said[0].contains("\(second.space("lab-a")) is \(second.space("moved")) now"))
        #expect(second.shelf.state.withLock { $0.rendered.count } == 1)
        #expect(try await second.counts().done == 3)
        // One version more, and no name more.
        #expect(
            Set(second.space.files(in: "out")).subtracting(before)
                == ["lab-a/sub/2.png.v1", "lab-a/sub/2.png.v1.json"])
        for number in 1...3 {
            #expect(try await second.row("sub/\(number).png")?.output == Array("lab-a/sub/\(number).png".utf8))
        }
    }

    @Test("A tree that is watched no longer is taken for no other one whose captures have the same names")
    func otherTree() async throws {
        let first = try await movedBench()
        try loseLedger(first)
        for number in 1...3 {
            // Of the same size, but for the reader's view of no interest.
            let count = first.space.read("moved/sub/\(number).png")?.count ?? 0
            try first.space.write([UInt8](repeating: 7, count: count), to: "moved/sub/\(number).png")
        }
        let second = try next(first)
        try await second.run {
            let (roots, counts) = (try await labRoots(second), try await second.counts())
            #expect(roots == [second.space("lab-a"), second.space("moved")] && counts.done == 3)
        }
    }

    @Test("While a tree is away it is not decided where captures belong; the next start does, and makes none again")
    func away() async throws {
        let first = try await movedBench()
        try loseLedger(first)
        try FileManager.default.moveItem(atPath: first.space("moved"), toPath: first.space("away"))
        try FileManager.default.createDirectory(atPath: first.space("moved"), withIntermediateDirectories: true)
        let second = try next(first)
        try await second.run {
            let counts = try await second.counts()
            #expect(counts.done == 0)
        }
        try FileManager.default.removeItem(atPath: first.space("moved"))
        try FileManager.default.moveItem(atPath: first.space("away"), toPath: first.space("moved"))
        let third = try next(first)
        try await third.run {
            try await announce(third, "sub/1.png", "sub/2.png", "sub/3.png")
            #expect(try await third.counts().done == 3)
            #expect(try await labRoots(third) == [third.space("moved")])
        }
        #expect(third.shelf.state.withLock { $0.rendered } == [])
        #expect(third.space.files(in: "out").count == 6)
    }

    @Test("A verification looks for captures where their tree is now, and counts as compared what it compared")
    func verified() async throws {
        let bench = try await movedBench()
        try FileManager.default.removeItem(atPath: bench.space("moved/sub/2.png"))
        let found = try await TreeVerification(
            bench.ledger(), trees: ResultTrees(bench.configuration.output),
            roots: [bench.space("moved"): DirectorySource(root: bench.space("moved"))], comparing: true)
        #expect(found.problems == [] && found.sound == 3 && found.done == 3)
        #expect(found.gone == [bench.space("out/lab-a/sub/2.png")])
        #expect(found.captures == 2)
    }
}
