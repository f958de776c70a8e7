import Config
import Daemon
import Ledger
import Watching

/// `nctd check --initialize`: what lies at the paths of the written trees, and of watched trees that are not well for lying
/// elsewhere, is taken for them.
struct TreeInitialization {
    private let configuration: DaemonConfiguration

    init(_ configuration: DaemonConfiguration) { self.configuration = configuration }

    /// Returns a line for each tree.
    func run() throws -> [String] {
        try writtenTrees() + watchedTrees()
    }

    private func writtenTrees() throws -> [String] {
        var state: String?
        // The others are given its id.
        let trees = [WrittenTree.state] + WrittenTree.allCases.filter { $0 != .state }
        return try trees.compactMap { tree in
            let directory = tree.directory(configuration)
            do {
                guard let marker = try WrittenTrees.initialize(tree, at: directory, state: state) else { return nil }
                if tree == .state { state = marker.id } else { try forget(directory) }
                return "\(tree.title) is \(directory) (\(marker.id))"
            } catch let error as TreeError {
                throw UsageError(error.description, remedy: "run it as root, or as the account of the daemon")
            }
        }
    }

    private func watchedTrees() throws -> [String] {
        guard let ledger = try ledger() else { return [] }
        let known = ledger.rootIdentities
        return try configuration.watches.compactMap { watch in
            guard let was = known[watch.path] else { return nil }
            var (before, fresh) = (RootHealth(settings: watch, remembered: was), RootHealth(settings: watch))
            guard case .unhealthy = before.check(), case .renewed = fresh.check() else { return nil }
            try ledger.forgetIdentity(ofRootAt: watch.path)
            return "\(watch.lab) is what lies at \(watch.path) from the daemon's next start on; restart it"
        }
    }

    /// The ledger takes what it finds next.
    private func forget(_ directory: String) throws { try ledger()?.forgetTree(at: directory) }

    /// Nil where none was made yet.
    private func ledger() throws -> Ledger? {
        do {
            return try Ledger.open(forCommandIn: configuration.stateDirectory, writing: true)
        } catch let error as LedgerError where error.code == .missing {
            return nil
        }
    }
}
