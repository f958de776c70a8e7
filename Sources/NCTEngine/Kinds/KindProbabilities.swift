import Foundation

/// How likely a white cell is of each kind, as ``KindNet`` sees it. Not a diagnosis.
public struct KindProbabilities: Sendable, Equatable {
    /// In the order of ``WhiteCellKind/allCases``, 0…1, one in sum.
    private let values: [Float]

    /// - Parameter scores: of each kind, before the softmax, in the order of ``WhiteCellKind/allCases``.
    package init(scores: [Float]) {
        precondition(scores.count == WhiteCellKind.allCases.count, "a score a kind")
        let greatest = scores.max()!
        let powers = scores.map { exp($0 - greatest) }
        let sum = powers.reduce(0, +)
        values = powers.map { $0 / sum }
    }

    /// 0…1.
    public subscript(kind: WhiteCellKind) -> Float { values[kind.number] }

    /// How much of what ``KindNet`` says of a cell is believed; the rest is how often kinds are seen.
    private static let belief: Float = 0.85
    /// Shares of the kinds in ordinary blood, in the order of ``WhiteCellKind``.
    private static let ordinary: [Float] = [0.55, 0.05, 0.28, 0.06, 0.03, 0.01, 0.02]

    /// The probabilities that colors are matched by, in the order of ``WhiteCellKind``: in part what is ordinary in
    /// blood, for the network is surer of itself in another lab than it should be.
    package func believed() -> [Float] {
        zip(values, Self.ordinary).map { Self.belief * $0 + (1 - Self.belief) * $1 }
    }

    /// The likeliest kind; of equal ones the first of ``WhiteCellKind/allCases``.
    public var likeliest: WhiteCellKind {
        var best = WhiteCellKind.allCases[0]
        for kind in WhiteCellKind.allCases where self[kind] > self[best] { best = kind }
        return best
    }
}
