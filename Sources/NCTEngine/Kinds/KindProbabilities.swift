import Foundation

/// How likely a white cell is of each kind, as ``KindNet`` sees it. Not a diagnosis.
public struct KindProbabilities: Sendable, Equatable {
    /// In the order of `WhiteCellKind.allCases`, 0…1, one in sum.
    private let values: [Float]

    /// - Parameter scores: of each kind, before the softmax, in the order of `WhiteCellKind.allCases`.
    package init(scores: [Float]) {
        precondition(scores.count == WhiteCellKind.allCases.count, "a score a kind")
        let greatest = scores.max()!
        let powers = scores.map { exp($0 - greatest) }
        let sum = powers.reduce(0, +)
        values = powers.map { $0 / sum }
    }

    /// 0…1.
    public subscript(kind: WhiteCellKind) -> Float { values[kind.number] }

    /// By the kinds' names.
    public var named: [String: Float] {
        Dictionary(uniqueKeysWithValues: WhiteCellKind.allCases.map { ($0.rawValue, self[$0]) })
    }

    /// In another lab than its own ``KindNet`` is surer of itself than it should be: its scores are divided by this. On
    /// three labs that it has not seen 1.5 to 2 makes their cells' true kinds likeliest (docs/smearnet.md).
    private static let temperature: Float = 1.5

    /// The probabilities that colors are matched by, in the order of ``WhiteCellKind``.
    package func believed() -> [Float] {
        let powers = values.map { pow(max($0, 1e-9), 1 / Self.temperature) }
        let sum = powers.reduce(0, +)
        return powers.map { $0 / sum }
    }

    /// The likeliest kind; of equal ones the first of `WhiteCellKind.allCases`.
    public var likeliest: WhiteCellKind {
        var best = WhiteCellKind.allCases[0]
        for kind in WhiteCellKind.allCases where self[kind] > self[best] { best = kind }
        return best
    }
}
