import Config
import Jobs

/// What is in the files that profiles name: other references make other results, as other settings do.
struct ProfileFiles: Sendable {
    /// Digests by path, of files that could be read.
    private let digests: [String: String]

    /// Reads them; calls block, but for no file that does not answer.
    init(_ configuration: DaemonConfiguration) {
        let paths = Set(configuration.profiles.values.flatMap { Self.paths($0, configuration.weights) })
        digests = Dictionary(
            uniqueKeysWithValues: paths.compactMap { path in
                (Answer.within(path) { try? FileDigest.sha256(path: path) } ?? nil).map { (path, $0) }
            })
    }

    /// Files of a profile that hold something else than before, in its order; not those that could not be read at either time.
    func changes(of profile: Profile, weights: String?, since before: ProfileFiles) -> [String] {
        Self.paths(profile, weights).filter { path in
            guard let was = before.digests[path], let now = digests[path] else { return false }
            return was != now
        }
    }

    private static func paths(_ profile: Profile, _ weights: String?) -> [String] {
        var paths = profile.references
        paths += [profile.palette, profile.capturePalette].compactMap(\.self)
        if case .file(let path) = profile.flatField { paths.append(path) }
        if profile.method.usesFeatures, let weights = profile.weights ?? weights { paths.append(weights) }
        return paths
    }
}
