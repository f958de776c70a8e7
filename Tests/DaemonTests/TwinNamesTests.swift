import Daemon
import Foundation
import Ledger
import TestSupport
import Testing
import Watching

/// Captures of one folder that differ in their extension alone.
@Suite(.timeLimit(.minutes(15))) struct TwinNamesTests {
    private func names(_ bench: DaemonBench) -> [String] {
        bench.space.files(in: "out/lab-a").filter { $0.hasSuffix(".png") }.sorted()
    }

    @Test("Their results are called after their extensions, in whichever order they are seen and done")
    func order() async throws {
        for order in [["x.png", "x.tif", "x.jpg"], ["x.jpg", "x.tif", "x.png"]] {
            let bench = try DaemonBench { $0.workers = 1 }
            for (index, name) in order.enumerated() {
                try bench.write(name, seed: UInt64(index + 1))
                // The one that was written first is done first.
                try FileManager.default.setAttributes(
                    [.modificationDate: Date(timeIntervalSince1970: 1_700_000_000 + Double(index))],
                    ofItemAtPath: bench.space("lab-a/" + name))
            }
            try bench.write("y.tif", seed: 4)
            // Neither is a capture of another name a twin, nor one of another folder, nor what patterns leave out.
            for (name, seed) in [("y.1.tif", 5), ("sub/y.png", 6), (".y.png", 7)] {
                try bench.write(name, seed: UInt64(seed))
            }
            try await bench.run {
                await bench.announcers["lab-a"]!.say(.found(try order.map { try bench.sighting($0) }))
                try await bench.finish("y.tif", "y.1.tif", "sub/y.png", ".y.png", done: 6)
            }
            #expect(
                names(bench) == ["sub/y.png", "x.jpg.png", "x.png.png", "x.tif.png", "y.1.png", "y.png"], "\(order)")
        }
    }

    @Test("So have those whose extensions differ in case alone")
    func sameStem() async throws {
        let bench = try DaemonBench()
        try bench.write("x.png", seed: 1)
        try bench.write("x.PNG", seed: 2)
        try await bench.run {
            try await bench.finish("x.png", "x.PNG", done: 2)
        }
        let results = bench.space.files(in: "out/lab-a").filter { !$0.hasSuffix(".json") }
        #expect(results.count == 2)
        for name in results { #expect(try bench.isSound("lab-a/\(name)")) }
        let sources = try results.map { try bench.sidecar("lab-a/\($0)")?.capture?.path }
        #expect(Set(sources) == ["x.png", "x.PNG"])
    }

    @Test("A name that was given stays, and a ledger that was lost finds it again")
    func earlier() async throws {
        let first = try DaemonBench()
        try await first.run(untilDone: "x.jpg")
        #expect(names(first) == ["x.png"])
        try first.write("x.tif", seed: 2)
        try first.write("x.png", seed: 3)
        let second = try DaemonBench(space: first.space)
        try await second.run {
            try await second.finish("x.tif", "x.png", "x.jpg", done: 2)
        }
        #expect(names(second) == ["x.png", "x.png.png", "x.tif.png"])
        #expect(try second.sidecar("lab-a/x.png")?.capture?.path == "x.jpg")
        for name in second.space.files(in: "state") where name.hasPrefix("ledger.sqlite") {
            try FileManager.default.removeItem(atPath: second.space("state/" + name))
        }
        let third = try DaemonBench(space: first.space)
        try await third.run {
            await third.events.wait(for: "ledger-rebuilt")
            try await third.announce("x.tif", "x.png", "x.jpg")
        }
        #expect(try await third.counts().done == 3)
        for (name, output) in [("x.jpg", "x.png"), ("x.tif", "x.tif.png"), ("x.png", "x.png.png")] {
            #expect(try await third.row(name)?.output == Array("lab-a/\(output)".utf8))
        }
        #expect(names(third) == ["x.png", "x.png.png", "x.tif.png"])
    }
}
