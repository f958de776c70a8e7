import Config
import Daemon
import Foundation
import ImageFiles
import Jobs
import Ledger
import Logging
import NCTEngine
import ServiceLifecycle
import SmearPhantom
import Synchronization
import TestSupport
import Testing
import Watching

/// A daemon in a folder of its own: two labs, a scripted watcher each, a copying stand-in for the engine.
final class DaemonBench: Sendable {
    let space: Workspace
    let clock: any DaemonClock
    let events = Events()
    let shelf = TestShelf()
    /// For captures that are worked on apart; nil for real processes.
    let pool: TestPool?
    /// In place of the stand-in; for tests of what the engine itself does.
    let processors: (any ProcessorSource)?
    let configuration: DaemonConfiguration
    let announcers: [String: Announcer]
    let sources: [String: TroubledSource]
    private let service = Mutex<DaemonService?>(nil)

    init(
        space: Workspace? = nil, clock: any DaemonClock = SystemClock(), loss: WorkerLoss? = nil,
        isolation: DaemonConfiguration.Isolation = .threads,
        processors: (any ProcessorSource)? = nil, change: (inout DaemonConfiguration) -> Void = { _ in }
    ) throws {
        let space = try space ?? Workspace()
        self.space = space
        self.clock = clock
        self.processors = processors
        pool = isolation == .threads ? TestPool(processors ?? shelf, loss: loss) : nil
        for folder in ["state", "out", "quarantine", "lab-a", "lab-b"] {
            try FileManager.default.createDirectory(atPath: space(folder), withIntermediateDirectories: true)
        }
        var configuration = DaemonConfiguration(
            path: space("nctd.toml"), stateDirectory: space("state"), profilesDirectory: space("profiles"), workers: 2,
            output: OutputSettings(
                directory: space("out"), quarantineDirectory: space("quarantine"), minimumFreeMebibytes: 0),
            watches: ["lab-a", "lab-b"].map {
                WatchSettings(path: space($0), lab: $0, profile: $0, settle: .zero, patience: .seconds(600))
            },
            profiles: [
                "lab-a": Profile(name: "lab-a", references: []), "lab-b": Profile(name: "lab-b", references: []),
            ])
        configuration.isolation = isolation
        change(&configuration)
        self.configuration = configuration
        announcers = Dictionary(uniqueKeysWithValues: configuration.watches.map { ($0.lab, Announcer()) })
        sources = Dictionary(
            uniqueKeysWithValues: configuration.watches.map {
                ($0.lab, TroubledSource(DirectorySource(root: $0.path)))
            })
    }

    /// Runs the daemon while the body runs, then stops it as SIGTERM would.
    func run(
        grace: Int64 = 7000, manager: any ServiceManager = NoServiceManager(), _ body: () async throws -> Void
    ) async throws {
        let (announcers, sources) = (announcers, sources)
        let shelf: any ProcessorSource = processors ?? shelf
        var parts = DaemonService.Parts(
            roots: RootParts(
                watcher: { settings, _ in announcers[settings.lab] ?? Announcer() },
                source: { sources[$0.lab] ?? TroubledSource(DirectorySource(root: $0.path)) },
                ignoringRule: { _ in { $0.name.first == UInt8(ascii: ".") ? "hidden" : nil } }),
            processors: { _, _ in shelf }, clock: clock, boot: "boot", retrySeed: 7, manager: manager, grace: grace)
        parts.pool = pool
        parts.worker = Subprocess.nctd
        let service = DaemonService(configuration: configuration, version: "test", parts: parts, log: events.log)
        self.service.withLock { $0 = service }
        let group = ServiceGroup(services: [service], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let before = events.count("root-watched")
        let running = Task { try await group.run() }
        do {
            await events.wait(for: "root-watched", count: before + configuration.watches.count)
            try await body()
        } catch {
            await group.triggerGracefulShutdown()
            _ = try? await running.value
            throw error
        }
        await group.triggerGracefulShutdown()
        try await running.value
    }

    /// Has the running daemon read its configuration anew, and returns what it says of that.
    func reload() async throws -> String {
        let count = events.count("reloaded")
        service.withLock { $0?.requestReload() }
        await events.wait(for: "reloaded", count: count + 1)
        return try #require(events.all.last { $0.kind.name == "reloaded" }).message
    }

    /// Writes a capture and runs the daemon until it is done.
    func run(untilDone name: String) async throws {
        try write(name)
        try await run { try await finish(name) }
    }

    // MARK: Captures

    static func picture(_ seed: UInt64) throws -> [UInt8] {
        let image = SmearScene(seed: seed, width: 48, height: 36).render(in: .labB, noiseSeed: seed)
        return try ImageWriter.encode(ImageFile(image: image), options: ImageWriteOptions(format: .png, bitDepth: 8))
    }

    /// Writes a capture below a lab's root.
    func write(_ name: String, lab: String = "lab-a", seed: UInt64 = 1) throws {
        try space.write(try Self.picture(seed), to: "\(lab)/\(name)")
    }

    func sighting(_ name: String, lab: String = "lab-a") throws -> Sighting {
        let path = CapturePath(name)!
        return Sighting(path: path, stamp: try DirectorySource(root: space(lab)).stamp(of: path))
    }

    /// Lets the watcher say that files were found.
    func announce(_ names: String..., lab: String = "lab-a") async throws {
        await announcers[lab]!.say(.found(try names.map { try sighting($0, lab: lab) }))
    }

    /// Lets the watcher say that files were found, and returns once so many captures are done in all.
    func finish(_ names: String..., lab: String = "lab-a", done count: Int = 1) async throws {
        await announcers[lab]!.say(.found(try names.map { try sighting($0, lab: lab) }))
        await events.wait(for: "done", count: count)
    }

    /// Enters a capture of lab-a in a ledger, as a daemon that ran before did.
    func enter(_ name: String, in ledger: Ledger) async throws -> CaptureRow {
        let root = try await ledger.enterRoot(path: space("lab-a"), lab: "lab-a", rules: "", now: clock.now)
        let sighting = try sighting(name)
        _ = try await ledger.record([.init(sighting)], root: root, settle: .zero, now: clock.now)
        return try #require(try await ledger.capture(root: root, path: sighting.path))
    }

    // MARK: What came of it

    func ledger() throws -> Ledger { try Ledger.open(forCommandIn: space("state")) }

    func counts() async throws -> StateCounts {
        try await ledger().summaries(now: clock.now).map(\.counts).reduce(StateCounts(), +)
    }

    func row(_ name: String, lab: String = "lab-a") async throws -> CaptureRow? {
        let ledger = try ledger()
        guard let root = try await ledger.roots().first(where: { $0.lab == lab }) else { return nil }
        return try await ledger.capture(root: root.id, path: CapturePath(name)!)
    }

    func sidecar(_ name: String) throws -> Sidecar? {
        guard let json = space.read("out/\(name).json") else { return nil }
        return try Sidecar(json: [UInt8](json))
    }

    /// True if an image is the one that its sidecar speaks of.
    func isSound(_ name: String) throws -> Bool {
        guard let image = space.read("out/\(name)"), let sidecar = try sidecar(name) else { return false }
        return FileDigest.sha256(image) == sidecar.output.sha256
    }

    func inode(_ name: String) -> UInt64? {
        (try? FileManager.default.attributesOfItem(atPath: space(name)))?[.systemFileNumber] as? UInt64
    }
}

extension WatchSettings {
    /// Has the results of deleted captures removed at the next look.
    mutating func removesAtOnce() {
        (deletions, patience, reconcileInterval) = (.remove, .zero, .milliseconds(100))
    }
}
