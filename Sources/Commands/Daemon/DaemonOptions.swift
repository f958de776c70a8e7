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
                remedy: "or, to reach a daemon that runs on, name its state directory: --state-directory DIR")
        }
    }

    /// Tells what pending captures wait for.
    func pendingReason(_ ledger: Ledger) async throws -> PendingReason {
        PendingReason(try await .init(ledger, stateDirectory: directory()))
    }

    /// Throws ``UsageError`` while a daemon works with the ledger.
    func requireStopped() throws {
        guard let process = LedgerLock.holder(stateDirectory: try directory()) else { return }
        throw UsageError("the daemon is running, as process \(process)", remedy: "stop it first: systemctl stop nctd")
    }

    /// Opens the ledger; it need not belong to a running daemon.
    func ledger(writing: Bool = false) throws -> Ledger {
        try Ledger.open(forCommandIn: try directory(), writing: writing)
    }
}

extension Ledger {
    /// The capture that a path names: an absolute one below some root, or one that is relative to the current directory.
    ///
    /// A link is known by its own name first, for what it leads to may be another capture.
    func find(_ file: FileArgument) async throws -> (root: RootRow, path: CapturePath, row: CaptureRow?)? {
        var unseen: (root: RootRow, path: CapturePath, row: CaptureRow?)?
        for candidate in file.absolutePaths {
            for root in try await roots() where candidate.starts(with: Array(root.path.utf8) + [PathBytes.slash]) {
                guard let path = CapturePath(bytes: candidate.dropFirst(root.path.utf8.count + 1)) else { continue }
                if let row = try await capture(root: root.id, path: path) { return (root, path, row) }
                if let page = path.named, let row = try await capture(root: root.id, path: page) {
                    return (root, page, row)
                }
                unseen = unseen ?? (root, path, nil)
            }
        }
        return unseen
    }
}

extension FileArgument {
    /// The absolute paths that can be meant, those without links resolved first.
    var absolutePaths: [[UInt8]] {
        let folder = Array(FileManager.default.currentDirectoryPath.utf8)
        let absolute = readings.map { $0.first == PathBytes.slash ? $0 : folder + [PathBytes.slash] + $0 }
        return absolute.map(PathBytes.withoutDots) + absolute.compactMap(PathBytes.standardized)
    }
}

/// Paths of any bytes.
private enum PathBytes {
    static let slash = UInt8(ascii: "/")

    static func withoutDots(_ path: [UInt8]) -> [UInt8] {
        var parts: [ArraySlice<UInt8>] = []
        for part in path.split(separator: slash) where !part.elementsEqual(".".utf8) {
            if part.elementsEqual("..".utf8) { _ = parts.popLast() } else { parts.append(part) }
        }
        return [slash] + parts.joined(separator: [slash])
    }

    /// With links resolved as Foundation does; nil for what is no text.
    static func standardized(_ path: [UInt8]) -> [UInt8]? {
        String(validating: path, as: UTF8.self).map { Array(($0 as NSString).standardizingPath.utf8) }
    }
}
