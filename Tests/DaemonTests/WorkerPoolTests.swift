import Config
import Daemon
import Foundation
import ImageFiles
import Jobs
import NCTEngine
import TestSupport
import Testing
import Watching

/// Workers that are processes.
@Suite(.timeLimit(.minutes(15))) struct WorkerPoolTests {
    @Test("A worker's result is that of the daemon's own process, bit by bit, and so is the engine's identity")
    func same() async throws {
        let bench = try WorkerBench()
        try bench.space.write(try WorkerBench.picture(1), to: "x.png")
        let own = OwnDesks(processors: EngineShelf(weights: nil, threads: 1, cache: nil, log: EventLog { _ in }))
        let desks = [
            try await own.desk(for: bench.profile, learned: LearnedColors()),
            try await bench.pool.desk(for: bench.profile, learned: LearnedColors()),
        ]
        var results: [RenderedCapture] = []
        for desk in desks {
            results.append(try await bench.render("x.png", at: desk))
            await desk.leave()
        }
        #expect(desks[0].identity == desks[1].identity)
        #expect(results[0].image == results[1].image)
        for index in 0...1 { (results[index].sidecar.timingsMs, results[index].sidecar.createdAt) = ([:], "") }
        #expect(results[0].sidecar == results[1].sidecar)
        #expect(bench.events.count("profile-prepared") == 1)
        await bench.pool.close()
        #expect(await bench.workers() == [])
    }

    @Test("An error of decoding comes back as it was thrown")
    func errors() async throws {
        let bench = try WorkerBench()
        try bench.space.write(Array(try WorkerBench.picture(1).dropLast(200)), to: "x.png")
        try bench.space.write("no image", to: "y.png")
        let own = OwnDesks(processors: EngineShelf(weights: nil, threads: 1, cache: nil, log: EventLog { _ in }))
        let (here, there) = (
            try await own.desk(for: bench.profile, learned: LearnedColors()),
            try await bench.pool.desk(for: bench.profile, learned: LearnedColors())
        )
        let source = DirectorySource(root: bench.space.path)
        for name in ["x.png", "y.png"] {
            var errors: [ImageFileError] = []
            for desk in [here, there] {
                _ = try await desk.read(CapturePath(name)!, in: source, limit: 1 << 30)
                errors.append(
                    try #require(
                        await #expect(throws: ImageFileError.self) {
                            _ = try await desk.decode(name: name, options: ReadingOptions(limits: bench.limits))
                        }))
            }
            #expect(errors[0] == errors[1])
        }
        await #expect(throws: SourceError.tooLarge) {
            _ = try await there.read(CapturePath("x.png")!, in: source, limit: 10)
        }
        await #expect(throws: SourceError.gone("the file is gone")) {
            _ = try await there.read(CapturePath("z.png")!, in: source, limit: 1 << 30)
        }
        // None of it cost the worker.
        await there.leave()
        let again = try await bench.pool.desk(for: bench.profile, learned: LearnedColors())
        #expect(await bench.workers().count == 1)
        await again.leave()
        await bench.pool.close()
    }

    @Test("A worker that is killed while it waits is replaced, and no capture notices")
    func killedIdle() async throws {
        let bench = try WorkerBench()
        try bench.space.write(try WorkerBench.picture(1), to: "x.png")
        let first = try await bench.pool.desk(for: bench.profile, learned: LearnedColors())
        await first.leave()
        let process = try #require(await bench.workers().first)
        kill(process, SIGKILL)
        var information = siginfo_t()
        while waitid(P_PID, id_t(process), &information, WEXITED | WNOWAIT) != 0 {}
        let second = try await bench.pool.desk(for: bench.profile, learned: LearnedColors())
        _ = try await bench.render("x.png", at: second)
        #expect(bench.events.all.contains(.workerLost(file: nil, reason: "died by signal 9 (Killed)")))
        #expect(await bench.workers() != [process])
        await bench.pool.close()
    }

    @Test("A worker that is killed in work, or stands still for longer than it may, is lost with its reason")
    func killedBusy() async throws {
        for (signal, loss) in [(SIGKILL, WorkerLoss.died(signal: SIGKILL)), (SIGSTOP, .late(seconds: 5))] {
            let bench = try WorkerBench(stepLimit: .seconds(signal == SIGSTOP ? 5 : 240))
            try bench.space.write(try WorkerBench.picture(1), to: "x.png")
            let desk = try await bench.pool.desk(for: bench.profile, learned: LearnedColors())
            let process = try #require(await bench.workers().first)
            kill(process, signal)
            await #expect(throws: loss) { _ = try await bench.render("x.png", at: desk) }
            await desk.leave()
            #expect(await bench.workers() == [])
            #expect(kill(process, 0) != 0 && errno == ESRCH, "it was reaped")
            await bench.pool.close()
        }
    }

    @Test("A worker is confined: a filter of its calls, a limit of its memory, chosen first where memory runs out")
    func confined() async throws {
        let bench = try WorkerBench()
        let desk = try await bench.pool.desk(for: bench.profile, learned: LearnedColors())
        let process = try #require(await bench.workers().first)
        func read(_ name: String) throws -> String {
            String(
                decoding: try #require(FileManager.default.contents(atPath: "/proc/\(process)/\(name)")), as: UTF8.self)
        }
        let status = try read("status")
        #expect(status.contains("Seccomp:\t2") && status.contains("NoNewPrivs:\t1"))
        #expect(try read("oom_score_adj") == "500\n")
        let space = try read("limits").split(separator: "\n").first { $0.hasPrefix("Max address space") }
        #expect(try #require(space).contains("unlimited") == false)
        await desk.leave()
        await bench.pool.close()
    }

    @Test("A profile that cannot be prepared is told of with its file; a program that is no worker as well")
    func unusable() async throws {
        let bench = try WorkerBench()
        try bench.space.write("no image", to: "reference.png")
        let failure = try #require(
            await #expect(throws: JobFailure.self) {
                _ = try await bench.pool.desk(for: bench.profile, learned: LearnedColors())
            })
        #expect(failure.file?.hasSuffix("reference.png") == true)
        // It is not tried again for each capture, but after all was forgotten.
        try bench.space.write(try WorkerBench.picture(90, .labA), to: "reference.png")
        await #expect(throws: failure) {
            _ = try await bench.pool.desk(for: bench.profile, learned: LearnedColors())
        }
        await bench.pool.forget()
        await (try bench.pool.desk(for: bench.profile, learned: LearnedColors())).leave()
        await bench.pool.close()
        for (text, words) in [
            ("#!/bin/sh\nexit 3\n", "status 3"), ("#!/bin/sh\nkill -SEGV $$\n", "signal 11"),
            ("#!/bin/sh\nprintf 'this is no answer at all' >&0\nsleep 100\n", "makes no sense"),
        ] {
            try bench.space.write(text, to: "worker")
            chmod(bench.space("worker"), 0o755)
            let other = try WorkerBench(program: bench.space("worker"))
            let failure = try #require(
                await #expect(throws: JobFailure.self) {
                    _ = try await other.pool.desk(for: other.profile, learned: LearnedColors())
                })
            #expect(failure.cause.contains(words), "\(failure)")
            #expect(await other.workers() == [])
        }
        let none = try WorkerBench(program: bench.space("nowhere"))
        await #expect {
            _ = try await none.pool.desk(for: none.profile, learned: LearnedColors())
        } throws: { error in
            if case WorkerLoss.unavailable = error { true } else { false }
        }
    }

    @Test("After all was forgotten a capture has another worker, and one that was in work then is not used again")
    func forgotten() async throws {
        let bench = try WorkerBench()
        let busy = try await bench.pool.desk(for: bench.profile, learned: LearnedColors())
        let old = await bench.workers()
        await bench.pool.forget()
        await busy.leave()
        #expect(await bench.workers() == [])
        let next = try await bench.pool.desk(for: bench.profile, learned: LearnedColors())
        #expect(await bench.workers() != old)
        await next.leave()
        await bench.pool.close()
    }
}
