import Config
import Daemon
import Foundation
import Jobs
import Ledger
import Testing
import Watching

/// Captures whose files are not there when they are to be worked on, and are back later: nothing that was asked for is lost
/// by that, and nothing is called done that is not there.
@Suite(.timeLimit(.minutes(5))) struct GoneCapturesTests {
    private static let name = "day/x.png"

    /// A daemon's tree with one result; the daemon has stopped.
    private func finishedBench() async throws -> DaemonBench {
        let bench = try DaemonBench()
        try await bench.run(untilDone: Self.name)
        return bench
    }

    private func askAgain(_ bench: DaemonBench, _ name: String = name) async throws {
        let row = try #require(try await bench.row(name))
        let ledger = try Ledger.open(forCommandIn: bench.space("state"), writing: true)
        #expect(try await ledger.reprocess(.init(captures: [row.id]), now: bench.clock.now) == 1)
    }

    private func move(_ bench: DaemonBench, _ from: String, _ to: String) throws {
        try FileManager.default.moveItem(atPath: bench.space(from), toPath: bench.space(to))
    }

    @Test(
        "A capture that is asked for again and is away is done only with a result that is there, and worked out once it is back",
        arguments: [[], ["out/lab-a/day/x.png"], ["out/lab-a/day/x.png.json"], ["out/lab-a/day"]])
    func away(missing: [String]) async throws {
        let first = try await finishedBench()
        for name in missing { try FileManager.default.removeItem(atPath: first.space(name)) }
        try await askAgain(first)
        try move(first, "lab-a/day", "aside")
        let bench = try DaemonBench(space: first.space)
        try await bench.run {
            await bench.events.wait(for: "trouble")
            let said = try #require(bench.events.all.first { $0.kind.name == "trouble" }).message
            let row = try #require(try await bench.row(Self.name))
            let results = try await bench.ledger().results(of: row.id)
            if missing.isEmpty {
                #expect(said.contains("its result stays"), "\(said)")
                #expect(row.state == .done && results.count == 1)
            } else {
                #expect(said.contains("its result is not in the output") && !said.contains("stays"), "\(said)")
                #expect(row.state == .ignored && results.isEmpty, "nothing is said to be there that is not")
            }
            #expect(row.note?.contains("once the file is back") == true)
            // A folder that is moved keeps its files' numbers and times.
            try move(bench, "aside", "lab-a/day")
            try await bench.finish(Self.name)
        }
        #expect(try await bench.row(Self.name)?.state == .done)
        #expect(try bench.isSound("lab-a/day/x.png"))
        let third = try DaemonBench(space: first.space)
        try await third.run { try await third.announce(Self.name) }
        #expect(try await third.row(Self.name)?.state == .done, "what is done is not done again")
    }

    @Test("A page whose file is away is worked out with its file when that is back")
    func page() async throws {
        let first = try PagesTests.bench()
        try PagesTests.write("day/x.tif", pages: [1, 2], first)
        try await first.run { try await PagesTests.see(["day/x.tif"], results: 2, first) }
        let row = try #require(try await PagesTests.page("day/x.tif", 2, first))
        let ledger = try Ledger.open(forCommandIn: first.space("state"), writing: true)
        #expect(try await ledger.reprocess(.init(captures: [row.id]), now: first.clock.now) == 1)
        try FileManager.default.removeItem(atPath: first.space("out/lab-a/day/x.p2.png"))
        try move(first, "lab-a/day", "aside")
        let bench = try PagesTests.bench(in: first.space)
        try await bench.run {
            await bench.events.wait(for: "trouble")
            #expect(try await PagesTests.page("day/x.tif", 2, bench)?.state == .ignored)
            try move(bench, "aside", "lab-a/day")
            try await PagesTests.see(["day/x.tif"], results: 2, bench)
        }
        #expect(try await PagesTests.page("day/x.tif", 2, bench)?.state == .done)
        #expect(try bench.isSound("lab-a/day/x.p2.png"))
    }

    @Test(
        "Where another directory has taken the place of a root, nothing is concluded until its watcher says what it is")
    func otherRoot() async throws {
        let bench = try DaemonBench()
        let watcher = try #require(bench.announcers["lab-a"])
        try bench.write(Self.name)
        try await bench.run {
            await watcher.say(.healthy)
            try await bench.finish(Self.name)
            // Its watcher does not know yet.
            try move(bench, "lab-a", "aside")
            try FileManager.default.createDirectory(atPath: bench.space("lab-a"), withIntermediateDirectories: true)
            try await askAgain(bench)
            while try await bench.row(Self.name)?.note?.contains("another directory") != true {
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(try await bench.row(Self.name)?.state == .pending)
            await watcher.say(.unhealthy(reason: "another directory has taken the place"))
            try FileManager.default.removeItem(atPath: bench.space("lab-a"))
            try move(bench, "aside", "lab-a")
            await watcher.say(.healthy)
            await bench.events.wait(for: "done", count: 2)
        }
        #expect(bench.events.count("trouble") == 0 && bench.events.count("ignored") == 0)
        #expect(try bench.isSound("lab-a/day/x.png"))
    }

    @Test("A file that is back before it is entered as gone is not forgotten")
    func backAtOnce() async throws {
        let bench = try DaemonBench()
        let path = try #require(CapturePath(Self.name))
        bench.sources["lab-a"]?.troubles.withLock { $0.reads[path] = [.gone("the file is gone")] }
        try await bench.run(untilDone: Self.name)
        #expect(bench.events.count("ignored") == 1)
        #expect(try await bench.row(Self.name)?.state == .done)
    }
}
