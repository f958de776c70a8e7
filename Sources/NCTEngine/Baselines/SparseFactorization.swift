/// Sparse non-negative matrix factorization into two stains: the minimum over S ≥ 0 with columns no longer than 1, and
/// C ≥ 0, of the mean of ½‖x − S·c‖² + λ·(c₁ + c₂).
///
/// In turn, the concentrations of all densities for fixed stains (exactly, see ``Unmixing``), and the stains for fixed
/// concentrations by block coordinate descent (Mairal, Bach, Ponce, Sapiro, *Online Learning for Matrix Factorization
/// and Sparse Coding*, 2010, Algorithm 2), until the objective hardly falls. Neither step can raise it. The problem is
/// not convex, so the minimum is the one near the start.
package struct SparseFactorization: Sendable {
    package private(set) var stains: StainPair
    /// The mean of the objective over the densities.
    package private(set) var objective: Double

    /// Densities that a fit needs at most, and its greatest number of turns.
    package static let sampleSize = 65536
    private static let turns = 1000
    private static let tolerance = 1e-7

    package init(_ densities: [SIMD3<Float>], start: StainPair, sparsity: Float, workers: Workers) {
        stains = StainPair(Self.feasible(start.first), Self.feasible(start.second))
        objective = .greatestFiniteMagnitude
        for _ in 0..<Self.turns {
            let sums = Self.code(densities, stains, sparsity: sparsity, workers: workers)
            let value = sums.objective / Double(max(1, densities.count))
            // The sums are those of the stains as they are, so the last objective belongs to the last stains.
            let isDone = objective - value <= Self.tolerance * objective
            objective = value
            if isDone { break }
            stains = Self.updated(stains, sums)
        }
    }

    /// The stains at unit length.
    var unitStains: StainPair {
        func unit(_ stain: SIMD3<Float>) -> SIMD3<Float> {
            let length = (stain * stain).sum().squareRoot()
            return length > 0 ? stain / length : stain
        }
        return StainPair(unit(stains.first), unit(stains.second))
    }

    /// At most ``sampleSize`` of the densities, drawn with the seed, each equally likely.
    package static func sample(_ densities: [SIMD3<Float>], seed: UInt64) -> [SIMD3<Float>] {
        guard densities.count > sampleSize else { return densities }
        var generator = SeededGenerator(seed: seed)
        var (left, wanted) = (densities.count, sampleSize)
        return densities.filter { _ in
            let isTaken = Int.random(in: 0..<left, using: &generator) < wanted
            left -= 1
            if isTaken { wanted -= 1 }
            return isTaken
        }
    }

    /// What a turn needs to know of all densities: Σcᵢcⱼ, Σx·cⱼ, and the objective.
    private struct Sums: Sendable {
        var squares = SIMD2<Double>.zero
        var product = 0.0
        var first = SIMD3<Double>.zero
        var second = SIMD3<Double>.zero
        var objective = 0.0
    }

    private static func code(
        _ densities: [SIMD3<Float>], _ stains: StainPair, sparsity: Float, workers: Workers
    ) -> Sums {
        let unmixing = Unmixing(stains, sparsity: sparsity)
        let parts = workers.map(densities.count, grain: 4096) { range in
            range.reduce(into: Sums()) { sums, index in
                let density = densities[index]
                let amounts = unmixing(density)
                let rest = SIMD3<Double>(density - amounts.x * stains.first - amounts.y * stains.second)
                let (c, x) = (SIMD2<Double>(amounts), SIMD3<Double>(density))
                sums.objective += (rest * rest).sum() / 2 + Double(sparsity) * c.sum()
                sums.squares += c * c
                sums.product += c.x * c.y
                sums.first += c.x * x
                sums.second += c.y * x
            }
        }
        return parts.reduce(into: Sums()) { sums, part in
            sums.objective += part.objective
            sums.squares += part.squares
            sums.product += part.product
            sums.first += part.first
            sums.second += part.second
        }
    }

    private static func updated(_ stains: StainPair, _ sums: Sums) -> StainPair {
        var (first, second) = (SIMD3<Double>(stains.first), SIMD3<Double>(stains.second))
        for _ in 0..<20 {
            if sums.squares.x > 0 { first = projected((sums.first - sums.product * second) / sums.squares.x) }
            if sums.squares.y > 0 { second = projected((sums.second - sums.product * first) / sums.squares.y) }
        }
        return StainPair(SIMD3<Float>(first), SIMD3<Float>(second))
    }

    /// The nearest stain that is not negative and no longer than 1.
    private static func projected(_ stain: SIMD3<Double>) -> SIMD3<Double> {
        let positive = stain.clamped(lowerBound: .zero, upperBound: .init(repeating: .infinity))
        return positive / max(1, (positive * positive).sum().squareRoot())
    }

    private static func feasible(_ stain: SIMD3<Float>) -> SIMD3<Float> {
        SIMD3<Float>(projected(SIMD3<Double>(stain)))
    }
}
