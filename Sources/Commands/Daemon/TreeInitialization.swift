import Config
import Daemon
import Ledger

/// `nctd check --initialize`: what lies at the paths of the written trees is taken for them.
struct TreeInitialization {
    private let configuration: DaemonConfiguration

    init(_ configuration: DaemonConfiguration) { self.configuration = configuration }

    /// Returns a line for each tree.
    func run() throws -> [String] {
        try WrittenTree.allCases.compactMap { tree in
            let directory = tree.directory(configuration)
            do {
                guard let marker = try WrittenTrees.initialize(tree, at: directory) else { return nil }
                if tree != .state { try forget(directory) }
                return "\(tree.title) is \(directory) (\(marker.id))"
            } catch let error as TreeError {
                throw UsageError(error.description, remedy: "run it as root, or as the account of the daemon")
            } catch let error as LedgerError {
                throw UsageError(error.description, remedy: error.remedy)
            }
        }
    }

    /// The ledger takes what it finds next.
    private func forget(_ directory: String) throws {
        do {
            try Ledger.open(forCommandIn: configuration.stateDirectory, writing: true).forgetTree(at: directory)
        } catch let error as LedgerError where error.code == .missing {
            return
        }
    }
}
