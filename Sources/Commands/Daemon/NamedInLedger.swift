import Config
import Foundation
import Ledger

/// Names that an option gives and the ledger must know: one that it does not is an error that lists what there is.
enum NamedInLedger {
    /// Throws ``UsageError`` for a lab that no watched tree has or had.
    static func check(lab: String?, in ledger: Ledger) async throws {
        guard let lab else { return }
        try check("--lab", lab, "lab", among: try await ledger.roots().map(\.lab))
    }

    /// Throws ``UsageError`` for a profile that neither the ledger nor the configuration has.
    static func check(profile: String, in ledger: Ledger, _ configuration: DaemonConfiguration?) async throws {
        let used = try await ledger.verdicts().keys
        try check("--profile", profile, "profile", among: Array(used) + (configuration?.profiles.keys.map { $0 } ?? []))
    }

    /// A tree's path as the ledger has it: absolute, without a slash at its end.
    static func rootPath(_ path: String) -> String {
        let full = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        return (full as NSString).standardizingPath
    }

    /// The tree at a path; throws ``UsageError`` where the ledger knows none.
    static func root(at path: String, in ledger: Ledger) async throws -> RootRow {
        let (path, roots) = (rootPath(path), try await ledger.roots())
        guard let root = roots.first(where: { $0.path == path }) else {
            throw UsageError(
                "\(path) is no tree that the ledger knows",
                remedy: "known: \(roots.map(\.path).joined(separator: ", "))")
        }
        return root
    }

    private static func check(_ option: String, _ name: String, _ kind: String, among known: [String]) throws {
        let known = Set(known).sorted()
        guard !known.contains(name) else { return }
        let nearest = NearestName.of(name, among: known).map { "did you mean \($0)? " } ?? ""
        throw UsageError(
            "\(option) \(name): there is no such \(kind)",
            remedy: known.isEmpty
                ? "no \(kind) is known yet" : "\(nearest)known: \(known.joined(separator: ", "))")
    }
}
