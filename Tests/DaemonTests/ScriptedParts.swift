import Config
import Daemon
import Foundation
import ImageFiles
import Jobs
import Ledger
import NCTEngine
import Synchronization
import Watching

/// A clock that a test moves.
final class ManualClock: DaemonClock {
    private struct State {
        var milliseconds: Int64 = 1_000_000
        var sleepers: [Int: (deadline: Int64, wake: CheckedContinuation<Void, any Error>)] = [:]
        var next = 0
        var cancelled: Set<Int> = []
    }

    private let state = Mutex(State())

    var now: Moment {
        state.withLock { Moment(milliseconds: $0.milliseconds, wall: 1_700_000_000 + Double($0.milliseconds) / 1000) }
    }

    func sleep(milliseconds: Int64) async throws {
        let id = state.withLock { state in
            state.next += 1
            return state.next
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (wake: CheckedContinuation<Void, any Error>) in
                let isOver = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return true }
                    state.sleepers[id] = (state.milliseconds + max(0, milliseconds), wake)
                    return false
                }
                if isOver { wake.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                let sleeper = state.sleepers.removeValue(forKey: id)
                if sleeper == nil { state.cancelled.insert(id) }
                return sleeper
            }
            sleeper?.wake.resume(throwing: CancellationError())
        }
    }

    func advance(milliseconds: Int64) {
        let due = state.withLock { state in
            state.milliseconds += milliseconds
            let due = state.sleepers.filter { $0.value.deadline <= state.milliseconds }
            for id in due.keys { state.sleepers[id] = nil }
            return due.values.map(\.wake)
        }
        for wake in due { wake.resume() }
    }
}

/// A watcher that says what a test tells it to, in one run of the daemon after the other.
final class Announcer: RootWatcher {
    private typealias Message = (WatchEvent, CheckedContinuation<Void, Never>)

    /// Of the present run, or of the next one. A stream ends with whoever reads it.
    private let stream = Mutex(AsyncStream.makeStream(of: Message.self))

    /// Returns after the daemon has dealt with the event.
    func say(_ event: WatchEvent) async {
        await withCheckedContinuation { taken in _ = stream.withLock { $0.continuation.yield((event, taken)) } }
    }

    func run(_ deliver: @Sendable (WatchEvent) async throws -> Void) async throws {
        defer { stream.withLock { $0 = AsyncStream.makeStream() } }
        for await (event, taken) in stream.withLock({ $0.stream }) {
            defer { taken.resume() }
            try await deliver(event)
        }
    }
}

/// Real files, with troubles that a test puts in their way.
final class TroubledSource: CaptureSource {
    struct Troubles {
        /// Thrown by the next reads of a path, first first.
        var reads: [CapturePath: [SourceError]] = [:]
        var incomplete: [CapturePath: String] = [:]
        var readCount = 0
        /// Called before a file is looked at.
        var onLook: (@Sendable (CapturePath) -> Void)?
        /// Called once, before the next learning looks which captures are there.
        var onLearning: (@Sendable () -> Void)?
    }

    let troubles = Mutex(Troubles())
    private let files: any CaptureSource

    init(_ files: any CaptureSource) { self.files = files }

    func stamp(of path: CapturePath) throws -> FileStamp {
        if LowPriority.isCurrent { troubles.withLock { $0.onLearning.take() }?() }
        return try files.stamp(of: path)
    }

    func incompleteness(of path: CapturePath, budget: ReadBudget) throws -> String? {
        troubles.withLock(\.onLook)?(path)
        return troubles.withLock { $0.incomplete[path] }
    }

    func header(of path: CapturePath) throws -> ImageHeader { try files.header(of: path) }

    func open(_ path: CapturePath) throws -> ReadOnlyFile { try files.open(path) }

    func read(_ path: CapturePath, limit: Int) throws -> (bytes: [UInt8], before: FileStamp, after: FileStamp) {
        let trouble = troubles.withLock { troubles -> SourceError? in
            troubles.readCount += 1
            guard troubles.reads[path]?.isEmpty == false else { return nil }
            return troubles.reads[path]?.removeFirst()
        }
        if let trouble { throw trouble }
        return try files.read(path, limit: limit)
    }
}

/// Stops threads while it is held.
final class Brake: Sendable {
    private let condition = NSCondition()
    private let isHeld = Mutex(false)

    func hold() { isHeld.withLock { $0 = true } }

    func release() {
        condition.lock()
        isHeld.withLock { $0 = false }
        condition.broadcast()
        condition.unlock()
    }

    func pass() {
        condition.lock()
        while isHeld.withLock({ $0 }) { condition.wait() }
        condition.unlock()
    }
}

/// The copying stand-in, counted, slowed down and turned as a test likes.
final class TestShelf: ProcessorSource {
    struct State {
        var rendered: [String] = []
        var deliveries: [String: Sidecar.Delivery] = [:]
        /// Pages whose results are held back, whatever the profile.
        var heldPages: Set<Int> = []
        var unusable: Set<String> = []
    }

    let state = Mutex(State())
    /// Held by a test to stop the workers inside the engine.
    let brake = Brake()

    struct Processor: CaptureProcessor {
        let copy: CopyingProcessor
        let shelf: TestShelf
        var identity: EngineIdentity { copy.identity }

        func render(
            _ file: ImageFile, source: Sidecar.Source, format: ImageFormat, stopwatch: Stopwatch,
            target: (Sidecar.Delivery) -> String
        ) throws -> RenderedCapture {
            let delivery = shelf.state.withLock { state -> Sidecar.Delivery in
                state.rendered.append(source.path)
                if let page = source.page, state.heldPages.contains(page) { return .held }
                return state.deliveries[copy.profile.name] ?? .delivered
            }
            shelf.brake.pass()
            var rendered = try copy.render(
                file, source: source, format: format, stopwatch: stopwatch, target: target)
            rendered.sidecar.verdict.delivery = delivery
            rendered.sidecar.output.path = target(delivery)
            rendered.sidecar.profile = try? JSONDecoder().decode(
                Sidecar.ProfileOrigin.self,
                from: Data(#"{"name": "\#(copy.profile.name)", "path": "/p", "sha256": ""}"#.utf8))
            return rendered
        }
    }

    func processor(for profile: Profile) async throws -> any CaptureProcessor {
        if state.withLock({ $0.unusable.contains(profile.name) }) {
            throw JobFailure(file: "reference.png", cause: "is gone", remedy: "put it back")
        }
        return Processor(copy: try CopyingProcessor(profile: profile), shelf: self)
    }
}

/// In place of processes: desks that are lost at the look, as a test says.
final class TestPool: DeskSource {
    private let desks: OwnDesks
    private let loss: WorkerLoss?
    let asked = Mutex(0)

    init(_ processors: any ProcessorSource, loss: WorkerLoss?) {
        desks = OwnDesks(processors: processors)
        self.loss = loss
    }

    func desk(for profile: Profile, learned: LearnedColors) async throws -> any CaptureDesk {
        asked.withLock { $0 += 1 }
        if let loss, case .unavailable = loss { throw loss }
        return LossyDesk(desk: try await desks.desk(for: profile, learned: learned), loss: loss)
    }

    func forget() async {}
    func close() async {}

    private struct LossyDesk: CaptureDesk {
        let desk: any CaptureDesk
        let loss: WorkerLoss?

        var identity: EngineIdentity { desk.identity }

        func incompleteness(
            of path: CapturePath, in source: any CaptureSource, budget: ReadBudget
        ) async throws -> String? {
            if let loss { throw loss }
            return try await desk.incompleteness(of: path, in: source, budget: budget)
        }

        func header(of path: CapturePath, in source: any CaptureSource) async throws -> ImageHeader {
            try await desk.header(of: path, in: source)
        }

        func read(_ path: CapturePath, in source: any CaptureSource, limit: Int) async throws -> ReadCapture {
            try await desk.read(path, in: source, limit: limit)
        }

        func readNotes(_ path: CapturePath, in source: any CaptureSource) async throws -> Bool {
            try await desk.readNotes(path, in: source)
        }

        func decode(name: String, options: ReadingOptions) async throws -> DecodedCapture {
            try await desk.decode(name: name, options: options)
        }

        func render(_ order: RenderOrder) async throws -> RenderedCapture { try await desk.render(order) }
        func picture() async throws -> RGBImage { try await desk.picture() }
        func leave() async { await desk.leave() }
    }
}

/// The events that a daemon wrote, to be waited for.
final class Events: Sendable {
    private struct State {
        var all: [DaemonEvent] = []
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// NCTD_TEST_EVENTS=1 shows them as they come, for a test that waits for what does not.
    private static let areShown = ProcessInfo.processInfo.environment["NCTD_TEST_EVENTS"] == "1"

    var log: EventLog {
        EventLog { event in
            if Self.areShown { print("event [\(event.kind.name)] \(event.message)") }
            let waiters = self.state.withLock { state in
                state.all.append(event)
                let waiters = state.waiters
                state.waiters = []
                return waiters
            }
            for waiter in waiters { waiter.resume() }
        }
    }

    var all: [DaemonEvent] { state.withLock(\.all) }

    func count(_ kind: String) -> Int { all.count { $0.kind.name == kind } }

    /// Returns once so many events of a kind were written; the test's time limit is the only bound.
    func wait(for kind: String, count: Int = 1) async {
        while count > self.count(kind) {
            await withCheckedContinuation { waiter in
                let isThere = state.withLock { state in
                    if state.all.count(where: { $0.kind.name == kind }) >= count { return true }
                    state.waiters.append(waiter)
                    return false
                }
                if isThere { waiter.resume() }
            }
        }
    }
}
