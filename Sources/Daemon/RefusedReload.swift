import Foundation
import Jobs
import Ledger

/// A configuration that the running daemon would not take when it was to read it anew. It is kept in the ledger until a reload
/// succeeds or the daemon starts, so that whoever asks for the daemon's state hears of it.
public struct RefusedReload: Sendable, Equatable, Codable {
    /// The configuration.
    public var path: String
    public var problems: [String]
    /// When it was first refused; RFC 3339.
    public var since: String

    /// In words, with what is in force and what to do.
    public var text: String {
        "the configuration \(path) was not taken over by a reload: \(problems.joined(separator: " | ")); the earlier one stays "
            + "in force, but the daemon could not be started again like this; correct it, check it (nctd check), and reload "
            + "(systemctl reload nctd)"
    }

    /// What a ledger tells; nil if the last reload succeeded, or there was none.
    static func known(to ledger: Ledger) async throws -> RefusedReload? {
        let text = try await ledger.value(of: .refusedReload)
        return text.flatMap { try? JSONDecoder().decode(Self.self, from: Data($0.utf8)) }
    }

    /// Has a ledger keep it; one that follows another without a success in between has its time.
    func keep(in ledger: Ledger) async throws {
        var kept = self
        if let earlier = try await Self.known(to: ledger) { kept.since = earlier.since }
        try await ledger.set(.refusedReload, String(decoding: try JSONEncoder().encode(kept), as: UTF8.self))
    }
}
