import Config
import Daemon
import Foundation
import ImageFiles
import Jobs
import NCTEngine
import SmearPhantom
import TestSupport
import Testing

/// The daemon with the real engine, on phantoms: what it learns, when, and what captures then go by.
@Suite(.timeLimit(.minutes(15))) struct LearningTests {
    private static let learnAfter = 6

    /// One lab, one profile; the files of an earlier bench where it goes on.
    private func bench(
        _ space: Workspace? = nil, method: Profile.Method = .classPalette, change: (inout Profile) -> Void = { _ in }
    ) throws -> DaemonBench {
        let space = try space ?? Workspace()
        try space.write(try Self.picture(900, .labA), to: "reference.png")
        var profile = Profile(name: "lab-a", path: space("lab-a.toml"), text: "x", references: [space("reference.png")])
        profile.method = method
        profile.features = .smearnet
        profile.learnAfter = Self.learnAfter
        change(&profile)
        let shelf = EngineShelf(weights: nil, threads: 1, cache: nil, log: EventLog { _ in })
        return try DaemonBench(space: space, processors: shelf) {
            $0.watches = [$0.watches[0]]
            $0.profiles = ["lab-a": profile]
        }
    }

    private static func picture(_ seed: UInt64, _ stain: Stain, shaded: Bool = false) throws -> [UInt8] {
        var image = SmearScene(seed: seed, width: 288, height: 216).render(in: stain, noiseSeed: seed)
        // One-sided, 2:1.
        if shaded { image = SyntheticLight.twenty[2].laid(over: image) }
        return try ImageWriter.encode(ImageFile(image: image), options: ImageWriteOptions(format: .png, bitDepth: 8))
    }

    /// Writes captures and returns when they are done.
    private func capture(
        _ bench: DaemonBench, _ numbers: ClosedRange<Int>, _ stain: Stain = .labB, shaded: Bool = false
    ) async throws {
        let before = bench.events.count("done")
        for number in numbers {
            try bench.space.write(try Self.picture(UInt64(number), stain, shaded: shaded), to: "lab-a/\(number).png")
            try await bench.announce("\(number).png")
        }
        await bench.events.wait(for: "done", count: before + numbers.count)
    }

    private func palette(_ bench: DaemonBench, _ number: Int) throws -> Sidecar.Palette? {
        try bench.sidecar("lab-a/\(number).png")?.palettes?.captures
    }

    /// What an event tells of something that was learned.
    private struct Learned {
        var what: String
        var captures: Int
        var path: String
        var sha256: String
        var change: String?

        init?(_ event: DaemonEvent) {
            guard event.kind == .learned, let path = event[.file], let sha256 = event[.sha256],
                let words = event.message.firstMatch(of: /^the (\w+) of .* is learned from (\d+) capture/),
                let captures = Int(words.2)
            else { return nil }
            (what, self.captures, self.path, self.sha256) = (String(words.1), captures, path, sha256)
            change = event.message.firstMatch(of: /it has moved \((.*)\); captures use/).map { String($0.1) }
        }
    }

    private func learned(_ bench: DaemonBench) -> [Learned] {
        bench.events.all.compactMap(Learned.init).filter { $0.what == "palette" }
    }

    @Test(
        "After so many captures their palette is in force, and its file gives the same bytes by hand",
        arguments: [Profile.Method.classPalette, .colorTransfer])
    func inForce(method: Profile.Method) async throws {
        let bench = try bench(method: method)
        try await bench.run {
            try await capture(bench, 1...6)
            await bench.events.wait(for: "learned")
            try await capture(bench, 7...7)
        }
        let learned = try #require(learned(bench).first)
        #expect(learned.captures == 6 && learned.change == nil)
        #expect(try palette(bench, 1)?.origin == .capture)
        let origin = try #require(try palette(bench, 7))
        #expect(origin.origin == .learned && origin.path == learned.path && origin.sha256 == learned.sha256)
        #expect(origin.images == 6)

        // What `nctd profile learn` makes of the same captures.
        let workers = Workers(threads: 1)
        var survey = PaletteSurvey(under: .capture, workers: workers)
        for number in 1...6 {
            survey.look(at: "\(number)") {
                try ImageReader.decode([UInt8](bench.space.read("lab-a/\(number).png") ?? Data()), name: "").image
            }
        }
        #expect(try PaletteFile.read(path: learned.path).palette == survey.palette())

        // What `nctd normalize --capture-palette FILE` makes of the capture.
        var profile = try #require(bench.configuration.profiles["lab-a"])
        profile.capturePalette = learned.path
        let engine = try PreparedEngine(profile: profile, workers: workers, cache: nil)
        let job = CaptureJob(input: bench.space("lab-a/7.png"), output: bench.space("by-hand/7.png"))
        let result = try job.run(on: engine)
        #expect(bench.space.read("by-hand/7.png") == bench.space.read("out/lab-a/7.png"))
        #expect(result.sidecar.palettes?.captures.sha256 == origin.sha256)
        // And without it, something else: the palette does decide.
        profile.capturePalette = nil
        let alone = try PreparedEngine(profile: profile, workers: workers, cache: nil)
        _ = try CaptureJob(input: job.input, output: bench.space("alone/7.png")).run(on: alone)
        #expect(bench.space.read("alone/7.png") != bench.space.read("out/lab-a/7.png"))
    }

    @Test("It lasts through a restart, and stands while the colors do; other colors take its place, and it is kept")
    func renewal() async throws {
        let first = try bench()
        try await first.run {
            try await capture(first, 1...6)
            await first.events.wait(for: "learned")
        }
        let second = try bench(first.space)
        try await second.run {
            try await capture(second, 7...12)
            await second.events.wait(for: "learned-stands")
            try await capture(second, 13...18, .dark)
            await second.events.wait(for: "learned")
            try await capture(second, 19...19, .dark)
        }
        let old = try #require(learned(first).first)
        #expect(try palette(second, 7)?.sha256 == old.sha256)
        #expect(try palette(second, 18)?.sha256 == old.sha256, "what is in work keeps what it began with")
        let new = try #require(learned(second).first)
        #expect(new.change?.contains("ΔE*ab") == true)
        #expect(new.captures == 6, "captures of before have other colors")
        #expect(try palette(second, 19)?.sha256 == new.sha256)
        #expect(FileManager.default.fileExists(atPath: old.path))
        let report = try await StatusReport(
            second.ledger(), stateDirectory: second.space("state"), directories: [], clock: second.clock)
        #expect(report.learned.map(\.path) == [new.path])
        #expect(report.learned.first?.captures == 6)
        #expect(report.lines().contains { $0.contains(new.path) })
    }

    @Test("A damaged file is said once and learned anew; captures until then are done by themselves")
    func damaged() async throws {
        let first = try bench()
        try await first.run {
            try await capture(first, 1...6)
            await first.events.wait(for: "learned")
        }
        let path = try #require(learned(first).first).path
        try Data("{".utf8).write(to: URL(fileURLWithPath: path))
        let second = try bench(first.space)
        try await second.run {
            try await capture(second, 7...8)
            await second.events.wait(for: "learned")
            try await capture(second, 9...9)
        }
        #expect(second.events.count("learned-lost") == 1)
        #expect(try palette(second, 7)?.origin == .capture)
        #expect(try palette(second, 9)?.origin == .learned)
    }

    /// Does something within the next learning, before it reads its first file.
    private func whileLearning(_ bench: DaemonBench, _ body: @escaping @Sendable () -> Void) {
        bench.sources["lab-a"]?.troubles.withLock { $0.onLearning = body }
    }

    @Test("What is removed during a learning is said once, and learned anew after the next capture")
    func lostMeanwhile() async throws {
        let bench = try bench { $0.flatField = .none }
        let brake = Brake()
        brake.hold()
        defer { brake.release() }
        try await bench.run {
            try await capture(bench, 1...6)
            await bench.events.wait(for: "learned")
            let path = try #require(learned(bench).first).path
            let begun = AsyncStream<Void>.makeStream()
            whileLearning(bench) {
                try? FileManager.default.removeItem(atPath: path)
                begun.continuation.yield()
                brake.pass()
            }
            try await capture(bench, 7...12)
            for await _ in begun.stream { break }
            // It meets the loss while the learning is under way, and asks for nothing.
            try await capture(bench, 13...13)
            #expect(bench.events.count("learned-lost") == 1)
            brake.release()
            await bench.events.wait(for: "learned-stands")
            try await capture(bench, 14...14)
            await bench.events.wait(for: "learned", count: 2)
            try await capture(bench, 15...15)
        }
        #expect(bench.events.count("learned-lost") == 1)
        #expect(try palette(bench, 12)?.origin == .learned && palette(bench, 14)?.origin == .capture)
        #expect(try palette(bench, 15)?.origin == .learned)
    }

    @Test("What is removed unseen is found by the next capture, also where a learning left it standing")
    func lostUnseen() async throws {
        let bench = try bench { $0.flatField = .none }
        try await bench.run {
            try await capture(bench, 1...6)
            await bench.events.wait(for: "learned")
            let path = try #require(learned(bench).first).path
            whileLearning(bench) { try? FileManager.default.removeItem(atPath: path) }
            try await capture(bench, 7...12)
            await bench.events.wait(for: "learned-stands")
            try await capture(bench, 13...13)
            await bench.events.wait(for: "learned", count: 2)
        }
        #expect(bench.events.count("learned-lost") == 1)
    }

    @Test("A stop within a learning waits for nothing and charges nobody; the next start learns")
    func stopped() async throws {
        let first = try bench { $0.flatField = .none }
        let brake = Brake()
        brake.hold()
        defer { brake.release() }
        let begun = AsyncStream<Void>.makeStream()
        whileLearning(first) {
            begun.continuation.yield()
            brake.pass()
        }
        try await first.run {
            try await capture(first, 1...6)
            for await _ in begun.stream { break }
        }
        let record = try #require(LearningFolder.records(stateDirectory: first.space("state")).first?.record)
        #expect(record.deaths == 0 && record.triedAt == 0 && record.palette == nil)
        for number in 1...6 { #expect(try await first.row("\(number).png")?.crashes == 0) }
        let second = try bench(first.space) { $0.flatField = .none }
        try await second.run {
            try await capture(second, 7...7)
            await second.events.wait(for: "learned")
        }
        #expect(second.events.count("attempts-died") == 0)
    }

    @Test("Learning that cannot be written is a warning and fails no capture")
    func unwritable() async throws {
        let bench = try bench()
        try bench.space.write("in the way", to: "state/learned")
        try await bench.run {
            try await capture(bench, 1...6)
            await bench.events.wait(for: "learning-failed")
            try await capture(bench, 7...7)
        }
        #expect(try await bench.counts().done == 7)
        #expect(bench.events.count("failed") == 0 && bench.events.count("learned") == 0)
        #expect(try palette(bench, 7)?.origin == .capture)
    }

    @Test("Captures whose files are gone or changed are not learned from, and too few of them not at all")
    func tooFew() async throws {
        let bench = try bench()
        try await bench.run {
            try await capture(bench, 1...5)
            for number in 1...3 { try FileManager.default.removeItem(atPath: bench.space("lab-a/\(number).png")) }
            try bench.space.write("another", to: "lab-a/4.png")
            try await capture(bench, 6...6)
            await bench.events.wait(for: "learning-failed")
        }
        let failure = try #require(bench.events.all.first { $0.kind == .learningFailed })
        #expect(failure[.reason]?.contains("only 2") == true)
        #expect(bench.events.count("learned") == 0)
    }

    @Test("The light is learned as well, and both files give the same bytes by hand")
    func light() async throws {
        let bench = try bench { $0.learnAfter = 20 }
        try await bench.run {
            try await capture(bench, 1...20, shaded: true)
            await bench.events.wait(for: "learned", count: 2)
            try await capture(bench, 21...21, shaded: true)
            try await capture(bench, 22...40, shaded: true)
            await bench.events.wait(for: "learned-stands")
            try await capture(bench, 41...60)
            await bench.events.wait(for: "learned", count: 3)
        }
        let events = bench.events.all.compactMap(Learned.init)
        let light = try #require(events.first)
        #expect(light.what == "light" && light.captures == 20 && light.change == nil)
        let sidecar = try #require(try bench.sidecar("lab-a/21.png"))
        let field = try #require(sidecar.flatField)
        #expect(field.source == .learned && field.applied && field.sha256 == light.sha256 && field.path == light.path)
        #expect(sidecar.palettes?.captures.origin == .learned)

        var profile = try #require(bench.configuration.profiles["lab-a"])
        profile.capturePalette = try #require(sidecar.palettes?.captures.path)
        profile.flatField = .file(light.path)
        let engine = try PreparedEngine(profile: profile, workers: Workers(threads: 1), cache: nil)
        _ = try CaptureJob(input: bench.space("lab-a/21.png"), output: bench.space("by-hand/21.png")).run(on: engine)
        #expect(bench.space.read("by-hand/21.png") == bench.space.read("out/lab-a/21.png"))

        // The microscope was seen to: the light is another one, and only captures since tell of it.
        let moved = try #require(events.dropFirst(2).first)
        #expect(moved.what == "light" && moved.change != nil && moved.captures == 20)
    }

    @Test("Nothing is learned where the profile says so, or names the captures' palette itself")
    func never() async throws {
        let space = try Workspace()
        let file = try space.write(try LabPalette.general.encoded(), to: "general.json")
        for change: (inout Profile) -> Void in [
            { $0.learnAfter = 0 },
            {
                $0.capturePalette = file
                $0.flatField = .none
            },
        ] {
            let bench = try bench(change: change)
            try await bench.run { try await capture(bench, 1...7) }
            #expect(!bench.space.files(in: "state").contains { $0.hasPrefix("learned/") })
            #expect(try palette(bench, 7)?.origin != .learned)
        }
    }
}
