import Foundation
import Testing
import Watching

/// Runs a watcher and keeps what it says, so that a test can wait for it.
actor Recorder {
    private(set) var events: [WatchEvent] = []
    private(set) var found: [CapturePath: FileStamp] = [:]
    /// Symbolic links, with where they lead.
    private(set) var links: [CapturePath: LinkState] = [:]
    private(set) var isOver = false
    private var waiting:
        [(id: Int, isMet: @Sendable (isolated Recorder) -> Bool, continuation: CheckedContinuation<Bool, Never>)] = []
    private var count = 0
    private var task: Task<Void, any Error>?
    /// While set, events are not taken.
    private var gate: CheckedContinuation<Void, Never>?
    private var isHolding = false

    func start(_ watcher: any RootWatcher) {
        task = Task {
            defer { Task { self.over() } }
            try await watcher.run { await self.take($0) }
        }
    }

    private func over() {
        isOver = true
        check()
    }

    private func take(_ event: WatchEvent) async {
        if isHolding { await withCheckedContinuation { gate = $0 } }
        events.append(event)
        if case .found(let sightings) = event {
            #expect(sightings.count <= WatchEvent.batchLimit && !sightings.isEmpty)
            for sighting in sightings {
                if let link = sighting.link {
                    links[sighting.path] = link
                } else {
                    found[sighting.path] = sighting.stamp
                }
            }
        }
        check()
    }

    /// Makes the watcher wait with its next event.
    func hold() { isHolding = true }

    func release() {
        isHolding = false
        gate?.resume()
        gate = nil
    }

    private func check() {
        let met = waiting.filter { $0.isMet(self) }
        waiting.removeAll { one in met.contains { $0.id == one.id } }
        for one in met { one.continuation.resume(returning: true) }
    }

    /// Waits until a condition holds; false if it does not within the time.
    func wait(
        seconds: Double = 120, until isMet: @escaping @Sendable (isolated Recorder) -> Bool
    ) async -> Bool {
        if isMet(self) { return true }
        count += 1
        let id = count
        let timer = Task {
            try await Task.sleep(for: .seconds(seconds))
            self.giveUp(id)
        }
        defer { timer.cancel() }
        return await withCheckedContinuation { waiting.append((id, isMet, $0)) }
    }

    private func giveUp(_ id: Int) {
        guard let index = waiting.firstIndex(where: { $0.id == id }) else { return }
        waiting.remove(at: index).continuation.resume(returning: false)
    }

    func waitForFiles(_ names: some Sequence<String>, seconds: Double = 120) async -> Bool {
        let wanted = names.map { path($0) }
        return await wait(seconds: seconds) { recorder in wanted.allSatisfy { recorder.found[$0] != nil } }
    }

    func waitForScans(_ number: Int, seconds: Double = 120) async -> Bool {
        await wait(seconds: seconds) { $0.scans >= number }
    }

    var scans: Int { events.count { if case .scanned = $0 { true } else { false } } }

    /// What could not be read, whenever that was told.
    var unread: [UnreadablePlaces] { events.compactMap { if case .unread(let places) = $0 { places } else { nil } } }

    func forget() {
        found = [:]
        events = []
    }

    /// Cancels the watcher and returns how long it took to end.
    func stop() async -> Duration {
        let start = ContinuousClock.now
        task?.cancel()
        _ = await task?.result
        return .now - start
    }
}
