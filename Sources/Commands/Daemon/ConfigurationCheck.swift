import Config
import Daemon
import Foundation
import Jobs
import Ledger
import NCTEngine
import Watching

/// Looks at what a configuration will meet on this machine.
struct ConfigurationCheck {
    let configuration: DaemonConfiguration
    private(set) var report: CheckReport

    init(_ configuration: DaemonConfiguration) {
        self.configuration = configuration
        report = CheckReport(configuration: configuration.path)
    }

    /// - Parameter demandsAccess: whether a tree that may not be written to is a problem; else it is a warning.
    mutating func run(preparing: Bool, demandsAccess: Bool) async {
        report.work = CheckReport.Work(configuration)
        let known = (try? Ledger.open(forCommandIn: configuration.stateDirectory))?.rootIdentities ?? [:]
        for watch in configuration.watches { look(at: watch, known: known[watch.path]) }
        compareWatches()
        look(
            atSpaceFor: "output", configuration.output.directory, floor: configuration.output.minimumFreeMebibytes)
        look(atSpaceFor: "state", configuration.stateDirectory, floor: nil)
        lookAtTrees(demandsAccess: demandsAccess)
        lookAtNotification()
        for profile in configuration.profiles.values.sorted(by: { $0.name < $1.name }) {
            look(at: profile, preparing: preparing)
        }
        await lookAtResults()
    }

    // MARK: Results

    private mutating func lookAtResults() async {
        do {
            let ledger = try Ledger.open(forCommandIn: configuration.stateDirectory)
            report.engines = EngineReview(try await ledger.engines())
        } catch let error as LedgerError where error.code == .tooNew {
            report.warnings.append(error.description)
        } catch {
            // None was made yet, or only others may read it.
        }
    }

    // MARK: Whom to tell

    private mutating func lookAtNotification() {
        guard let program = configuration.notify?.command[0] else { return }
        if !FileManager.default.isExecutableFile(atPath: program) {
            report.warnings.append(
                "notify.command: \(program) is no program that can be run here, so nobody would be told what needs a "
                    + "person; correct the path, or make it executable")
        }
    }

    // MARK: Roots

    private mutating func look(at watch: WatchSettings, known: RootIdentity?) {
        var health = RootHealth(settings: watch, remembered: known)
        let verdict = health.check()
        if case .unhealthy(let reason) = verdict { report.warnings.append("\(watch.lab): \(reason)") }
        let kind = (try? FileSystemKind(path: watch.path)) ?? FileSystemKind(name: "unknown")
        let mode = kind.mode(asked: watch.mode)
        if mode == .inotify, kind.mode(asked: .auto) == .scan {
            report.warnings.append(
                "\(watch.lab): \(watch.path) is on \(kind.name), which brings no events of what other machines write; "
                    + "use mode = \"auto\" or \"scan\"")
        }
        var (directories, files, unreadable) = (0, 0, 0)
        var links: (count: Int, first: String) = (0, "")
        var patterns = PatternCheck(watch)
        if var scanner = try? DirectoryScanner(
            root: watch.path, recursive: watch.recursive, followingLinks: watch.followLinks)
        {
            while let entry = scanner.next() {
                switch entry {
                case .directory(let path):
                    directories += 1
                    path.map { patterns.add(folder: $0) }
                case .file(let sighting):
                    files += 1
                    patterns.add(file: sighting.path)
                case .link(let sighting):
                    let reason = sighting.link?.reason { _ in false } ?? ""
                    links = (links.count + 1, links.count == 0 ? "\(sighting.path): \(reason)" : links.first)
                case .other: break
                case .problem(_, let error):
                    unreadable += 1
                    if unreadable <= 10 { report.warnings.append("\(watch.lab): \(error); give the daemon access") }
                }
            }
        }
        if unreadable > 10 { report.warnings.append("\(watch.lab): \(unreadable - 10) more cannot be read") }
        if links.count > 0 {
            report.warnings.append(
                "\(watch.lab): \(links.count.counted("symbolic link is", "symbolic links are")) left out, such as \(links.first); copy the files into the "
                    + "tree" + (watch.followLinks ? "" : ", or set follow_links for links that stay within it"))
        }
        report.warnings += patterns.warnings.map { "\(watch.lab): \($0)" }
        report.roots.append(
            CheckReport.Root(
                path: watch.path, lab: watch.lab, fileSystem: kind.name, reach: kind.reach.rawValue,
                mode: watch.mode.rawValue, effectiveMode: mode.rawValue,
                healthy: verdict == .renewed || verdict == .same, directories: directories, files: files,
                patterns: patterns.counts))
    }

    private mutating func compareWatches() {
        let limits = InotifyLimits.current
        let needed = report.roots.filter { $0.effectiveMode == WatchSettings.Mode.inotify.rawValue }
            .reduce(0) { $0 + $1.directories }
        report.inotify = CheckReport.Inotify(
            watchesNeeded: needed, watchesAllowed: limits.watches, instancesAllowed: limits.instances,
            queuedEventsAllowed: limits.queuedEvents)
        if let allowed = limits.watches, needed > allowed / 2 {
            report.warnings.append(
                "the roots need \(needed) inotify watches of \(allowed) that a user may have; raise "
                    + "fs.inotify.max_user_watches, such as to \(max(524_288, needed * 4)), with sysctl")
        }
    }

    // MARK: Written trees

    private mutating func lookAtTrees(demandsAccess: Bool) {
        let state = StateDirectory(configuration: configuration)
        let trouble = Answer.within(configuration.stateDirectory) { state.trouble() }
        if let text = trouble ?? "\(configuration.stateDirectory): it does not answer" {
            report.warnings.append("\(WrittenTree.state.title): \(text)")
        }
        let id = Answer.within(configuration.stateDirectory) { state.id } ?? nil
        let known = (try? Ledger.open(forCommandIn: configuration.stateDirectory))?.identities ?? [:]
        let isHolding = configuration.profiles.values.contains { $0.belowThreshold == .hold }
        let isRemoving = configuration.watches.contains { $0.deletions == .remove }
        for tree in [WrittenTree.output, .held, .quarantine] + (isRemoving ? [.removed] : []) {
            let directory = tree.directory(configuration)
            let identity = known[directory]
            guard
                let trouble = Answer.within(
                    directory, { WrittenTrees.trouble(of: tree, at: directory, known: identity, state: id) })
            else {
                report.warnings.append("\(tree.title): \(directory): it does not answer")
                continue
            }
            if trouble?.isAway != true, tree != .held || isHolding || known[directory] != nil,
                let problem = ResolvedPath.problem(of: directory, for: .write), problem.isDenied
            {
                deny(tree, problem, isProblem: demandsAccess)
            } else if let trouble {
                report.warnings.append("\(tree.title): \(trouble)")
            } else if let rules = Answer.within(directory, { Self.rules(ofTreeAt: directory) }), !rules.isEmpty {
                report.rules.append(CheckReport.Rules(tree: tree.title, directory: directory, rules: rules.words))
            }
        }
    }

    /// Notes that this account may not write to a tree.
    private mutating func deny(_ tree: WrittenTree, _ problem: ResolvedPath.Problem, isProblem: Bool) {
        let user = geteuid()
        let account = getpwuid(user).map { String(cString: $0.pointee.pw_name) } ?? "\(user)"
        let found = ConfigurationProblem(
            file: configuration.path, line: nil,
            key: tree == .output ? "output.directory" : "output.\(tree.rawValue)_directory",
            message: "\(problem.message) (for the account \(account))",
            remedy: problem.remedy + (user == 0 ? "" : ", or check as that user: sudo -u nctd nctd check"))
        if isProblem {
            report.problems.append(CheckReport.Problem(found))
            report.valid = false
        } else {
            report.warnings.append("\(tree.title): \(found.message); \(found.remedy)")
        }
    }

    /// What a tree's file system makes of names, by trying; none where nothing can be made there or it is not there yet.
    private static func rules(ofTreeAt directory: String) -> NameRules {
        guard let tree = try? OpenTree(Array(directory.utf8)) else { return [] }
        return (try? NameRules.found(in: tree)) ?? []
    }

    // MARK: Space

    /// A directory that is not made yet will lie where the nearest one above it does.
    private mutating func look(atSpaceFor purpose: String, _ directory: String, floor: Int?) {
        var place = directory
        while !FileManager.default.fileExists(atPath: place), place != "/", let slash = place.lastIndex(of: "/") {
            place = slash == place.startIndex ? "/" : String(place[..<slash])
        }
        var status = statvfs()
        guard statvfs(place, &status) == 0 else {
            report.warnings.append("\(directory): free space cannot be told; check the file system")
            return
        }
        // A file system may say any number.
        let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        let free = Int(clamping: (overflow ? .max : bytes) / 1_048_576)
        report.space.append(
            CheckReport.Space(
                purpose: purpose, directory: directory, freeMebibytes: free, minimumFreeMebibytes: floor))
        if let floor, free < floor {
            report.warnings.append(
                "\(directory): \(free) MiB are free, less than the \(floor) MiB below which the daemon pauses; make room"
            )
        }
    }

    // MARK: Profiles

    private static func learned(after profile: Profile, atLeast fewest: Int) -> String {
        profile.learnAfter > 0
            ? "learned after \(max(profile.learnAfter, fewest)) captures" : "each capture's own (learn_after = 0)"
    }

    private mutating func look(at profile: Profile, preparing: Bool) {
        var profile = profile
        profile.weights = profile.weights ?? configuration.weights
        var cost = CheckReport.ProfileCost(
            name: profile.name, file: profile.path, method: profile.method.rawValue,
            captureLight: profile.learnsLight
                ? Self.learned(after: profile, atLeast: FlatFieldEstimator.enough) : profile.flatField.text)
        cost.capturePalette =
            profile.capturePalette ?? (profile.learnsPalette ? Self.learned(after: profile, atLeast: 0) : nil)
        do {
            if preparing {
                let engine = try PreparedEngine(
                    profile: profile, workers: Workers(threads: configuration.workers), cache: nil)
                let review = engine.reviewReferences(workers: Workers(threads: configuration.workers))
                if let problem = review.problems.first { throw problem }
                add(notices: engine.notices + review.shortcomings.map { "profile \(profile.name): \($0)" })
                cost.extractor = engine.features?.extractor
                cost.weights = engine.features?.weights
                cost.featuresSHA256 = engine.features?.sha256
                cost.referencesMebibytes =
                    (Double(engine.normalizer.preparedByteCount) / 1_048_576 * 100).rounded(.up) / 100
            } else if profile.method.usesFeatures {
                let source = try FeatureSource.load(
                    profile.features, configured: profile.weights, upToLevel: profile.parameters.deepestLevel)
                cost.extractor = source.extractor.identifier
                cost.weights = source.weights
                cost.featuresSHA256 = source.extractor.digest
            }
        } catch {
            let failure = JobFailure(error, about: profile.subject)
            report.problems.append(
                CheckReport.Problem(
                    ConfigurationProblem(
                        file: profile.path ?? configuration.path, line: nil, key: nil,
                        message: failure.subject == profile.subject
                            ? failure.cause : "\(failure.subject): \(failure.cause)",
                        remedy: failure.remedy)))
            report.valid = false
        }
        report.profiles.append(cost)
    }

    /// Profiles that share their weights share what is to be said about them.
    private mutating func add(notices: [String]) {
        for notice in notices where !report.warnings.contains(notice) { report.warnings.append(notice) }
    }
}
