import Config
import Daemon
import Foundation
import ImageFiles
import Jobs
import Ledger
import NCTEngine
import Synchronization
import TestSupport
import Testing
import Watching

/// What a capture may cost, and what is refused before it costs anything.
@Suite(.timeLimit(.minutes(15))) struct AdmissionTests {
    @Test("A capture that needs more memory than all may have fails with that reason, and is not decoded")
    func memory() async throws {
        let bench = try DaemonBench { $0.memoryMebibytes = 30 }
        try bench.write("x.png")
        try await bench.run {
            try await bench.announce("x.png")
            await bench.events.wait(for: "failed")
        }
        let failure = try #require(try await bench.row("x.png")?.failure)
        #expect(failure.code == "tooLarge")
        #expect(failure.message.contains("MiB of memory") && failure.message.contains("26 MiB, seven eighths"))
        #expect(failure.remedy.contains("memory_mebibytes"))
        #expect(bench.shelf.state.withLock { $0.rendered } == [])
        #expect(bench.sources["lab-a"]?.troubles.withLock { $0.readCount } == 0)
    }

    @Test("Captures wait for each other's memory, and a stop gives back those that wait at once")
    func waiting() async throws {
        // Room for one of these at a time: an eighth of the budget is kept free.
        let budget = try Self.need(of: DaemonBench.picture(1)) * 8 / 7 + 2
        let bench = try DaemonBench { $0.memoryMebibytes = budget }
        for number in 1...3 { try bench.write("\(number).png", seed: UInt64(number)) }
        try await bench.run {
            bench.shelf.brake.hold()
            try await bench.announce("1.png", "2.png", "3.png")
            while bench.shelf.state.withLock({ $0.rendered.isEmpty }) { await Task.yield() }
            bench.shelf.brake.release()
            await bench.events.wait(for: "done", count: 3)
            bench.shelf.brake.hold()
            try bench.write("4.png", seed: 4)
            try bench.write("5.png", seed: 5)
            try await bench.announce("4.png", "5.png")
            while bench.shelf.state.withLock({ $0.rendered.count }) < 4 { await Task.yield() }
            Task {
                await bench.events.wait(for: "stopping")
                bench.shelf.brake.release()
            }
        }
        let counts = try await bench.counts()
        #expect(counts.done == 4 && counts.pending == 1 && counts.failed == 0)
    }

    /// MiB that a capture is estimated to take.
    private static func need(of bytes: [UInt8]) throws -> Int {
        let header = try ImageHeader.read(fileSize: bytes.count, path: "") { Array(bytes.dropFirst($0).prefix($1)) }
        let estimate = CaptureMemory(Profile(name: "", references: []), weights: nil)
        return try #require(estimate.bytes(header, fileBytes: bytes.count)) >> 20
    }

    /// A PNG of one color whose pixels are many.
    private func large(seed: Float) throws -> [UInt8] {
        let image = RGBImage(width: 1600, height: 1200, filledWith: (seed, 0.5, 0.5))
        return try ImageWriter.encode(ImageFile(image: image), options: ImageWriteOptions(format: .png, bitDepth: 8))
    }

    @Test("A capture that waits for memory holds no worker: those that fit go on, it is said once, and its turn comes")
    func waitsBeside() async throws {
        let need = try Self.need(of: large(seed: 0.5))
        // Room for one large one and a small one.
        let budget = max(need * 8 / 7 + 2, need + 100)
        #expect(budget < 2 * need)
        let bench = try DaemonBench { $0.memoryMebibytes = budget }
        for (name, seed) in [("a.png", Float(0.4)), ("b.png", 0.6)] {
            try bench.space.write(try large(seed: seed), to: "lab-a/\(name)")
        }
        for number in 1...3 { try bench.write("\(number).png", lab: "lab-b", seed: UInt64(number)) }
        func rendered() -> Set<String> {
            Set(bench.shelf.state.withLock { $0.rendered }.map { ($0 as NSString).lastPathComponent })
        }
        try await bench.run {
            bench.shelf.brake.hold()
            try await bench.announce("a.png")
            while rendered() != ["a.png"] { await Task.yield() }
            try await bench.announce("b.png")
            await bench.events.wait(for: "waits-for-memory")
            let ledger = try bench.ledger()
            let row = try #require(try await bench.row("b.png"))
            #expect(row.memory.map { $0 >> 20 } == need && !row.inProgress && row.attempts == 0)
            let report = try await StatusReport(
                ledger, stateDirectory: bench.space("state"), directories: [],
                waiting: PendingReason(.init(ledger, stateDirectory: bench.space("state"))), clock: SystemClock())
            #expect(report.pending.memory == 1 && report.pending.inWork == 1)
            let line = try #require(report.lines().first { $0.contains("b.png: it waits for memory") })
            #expect(line.contains("about \(need) MiB") && line.contains("\(budget) MiB"), "\(line)")
            // The other worker is free for what fits.
            try await bench.announce("1.png", lab: "lab-b")
            while rendered() != ["a.png", "1.png"] { await Task.yield() }
            bench.shelf.brake.release()
            try await bench.finish("2.png", "3.png", lab: "lab-b", done: 5)
        }
        #expect(bench.events.count("waits-for-memory") == 1)
        let counts = try await bench.counts()
        #expect(counts.done == 5 && counts.failed == 0 && counts.pending == 0)
    }

    @Test("A file of more bytes than are read is refused by its length, before it is looked at")
    func length() async throws {
        let bench = try DaemonBench()
        try bench.space.write([0xFF, 0xD8, 0xFF, 0xE0], to: "lab-a/hole.jpg")
        #expect(truncate(bench.space("lab-a/hole.jpg"), 1 << 40) == 0)
        let looks = Mutex(0)
        bench.sources["lab-a"]?.troubles.withLock {
            $0.onLook = { _ in looks.withLock { $0 += 1 } }
        }
        try await bench.run {
            try await bench.announce("hole.jpg")
            await bench.events.wait(for: "failed")
        }
        let failure = try #require(try await bench.row("hole.jpg")?.failure)
        #expect(failure.code == "tooLarge" && failure.message.contains("1099511627776 bytes"))
        #expect(looks.withLock { $0 } == 0)
    }

    @Test("A header that claims more pixels than are read is refused before the file is read")
    func pixels() async throws {
        let bench = try DaemonBench { $0.maximumMegapixels = 1 }
        let image = [UInt8](repeating: 0, count: 12)
        var bytes: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13] + Array("IHDR".utf8)
        bytes += [0, 0, 4, 0, 0, 0, 4, 0, 8, 2, 0, 0, 0, 0, 0, 0, 0] + image
        bytes += [0, 0, 0, 0, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82]
        try bench.space.write(bytes, to: "lab-a/x.png")
        try await bench.run {
            try await bench.announce("x.png")
            await bench.events.wait(for: "failed")
        }
        let failure = try #require(try await bench.row("x.png")?.failure)
        #expect(failure.code == "tooLarge" && failure.remedy.contains("maximum_megapixels"))
        #expect(bench.sources["lab-a"]?.troubles.withLock { $0.readCount } == 0)
    }

    @Test("The estimate grows with pixels, bytes and depth, and is nil for more than can be counted")
    func estimate() throws {
        func header(_ width: UInt32, _ height: UInt32, depth: UInt8) throws -> ImageHeader {
            var bytes: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13]
            bytes += Array("IHDR".utf8)
            for size in [width, height] {
                bytes += withUnsafeBytes(of: size.bigEndian) { Array($0) }
            }
            bytes += [depth, 6, 0, 0, 0]
            return try ImageHeader.read(fileSize: bytes.count, path: "x") { Array(bytes.dropFirst($0).prefix($1)) }
        }
        let memory = CaptureMemory(Profile(name: "", references: []), usingVGG: false)
        let small = try #require(memory.bytes(try header(1000, 1000, depth: 8), fileBytes: 100))
        let deep = try #require(memory.bytes(try header(1000, 1000, depth: 16), fileBytes: 100))
        let large = try #require(memory.bytes(try header(14000, 14000, depth: 16), fileBytes: 100))
        #expect(deep - small == 12_000_000)
        #expect(large > 8_000_000_000)
        #expect(memory.bytes(try header(.max, .max, depth: 16), fileBytes: 100) == nil)
        #expect(memory.bytes(nil, fileBytes: .max) == nil)
        let vgg = CaptureMemory(Profile(name: "", references: []), usingVGG: true)
        #expect(try #require(vgg.bytes(try header(1000, 1000, depth: 8), fileBytes: 100)) > small)
    }

    @Test("The budget follows the least limit of the control groups around the process")
    func machine() throws {
        let space = try Workspace()
        try space.write("0::/system.slice/nctd.service\n", to: "proc/self/cgroup")
        let group = "sys/fs/cgroup/system.slice"
        try space.write("max\n", to: "\(group)/nctd.service/memory.max")
        try space.write("1000000000\n", to: "\(group)/nctd.service/memory.high")
        #expect(MachineMemory.forCaptures(root: space.path) == 800_000_000)
        try space.write("500000000\n", to: "\(group)/memory.max")
        #expect(MachineMemory.forCaptures(root: space.path) == 350_000_000)
        let whole = Int(clamping: ProcessInfo.processInfo.physicalMemory) / 2
        #expect(MachineMemory.forCaptures(root: space.path + "/none") == whole)
    }

    @Test(
        "What version 0.7 held back among what was delivered moves to the tree of held results, with a lost ledger too",
        arguments: [false, true])
    func moved(isLedgerLost: Bool) async throws {
        let first = try DaemonBench()
        first.shelf.state.withLock { $0.deliveries["lab-a"] = .held }
        try await first.run(untilDone: "a/x.png")
        for name in ["x.png", "x.png.json"] {
            var data = try #require(first.space.read("out.held/lab-a/a/\(name)"))
            if name.hasSuffix(".json") {
                let text = String(decoding: data, as: UTF8.self)
                data = Data(text.replacing("out.held/lab-a/a/x.png", with: "out/lab-a/a/held/x.png").utf8)
                #expect(data.count == text.utf8.count)
            }
            try first.space.write(data, to: "out/lab-a/a/held/\(name)")
            try FileManager.default.removeItem(atPath: first.space("out.held/lab-a/a/\(name)"))
        }
        do {
            let ledger = try Ledger.open(stateDirectory: first.space("state"))
            let held = try await ledger.heldResults()
            try await ledger.renameResult(try #require(held.first).id, to: Array("lab-a/a/held/x.png".utf8))
            try ledger.close()
        }
        func loseLedger() throws {
            for file in first.space.files(in: "state") where isLedgerLost {
                try FileManager.default.removeItem(atPath: first.space("state/" + file))
            }
        }
        try loseLedger()
        let second = try DaemonBench(space: first.space)
        try await second.run {}
        #expect(second.events.all.contains(.heldMoved(count: 1, directory: second.configuration.output.heldDirectory)))
        #expect(second.space.files(in: "out") == [])
        #expect(second.space.files(in: "out.held") == ["lab-a/a/x.png", "lab-a/a/x.png.json"])
        let row = try #require(try await second.row("a/x.png"))
        #expect(try await second.ledger().results(of: row.id).map(\.output) == [Array("lab-a/a/x.png".utf8)])
        try loseLedger()
        let third = try DaemonBench(space: first.space)
        try await third.run {}
        #expect(third.events.count("held-moved") == 0)
        #expect(try await third.row("a/x.png")?.output == Array("lab-a/a/x.png".utf8))
    }
}

@Suite struct LedgerWatchTests {
    @Test("A damaged ledger ends the process at once, said at the highest priority, and is rebuilt by the next start")
    func damaged() throws {
        let (space, events) = (try Workspace(), Events())
        let lost = Lost()
        let watch = LedgerWatch(
            stateDirectory: space.path, clock: ManualClock(), log: events.log, onLost: { lost.error = $0 })
        let error = LedgerError(.damaged, "row 7 has no valid path", path: "ledger", remedy: "")
        #expect(watch.failed(error, .reading, retryMilliseconds: 100))
        #expect(watch.failed(error, .reading, retryMilliseconds: 100))
        #expect(watch.isLost && lost.error?.code == .damaged)
        #expect(events.count("ledger-lost") == 1)
        #expect(events.all.first?.level == .critical)
        #expect(Ledger.condemnation(stateDirectory: space.path)?.contains("row 7") == true)
    }

    @Test("A trouble that may pass is waited for, and ends the process once it has lasted five minutes")
    func lasting() throws {
        let (space, events, clock, lost) = (try Workspace(), Events(), ManualClock(), Lost())
        let watch = LedgerWatch(
            stateDirectory: space.path, clock: clock, log: events.log, onLost: { lost.error = $0 })
        let error = LedgerError(.unusable, "the disk does not answer", path: "ledger", remedy: "")
        for _ in 1...3 {
            #expect(!watch.failed(error, .reading, retryMilliseconds: 100))
            clock.advance(milliseconds: 200_000)
            watch.succeeded(.reading)
        }
        #expect(!watch.failed(error, .reading, retryMilliseconds: 100))
        clock.advance(milliseconds: LedgerWatch.patienceMilliseconds + 1)
        #expect(watch.failed(error, .reading, retryMilliseconds: 100))
        #expect(lost.error?.code == .unusable)
        #expect(Ledger.condemnation(stateDirectory: space.path) == nil, "the file may be sound")
    }

    private final class Lost: Sendable {
        private let value = Mutex<LedgerError?>(nil)
        var error: LedgerError? {
            get { value.withLock { $0 } }
            set { value.withLock { $0 = newValue } }
        }
    }
}
