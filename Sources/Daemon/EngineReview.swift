import Ledger
import NCTEngine

/// What another engine means for results that are there: which of them this program would make otherwise.
public struct EngineReview: Sendable, Equatable, Codable {
    /// What another engine made.
    public struct Made: Sendable, Equatable, Codable {
        /// Nil where it is not known.
        public var engine: String?
        public var results: Int
        public var profiles: [String]
    }

    /// This program's.
    public var engine = EngineVersion.current
    /// Results of all engines but this one.
    public var results: Int
    public var others: [Made]

    public init(_ counts: [EngineCount]) {
        let others = counts.filter { $0.engine != EngineVersion.current }
        results = others.map(\.results).reduce(0, +)
        self.others = Dictionary(grouping: others, by: \.engine).map { engine, counts in
            Made(engine: engine, results: counts.map(\.results).reduce(0, +), profiles: counts.map(\.profile).sorted())
        }
        // What is not known comes last.
        .sorted { ($0.engine ?? "~") < ($1.engine ?? "~") }
    }

    /// What makes them again.
    public static let command = "nctd reprocess --outdated"

    /// For a person; nil where there is nothing to say.
    public var text: String? {
        guard results > 0 else { return nil }
        let parts = others.map { "\($0.results) by \($0.engine ?? "one that is not known")" }
        return
            "\(results.counted("result was", "results were")) made by another engine than this program's (\(engine)): "
            + parts.joined(separator: ", ") + "; they stay as they are; to make them again: \(Self.command)"
    }
}
