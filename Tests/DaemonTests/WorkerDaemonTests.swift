import Config
import Daemon
import Foundation
import ImageFiles
import Jobs
import TestSupport
import Testing
import Watching

/// A daemon whose captures are worked on in real processes.
@Suite(.timeLimit(.minutes(15))) struct WorkerDaemonTests {
    private func bench(
        clock: any DaemonClock = SystemClock(), change: @escaping (inout DaemonConfiguration) -> Void = { _ in }
    ) throws -> DaemonBench {
        let space = try Workspace()
        let profile = try WorkerBench.profile(in: space)
        return try DaemonBench(space: space, clock: clock, isolation: .processes) {
            $0.profiles = ["lab-a": profile, "lab-b": profile]
            change(&$0)
        }
    }

    @Test("Captures are done, quarantined and accounted for as in the daemon's own process, with the same bytes")
    func whole() async throws {
        let apart = try bench()
        let own = try DaemonBench(
            space: try Workspace(),
            processors: EngineShelf(weights: nil, threads: 1, cache: nil, log: EventLog { _ in })
        ) { $0.profiles = apart.configuration.profiles }
        for bench in [apart, own] {
            try bench.space.write(try WorkerBench.picture(1), to: "lab-a/x.png")
            try bench.space.write(try WorkerBench.picture(2), to: "lab-b/y.png")
            var damaged = try WorkerBench.picture(3)
            for index in 500..<520 { damaged[index] ^= 0xFF }
            try bench.space.write(damaged, to: "lab-a/z.png")
            try await bench.run {
                try await bench.announce("x.png", "z.png")
                try await bench.finish("y.png", lab: "lab-b", done: 2)
                await bench.events.wait(for: "failed")
            }
            #expect(try await bench.counts().done == 2)
        }
        for name in ["lab-a/x.png", "lab-b/y.png"] {
            #expect(try apart.isSound(name))
            #expect(apart.space.read("out/\(name)") == own.space.read("out/\(name)"))
            #expect(try apart.sidecar(name)?.capture?.identity == own.sidecar(name)?.capture?.identity)
            #expect(try apart.sidecar(name)?.source.path == apart.space(name))
        }
        let failures = [try await apart.row("z.png")?.failure, try await own.row("z.png")?.failure]
        #expect(failures[0]?.code == failures[1]?.code && failures[0]?.code != nil)
    }

    @Test("The metadata's rule decides, though another profile's worker read them")
    func metadata() async throws {
        let bench = try bench { configuration in
            configuration.watches[0].rules = [
                WatchSettings.Rule(name: "leica", make: "Leica*", profile: "other")
            ]
            var other = configuration.profiles["lab-a"]!
            (other.name, other.text) = ("other", other.text.replacing("\"lab-a\"", with: "\"other\""))
            configuration.profiles["other"] = other
        }
        try bench.space.write(Self.tiff(make: "Leica Microsystems"), to: "lab-a/x.tif")
        try bench.space.write(Self.tiff(make: "Another"), to: "lab-a/y.tif")
        try await bench.run {
            try await bench.finish("x.tif", "y.tif", done: 2)
        }
        #expect(try bench.sidecar("lab-a/x.png")?.profile?.name == "other")
        #expect(try bench.sidecar("lab-a/x.png")?.capture?.rule == "leica")
        #expect(try bench.sidecar("lab-a/y.png")?.profile?.name == "lab-a")
    }

    @Test("A profile that cannot be prepared makes its captures wait; the other lab goes on")
    func unusable() async throws {
        let bench = try bench { configuration in
            var broken = configuration.profiles["lab-a"]!
            broken.text = broken.text.replacing("reference.png", with: "broken.png")
            configuration.profiles["lab-a"] = broken
        }
        try bench.space.write("no image", to: "broken.png")
        try bench.space.write(try WorkerBench.picture(1), to: "lab-a/x.png")
        try bench.space.write(try WorkerBench.picture(2), to: "lab-b/y.png")
        try await bench.run {
            try await bench.announce("x.png")
            await bench.events.wait(for: "profile-unusable")
            try await bench.finish("y.png", lab: "lab-b")
            // It is tried again meanwhile, and has no note while it is.
            while try await bench.row("x.png")?.note?.contains("broken.png") != true {
                try await Task.sleep(for: .milliseconds(1))
            }
        }
        let row = try #require(try await bench.row("x.png"))
        #expect(row.state == .pending && row.attempts == 0)
    }

    /// An RGB file of 8 bits, not compressed.
    private static func tiff(make: String) -> [UInt8] {
        let (width, height) = (96, 72)
        func short(_ value: Int) -> [UInt8] { [UInt8(value & 255), UInt8(value >> 8)] }
        func long(_ value: Int) -> [UInt8] { short(value & 65535) + short(value >> 16) }
        let text = Array(make.utf8) + [0]
        let (entries, start) = (11, 8)
        let after = start + 2 + entries * 12 + 4
        let pixels = after + text.count + 6
        func entry(_ tag: Int, _ type: Int, _ count: Int, _ value: [UInt8]) -> [UInt8] {
            short(tag) + short(type) + long(count) + value
        }
        var bytes = Array("II*\0".utf8) + long(start) + short(entries)
        bytes +=
            entry(256, 4, 1, long(width)) + entry(257, 4, 1, long(height)) + entry(258, 3, 3, long(after + text.count))
        bytes += entry(259, 3, 1, long(1)) + entry(262, 3, 1, long(2)) + entry(271, 2, text.count, long(after))
        bytes += entry(273, 4, 1, long(pixels)) + entry(277, 3, 1, long(3)) + entry(278, 4, 1, long(height))
        bytes += entry(279, 4, 1, long(width * height * 3)) + entry(284, 3, 1, long(1)) + long(0)
        bytes += text + short(8) + short(8) + short(8)
        for index in 0..<width * height {
            let isCell = (index % width / 12 + index / width / 12).isMultiple(of: 3)
            bytes += isCell ? [176, 120, UInt8(130 + index % 7)] : [214, UInt8(220 + index % 5), 232]
        }
        return bytes
    }
}
