import Synchronization
import Testing
import Watching

@Suite struct ScriptedWatcherTests {
    private struct Refused: Error {}

    @Test("Events arrive in order, one at a time, and the script knows when each was taken")
    func order() async throws {
        let watcher = ScriptedWatcher()
        let taken = Mutex<[WatchEvent]>([])
        let task = Task { try await watcher.run { event in taken.withLock { $0.append(event) } } }
        #expect(await watcher.say(.healthy))
        #expect(taken.withLock { $0 } == [.healthy])
        #expect(await watcher.say(.scanned(files: 0)))
        #expect(taken.withLock { $0 } == [.healthy, .scanned(files: 0)])
        watcher.end()
        try await task.value
        #expect(await watcher.say(.overflow) == false)
    }

    @Test("A receiver's error and a script's error end the run; cancellation does too")
    func ends() async throws {
        let refused = ScriptedWatcher()
        async let said = refused.say(.healthy)
        await #expect(throws: Refused.self) { try await refused.run { _ in throw Refused() } }
        #expect(await said == false)

        let failing = ScriptedWatcher()
        failing.end(throwing: Refused())
        await #expect(throws: Refused.self) { try await failing.run { _ in } }

        let cancelled = ScriptedWatcher()
        let task = Task { try await cancelled.run { _ in } }
        await cancelled.say(.healthy)
        task.cancel()
        try await task.value
    }

    @Test("Many files come in batches")
    func batches() async throws {
        let watcher = ScriptedWatcher()
        let sizes = Mutex<[Int]>([])
        let task = Task {
            try await watcher.run { event in
                if case .found(let files) = event { sizes.withLock { $0.append(files.count) } }
            }
        }
        let stamp = FileStamp(device: 0, inode: 0, size: 0, modifiedNanoseconds: 0)
        await watcher.find((0..<1200).map { Sighting(path: path("f\($0)"), stamp: stamp) })
        watcher.end()
        try await task.value
        #expect(sizes.withLock { $0 } == [512, 512, 176])
    }
}
