import Config
import Files
import Glibc

/// What of a root could not be read at the last look: what lies there is unknown.
public struct UnreadablePlaces: Sendable, Hashable, Codable {
    /// A folder, or a file that the system tells nothing of.
    public struct Place: Sendable, Hashable, Codable {
        /// Below the root, printable; empty for the root itself.
        public var path: String
        public var reason: String

        public init(path: String, reason: String) { (self.path, self.reason) = (path, reason) }
    }

    public var count: Int
    /// The first of them by name.
    public var first: [Place]

    /// Of so many the names are kept.
    public static let mostNamed = 100

    public init(count: Int, first: [Place]) { (self.count, self.first) = (count, first) }

    init(_ problems: [CapturePath?: FileError]) {
        let places = problems.map { Place(path: $0.key.map(\.description) ?? "", reason: $0.value.reason) }
        self.init(count: places.count, first: Array(places.sorted { $0.path < $1.path }.prefix(Self.mostNamed)))
    }

    /// The place that keeps a path below the root from being seen; nil if none does that is known by name.
    public func place(over path: CapturePath) -> Place? {
        let text = path.description
        return first.first { $0.path.isEmpty || text == $0.path || text.hasPrefix($0.path + "/") }
    }
}

/// The problems of a root's scans that a person must know of.
struct ScanProblems: Sendable {
    /// Bounded.
    private var all: [CapturePath?: FileError] = [:]
    /// What was told of them; nil before the first scan of the whole root.
    private var told: UnreadablePlaces?
    private let filter: CaptureFilter?

    static let most = 1024

    init(_ settings: WatchSettings) {
        filter = try? CaptureFilter(settings: settings)
    }

    mutating func forget() { all = [:] }

    /// Takes what a scan met.
    ///
    /// - Parameter start: where it began; nil for the root.
    mutating func take(_ found: [CapturePath?: FileError], from start: CapturePath?) {
        if let start {
            all = all.filter { place, _ in place.map { $0 != start && !$0.lies(in: start) } ?? true }
            for (place, error) in found where all.count < Self.most { all[place] = error }
        } else {
            all = found
        }
    }

    func has(_ place: CapturePath?) -> Bool { all[place] != nil }

    /// What is to be told now; nil where it is what was told before.
    ///
    /// - Parameter isWhole: after a scan of the whole root; what others met is told only once that is known.
    mutating func news(isWhole: Bool) -> UnreadablePlaces? {
        guard isWhole || told != nil else { return nil }
        let places = UnreadablePlaces(all.filter { $0.key.map { filter?.ignoringRule(ofFolder: $0) == nil } ?? true })
        guard places != told else { return nil }
        told = places
        return places
    }

    /// Folders that the daemon was not let into and is now, some of them.
    func readableAgain(root path: String) -> [CapturePath] {
        let closed = all.filter { [EACCES, EPERM].contains($0.value.code) }
        guard !closed.isEmpty, let root = try? Descriptor.root(path) else { return [] }
        return closed.keys.compactMap { $0 }.prefix(UnreadablePlaces.mostNamed).filter { place in
            guard let folder = try? root.open(beneath: place, O_RDONLY | O_DIRECTORY | O_NONBLOCK) else { return false }
            return access("/proc/self/fd/\(folder.number)/.", R_OK | X_OK) == 0
        }
    }
}

extension CapturePath {
    /// Whether this is below a folder.
    func lies(in folder: CapturePath) -> Bool { bytes.starts(with: folder.bytes + [UInt8(ascii: "/")]) }
}
