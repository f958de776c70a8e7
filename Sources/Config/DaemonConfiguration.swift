/// Everything that the daemon's configuration says, read and checked: `nctd.toml` and the profiles beside it.
public struct DaemonConfiguration: Sendable, Equatable {
    /// The file it was read from, as it was named.
    public var path: String
    /// Where the ledger and the caches live.
    public var stateDirectory: String
    public var profilesDirectory: String
    /// Where captures are decoded and normalized.
    public enum Isolation: String, Sendable, CaseIterable {
        /// In processes of their own, that have nothing but the capture.
        case processes
        /// In the daemon's own process.
        case threads
    }

    /// Captures in work at once.
    public var workers: Int
    public var isolation = Isolation.processes
    /// How long a step of a capture may take in a process of its own before that is ended.
    public var stepLimit = Duration.seconds(240)
    /// What the captures in work may take together; nil goes by the machine and the service's limits.
    public var memoryMebibytes: Int?
    /// Larger captures fail.
    public var maximumMegapixels: Int
    /// The VGG-19 weights; nil searches the usual places.
    public var weights: String?
    public var output: OutputSettings
    public var retry: RetrySettings
    /// How long rows of finished captures whose source is gone are kept; pending ones are never forgotten.
    public var retention: Duration
    /// In the order of the file.
    public var watches: [WatchSettings]
    /// Whom to tell of what needs a person; nil tells nobody.
    public var notify: NotifySettings?
    /// By name.
    public var profiles: [String: Profile]

    public init(
        path: String, stateDirectory: String, profilesDirectory: String, workers: Int, memoryMebibytes: Int? = nil,
        maximumMegapixels: Int = 200, weights: String? = nil,
        output: OutputSettings, retry: RetrySettings = RetrySettings(), retention: Duration = .seconds(365 * 86400),
        watches: [WatchSettings], profiles: [String: Profile]
    ) {
        self.path = path
        self.stateDirectory = stateDirectory
        self.profilesDirectory = profilesDirectory
        self.workers = workers
        self.memoryMebibytes = memoryMebibytes
        self.maximumMegapixels = maximumMegapixels
        self.weights = weights
        self.output = output
        self.retry = retry
        self.retention = retention
        self.watches = watches
        self.profiles = profiles
    }
}

/// `[output]`: where results go.
public struct OutputSettings: Sendable, Equatable {
    public enum Format: String, Sendable, CaseIterable { case png, jpeg, tiff }

    /// What becomes of a capture whose bytes and settings are those of an earlier one.
    public enum Duplicates: String, Sendable, CaseIterable {
        /// A hard link to the earlier result, or a copy where the file system has no links.
        case link
        /// A copy of the earlier result.
        case copy
    }

    /// The tree of results: `DIRECTORY/LAB/relative/path/NAME.png`.
    public var directory: String
    /// The tree of results that their profile holds back, of the same form.
    public var heldDirectory: String
    /// The tree of results whose capture was deleted, of the same form (``WatchSettings/Deletions``).
    public var removedDirectory: String
    /// The tree of reasons for what failed: `DIRECTORY/LAB/relative/path/NAME.EXT.json`.
    public var quarantineDirectory: String
    /// Below so much free space on the output's file system the daemon pauses.
    public var minimumFreeMebibytes: Int
    public var format: Format
    public var duplicates: Duplicates
    /// How many older versions of a result are kept; nil keeps all.
    public var keepVersions: Int?
    /// For how many days a version is kept once it was replaced; nil for ever.
    public var keepDays: Int?

    public init(
        directory: String, heldDirectory: String? = nil, removedDirectory: String? = nil, quarantineDirectory: String,
        minimumFreeMebibytes: Int = 1024, format: Format = .png,
        duplicates: Duplicates = .link
    ) {
        self.directory = directory
        self.heldDirectory = heldDirectory ?? Self.heldDirectory(beside: directory)
        self.removedDirectory = removedDirectory ?? Self.removedDirectory(beside: directory)
        self.quarantineDirectory = quarantineDirectory
        self.minimumFreeMebibytes = minimumFreeMebibytes
        self.format = format
        self.duplicates = duplicates
    }
}

extension OutputSettings {
    /// Where results go that are held back, if nothing else is said: `DIRECTORY.held`.
    public static func heldDirectory(beside directory: String) -> String { named(directory, ".held") }

    /// Where results go whose capture was deleted, if nothing else is said: `DIRECTORY.removed`.
    static func removedDirectory(beside directory: String) -> String { named(directory, ".removed") }

    private static func named(_ directory: String, _ ending: String) -> String {
        var name = directory[...]
        while name.count > 1, name.hasSuffix("/") { name.removeLast() }
        return name + ending
    }
}

/// `[notify]`: a command that tells somebody what needs a person.
public struct NotifySettings: Sendable, Equatable {
    /// The program's path, and its arguments.
    public var command: [String]
    /// Then it is ended.
    public var timeLimit: Duration
    /// How often it is run within an hour at most.
    public var mostPerHour: Int
    /// How long something must last to be told.
    public var delay: Duration

    public init(
        command: [String], timeLimit: Duration = .seconds(60), mostPerHour: Int = 6, delay: Duration = .seconds(60)
    ) {
        self.command = command
        self.timeLimit = timeLimit
        self.mostPerHour = mostPerHour
        self.delay = delay
    }
}

/// `[retry]`: what is done about failures that can pass.
public struct RetrySettings: Sendable, Equatable {
    /// Attempts in all before a capture is quarantined.
    public var attempts: Int
    /// The wait after the first failure; it doubles with each, up to ``maximumDelay``, and is spread by ±20%.
    public var initialDelay: Duration
    public var maximumDelay: Duration

    public init(attempts: Int = 8, initialDelay: Duration = .seconds(2), maximumDelay: Duration = .seconds(600)) {
        self.attempts = attempts
        self.initialDelay = initialDelay
        self.maximumDelay = maximumDelay
    }
}

/// One `[[watch]]`: a tree that an instrument exports to.
public struct WatchSettings: Sendable, Equatable {
    public enum Mode: String, Sendable, CaseIterable { case auto, inotify, scan }

    /// A rule that gives captures to a profile: every condition that it names must hold.
    public struct Rule: Sendable, Equatable {
        /// Its name in sidecars and messages.
        public var name: String
        /// A glob over the path below the root.
        public var pathPattern: String?
        /// Globs over what the image's metadata say.
        public var make: String?
        public var model: String?
        public var software: String?
        public var objective: String?
        public var profile: String

        public init(
            name: String, pathPattern: String? = nil, make: String? = nil, model: String? = nil,
            software: String? = nil, objective: String? = nil, profile: String
        ) {
            self.name = name
            self.pathPattern = pathPattern
            self.make = make
            self.model = model
            self.software = software
            self.objective = objective
            self.profile = profile
        }
    }

    /// What becomes of the result of a capture that gets another name within the tree.
    public enum Renames: String, Sendable, CaseIterable {
        /// It follows, under the name that belongs to the new one.
        case follow
        /// It stays, and the new name gets a result of its own.
        case keep
    }

    /// What becomes of the result of a capture that is deleted.
    public enum Deletions: String, Sendable, CaseIterable {
        case keep
        /// It is moved to the tree of removed results.
        case remove
    }

    /// Absolute.
    public var path: String
    public var lab: String
    /// In order; the first that matches decides.
    public var rules: [Rule]
    /// For captures that no rule matches; nil ignores them.
    public var profile: String?
    public var recursive: Bool
    public var mode: Mode
    public var settle: Duration
    public var patience: Duration
    /// Between scans of a root that works by scanning.
    public var scanInterval: Duration
    /// Between the scans that make up for events that never came.
    public var reconcileInterval: Duration
    /// Globs, case folded.
    public var include: [String]
    public var exclude: [String]
    /// Leave out what ``BuiltInExclusions`` names.
    public var builtInExclude: Bool
    /// Take what symbolic links within the root lead to; otherwise they are left out.
    public var followLinks: Bool
    /// A file below the root that must be there for the root to count as mounted.
    public var sentinel: String?
    public var renames: Renames
    public var deletions: Deletions
    /// How many of 16 bits count in captures that do not say it, where their profile does not say it either; nil goes by the
    /// greatest sample.
    public var sampleBits: Int?

    public static let defaultInclude = ["*.jpg", "*.jpeg", "*.png", "*.tif", "*.tiff", "*.bmp"]

    public init(
        path: String, lab: String, rules: [Rule] = [], profile: String?, recursive: Bool = true, mode: Mode = .auto,
        settle: Duration = .seconds(2), patience: Duration = .seconds(600), scanInterval: Duration = .seconds(30),
        reconcileInterval: Duration = .seconds(600), include: [String] = WatchSettings.defaultInclude,
        exclude: [String] = [], builtInExclude: Bool = true, followLinks: Bool = false, sentinel: String? = nil,
        renames: Renames = .follow, deletions: Deletions = .keep
    ) {
        self.path = path
        self.lab = lab
        self.rules = rules
        self.profile = profile
        self.recursive = recursive
        self.mode = mode
        self.settle = settle
        self.patience = patience
        self.scanInterval = scanInterval
        self.reconcileInterval = reconcileInterval
        self.include = include
        self.exclude = exclude
        self.builtInExclude = builtInExclude
        self.followLinks = followLinks
        self.sentinel = sentinel
        self.renames = renames
        self.deletions = deletions
    }
}
