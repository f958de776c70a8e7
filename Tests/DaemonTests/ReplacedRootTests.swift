import Config
import Daemon
import Foundation
import Jobs
import Ledger
import TestSupport
import Testing
import Watching

/// Results of deleted captures are removed, and a watched tree that another directory takes the place of is no deletion.
@Suite(.timeLimit(.minutes(5))) struct ReplacedRootTests {
    private func bench(in space: Workspace? = nil) throws -> DaemonBench {
        try DaemonBench(space: space) { $0.watches[0].removesAtOnce() }
    }

    private func sayHealthy(_ bench: DaemonBench) async {
        for lab in ["lab-a", "lab-b"] { await bench.announcers[lab]!.say(.healthy) }
    }

    /// Puts an empty directory in place of the tree.
    private func replace(_ bench: DaemonBench) throws {
        try FileManager.default.moveItem(atPath: bench.space("lab-a"), toPath: bench.space("aside"))
        try FileManager.default.createDirectory(atPath: bench.space("lab-a"), withIntermediateDirectories: true)
    }

    private func remove(_ bench: DaemonBench, _ name: String) throws {
        try FileManager.default.removeItem(atPath: bench.space(name))
    }

    private func removed(_ bench: DaemonBench) -> [String] {
        bench.space.files(in: "out.removed").filter { $0.hasSuffix("png") }.sorted()
    }

    /// Has a capture of the tree's present directory made and deleted, and waits for its removal: by then all captures that
    /// were missing before were looked at twice.
    private func deleteAnother(_ bench: DaemonBench, _ name: String, seed: UInt64) async throws {
        try bench.write(name, seed: seed)
        let done = bench.events.count("done")
        try await bench.finish(name, done: done + 1)
        try remove(bench, "lab-a/\(name)")
        let before = bench.events.count("removed")
        await bench.events.wait(for: "removed", count: before + 1)
    }

    @Test(
        "An empty directory in place of a watched tree takes no result away, also at a restart",
        arguments: [false, true])
    func replaced(restarts: Bool) async throws {
        let first = try bench()
        for (name, seed) in [("a.png", 1), ("b.png", 2)] as [(String, UInt64)] { try first.write(name, seed: seed) }
        func goOn(_ bench: DaemonBench) async throws {
            await sayHealthy(bench)
            // What is deleted in the new directory is followed, also under a name that the former one had.
            try await deleteAnother(bench, "n.png", seed: 7)
            try await deleteAnother(bench, "b.png", seed: 8)
            #expect(!removed(bench).contains("lab-a/a.png"))
            #expect(bench.space.files(in: "out").contains("lab-a/a.png"))
            #expect(try await bench.row("a.png")?.state == .done)
        }
        try await first.run {
            await sayHealthy(first)
            try await first.finish("a.png", "b.png", done: 2)
            if restarts { return }
            try replace(first)
            await first.announcers["lab-a"]!.say(.unhealthy(reason: "another directory has taken the place"))
            try await goOn(first)
        }
        guard restarts else { return }
        try replace(first)
        let second = try bench(in: first.space)
        try await second.run { try await goOn(second) }
    }

    @Test("Once captures are there again, deletions are followed as before, down to the last file")
    func back() async throws {
        let bench = try bench()
        for (name, seed) in [("a.png", 1), ("b.png", 2), ("c.png", 3)] as [(String, UInt64)] {
            try bench.write(name, seed: seed)
        }
        try await bench.run {
            await sayHealthy(bench)
            try await bench.finish("a.png", "b.png", "c.png", done: 3)
            try replace(bench)
            await sayHealthy(bench)
            try await deleteAnother(bench, "n.png", seed: 7)
            try remove(bench, "lab-a")
            try FileManager.default.moveItem(atPath: bench.space("aside"), toPath: bench.space("lab-a"))
            await sayHealthy(bench)
            try remove(bench, "lab-a/a.png")
            await bench.events.wait(for: "removed", count: 2)
            for name in ["b.png", "c.png"] { try remove(bench, "lab-a/\(name)") }
            await bench.events.wait(for: "removed", count: 4)
        }
        #expect(bench.space.files(in: "out") == [])
    }

    @Test("A tree that was brought back by copying, without some captures, has lost these")
    func copied() async throws {
        let bench = try bench()
        for (name, seed) in [("a.png", 1), ("b.png", 2)] as [(String, UInt64)] { try bench.write(name, seed: seed) }
        try await bench.run {
            await sayHealthy(bench)
            try await bench.finish("a.png", "b.png", done: 2)
            let before = try bench.sighting("b.png").stamp
            try replace(bench)
            try FileManager.default.copyItem(atPath: bench.space("aside/b.png"), toPath: bench.space("lab-a/b.png"))
            let nanoseconds = Int(before.modifiedNanoseconds)
            let time = timespec(tv_sec: nanoseconds / 1_000_000_000, tv_nsec: nanoseconds % 1_000_000_000)
            #expect(utimensat(AT_FDCWD, bench.space("lab-a/b.png"), [time, time], 0) == 0)
            await sayHealthy(bench)
            try await bench.announce("b.png")
            await bench.events.wait(for: "removed")
        }
        #expect(removed(bench) == ["lab-a/a.png"])
        #expect(try await bench.row("b.png")?.state == .done)
    }
}
