/// Splits an optical density into non-negative amounts of three dyes, by least squares.
///
/// Three channels and three dyes have seven sets of dyes that may be present; each set's solution is one small matrix,
/// worked out once. The set that leaves the least residual among those whose amounts are all non-negative is the exact
/// solution of non-negative least squares (Lawson and Hanson, *Solving Least Squares Problems*, chapter 23).
public struct DyeUnmixing: Sendable {
    /// Optical density of a unit amount of each dye in red, green and blue.
    let dyes: [SIMD3<Float>]
    /// For each set of dyes, the row that gives each dye's amount; zero for those that are not in the set.
    private let solutions: [[SIMD3<Float>]]

    /// Prepares the sets. A set whose dyes are not independent is left out.
    public init(_ stain: Stain) {
        dyes = [stain.eosin, stain.azure, stain.hemoglobin]
        solutions = (1..<8).compactMap { [dyes] set in Self.solution(of: (0..<3).filter { set >> $0 & 1 == 1 }, dyes) }
    }

    /// Amounts of eosin, azure and hemoglobin, each 0 or more. What they leave unexplained is the caller's to keep.
    public func amounts(_ density: SIMD3<Float>) -> SIMD3<Float> {
        var best = SIMD3<Float>()
        var least = Self.dot(density, density)
        for rows in solutions {
            let amounts = SIMD3(
                Self.dot(rows[0], density), Self.dot(rows[1], density), Self.dot(rows[2], density))
            guard amounts.min() >= 0 else { continue }
            let rest = density - mixed(amounts)
            let error = Self.dot(rest, rest)
            if error < least { (best, least) = (amounts, error) }
        }
        return best
    }

    /// The optical density of these amounts.
    public func mixed(_ amounts: SIMD3<Float>) -> SIMD3<Float> {
        amounts.x * dyes[0] + amounts.y * dyes[1] + amounts.z * dyes[2]
    }

    /// Rows of the pseudo-inverse of the chosen dyes, by the reciprocal basis that Gram and Schmidt give: what each dye
    /// has apart from the others, over its square.
    private static func solution(of chosen: [Int], _ dyes: [SIMD3<Float>]) -> [SIMD3<Float>]? {
        var rows = [SIMD3<Float>](repeating: SIMD3(), count: 3)
        for dye in chosen {
            var basis: [SIMD3<Float>] = []
            for other in chosen where other != dye {
                let rest = apart(dyes[other], from: basis)
                guard dot(rest, rest) > 1e-6 else { return nil }
                basis.append(rest)
            }
            let own = apart(dyes[dye], from: basis)
            guard dot(own, own) > 1e-6 else { return nil }
            rows[dye] = own / dot(own, own)
        }
        return rows
    }

    private static func apart(_ vector: SIMD3<Float>, from basis: [SIMD3<Float>]) -> SIMD3<Float> {
        basis.reduce(vector) { $0 - $1 * (dot($0, $1) / dot($1, $1)) }
    }

    private static func dot(_ a: SIMD3<Float>, _ b: SIMD3<Float>) -> Float { (a * b).sum() }
}
