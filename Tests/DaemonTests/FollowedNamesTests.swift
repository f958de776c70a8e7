import Config
import Daemon
import Foundation
import Jobs
import Ledger
import TestSupport
import Testing
import Watching

/// What results are called that follow their captures to other names: as if those had newly arrived there.
@Suite(.timeLimit(.minutes(5))) struct FollowedNamesTests {
    struct Case: CustomTestStringConvertible {
        var testDescription: String
        /// Captures by name, with the seeds of their pages, in the groups in which they arrive.
        var arrivals: [[String: [UInt8]]]
        /// New names by the old ones; folders that end in a slash.
        var moves: [(old: String, new: String)]
        /// The results of what was moved, by its names.
        var results: [String: [String]]
        /// Results that stay.
        var others: [String] = []
    }

    static let cases = [
        Case(
            testDescription: "to a name beside one of the same stem",
            arrivals: [["q.png": [9]], ["a.tif": [1, 2, 3]]], moves: [("a.tif", "q.tif")],
            results: ["q.tif": ["q.tif.png", "q.tif.p2.png", "q.tif.p3.png"]], others: ["q.png"]),
        Case(
            testDescription: "to another extension, where both came together",
            arrivals: [["scene.png": [9], "scene.tif": [1, 2]]], moves: [("scene.tif", "scene.TIFF")],
            results: ["scene.TIFF": ["scene.TIFF.png", "scene.TIFF.p2.png"]], others: ["scene.png.png"]),
        Case(
            testDescription: "to another extension, one page",
            arrivals: [["scene.png": [9], "scene.tif": [1]]], moves: [("scene.tif", "scene.TIFF")],
            results: ["scene.TIFF": ["scene.TIFF.png"]], others: ["scene.png.png"]),
        Case(
            testDescription: "to another extension, from the plain name of one that was alone when it was done",
            arrivals: [["scene.tif": [1, 2]], ["scene.png": [9]]], moves: [("scene.tif", "scene.TIFF")],
            results: ["scene.TIFF": ["scene.TIFF.png", "scene.TIFF.p2.png"]], others: ["scene.png.png"]),
        Case(
            testDescription: "to another extension, alone", arrivals: [["scene.tif": [1, 2]]],
            moves: [("scene.tif", "scene.TIFF")], results: ["scene.TIFF": ["scene.png", "scene.p2.png"]]),
        Case(
            testDescription: "away from one of the same stem",
            arrivals: [["x.png": [9], "x.tif": [1, 2]]], moves: [("x.tif", "y.tif")],
            results: ["y.tif": ["y.png", "y.p2.png"]], others: ["x.png.png"]),
        Case(
            testDescription: "with a folder of two of the same stem",
            arrivals: [["day 1/x.png": [9], "day 1/x.tif": [1, 2]]], moves: [("day 1", "day 2")],
            results: [
                "day 2/x.tif": ["day 2/x.tif.png", "day 2/x.tif.p2.png"], "day 2/x.png": ["day 2/x.png.png"],
            ]),
        Case(
            testDescription: "to a stem that a page's result has",
            arrivals: [["q.p2.png": [9]], ["a.tif": [1, 2]]], moves: [("a.tif", "q.tif")],
            results: ["q.tif": ["q.png", "q.tif.p2.png"]], others: ["q.p2.png"]),
    ]

    private static func name(_ row: CaptureRow) -> String {
        CapturePath.printable(row.output ?? []).replacing("lab-a/", with: "")
    }

    private static func names(_ file: String, _ bench: DaemonBench) async throws -> [String] {
        let row = try #require(try await bench.row(file), "\(file)")
        return try await ([row] + bench.ledger().pages(of: row)).map(name)
    }

    @Test(
        "A result that follows is named as one that newly arrives, and so are its file's further pages",
        arguments: cases)
    func follows(_ each: Case) async throws {
        let bench = try PagesTests.bench()
        let moved = each.results.values.reduce(0) { $0 + $1.count }
        try await bench.run {
            for group in each.arrivals {
                for (name, pages) in group { try PagesTests.write(name, pages: pages, bench) }
                let count = bench.events.count("done") + group.values.reduce(0) { $0 + $1.count }
                await bench.announcers["lab-a"]!.say(.found(try group.keys.sorted().map { try bench.sighting($0) }))
                await bench.events.wait(for: "done", count: count)
            }
            for (old, new) in each.moves {
                try FileManager.default.moveItem(
                    atPath: bench.space("lab-a/\(old)"), toPath: bench.space("lab-a/\(new)"))
            }
            await bench.announcers["lab-a"]!.say(.found(try each.results.keys.sorted().map { try bench.sighting($0) }))
            await bench.events.wait(for: "renamed", count: moved)
        }
        let all = (each.results.values.joined() + each.others).map { "lab-a/\($0)" }.sorted()
        #expect(PagesTests.results(bench) == all)
        for (file, results) in each.results { #expect(try await Self.names(file, bench) == results, "\(file)") }
        #expect(bench.shelf.state.withLock { $0.rendered.count } == all.count)
        #expect(try await PagesTests.verify(bench).problems == [])

        // As if newly arrived: what stays has its results already.
        let fresh = try PagesTests.bench()
        try await fresh.run {
            for group in each.arrivals {
                let others = group.filter { name, _ in !each.moves.contains { name.hasPrefix($0.old) } }
                for (name, pages) in others { try PagesTests.write(name, pages: pages, fresh) }
                if !others.isEmpty { try await PagesTests.see(others.keys.sorted(), results: others.count, fresh) }
            }
            for name in each.results.keys {
                let bytes = try #require(bench.space.read("lab-a/\(name)"))
                try fresh.space.write([UInt8](bytes), to: "lab-a/\(name)")
            }
            let count = fresh.events.count("done")
            await fresh.announcers["lab-a"]!.say(.found(try each.results.keys.sorted().map { try fresh.sighting($0) }))
            await fresh.events.wait(for: "done", count: count + moved)
        }
        for (file, results) in each.results { #expect(try await Self.names(file, fresh) == results, "\(file)") }
    }

    @Test("Pages that a file comes to have are named as its first page is, whatever came beside it since")
    func grown() async throws {
        let bench = try PagesTests.bench()
        try PagesTests.write("a.tif", pages: [1], bench)
        try PagesTests.write("b.tif", pages: [2], bench)
        try PagesTests.write("b.png", pages: [3], bench)
        try await bench.run {
            let both = try ["b.tif", "b.png"].map { try bench.sighting($0) }
            await bench.announcers["lab-a"]!.say(.found(both))
            await bench.events.wait(for: "done", count: 2)
            try await PagesTests.see(["a.tif"], results: 1, bench)
            try PagesTests.write("a.png", pages: [4], bench)
            try await PagesTests.see(["a.png"], results: 1, bench)
            for (name, pages) in [("a.tif", [5, 6]), ("b.tif", [7, 8])] as [(String, [UInt8])] {
                try PagesTests.write(name, pages: pages, bench)
                try await PagesTests.see([name], results: 2, bench)
            }
        }
        #expect(try await Self.names("a.tif", bench) == ["a.png", "a.p2.png"])
        #expect(try await Self.names("b.tif", bench) == ["b.tif.png", "b.tif.p2.png"])
        #expect(try await PagesTests.verify(bench).problems == [])
    }
}
