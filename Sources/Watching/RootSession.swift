import Config
import Dispatch

/// What both kinds of root watchers do alike: tell of health, scan, and send sightings in batches.
struct RootSession: Sendable {
    let settings: WatchSettings
    private(set) var health: RootHealth
    /// Nil before the first look.
    private var isHealthy: Bool?
    /// What could not be read at the last look.
    private var unreadable: ScanProblems
    /// Whether files keep their numbers; nil before that was looked at.
    private var keepsNumbers: Bool?

    typealias Delivery = @Sendable (WatchEvent) async throws -> Void

    /// Between looks at whether the root is still there.
    static let healthInterval = Duration.seconds(5)

    init(settings: WatchSettings, remembered: RootIdentity?) {
        self.settings = settings
        health = RootHealth(settings: settings, remembered: remembered)
        unreadable = ScanProblems(settings)
    }

    /// Looks at the root and tells of changes. True if it is healthy; `isNew` if all that was known of it is void.
    mutating func checkHealth(_ deliver: Delivery) async throws -> (isHealthy: Bool, isNew: Bool) {
        switch health.check() {
        case .same:
            let wasHealthy = isHealthy == true
            isHealthy = true
            if !wasHealthy { try await deliver(.healthy) }
            return (true, !wasHealthy)
        case .renewed:
            if isHealthy == true {
                let place =
                    health.identity?.place.flatMap { $0 == settings.path ? nil : ": it leads to \($0) now" } ?? ""
                try await deliver(
                    .unhealthy(reason: "another directory has taken the place of \(settings.path)\(place)"))
            }
            isHealthy = true
            unreadable.forget()
            try await deliver(.healthy)
            return (true, true)
        case .unhealthy(let reason):
            if isHealthy != false { try await deliver(.unhealthy(reason: reason)) }
            isHealthy = false
            return (false, true)
        }
    }

    /// The outcome of a scan.
    struct Summary {
        var files = 0
        /// Something could not be read that may be readable soon.
        var isIncomplete = false
        /// Why no more watches can be had.
        var refusal: String?
    }

    /// Scans the root, or what lies below a directory, and delivers what it meets.
    ///
    /// - Parameter enter: called for each directory before its names are listed.
    mutating func scan(
        from start: CapturePath? = nil, _ deliver: Delivery,
        entering enter: (Int32, CapturePath?) -> InotifyHub.Outcome = { _, _ in .watched }
    ) async throws -> Summary {
        var summary = Summary()
        var batch: [Sighting] = []
        var problems: [CapturePath?: FileError] = [:]
        var scanner: DirectoryScanner
        do {
            scanner = try DirectoryScanner(
                root: settings.path, from: start, recursive: settings.recursive, followingLinks: settings.followLinks)
        } catch {
            // The next look at its health tells why.
            summary.isIncomplete = true
            return summary
        }
        while let entry = scanner.next() {
            if Task.isCancelled { return summary }
            switch entry {
            case .directory(let path):
                if let descriptor = scanner.announcedDescriptor, case .refused(let reason) = enter(descriptor, path) {
                    summary.refusal = reason
                }
            case .file(let sighting), .link(let sighting):
                if keepsNumbers == nil, sighting.link == nil { try await lookTwice(at: sighting, deliver) }
                batch.append(sighting)
                if case .file = entry { summary.files += 1 }
                if batch.count == WatchEvent.batchLimit {
                    try await deliver(.found(batch))
                    batch = []
                }
            case .other: break
            case .problem(let path, let error):
                summary.isIncomplete = summary.isIncomplete || error.isTransient
                // What may be listed and not looked into says so of each of its names.
                let place = error.attempt == DirectoryScanner.look ? path?.parent : path
                guard problems[place] == nil, problems.count < ScanProblems.most else { break }
                problems[place] = error
                if !unreadable.has(place) { try await deliver(.unreadable(place, reason: error.description)) }
            }
        }
        if !batch.isEmpty { try await deliver(.found(batch)) }
        unreadable.take(problems, from: start)
        if let news = unreadable.news(isWhole: start == nil) { try await deliver(.unread(news)) }
        return summary
    }

    /// Folders that could not be read at the last look and can be now.
    var readableAgain: [CapturePath] { unreadable.readableAgain(root: settings.path) }
}

extension RootSession {
    /// Longer than file systems keep what they know of a name.
    private static let pause = Duration.milliseconds(1200)

    /// Finds out, by the first file that is met, whether files keep their numbers, where that is not sure.
    private mutating func lookTwice(at sighting: Sighting, _ deliver: Delivery) async throws {
        keepsNumbers = true
        guard let kind = try? FileSystemKind(path: settings.path), kind.mayRenumber else { return }
        func look() -> FileStamp? { try? ReadOnlyFile.stamp(root: settings.path, path: sighting.path) }
        guard let first = look() else { return keepsNumbers = nil }
        do { try await Task.sleep(for: Self.pause) } catch { return }
        guard let second = look() else { return keepsNumbers = nil }
        guard first.inode != second.inode, first.withoutInode == second.withoutInode else { return }
        keepsNumbers = false
        try await deliver(.renumbered)
    }
}

/// A thread for one root's calls of the file system, which may take as long as a share that hangs; the threads that all
/// else runs on are few.
final class RootExecutor: TaskExecutor {
    private let queue: DispatchQueue

    init(label: String) { queue = DispatchQueue(label: label) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
