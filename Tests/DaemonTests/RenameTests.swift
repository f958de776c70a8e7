import Config
import Daemon
import Foundation
import Jobs
import Ledger
import TestSupport
import Testing
import Watching

/// Results follow captures that get other names within their watched tree.
@Suite(.timeLimit(.minutes(15))) struct RenameTests {
    /// A bench whose captures of these names are done, each with bytes of its own.
    private static func bench(
        _ names: [String], in space: Workspace? = nil, change: (inout DaemonConfiguration) -> Void = { _ in }
    ) throws -> DaemonBench {
        let bench = try DaemonBench(space: space, change: change)
        for (number, name) in names.enumerated() { try bench.write(name, seed: UInt64(number + 1)) }
        return bench
    }

    private static func see(_ names: [String], _ bench: DaemonBench) async throws {
        let count = bench.events.count("done")
        for name in names { try await bench.announce(name) }
        await bench.events.wait(for: "done", count: count + names.count)
    }

    private static func move(_ old: String, to new: String, _ bench: DaemonBench) throws {
        let target = bench.space("lab-a/\(new)")
        try FileManager.default.createDirectory(
            atPath: (target as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try? FileManager.default.removeItem(atPath: target)
        try FileManager.default.moveItem(atPath: bench.space("lab-a/\(old)"), toPath: target)
    }

    @Test("A result follows its capture to another folder, with what its sidecar says, and nothing is made anew")
    func follows() async throws {
        let bench = try Self.bench(["a.png"])
        try await bench.run {
            try await Self.see(["a.png"], bench)
            let before = try #require(try await bench.row("a.png"))
            let inode = bench.inode("out/lab-a/a.png")
            let old = try #require(try bench.sidecar("lab-a/a.png"))
            try Self.move("a.png", to: "patient 2/b.png", bench)
            try await bench.announce("patient 2/b.png")
            await bench.events.wait(for: "renamed")
            #expect(
                bench.events.all.contains(
                    .renamed(
                        lab: "lab-a", file: bench.space("lab-a/patient 2/b.png"), former: bench.space("lab-a/a.png"),
                        output: "lab-a/patient 2/b.png")))
            #expect(bench.space.files(in: "out") == ["lab-a/patient 2/b.png", "lab-a/patient 2/b.png.json"])
            #expect(bench.inode("out/lab-a/patient 2/b.png") == inode)
            #expect(try bench.isSound("lab-a/patient 2/b.png"))
            let new = try #require(try bench.sidecar("lab-a/patient 2/b.png"))
            #expect(new.source.path == bench.space("lab-a/patient 2/b.png"))
            #expect(new.output.path == bench.space("out/lab-a/patient 2/b.png"))
            #expect(new.capture?.path == "patient 2/b.png")
            #expect(new.capture?.renamedFrom == "a.png")
            #expect(new.output.sha256 == old.output.sha256)
            #expect(new.createdAt == old.createdAt)
            let row = try #require(try await bench.row("patient 2/b.png"))
            #expect(row.state == .done)
            #expect(row.digest == before.digest)
            #expect(row.identity == before.identity)
            #expect(row.finishedAt == before.finishedAt)
            let former = try #require(try await bench.row("a.png"))
            #expect(former.state == .ignored)
            #expect(former.note == "renamed to patient 2/b.png, which has its result now")
            #expect(former.output == nil)
            let results = try await bench.ledger().results(of: row.id)
            #expect(results.map(\.output) == [Array("lab-a/patient 2/b.png".utf8)])
            #expect(try await bench.ledger().results(of: former.id) == [])
            #expect(try await bench.ledger().renames() == [])
        }
        #expect(bench.shelf.state.withLock { $0.rendered.count } == 1)
        let verification = try await TreeVerification(bench.ledger(), trees: ResultTrees(bench.configuration.output))
        #expect(verification.problems == [])
        #expect(verification.copies == [])
    }

    @Test("With renames = \"keep\" the new name gets a link to the result, and the old result stays")
    func keeps() async throws {
        let bench = try Self.bench(["a.png"]) { $0.watches[0].renames = .keep }
        try await bench.run {
            try await Self.see(["a.png"], bench)
            try Self.move("a.png", to: "b.png", bench)
            try await Self.see(["b.png"], bench)
        }
        #expect(bench.events.count("renamed") == 0)
        #expect(bench.inode("out/lab-a/a.png") == bench.inode("out/lab-a/b.png"))
        #expect(bench.space.files(in: "out").count == 4)
        #expect(try await bench.row("a.png")?.state == .done)
    }

    @Test("What was only touched has its name still: another copy of its bytes takes nothing from it")
    func touched() async throws {
        let bench = try Self.bench(["a.png"])
        try await bench.run {
            try await Self.see(["a.png"], bench)
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1_700_000_000)],
                ofItemAtPath: bench.space("lab-a/a.png"))
            try await Self.see(["a.png"], bench)
            try bench.space.write(try DaemonBench.picture(1), to: "lab-a/b.png")
            try await Self.see(["b.png"], bench)
        }
        #expect(bench.events.count("renamed") == 0)
        #expect(bench.space.files(in: "out").count == 4)
        #expect(bench.shelf.state.withLock { $0.rendered.count } == 1)
    }

    @Test("A copy is no rename, and neither is a copy whose first one is deleted later")
    func copies() async throws {
        let bench = try Self.bench(["a.png"])
        try await bench.run {
            try await Self.see(["a.png"], bench)
            try FileManager.default.copyItem(atPath: bench.space("lab-a/a.png"), toPath: bench.space("lab-a/b.png"))
            try await Self.see(["b.png"], bench)
            try FileManager.default.removeItem(atPath: bench.space("lab-a/a.png"))
            // The same bytes written anew.
            try bench.space.write(try DaemonBench.picture(1), to: "lab-a/b.png")
            try await Self.see(["b.png"], bench)
        }
        #expect(bench.events.count("renamed") == 0)
        #expect(bench.space.files(in: "out").count == 4)
    }

    @Test("Another ending alone keeps the result where it is, for the name belongs to the new one now")
    func ending() async throws {
        let bench = try Self.bench(["a.png"])
        try await bench.run {
            try await Self.see(["a.png"], bench)
            try Self.move("a.png", to: "a.PNG", bench)
            try await bench.announce("a.PNG")
            await bench.events.wait(for: "renamed")
        }
        #expect(bench.space.files(in: "out") == ["lab-a/a.png", "lab-a/a.png.json"])
        #expect(try bench.sidecar("lab-a/a.png")?.source.path == bench.space("lab-a/a.PNG"))
        #expect(try await bench.row("a.PNG")?.output == Array("lab-a/a.png".utf8))
        #expect(try await bench.row("a.png")?.output == nil)
    }

    @Test("Versions come along, after those that the new name has, whose own result is kept")
    func versions() async throws {
        let bench = try Self.bench(["a.png", "b.png"])
        try await bench.run {
            try await Self.see(["a.png", "b.png"], bench)
            for seed in [11, 12] as [UInt64] {
                try bench.write("a.png", seed: seed)
                try await Self.see(["a.png"], bench)
            }
            let digests = try ["a.png.v1", "a.png.v2", "a.png"].map {
                try #require(try bench.sidecar("lab-a/\($0)")).source.sha256
            }
            let own = try #require(try bench.sidecar("lab-a/b.png")).source.sha256
            try Self.move("a.png", to: "b.png", bench)
            try await bench.announce("b.png")
            await bench.events.wait(for: "renamed")
            let names = ["b.png.v1", "b.png.v2", "b.png.v3", "b.png"]
            #expect(
                try names.map { try #require(try bench.sidecar("lab-a/\($0)")).source.sha256 } == [own] + digests)
            for name in names { #expect(try bench.isSound("lab-a/\(name)"), "\(name)") }
            #expect(bench.space.files(in: "out").count == 8)
            let row = try #require(try await bench.row("b.png"))
            let results = try await bench.ledger().results(of: row.id)
            #expect(results.map(\.version) == [1, 2, 3, nil])
            #expect(results.map { CapturePath.printable($0.output) } == names.map { "lab-a/\($0)" })
            #expect(results.map(\.digest) == [own] + digests)
        }
        let verification = try await TreeVerification(bench.ledger(), trees: ResultTrees(bench.configuration.output))
        #expect(verification.problems == [])
        #expect(verification.copies == [])
    }

    @Test("What is held back follows in the tree of held results")
    func held() async throws {
        let bench = try Self.bench(["a.png"])
        bench.shelf.state.withLock { $0.deliveries["lab-a"] = .held }
        try await bench.run {
            try await Self.see(["a.png"], bench)
            try Self.move("a.png", to: "b.png", bench)
            try await bench.announce("b.png")
            await bench.events.wait(for: "renamed")
        }
        #expect(bench.space.files(in: "out") == [])
        #expect(bench.space.files(in: "out.held") == ["lab-a/b.png", "lab-a/b.png.json"])
    }

    @Test("Where the new name is another profile's, the result is made anew, and the one that followed is its version")
    func otherProfile() async throws {
        let bench = try Self.bench(["a.png"]) {
            $0.watches[0].rules = [.init(name: "marrow", pathPattern: "marrow/**", profile: "lab-b")]
        }
        try await bench.run {
            try await Self.see(["a.png"], bench)
            try Self.move("a.png", to: "marrow/a.png", bench)
            try await Self.see(["marrow/a.png"], bench)
        }
        #expect(
            bench.space.files(in: "out").sorted() == [
                "lab-a/marrow/a.png", "lab-a/marrow/a.png.json", "lab-a/marrow/a.png.v1", "lab-a/marrow/a.png.v1.json",
            ])
        #expect(try bench.sidecar("lab-a/marrow/a.png")?.profile?.name == "lab-b")
        #expect(try bench.sidecar("lab-a/marrow/a.png.v1")?.profile?.name == "lab-a")
        #expect(try await bench.row("a.png")?.state == .ignored)
        let row = try #require(try await bench.row("marrow/a.png"))
        #expect(row.state == .done)
        #expect(try await bench.ledger().results(of: row.id).map(\.version) == [1, nil])
    }

    @Test("Where another file has the old name by now, the result follows, and the other gets its own")
    func rotated() async throws {
        let bench = try Self.bench(["a.png"])
        try await bench.run {
            try await Self.see(["a.png"], bench)
            try Self.move("a.png", to: "a-1.png", bench)
            try bench.write("a.png", seed: 7)
            try await bench.announce("a-1.png")
            await bench.events.wait(for: "renamed")
            try await Self.see(["a.png"], bench)
        }
        #expect(
            bench.space.files(in: "out").sorted() == [
                "lab-a/a-1.png", "lab-a/a-1.png.json", "lab-a/a.png", "lab-a/a.png.json",
            ])
        #expect(try await bench.counts().done == 2)
        #expect(bench.shelf.state.withLock { $0.rendered.count } == 2)
    }

    @Test("What failed and is renamed fails under its new name alone")
    func failed() async throws {
        let bench = try Self.bench([])
        try bench.space.write("no image at all", to: "lab-a/a.png")
        try await bench.run {
            try await bench.announce("a.png")
            await bench.events.wait(for: "failed")
            try Self.move("a.png", to: "b.png", bench)
            try await bench.announce("b.png")
            await bench.events.wait(for: "failed", count: 2)
        }
        #expect(try await bench.row("a.png")?.note == "renamed to b.png, which fails as well")
        #expect(try await bench.counts().failed == 1)
        #expect(bench.space.files(in: "quarantine") == ["lab-a/b.png.json"])
    }

    @Test("What was begun and not ended is ended by the next start, also if the capture is gone again by then")
    func takenUp() async throws {
        let first = try Self.bench(["a.png"])
        try await first.run { try await Self.see(["a.png"], first) }
        do {
            let ledger = try Ledger.open(stateDirectory: first.space("state"))
            let old = try #require(try await first.row("a.png"))
            try Self.move("a.png", to: "b.png", first)
            let sighting = try first.sighting("b.png")
            _ = try await ledger.record([.init(sighting)], root: old.root, settle: .zero, now: first.clock.now)
            let row = try #require(try await ledger.capture(root: old.root, path: sighting.path))
            #expect(
                try await ledger.beginRename(
                    row.id, from: old.id, outputs: [Array("lab-a/b.png".utf8)], note: "renamed", plan: Self.plan(row))
                    == nil,
                "only for a capture that is in work")
            _ = try #require(try await ledger.claim(row.id))
            #expect(
                try await ledger.beginRename(
                    row.id, from: old.id, outputs: [Array("lab-a/b.png".utf8)], note: "renamed", plan: Self.plan(row))
                    != nil)
            #expect(
                try await ledger.beginRename(
                    row.id, from: old.id, outputs: [Array("lab-a/b.png".utf8)], note: "renamed", plan: Self.plan(row))
                    == nil,
                "one at a time")
            try ledger.close()
            try Self.move("b.png", to: "c.png", first)
        }
        let second = try DaemonBench(space: first.space)
        try await second.run {
            try await second.announce("c.png")
            await second.events.wait(for: "renamed", count: 2)
        }
        #expect(second.space.files(in: "out") == ["lab-a/c.png", "lab-a/c.png.json"])
        #expect(second.shelf.state.withLock { $0.rendered.isEmpty })
        #expect(try second.sidecar("lab-a/c.png")?.capture?.renamedFrom == "b.png")
        #expect(try await second.counts().done == 1)
        #expect(try await second.counts().ignored == 2)
    }

    @Test("Captures that exchange their names again and again: of each pair one result follows, and no tree is blamed")
    func exchanged() async throws {
        let names = (0..<8).map { "b\($0).png" }
        let bench = try Self.bench(names) { $0.workers = 4 }
        let rounds = 5
        try await bench.run {
            try await Self.see(names, bench)
            for _ in 0..<rounds {
                for pair in stride(from: 0, to: names.count, by: 2) {
                    try Self.move(names[pair], to: "t", bench)
                    try Self.move(names[pair + 1], to: names[pair], bench)
                    try Self.move("t", to: names[pair + 1], bench)
                }
                await bench.announcers["lab-a"]!.say(.found(try names.map { try bench.sighting($0) }))
                for name in names {
                    let digest = FileDigest.sha256(try #require(bench.space.read("lab-a/\(name)")))
                    while let row = try await bench.row(name), row.state != .done || row.digest != digest {
                        try await Task.sleep(for: .milliseconds(10))
                    }
                }
            }
        }
        #expect(bench.events.count("paused") == 0 && bench.events.count("retrying") == 0)
        #expect(bench.events.count("renamed") == rounds * names.count / 2)
        let verification = try await TreeVerification(bench.ledger(), trees: ResultTrees(bench.configuration.output))
        #expect(verification.problems == [])
    }

    private static func plan(_ row: CaptureRow) -> @Sendable ([UInt8]) -> RenamePlan {
        { _ in
            RenamePlan(
                stamp: row.stamp, rule: nil, isDone: true, ownVersions: [:], versions: ["delivered": 0, "held": 0])
        }
    }

    @Test(
        "The result of a deleted capture goes to the tree of removed results where that is asked for, and nowhere else")
    func deleted() async throws {
        let bench = try Self.bench(["a.png", "b.png"]) { $0.watches[0].removesAtOnce() }
        try bench.write("c.png", lab: "lab-b", seed: 9)
        func own(_ folder: String) -> [String] { bench.space.files(in: folder).sorted() }
        try await bench.run {
            for lab in ["lab-a", "lab-b"] { await bench.announcers[lab]!.say(.healthy) }
            try await bench.finish("c.png", lab: "lab-b")
            try await Self.see(["a.png", "b.png"], bench)
            let digest = try #require(try bench.sidecar("lab-a/a.png")).source.sha256
            for name in ["lab-a/a.png", "lab-b/c.png"] { try FileManager.default.removeItem(atPath: bench.space(name)) }
            await bench.events.wait(for: "removed")
            #expect(own("out.removed") == ["lab-a/a.png", "lab-a/a.png.json"])
            #expect(own("out").map { $0 } == ["lab-a/b.png", "lab-a/b.png.json", "lab-b/c.png", "lab-b/c.png.json"])
            let row = try #require(try await bench.row("a.png"))
            #expect(row.state == .ignored)
            #expect(row.note == "deleted; its result was moved to \(bench.space("out.removed/lab-a/a.png"))")
            #expect(!row.inProgress)
            // It comes back as another, and goes again.
            try bench.write("a.png", seed: 5)
            try await Self.see(["a.png"], bench)
            try FileManager.default.removeItem(atPath: bench.space("lab-a/a.png"))
            await bench.events.wait(for: "removed", count: 2)
            #expect(
                own("out.removed") == [
                    "lab-a/a.png", "lab-a/a.png.json", "lab-a/a.png.v1", "lab-a/a.png.v1.json",
                ])
            let kept = try #require(bench.space.read("out.removed/lab-a/a.png.v1.json"))
            #expect(try Sidecar(json: [UInt8](kept)).source.sha256 == digest)
        }
        #expect(try await bench.row("b.png")?.state == .done)
        #expect(try await bench.row("c.png", lab: "lab-b")?.state == .done)
    }
}
