import Config
import Foundation
import ImageFiles
import Jobs
import Ledger
import Synchronization
import Watching

/// A root under watch, with what its settings were made into.
public struct WatchedRoot: Sendable {
    public let id: Int64
    public let settings: WatchSettings
    let source: any CaptureSource
    /// The pattern that leaves a file out; nil if none does.
    let ignoringRule: @Sendable (CapturePath) -> String?
    let matcher: RuleMatcher

    public init(
        id: Int64, settings: WatchSettings, source: any CaptureSource, matcher: RuleMatcher,
        ignoringRule: @escaping @Sendable (CapturePath) -> String?
    ) {
        self.id = id
        self.settings = settings
        self.source = source
        self.matcher = matcher
        self.ignoringRule = ignoringRule
    }

    /// Why a sighting is no capture: where a link leads, or the rule of its name; nil if it is one.
    func reasonToIgnore(_ sighting: Sighting) -> String? {
        sighting.link?.reason { ignoringRule($0) == nil } ?? ignoringRule(sighting.path)
    }

    /// How a profile has a capture of this root read.
    func reading(_ profile: Profile, of path: CapturePath, within limits: ImageLimits) -> ReadingOptions {
        var options = profile.reading(within: limits)
        options.page = path.page ?? options.page
        options.sampleBits = options.sampleBits ?? settings.sampleBits
        return options
    }

    /// A capture's full name, printable.
    func name(of path: CapturePath) -> String { "\(settings.path)/\(path)" }
}

extension DaemonConfiguration {
    /// How large a capture may be.
    var imageLimits: ImageLimits { ImageLimits(maximumPixels: maximumMegapixels * 1_000_000) }

    /// The threads that each capture is worked on with: its share of the cores.
    public var threads: Int { max(1, ProcessInfo.processInfo.activeProcessorCount / max(1, workers)) }

    /// Where prepared references are kept.
    public var cache: CacheDirectory { CacheDirectory(path: stateDirectory + "/cache") }

    /// What the captures in work may take of memory together, bytes.
    var memoryBytes: Int { memoryMebibytes.map { $0 << 20 } ?? MachineMemory.forCaptures() }
}

/// The configuration in force. A reload puts another in its place; what is under way keeps what it began with.
public final class LiveConfiguration: Sendable {
    private struct State {
        var configuration: DaemonConfiguration
        var roots: [Int64: WatchedRoot] = [:]
        var unhealthy: Set<Int64> = []
        /// Roots whose files have another number at every look.
        var renumbered: Set<Int64> = []
    }

    private let state: Mutex<State>

    public init(_ configuration: DaemonConfiguration) { state = Mutex(State(configuration: configuration)) }

    public var configuration: DaemonConfiguration { state.withLock { $0.configuration } }

    public func replace(configuration: DaemonConfiguration, roots: [WatchedRoot]) {
        state.withLock { state in
            state.configuration = configuration
            state.roots = Dictionary(uniqueKeysWithValues: roots.map { ($0.id, $0) })
            state.unhealthy.formIntersection(state.roots.keys)
        }
    }

    public func root(_ id: Int64) -> WatchedRoot? { state.withLock { $0.roots[id] } }

    var roots: [WatchedRoot] { state.withLock { Array($0.roots.values) } }

    func setRenumbered(_ id: Int64) { state.withLock { _ = $0.renumbered.insert(id) } }

    /// What of a file's looks tells its content, in a root.
    func trusted(_ stamp: FileStamp, of root: Int64) -> FileStamp {
        state.withLock { $0.renumbered.contains(root) } ? stamp.withoutInode : stamp
    }

    public func setHealthy(_ id: Int64, _ isHealthy: Bool) {
        state.withLock { state in
            if isHealthy { state.unhealthy.remove(id) } else { state.unhealthy.insert(id) }
        }
    }

    /// Whether a root is watched, and its watcher has not found it to be away.
    func isWell(_ id: Int64) -> Bool { state.withLock { $0.roots[id] != nil && !$0.unhealthy.contains(id) } }

    /// The labs in order, each with its roots that are well.
    func labs() -> [(lab: String, roots: [Int64])] {
        state.withLock { state in
            let well = state.roots.values.filter { !state.unhealthy.contains($0.id) }
            return Dictionary(grouping: well, by: \.settings.lab).sorted { $0.key < $1.key }
                .map { ($0.key, $0.value.map(\.id).sorted()) }
        }
    }
}
