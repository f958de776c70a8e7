import Config
import Foundation
import ImageFiles
import Jobs
import NCTEngine

/// One prepared engine a profile, made at its first use and shared by all workers; profiles with the same weights share
/// them.
public actor EngineShelf: ProcessorSource {
    private let weights: String?
    private let threads: Int
    private let cache: CacheDirectory?
    private let log: EventLog
    private var features: [String: Task<FeatureSource, any Error>] = [:]
    private var engines: [String: Task<PreparedEngine, any Error>] = [:]

    /// - Parameters:
    ///   - weights: for profiles that name none; nil searches the usual places.
    ///   - threads: that each capture is worked on with.
    public init(weights: String?, threads: Int, cache: CacheDirectory?, log: EventLog) {
        self.weights = weights
        self.threads = threads
        self.cache = cache
        self.log = log
    }

    public func processor(for profile: Profile) async throws -> any CaptureProcessor {
        let key = profile.name
        if let task = engines[key] {
            if let engine = try? await task.value, engine.profile == profile { return engine }
            if engines[key] == task { engines[key] = nil }
            return try await processor(for: profile)
        }
        let loading = profile.method.usesFeatures ? sharedFeatures(for: profile) : nil
        let (threads, cache) = (threads, cache)
        let task = Task.detached {
            let loaded = try await loading?.value
            return try await Blocking.run {
                try PreparedEngine(
                    profile: profile, workers: Workers(threads: threads), cache: cache, features: loaded)
            }
        }
        engines[key] = task
        do {
            let engine = try await task.value
            log.write(
                .profilePrepared(
                    profile: profile.name, features: engine.features?.extractor, notices: engine.notices))
            return engine
        } catch {
            if engines[key] == task { engines[key] = nil }
            if let loading { features = features.filter { $0.value != loading } }
            throw error
        }
    }

    public func forget() {
        engines = [:]
        features = [:]
    }

    private func sharedFeatures(for profile: Profile) -> Task<FeatureSource, any Error> {
        let path = profile.weights ?? weights
        let level = profile.parameters.deepestLevel
        let key = "\(profile.features) \(path ?? "") \(level)"
        if let loading = features[key] { return loading }
        let loading = Task.detached {
            try await Blocking.run {
                try FeatureSource.load(profile.features, configured: path, upToLevel: level)
            }
        }
        features[key] = loading
        return loading
    }
}
