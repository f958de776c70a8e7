import Config
import Daemon
import Foundation
import Jobs
import Ledger
import TestSupport
import Testing
import Watching

/// Files of several pages of which some results are held back and others delivered.
@Suite(.timeLimit(.minutes(5))) struct HeldPagesTests {
    private static func hold(_ pages: Set<Int>, _ bench: DaemonBench) {
        bench.shelf.state.withLock { $0.heldPages = pages }
    }

    private static func sidecar(_ name: String, _ bench: DaemonBench) throws -> Sidecar {
        try Sidecar(json: [UInt8](#require(bench.space.read("\(name).json"))))
    }

    /// What lies in both trees, and whether the ledger and all captures agree with it.
    private static func check(_ bench: DaemonBench, delivered: [String], held: [String]) async throws {
        #expect(PagesTests.results(bench) == delivered.map { "lab-a/\($0)" })
        #expect(PagesTests.results(bench, "out.held") == held.map { "lab-a/\($0)" })
        let verification = try await PagesTests.verify(bench)
        #expect(verification.problems == [] && verification.copies == [])
        #expect(verification.sound == delivered.count + held.count)
    }

    @Test(
        "A page that is held back lies with the held results, the others are delivered; asked for again, it is released"
    )
    func released() async throws {
        let bench = try PagesTests.bench()
        try PagesTests.write("day/a.tif", pages: [1, 2, 3], bench)
        Self.hold([2], bench)
        try await bench.run {
            try await PagesTests.see(["day/a.tif"], results: 3, bench)
            try await Self.check(bench, delivered: ["day/a.p3.png", "day/a.png"], held: ["day/a.p2.png"])
        }
        let second = try #require(try await PagesTests.page("day/a.tif", 2, bench))
        #expect(second.state == .done && second.delivery == "held")
        #expect(try await PagesTests.page("day/a.tif", 3, bench)?.delivery == "delivered")
        #expect(try await bench.row("day/a.tif")?.delivery == "delivered")
        let sidecar = try Self.sidecar("out.held/lab-a/day/a.p2.png", bench)
        #expect(sidecar.verdict.delivery == .held && sidecar.source.page == 2 && sidecar.capture?.page == 2)
        #expect(sidecar.output.path == bench.space("out.held/lab-a/day/a.p2.png"))
        #expect(try await bench.counts().done == 3)

        // The profile comes to deliver what it held back, and the page alone is asked for again.
        let later = try DaemonBench(space: bench.space) {
            $0.profiles["lab-a"]?.pages = .all
            $0.profiles["lab-a"]?.text = "below_threshold = \"deliver\""
        }
        let inodes = ["a.png", "a.p3.png"].map { bench.inode("out/lab-a/day/\($0)") }
        let ledger = try Ledger.open(forCommandIn: bench.space("state"), writing: true)
        #expect(try await ledger.reprocess(.init(captures: [second.id]), now: bench.clock.now) == 1)
        try await later.run { await later.events.wait(for: "done") }
        try await Self.check(
            later, delivered: ["day/a.p2.png", "day/a.p3.png", "day/a.png"], held: ["day/a.p2.png.v1"])
        #expect(later.shelf.state.withLock { $0.rendered.count } == 1)
        #expect(["a.png", "a.p3.png"].map { later.inode("out/lab-a/day/\($0)") } == inodes)
        let row = try #require(try await PagesTests.page("day/a.tif", 2, later))
        #expect(row.id == second.id && row.state == .done && row.delivery == "delivered")
        #expect(try await later.ledger().results(of: row.id).map(\.version) == [1, nil])
        #expect(try await later.counts().done == 3)
    }

    @Test("The first page may be held back as any other; new bytes turn about which is, and a page less keeps versions")
    func turned() async throws {
        let bench = try PagesTests.bench()
        try PagesTests.write("a.tif", pages: [1, 2, 3], bench)
        Self.hold([1, 3], bench)
        try await bench.run {
            try await PagesTests.see(["a.tif"], results: 3, bench)
            try await Self.check(bench, delivered: ["a.p2.png"], held: ["a.p3.png", "a.png"])
            Self.hold([2], bench)
            try PagesTests.write("a.tif", pages: [4, 5], bench)
            try await PagesTests.see(["a.tif"], results: 2, bench)
            await bench.events.wait(for: "ignored")
        }
        try await Self.check(
            bench, delivered: ["a.p2.png.v1", "a.png"], held: ["a.p2.png", "a.p3.png.v1", "a.png.v1"])
        #expect(try await PagesTests.page("a.tif", 3, bench)?.state == .ignored)
    }

    @Test("A held page follows its file, is linked to by a copy's, and goes with its file, each in its own tree")
    func followed() async throws {
        let bench = try PagesTests.bench { $0.watches[0].removesAtOnce() }
        try PagesTests.write("a.tif", pages: [1, 2, 3], bench)
        Self.hold([2], bench)
        try await bench.run {
            for lab in ["lab-a", "lab-b"] { await bench.announcers[lab]!.say(.healthy) }
            try await PagesTests.see(["a.tif"], results: 3, bench)
            try FileManager.default.moveItem(atPath: bench.space("lab-a/a.tif"), toPath: bench.space("lab-a/b.tif"))
            try await bench.announce("b.tif")
            await bench.events.wait(for: "renamed", count: 3)
            try await Self.check(bench, delivered: ["b.p3.png", "b.png"], held: ["b.p2.png"])
            #expect(try Self.sidecar("out.held/lab-a/b.p2.png", bench).capture?.renamedFrom == "a.tif")
            try FileManager.default.copyItem(atPath: bench.space("lab-a/b.tif"), toPath: bench.space("lab-a/c.tif"))
            try await PagesTests.see(["c.tif"], results: 3, bench)
            try await Self.check(
                bench, delivered: ["b.p3.png", "b.png", "c.p3.png", "c.png"], held: ["b.p2.png", "c.p2.png"])
            #expect(bench.inode("out.held/lab-a/c.p2.png") == bench.inode("out.held/lab-a/b.p2.png"))
            #expect(bench.shelf.state.withLock { $0.rendered.count } == 3)
            try FileManager.default.removeItem(atPath: bench.space("lab-a/b.tif"))
            await bench.events.wait(for: "removed", count: 3)
            try await Self.check(bench, delivered: ["c.p3.png", "c.png"], held: ["c.p2.png"])
            #expect(
                PagesTests.results(bench, "out.removed") == ["lab-a/b.p2.png", "lab-a/b.p3.png", "lab-a/b.png"])
        }
    }

    @Test("A lost ledger is rebuilt with a held page, and one whose image is torn is made again where it was")
    func rebuilt() async throws {
        let first = try PagesTests.bench()
        try PagesTests.write("a.tif", pages: [1, 2], first)
        Self.hold([2], first)
        try await first.run { try await PagesTests.see(["a.tif"], results: 2, first) }
        try first.space.write("a disk failed under it", to: "state/ledger.sqlite")
        let second = try PagesTests.bench(in: first.space)
        try await second.run {
            await second.events.wait(for: "ledger-rebuilt")
            try await second.announce("a.tif")
        }
        #expect(second.shelf.state.withLock { $0.rendered } == [])
        #expect(try await PagesTests.page("a.tif", 2, second)?.delivery == "held")
        try await Self.check(second, delivered: ["a.png"], held: ["a.p2.png"])

        try second.space.write("torn", to: "out.held/lab-a/a.p2.png")
        let problems = try await PagesTests.verify(second).problems
        #expect(problems.map(\.file) == [second.space("out.held/lab-a/a.p2.png")])
        let ledger = try Ledger.open(forCommandIn: second.space("state"), writing: true)
        _ = try await TreeRepair(ledger, trees: ResultTrees(second.configuration.output), isRunning: false)
            .run(problems, now: second.clock.now)
        let third = try PagesTests.bench(in: first.space)
        Self.hold([2], third)
        try await third.run { await third.events.wait(for: "done") }
        #expect(third.shelf.state.withLock { $0.rendered.count } == 1)
        let verification = try await PagesTests.verify(third)
        #expect(verification.problems == [] && verification.sound == 2)
        #expect(try Self.sidecar("out.held/lab-a/a.p2.png", third).verdict.delivery == .held)
    }
}
