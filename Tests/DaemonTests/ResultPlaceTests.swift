import Config
import Daemon
import Foundation
import Jobs
import Ledger
import TestSupport
import Testing
import Watching

/// Where results lie: under names of any bytes, and held back in a tree of their own.
@Suite(.timeLimit(.minutes(15))) struct ResultPlaceTests {
    @Test("A name of any bytes is done under the same bytes")
    func anyName() async throws {
        let bench = try DaemonBench()
        let path = try #require(CapturePath(bytes: [0xFF, 0x0A, 0xC3, 0x28] + Array(".png".utf8)))
        let full = Array(bench.space("lab-a").utf8) + [UInt8(ascii: "/")] + path.bytes + [0]
        let picture = try DaemonBench.picture(1)
        full.withUnsafeBufferPointer { name in
            name.withMemoryRebound(to: CChar.self) { name in
                let file = fopen(name.baseAddress!, "w")
                fwrite(picture, 1, picture.count, file)
                fclose(file)
            }
        }
        let stamp = try DirectorySource(root: bench.space("lab-a")).stamp(of: path)
        try await bench.run {
            await bench.announcers["lab-a"]!.say(.found([Sighting(path: path, stamp: stamp)]))
            await bench.events.wait(for: "done")
        }
        let ledger = try bench.ledger()
        let root = try #require(try await ledger.roots().first)
        let row = try #require(try await ledger.capture(root: root.id, path: path))
        #expect(row.output == Array("lab-a/".utf8) + path.bytes)
        let sidecar = try #require(
            ResultCommit(ResultTrees(bench.configuration.output)).soundSidecar(of: row.output ?? [], in: .delivered))
        #expect(sidecar.capture?.path == "\\xFF\\x0A\\xC3(.png")
        #expect(sidecar.capture?.pathBytes == "ff0ac3282e706e67")
    }

    @Test("A result that the profile holds back lies in a tree of its own, and gives way when a later one is delivered")
    func held() async throws {
        let bench = try DaemonBench()
        bench.shelf.state.withLock { $0.deliveries["lab-a"] = .held }
        try await bench.run {
            try bench.write("x.png", seed: 1)
            try await bench.finish("x.png")
            #expect(bench.space.files(in: "out") == [])
            #expect(bench.space.files(in: "out.held/lab-a") == ["x.png", "x.png.json"])
            bench.shelf.state.withLock { $0.deliveries["lab-a"] = .delivered }
            try bench.write("x.png", seed: 2)
            try await bench.finish("x.png", done: 2)
        }
        #expect(bench.space.files(in: "out/lab-a") == ["x.png", "x.png.json"])
        #expect(bench.space.files(in: "out.held/lab-a") == ["x.png.v1", "x.png.v1.json"])
        #expect(try bench.isSound("lab-a/x.png"))
    }

    @Test("What is delivered from a folder `held` and what is held back never share a name")
    func heldNames() async throws {
        let bench = try DaemonBench()
        try await bench.run {
            try bench.write("held/x.png", seed: 1)
            try await bench.finish("held/x.png")
            bench.shelf.state.withLock { $0.deliveries["lab-a"] = .held }
            try bench.write("x.png", seed: 2)
            try await bench.finish("x.png", done: 2)
        }
        #expect(bench.space.files(in: "out") == ["lab-a/held/x.png", "lab-a/held/x.png.json"])
        #expect(bench.space.files(in: "out.held") == ["lab-a/x.png", "lab-a/x.png.json"])
        #expect(try bench.sidecar("lab-a/held/x.png")?.capture?.path == "held/x.png")
    }
}
