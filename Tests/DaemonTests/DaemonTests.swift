import Config
import Daemon
import Foundation
import Jobs
import Ledger
import TestSupport
import Testing
import Watching

@Suite(.timeLimit(.minutes(15))) struct DaemonTests {
    @Test("A capture that arrives is committed, and its sidecar tells where it came from")
    func arrival() async throws {
        let bench = try DaemonBench()
        try await bench.run(untilDone: "slide 1/x.png")
        #expect(bench.space.files(in: "out") == ["lab-a/slide 1/x.png", "lab-a/slide 1/x.png.json"])
        #expect(try bench.isSound("lab-a/slide 1/x.png"))
        let sidecar = try #require(try bench.sidecar("lab-a/slide 1/x.png"))
        #expect(sidecar.capture?.lab == "lab-a")
        #expect(sidecar.capture?.path == "slide 1/x.png")
        #expect(sidecar.capture?.attempt == 1)
        #expect(sidecar.source.path == bench.space("lab-a/slide 1/x.png"))
        #expect(sidecar.source.sha256 == FileDigest.sha256(try #require(bench.space.read("lab-a/slide 1/x.png"))))
        #expect(try await bench.row("slide 1/x.png")?.state == .done)
        #expect(try await bench.counts().seen == 1)
    }

    @Test("A file is left alone until it has been quiet for the settle time")
    func settling() async throws {
        let clock = ManualClock()
        let bench = try DaemonBench(clock: clock) { $0.watches[0].settle = .seconds(2) }
        try bench.write("x.png", seed: 1)
        try await bench.run {
            try await bench.announce("x.png")
            // It is written to again after 1.5 s: the time of quiet starts anew.
            clock.advance(milliseconds: 1500)
            try bench.write("x.png", seed: 2)
            try await bench.announce("x.png")
            #expect(try await bench.row("x.png")?.dueMilliseconds == clock.now.milliseconds + 2000)
            clock.advance(milliseconds: 1900)
            #expect(try await bench.row("x.png")?.attempts == 0)
            try await Self.advance(clock, until: bench, "done")
        }
        let digest = FileDigest.sha256(try DaemonBench.picture(2))
        #expect(try bench.sidecar("lab-a/x.png")?.source.sha256 == digest)
        #expect(bench.shelf.state.withLock { $0.rendered.count } == 1)
    }

    @Test("A file that was written to without a word is seen to have changed when its turn comes")
    func silentWriter() async throws {
        let clock = ManualClock()
        let bench = try DaemonBench(clock: clock) { $0.watches[0].settle = .seconds(2) }
        try bench.write("x.png", seed: 1)
        try await bench.run {
            try await bench.announce("x.png")
            try bench.write("x.png", seed: 2)
            try await Self.advance(clock, until: bench, "done")
        }
        #expect(try bench.sidecar("lab-a/x.png")?.source.sha256 == FileDigest.sha256(try DaemonBench.picture(2)))
        #expect(bench.shelf.state.withLock { $0.rendered.count } == 1)
    }

    @Test("After the root's patience the decoder has the last word on a file that does not seem whole")
    func patience() async throws {
        let clock = ManualClock()
        let bench = try DaemonBench(clock: clock) { $0.watches[0].patience = .seconds(60) }
        try bench.write("x.png")
        try bench.write("y.png", seed: 2)
        try bench.space.write(Array(try DaemonBench.picture(1).dropLast(200)), to: "lab-a/x.png")
        bench.sources["lab-a"]?.troubles.withLock { $0.incomplete[CapturePath("y.png")!] = "no end marker" }
        bench.sources["lab-a"]?.troubles.withLock { $0.incomplete[CapturePath("x.png")!] = "no end marker" }
        try await bench.run {
            try await bench.announce("x.png", "y.png")
            let begin = clock.now.milliseconds
            try await Self.advance(clock, until: bench, "failed")
            #expect(clock.now.milliseconds - begin >= 60_000)
            try await Self.advance(clock, until: bench, "done")
        }
        let row = try #require(try await bench.row("x.png"))
        #expect(row.state == .failed)
        #expect(row.failure?.code == "truncated", "\(String(describing: row.failure))")
        #expect(row.attempts == 1, "the looks before the last were given back")
        #expect(try await bench.row("y.png")?.state == .done)
        #expect(bench.space.files(in: "quarantine") == ["lab-a/x.png.json"])
    }

    @Test("A corrupt file is quarantined at its first attempt; the file itself stays as it is")
    func corrupt() async throws {
        let bench = try DaemonBench()
        let bytes = Array(try DaemonBench.picture(1).dropLast(200))
        try bench.space.write(bytes, to: "lab-a/x.png")
        try await bench.run {
            try await bench.announce("x.png")
            await bench.events.wait(for: "failed")
        }
        let record = try #require(bench.space.read("quarantine/lab-a/x.png.json"))
        #expect(String(decoding: record, as: UTF8.self).contains("\"attempts\" : 1"))
        #expect(bench.space.read("lab-a/x.png") == Data(bytes))
        #expect(bench.space.files(in: "out") == [])
        #expect(try await bench.counts().failed == 1)
    }

    @Test("A quarantined file that is exported again is done, and its record goes")
    func exportedAgain() async throws {
        let bench = try DaemonBench()
        try bench.space.write("no image", to: "lab-a/x.png")
        try await bench.run {
            try await bench.announce("x.png")
            await bench.events.wait(for: "failed")
            try bench.write("x.png")
            try await bench.finish("x.png")
        }
        #expect(bench.space.files(in: "quarantine") == [])
        #expect(try await bench.counts().done == 1)
    }

    @Test("A failure that can pass is tried again with growing waits, and each attempt is counted")
    func retries() async throws {
        let clock = ManualClock()
        let bench = try DaemonBench(clock: clock)
        try bench.write("x.png")
        let trouble = SourceError.trouble(code: EOVERFLOW, operation: "reading")
        bench.sources["lab-a"]?.troubles.withLock { $0.reads[CapturePath("x.png")!] = [trouble, trouble, trouble] }
        try await bench.run {
            try await bench.announce("x.png")
            try await Self.advance(clock, until: bench, "done")
        }
        let waits = bench.events.all.filter { $0.kind == .retrying }.map { $0.message.split(separator: " in ").last }
        let policy = RetryPolicy(RetrySettings(), seed: 7)
        #expect(waits == (1...3).map { "\(Double(policy.delay(afterAttempt: $0, of: 1)!) / 1000) s" })
        #expect(try await bench.row("x.png")?.attempts == 4)
        #expect(try bench.sidecar("lab-a/x.png")?.capture?.attempt == 4)
    }

    @Test("What does not pass is quarantined after the last attempt, and `retry` takes it up again")
    func retriesEnd() async throws {
        let clock = ManualClock()
        let bench = try DaemonBench(clock: clock) { $0.retry.attempts = 3 }
        try bench.write("x.png")
        let trouble = SourceError.trouble(code: EOVERFLOW, operation: "opening")
        bench.sources["lab-a"]?.troubles.withLock { $0.reads[CapturePath("x.png")!] = [trouble, trouble, trouble] }
        try await bench.run {
            try await bench.announce("x.png")
            try await Self.advance(clock, until: bench, "failed")
            #expect(try await bench.row("x.png")?.attempts == 3)
            let command = try Ledger.open(forCommandIn: bench.space("state"), writing: true)
            #expect(try await command.retry(lab: "lab-a", now: clock.now) == 1)
            try await Self.advance(clock, until: bench, "done")
        }
        #expect(bench.space.files(in: "quarantine") == [])
    }

    @Test("The same bytes under another name are not worked out again: a link, with a sidecar of its own")
    func duplicates() async throws {
        let bench = try DaemonBench { $0.workers = 1 }
        try bench.write("x.png")
        try bench.write("copy/y.png")
        try await bench.run {
            try await bench.finish("x.png")
            try await bench.finish("copy/y.png", done: 2)
        }
        #expect(bench.shelf.state.withLock { $0.rendered.count } == 1)
        #expect(bench.inode("out/lab-a/x.png") == bench.inode("out/lab-a/copy/y.png"))
        let sidecar = try #require(try bench.sidecar("lab-a/copy/y.png"))
        #expect(sidecar.capture?.duplicateOf == "lab-a/x.png")
        #expect(sidecar.source.path == bench.space("lab-a/copy/y.png"))
        #expect(sidecar.output.path == bench.space("out/lab-a/copy/y.png"))
        #expect(try bench.isSound("lab-a/copy/y.png"))
    }

    @Test("The same bytes that arrive at once under many names are worked out once")
    func duplicatesAtOnce() async throws {
        let bench = try DaemonBench { $0.workers = 4 }
        let names = (1...12).map { "\($0).png" }
        for name in names { try bench.write(name) }
        try await bench.run {
            await bench.announcers["lab-a"]!.say(.found(try names.map { try bench.sighting($0) }))
            await bench.events.wait(for: "done", count: names.count)
        }
        #expect(bench.shelf.state.withLock { $0.rendered.count } == 1)
        for name in names { #expect(try bench.isSound("lab-a/\(name)")) }
        #expect(try await bench.counts().done == names.count)
    }

    @Test("A name that comes again with other bytes keeps the older result as a version")
    func versions() async throws {
        let bench = try DaemonBench()
        try await bench.run {
            for seed in 1...3 {
                try bench.write("x.png", seed: UInt64(seed))
                try await bench.finish("x.png", done: seed)
            }
        }
        #expect(
            bench.space.files(in: "out/lab-a") == [
                "x.png", "x.png.json", "x.png.v1", "x.png.v1.json", "x.png.v2", "x.png.v2.json",
            ])
        for (name, seed) in [("x.png.v1", 1), ("x.png.v2", 2), ("x.png", 3)] {
            #expect(try bench.isSound("lab-a/\(name)"))
            let digest = FileDigest.sha256(try DaemonBench.picture(UInt64(seed)))
            #expect(try bench.sidecar("lab-a/\(name)")?.source.sha256 == digest)
        }
        let row = try #require(try await bench.row("x.png"))
        #expect(try await bench.ledger().results(of: row.id).map(\.version) == [1, 2, nil])
        #expect(try await bench.counts().seen == 1)
    }

    @Test("A file that is touched, with the same bytes, is not worked out again")
    func touched() async throws {
        let bench = try DaemonBench()
        try bench.write("x.png")
        try await bench.run {
            try await bench.finish("x.png")
            try bench.write("x.png")
            try await bench.finish("x.png", done: 2)
        }
        #expect(bench.shelf.state.withLock { $0.rendered.count } == 1)
        #expect(bench.space.files(in: "out/lab-a") == ["x.png", "x.png.json"])
    }

    @Test("A file that takes another's place with the same size and an older time, or the same, is noticed")
    func olderTime() async throws {
        let bench = try DaemonBench()
        try bench.write("x.png", seed: 1)
        let size = try DaemonBench.picture(1).count
        try await bench.run {
            try await bench.finish("x.png")
            let old = try FileManager.default.attributesOfItem(atPath: bench.space("lab-a/x.png"))
            for seconds in [-86400.0, 0] {
                // As `rsync -a` and `mv` bring it: under another name first, with the time of the original.
                var other = Array(try DaemonBench.picture(seconds == 0 ? 3 : 2).prefix(size))
                other += [UInt8](repeating: 0, count: max(0, size - other.count))
                try bench.space.write(other, to: "lab-a/.incoming")
                let time = try #require(old[.modificationDate] as? Date).addingTimeInterval(seconds)
                try FileManager.default.setAttributes(
                    [.modificationDate: time], ofItemAtPath: bench.space("lab-a/.incoming"))
                try FileManager.default.removeItem(atPath: bench.space("lab-a/x.png"))
                try FileManager.default.moveItem(
                    atPath: bench.space("lab-a/.incoming"), toPath: bench.space("lab-a/x.png"))
                let before = bench.events.all.count { [.done, .failed].contains($0.kind) }
                try await bench.announce("x.png")
                while bench.events.all.count(where: { [.done, .failed].contains($0.kind) }) == before {
                    await Task.yield()
                }
                #expect(try await bench.row("x.png")?.digest == FileDigest.sha256(other))
            }
        }
    }

    @Test("The labs take turns, and inside a lab the oldest file comes first")
    func fairness() async throws {
        let bench = try DaemonBench { $0.workers = 1 }
        for number in 1...6 {
            try bench.write("\(number).png", lab: "lab-a", seed: UInt64(number))
            let time = Date(timeIntervalSince1970: 1_600_000_000 - Double(number))
            try FileManager.default.setAttributes(
                [.modificationDate: time], ofItemAtPath: bench.space("lab-a/\(number).png"))
        }
        for number in 1...2 { try bench.write("\(number).png", lab: "lab-b", seed: UInt64(100 + number)) }
        bench.shelf.brake.hold()
        try await bench.run {
            await bench.announcers["lab-a"]!.say(.found(try (1...6).map { try bench.sighting("\($0).png") }))
            try await bench.announce("1.png", "2.png", lab: "lab-b")
            bench.shelf.brake.release()
            await bench.events.wait(for: "done", count: 8)
        }
        let order = bench.shelf.state.withLock { $0.rendered }
        let labs = order.map { $0.contains("/lab-a/") ? "a" : "b" }.joined()
        #expect(labs == "ababaaaa")
        let inside = order.filter { $0.contains("/lab-a/") }.map { ($0 as NSString).lastPathComponent }
        // Which of them is claimed first depends on what was announced by then; the rest goes by age.
        #expect(inside == ["6.png", "5.png", "4.png", "3.png", "2.png", "1.png"])
    }

    @Test("A file that is gone before its turn is accounted for, and done when it comes back")
    func vanished() async throws {
        let bench = try DaemonBench()
        try bench.write("x.png")
        let sighting = try bench.sighting("x.png")
        try FileManager.default.removeItem(atPath: bench.space("lab-a/x.png"))
        try await bench.run {
            await bench.announcers["lab-a"]!.say(.found([sighting]))
            await bench.events.wait(for: "ignored")
            #expect(try await bench.counts().ignored == 1)
            try bench.write("x.png")
            try await bench.finish("x.png")
        }
        #expect(try await bench.counts().done == 1)
        #expect(try await bench.counts().seen == 1)
    }

    @Test("Nothing is concluded about a root that is away")
    func unhealthyRoot() async throws {
        let bench = try DaemonBench()
        try bench.write("x.png")
        try bench.write("y.png", lab: "lab-b")
        try await bench.run {
            await bench.announcers["lab-a"]!.say(.unhealthy(reason: "unmounted"))
            let sighting = try bench.sighting("x.png")
            try FileManager.default.moveItem(atPath: bench.space("lab-a"), toPath: bench.space("away"))
            await bench.announcers["lab-a"]!.say(.found([sighting]))
            try await bench.finish("y.png", lab: "lab-b")
            #expect(try await bench.row("x.png")?.state == .pending)
            #expect(try await bench.ledger().roots().first?.unhealthy == "unmounted")
            try FileManager.default.moveItem(atPath: bench.space("away"), toPath: bench.space("lab-a"))
            await bench.announcers["lab-a"]!.say(.healthy)
            await bench.events.wait(for: "done", count: 2)
        }
        #expect(try await bench.counts().done == 2)
    }

    /// Moves the clock on until an event was written.
    static func advance(_ clock: ManualClock, until bench: DaemonBench, _ kind: String) async throws {
        while bench.events.count(kind) == 0 {
            clock.advance(milliseconds: 100)
            try await Task.sleep(for: .milliseconds(1))
        }
    }
}
