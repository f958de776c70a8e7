import ArgumentParser
import Config
import Daemon
import Foundation
import Ledger
import Watching

/// Where a command beside the daemon finds the ledger.
struct LedgerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The daemon's configuration.", valueName: "file"), completion: .file(extensions: ["toml"]))
    var config = DaemonConfiguration.defaultPath

    @Option(
        help: ArgumentHelp(
            "The state directory, where the configuration cannot be read.", valueName: "directory"),
        completion: .directory)
    var stateDirectory: String?

    /// The configuration, read and checked; throws ``ConfigurationError``.
    func configuration() throws -> DaemonConfiguration { try DaemonConfiguration.read(path: config) }

    /// The state directory, from the option or from the configuration.
    func directory() throws -> String {
        if let stateDirectory { return stateDirectory }
        if let directory = DaemonConfiguration.stateDirectory(path: config) { return directory }
        do {
            return try configuration().stateDirectory
        } catch let error as ConfigurationError {
            throw UsageError(
                error.description,
                remedy: "or name the state directory with --state-directory")
        }
    }

    /// Opens the ledger; it need not belong to a running daemon.
    func ledger(writing: Bool = false) throws -> Ledger {
        do {
            return try Ledger.open(forCommandIn: try directory(), writing: writing)
        } catch let error as LedgerError {
            throw UsageError(
                error.message.isEmpty ? error.path : "\(error.path): \(error.message)", remedy: error.remedy)
        }
    }
}

extension Ledger {
    /// The capture that a path names: an absolute one below some root, or one that is relative to the current directory.
    ///
    /// A link is known by its own name first, for what it leads to may be another capture.
    func find(_ file: String) async throws -> (root: RootRow, path: CapturePath, row: CaptureRow?)? {
        let full = file.hasPrefix("/") ? file : FileManager.default.currentDirectoryPath + "/" + file
        let resolved = (full as NSString).standardizingPath
        var unseen: (root: RootRow, path: CapturePath, row: CaptureRow?)?
        for candidate in [Self.withoutDots(full), resolved] {
            for root in try await roots() where candidate.hasPrefix(root.path + "/") {
                guard let path = CapturePath(String(candidate.dropFirst(root.path.count + 1))) else { continue }
                if let row = try await capture(root: root.id, path: path) { return (root, path, row) }
                unseen = unseen ?? (root, path, nil)
            }
        }
        return unseen
    }

    private static func withoutDots(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }
}
