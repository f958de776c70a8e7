import Config
import Daemon
import Foundation
import ImageFiles
import Jobs
import Ledger
import TestSupport
import Testing
import Watching

/// Files of several pages, each of which is a capture of its own (`pages = "all"`).
@Suite(.timeLimit(.minutes(5))) struct PagesTests {
    static func bench(
        in space: Workspace? = nil, isolation: DaemonConfiguration.Isolation = .threads,
        change: (inout DaemonConfiguration) -> Void = { _ in }
    ) throws -> DaemonBench {
        try DaemonBench(space: space, isolation: isolation) {
            $0.profiles["lab-a"]?.pages = .all
            change(&$0)
        }
    }

    static func write(_ name: String, pages seeds: [UInt8], _ bench: DaemonBench) throws {
        try bench.space.write(PagedFile.tiff(seeds), to: "lab-a/\(name)")
    }

    static func see(_ names: [String], results: Int, _ bench: DaemonBench) async throws {
        let count = bench.events.count("done")
        for name in names { try await bench.announce(name) }
        await bench.events.wait(for: "done", count: count + results)
    }

    static func verify(_ bench: DaemonBench) async throws -> TreeVerification {
        try await TreeVerification(
            bench.ledger(), trees: ResultTrees(bench.configuration.output),
            roots: Dictionary(
                uniqueKeysWithValues: bench.configuration.watches.map { ($0.path, DirectorySource(root: $0.path)) }),
            comparing: true)
    }

    static func results(_ bench: DaemonBench, _ folder: String = "out") -> [String] {
        bench.space.files(in: folder).filter { !$0.hasSuffix(".json") }.sorted()
    }

    static func page(_ name: String, _ number: Int, _ bench: DaemonBench) async throws -> CaptureRow? {
        let ledger = try bench.ledger()
        guard let row = try await bench.row(name) else { return nil }
        return try await ledger.pages(of: row).first { $0.path.page == number }
    }

    @Test("A result a page, each with its sidecar; the next start and the same bytes under another name make none anew")
    func each() async throws {
        let bench = try Self.bench()
        try Self.write("day/fields.tif", pages: [1, 2, 3], bench)
        try Self.write("one.tif", pages: [9], bench)
        try await bench.run {
            try await Self.see(["day/fields.tif", "one.tif"], results: 4, bench)
            #expect(
                Self.results(bench) == [
                    "lab-a/day/fields.p2.png", "lab-a/day/fields.p3.png", "lab-a/day/fields.png", "lab-a/one.png",
                ])
            for (page, name) in [(1, "fields.png"), (2, "fields.p2.png"), (3, "fields.p3.png")] {
                let sidecar = try #require(try bench.sidecar("lab-a/day/\(name)"))
                #expect(try bench.isSound("lab-a/day/\(name)"))
                #expect(sidecar.source.page == page && sidecar.source.pages == 3)
                #expect(sidecar.capture?.page == page && sidecar.capture?.path == "day/fields.tif")
                #expect(sidecar.source.path == bench.space("lab-a/day/fields.tif"))
                #expect(sidecar.source.sha256 == FileDigest.sha256(PagedFile.tiff([1, 2, 3])))
                #expect(!sidecar.warnings.contains { $0.contains("pages") }, "\(sidecar.warnings)")
                let got = try ImageReader.decode([UInt8](bench.space.read("out/lab-a/day/\(name)")!), name: name)
                #expect(abs(got.image.samples[0] * 255 - Float(PagedFile.first(UInt8(page)))) < 1)
            }
            #expect(try bench.sidecar("lab-a/one.png")?.capture?.page == nil)
            let counts = try await bench.counts()
            #expect(counts.done == 4 && counts.seen == 4)
        }
        let verification = try await Self.verify(bench)
        #expect(verification.problems == [] && verification.sound == 4)
        let second = try Self.bench(in: bench.space)
        try FileManager.default.copyItem(
            atPath: second.space("lab-a/day/fields.tif"), toPath: second.space("lab-a/copy.tif"))
        try await second.run {
            try await second.announce("day/fields.tif")
            try await Self.see(["copy.tif"], results: 3, second)
        }
        #expect(second.shelf.state.withLock { $0.rendered } == [])
        for name in ["", ".p2", ".p3"] {
            #expect(second.inode("out/lab-a/copy\(name).png") == second.inode("out/lab-a/day/fields\(name).png"))
            let sidecar = try #require(try second.sidecar("lab-a/copy\(name).png"))
            #expect(sidecar.capture?.duplicateOf == "lab-a/day/fields\(name).png")
            #expect(sidecar.source.path == second.space("lab-a/copy.tif"))
        }
        #expect(try await Self.verify(second).problems == [])
    }

    @Test("A page keeps out of the way of a capture that is named like it, whichever came first")
    func names() async throws {
        let bench = try Self.bench()
        try Self.write("a.p2.tif", pages: [7], bench)
        try Self.write("a.tif", pages: [1, 2], bench)
        try Self.write("b.tif", pages: [3, 4], bench)
        try Self.write("b.p2.tif", pages: [8], bench)
        try await bench.run {
            try await Self.see(["a.p2.tif"], results: 1, bench)
            try await Self.see(["a.tif", "b.tif"], results: 4, bench)
            try await Self.see(["b.p2.tif"], results: 1, bench)
        }
        #expect(
            Self.results(bench) == [
                "lab-a/a.p2.png", "lab-a/a.png", "lab-a/a.tif.p2.png", "lab-a/b.p2.png", "lab-a/b.p2.tif.png",
                "lab-a/b.png",
            ])
        #expect(try bench.sidecar("lab-a/a.p2.png")?.capture?.path == "a.p2.tif")
        #expect(try bench.sidecar("lab-a/a.tif.p2.png")?.capture?.page == 2)
        #expect(try await Self.verify(bench).problems == [])
    }

    @Test("Other pages under the same name become versions; one that is no more leaves no result, and may come back")
    func again() async throws {
        let bench = try Self.bench()
        try Self.write("a.tif", pages: [1, 2, 3], bench)
        try await bench.run {
            try await Self.see(["a.tif"], results: 3, bench)
            try Self.write("a.tif", pages: [4, 5], bench)
            try await Self.see(["a.tif"], results: 2, bench)
            await bench.events.wait(for: "ignored")
            #expect(
                Self.results(bench) == [
                    "lab-a/a.p2.png", "lab-a/a.p2.png.v1", "lab-a/a.p3.png.v1", "lab-a/a.png", "lab-a/a.png.v1",
                ])
            let third = try #require(try await Self.page("a.tif", 3, bench))
            #expect(third.state == .ignored && third.note == "its file has no such page any more")
            #expect(try await bench.ledger().results(of: third.id).map(\.version) == [1])
            #expect(try await Self.verify(bench).problems == [])
            try Self.write("a.tif", pages: [6, 7, 8], bench)
            try await Self.see(["a.tif"], results: 3, bench)
            #expect(try bench.sidecar("lab-a/a.p3.png")?.capture?.page == 3)
            #expect(Self.results(bench).count == 8)
        }
        #expect(try await bench.counts().done == 3)
        #expect(try await Self.verify(bench).problems == [])
    }

    @Test("Where the profile comes to take the first page alone, further pages' results are kept as versions")
    func first() async throws {
        let bench = try Self.bench()
        try Self.write("a.tif", pages: [1, 2], bench)
        try await bench.run { try await Self.see(["a.tif"], results: 2, bench) }
        let second = try DaemonBench(space: bench.space) { $0.profiles["lab-a"]?.text = "pages = \"first\"" }
        let ledger = try Ledger.open(forCommandIn: bench.space("state"), writing: true)
        #expect(try await ledger.reprocess(.init(state: .done), now: bench.clock.now) == 2)
        try await second.run {
            await second.events.wait(for: "done")
            await second.events.wait(for: "ignored")
        }
        #expect(Self.results(second) == ["lab-a/a.p2.png.v1", "lab-a/a.png", "lab-a/a.png.v1"])
        #expect(try await Self.verify(second).problems == [])
    }

    @Test("All pages follow their file to another name, and nothing is made anew")
    func renamed() async throws {
        let bench = try Self.bench()
        try Self.write("a.tif", pages: [1, 2, 3], bench)
        try await bench.run {
            try await Self.see(["a.tif"], results: 3, bench)
            try bench.space.write([], to: "lab-a/b/.keep")
            try FileManager.default.moveItem(atPath: bench.space("lab-a/a.tif"), toPath: bench.space("lab-a/b/c.tif"))
            try await bench.announce("b/c.tif")
            await bench.events.wait(for: "renamed", count: 3)
        }
        #expect(Self.results(bench) == ["lab-a/b/c.p2.png", "lab-a/b/c.p3.png", "lab-a/b/c.png"])
        #expect(bench.shelf.state.withLock { $0.rendered.count } == 3)
        let sidecar = try #require(try bench.sidecar("lab-a/b/c.p2.png"))
        #expect(sidecar.capture?.renamedFrom == "a.tif" && sidecar.capture?.path == "b/c.tif")
        #expect(sidecar.capture?.page == 2 && sidecar.source.path == bench.space("lab-a/b/c.tif"))
        let counts = try await bench.counts()
        #expect(counts.done == 3 && counts.ignored == 3 && counts.pending == 0)
        #expect(try await Self.verify(bench).problems == [])
    }

    @Test("The results of all pages of a deleted file are removed where that is asked for")
    func deleted() async throws {
        let bench = try Self.bench { $0.watches[0].removesAtOnce() }
        try Self.write("a.tif", pages: [1, 2], bench)
        try await bench.run {
            for lab in ["lab-a", "lab-b"] { await bench.announcers[lab]!.say(.healthy) }
            try await Self.see(["a.tif"], results: 2, bench)
            try FileManager.default.removeItem(atPath: bench.space("lab-a/a.tif"))
            await bench.events.wait(for: "removed", count: 2)
        }
        #expect(Self.results(bench) == [])
        #expect(Self.results(bench, "out.removed") == ["lab-a/a.p2.png", "lab-a/a.png"])
    }

    @Test("A lost ledger is rebuilt with all pages; one that had no result yet gets it, and a damaged one is repaired")
    func rebuilt() async throws {
        let first = try Self.bench()
        try Self.write("a.tif", pages: [1, 2, 3], first)
        try await first.run { try await Self.see(["a.tif"], results: 3, first) }
        for name in ["lab-a/a.p3.png", "lab-a/a.p3.png.json"] {
            try FileManager.default.removeItem(atPath: first.space("out/\(name)"))
        }
        try first.space.write("a disk failed under it", to: "state/ledger.sqlite")
        let second = try Self.bench(in: first.space)
        try await second.run {
            try await second.finish("a.tif")
        }
        #expect(second.shelf.state.withLock { $0.rendered.count } == 1)
        let counts = try await second.counts()
        #expect(counts.done == 3 && counts.seen == 3)
        #expect(try await Self.verify(second).problems == [])

        try second.space.write("torn", to: "out/lab-a/a.p2.png")
        let found = try await Self.verify(second)
        #expect(found.problems.count == 1 && found.problems.first?.remedy == "`nctd repair` has it made again")
        let ledger = try Ledger.open(forCommandIn: second.space("state"), writing: true)
        _ = try await TreeRepair(ledger, trees: ResultTrees(second.configuration.output), isRunning: false)
            .run(found.problems, now: second.clock.now)
        let third = try Self.bench(in: first.space)
        try await third.run { await third.events.wait(for: "done") }
        #expect(third.shelf.state.withLock { $0.rendered.count } == 1)
        #expect(try await Self.verify(third).problems == [])
    }

    @Test("A page that cannot be decoded fails by itself, and is tried again by itself")
    func failing() async throws {
        let bench = try Self.bench()
        let damaged = PagedFile.tiff([1, 2, 3], compressionOfLast: 34663)
        try bench.space.write(damaged, to: "lab-a/a.tif")
        try await bench.run {
            try await bench.finish("a.tif", done: 2)
            await bench.events.wait(for: "failed")
            #expect(Self.results(bench) == ["lab-a/a.p2.png", "lab-a/a.png"])
            #expect(bench.space.files(in: "quarantine") == ["lab-a/a.tif.p3.json"])
            try Self.write("a.tif", pages: [1, 2, 3], bench)
            try await Self.see(["a.tif"], results: 3, bench)
        }
        #expect(bench.space.files(in: "quarantine") == [])
        #expect(try await bench.counts().done == 3)
    }

    @Test("Workers read pages as the daemon does")
    func workers() async throws {
        let space = try Workspace()
        let profile = try WorkerBench.profile(in: space)
        var paged = profile
        (paged.text, paged.pages) = (profile.text + "pages = \"all\"\n", .all)
        let bench = try DaemonBench(space: space, isolation: .processes) {
            $0.profiles = ["lab-a": paged, "lab-b": profile]
        }
        try Self.write("a.tif", pages: [1, 2], bench)
        try await bench.run { try await Self.see(["a.tif"], results: 2, bench) }
        #expect(Self.results(bench) == ["lab-a/a.p2.png", "lab-a/a.png"])
        #expect(try bench.sidecar("lab-a/a.p2.png")?.source.page == 2)
    }

    @Test("A page is named as it is printed, and its file by any of them")
    func paths() throws {
        let file = try #require(CapturePath("day 1/a.tif"))
        let page = file.page(12)
        #expect(page.page == 12 && page.file == file && file.page(1) == file && page.page(3) == file.page(3))
        #expect(page.description == "day 1/a.tif (page 12)" && page.name.elementsEqual("a.tif".utf8))
        #expect(page.parent == file.parent && CapturePath(bytes: page.bytes) == page)
        #expect(CapturePath("day 1/a.tif (page 12)")?.named == page)
        for other in ["a.tif", "a.tif (page 1)", "a.tif (page 012)", "a.tif(page 2)", "(page 2)", "a (page 2", "a ()"] {
            #expect(CapturePath(other)?.named == nil, "\(other)")
        }
        for suffix in ["", "1", "01", "x", "2x", "1234567"] {
            #expect(CapturePath(bytes: Array("a".utf8) + [0] + Array(suffix.utf8)) == nil, "\(suffix)")
        }
    }
}

/// TIFF files of several pages of 48 × 36 pixels, each of a color of its own.
enum PagedFile {
    static func first(_ seed: UInt8) -> UInt8 { 150 + seed * 9 }

    /// - Parameter compressionOfLast: as the last page says it, whatever it is.
    static func tiff(_ seeds: [UInt8], compressionOfLast: Int = 1) -> [UInt8] {
        let (width, height) = (48, 36)
        func short(_ value: Int) -> [UInt8] { [UInt8(value & 255), UInt8(value >> 8)] }
        func long(_ value: Int) -> [UInt8] { short(value & 65535) + short(value >> 16) }
        let directory = 2 + 10 * 12 + 4 + 6
        let size = directory + width * height * 3
        var bytes = Array("II*\0".utf8) + long(8)
        for (index, seed) in seeds.enumerated() {
            let start = 8 + index * size
            let isLast = index == seeds.count - 1
            func entry(_ tag: Int, _ type: Int, _ count: Int, _ value: [UInt8]) {
                bytes += short(tag) + short(type) + long(count) + value
            }
            bytes += short(10)
            entry(256, 4, 1, long(width))
            entry(257, 4, 1, long(height))
            entry(258, 3, 3, long(start + directory - 6))
            entry(259, 3, 1, long(isLast ? compressionOfLast : 1))
            entry(262, 3, 1, long(2))
            entry(273, 4, 1, long(start + directory))
            entry(277, 3, 1, long(3))
            entry(278, 4, 1, long(height))
            entry(279, 4, 1, long(width * height * 3))
            entry(284, 3, 1, long(1))
            bytes += long(isLast ? 0 : start + size) + short(8) + short(8) + short(8)
            for pixel in 0..<width * height {
                bytes += [first(seed), 200, UInt8(60 + (pixel + Int(seed)) % 90)]
            }
        }
        return bytes
    }
}
