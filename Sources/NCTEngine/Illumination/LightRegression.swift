import Foundation

/// Finds the light that captures of one microscope share, and what each adds to it.
///
/// The model is log I = gain of the capture + shared light + drift of the capture + what the cells absorb. Cells only
/// take light away, somewhere else in each capture, and background has one level: so the surfaces are fitted to the
/// level on which most of a capture's cells of the grid lie, by weights that fall off with the distance in all three
/// channels together (Welsch's), from a wide window to a narrow one. The start is a quantile of the light, of second
/// order over the field (Koenker and Bassett 1978), which needs no guess of what is background. What stays dark in
/// every capture, such as a white cell that each was centered on, has no weight, and the smooth surface passes over it.
///
/// After Peng et al. 2017 (BaSiC), Smith et al. 2015 (CIDRE) and Tek 2005, which take the light from a low-rank part,
/// from intensities sorted at each place, and from the background of one capture.
struct LightRegression: Sendable {
    /// The share of the light that the start passes above.
    private static let quantile: Float = 0.8
    private static let quantilePasses = 24
    /// Widths of the window, as natural logarithms of light.
    static let windows: [Float] = [0.25, 0.18, 0.12, 0.09, 0.07, 0.06, 0.05, 0.05]
    /// The narrowest for a surface of second order alone, which does not fit as well.
    private static let leastQuadraticWindow: Float = 0.07
    private static let passes = 3
    /// Cells of the grid that cells of the blood make dark together: so many count as one observation.
    private static let correlatedCells = 20.0
    /// What a drift is held to before any is known.
    static let ordinaryDrift = 0.05
    /// Captures from which on the shared light may have any smooth shape, and each its own drift; fewer have one
    /// surface of second order together.
    static let leastForShape = 5

    let grids: [LightGrid]
    let basis: QuadraticBasis
    private(set) var shared: [SIMD3<Float>]
    /// Gain and drift of each capture.
    private(set) var own: [QuadraticSurface]
    /// Share of each capture that was taken for background, 0…1.
    private(set) var backgroundShares: [Float]

    /// - Precondition: at least one grid, all of one size.
    /// - Returns: nil where there is no background to go by.
    init?(_ grids: [LightGrid], workers: Workers) {
        let (width, height) = (grids[0].width, grids[0].height)
        precondition(grids.allSatisfy { $0.width == width && $0.height == height }, "grids of one size")
        self.grids = grids
        basis = QuadraticBasis(width: width, height: height)
        let isShaped = grids.count >= Self.leastForShape
        let spline = isShaped ? SplineSurface(width: width, height: height) : nil
        // What few captures do not show is taken from its surroundings.
        let smoothness = 1e-3 * pow(max(1, 20 / Double(grids.count)), 2)
        backgroundShares = Array(repeating: 0, count: grids.count)
        (shared, own) = Self.start(grids, basis: basis, workers: workers)
        for (index, window) in Self.windows.enumerated() {
            let window = isShaped ? window : max(window, Self.leastQuadraticWindow)
            // Drift only once the shared light is known roughly.
            let drift = isShaped && index > 1 ? Self.ordinaryDrift : 0
            let prior = [Double](repeating: drift, count: 3 * (QuadraticBasis.count - 1))
            let (grids, basis, shared, before) = (grids, basis, shared, own)
            own = workers.map(grids.count, grain: 1) { range in
                Self.fitted(
                    grids[range.lowerBound], shared: shared, start: before[range.lowerBound], window: window,
                    drift: prior, basis: basis)
            }
            centerDrift()
            guard let next = fitShared(spline, window: window, smoothness: smoothness, workers: workers) else {
                return nil
            }
            self.shared = next
        }
    }

    // MARK: The start

    /// A surface of second order that a share of every capture's light lies under, and the captures' gains.
    private static func start(
        _ grids: [LightGrid], basis: QuadraticBasis, workers: Workers
    ) -> (shared: [SIMD3<Float>], own: [QuadraticSurface]) {
        let cells = basis.values.count
        var shared = [SIMD3<Float>](repeating: .zero, count: cells)
        var gains = grids.map { $0.quantile(Self.quantile) }
        let ridge = [SIMD8<Double>](repeating: SIMD8(repeating: 1e-6), count: 3)
        for pass in 0..<quantilePasses {
            let floor = SIMD3<Float>(repeating: pass < quantilePasses / 2 ? 0.05 : 0.01)
            let (current, before) = (shared, gains)
            // A chunk of captures at a time, so that memory does not grow with their number, and in their order.
            let chunks = workers.map(grids.count, grain: 8) { range in
                var weights = [SIMD3<Float>](repeating: .zero, count: cells)
                var sums = weights
                var gains: [SIMD3<Float>] = []
                var absolute = weights
                for index in range {
                    var (gain, all, moved) = (before[index], SIMD3<Float>.zero, SIMD3<Float>.zero)
                    let logarithms = grids[index].logarithms
                    for cell in 0..<cells {
                        let rest = logarithms[cell] - gain - current[cell]
                        let side = SIMD3<Float>(repeating: 1 - quantile)
                            .replacing(with: quantile, where: rest .> 0)
                        let size = rest.replacing(with: -rest, where: rest .< 0)
                        let weight = side / size.replacing(with: floor, where: size .< floor)
                        absolute[cell] = weight
                        all += weight
                        moved += weight * rest
                    }
                    gain += moved / all
                    for cell in 0..<cells {
                        weights[cell] += absolute[cell]
                        sums[cell] += absolute[cell] * (logarithms[cell] - gain)
                    }
                    gains.append(gain)
                }
                return (weights, sums, gains)
            }
            gains = chunks.flatMap(\.2)
            shared = quantileSurface(chunks.map { ($0.0, $0.1) }, basis: basis, ridge: ridge) ?? shared
        }
        let own = gains.map { gain in
            var surface = QuadraticSurface()
            surface.gain = gain
            return surface
        }
        return (shared, own)
    }

    /// The weights are each channel's own here.
    private static func quantileSurface(
        _ chunks: [(weights: [SIMD3<Float>], sums: [SIMD3<Float>])], basis: QuadraticBasis, ridge: [SIMD8<Double>]
    ) -> [SIMD3<Float>]? {
        var surface = QuadraticSurface()
        for channel in 0..<3 {
            var sums = QuadraticSums()
            for (cell, functions) in basis.values.enumerated() {
                var (weight, sum) = (0.0, 0.0)
                for chunk in chunks {
                    weight += Double(chunk.weights[cell][channel])
                    sum += Double(chunk.sums[cell][channel])
                }
                guard weight > 0 else { continue }
                sums.add(functions, SIMD3(repeating: Float(sum / weight)), weight: weight)
            }
            guard let solved = sums.solved(ridge: ridge) else { return nil }
            surface.channels[channel] = solved.channels[channel]
        }
        return basis.surface(surface.shape)
    }

    // MARK: The background's level

    /// Gain and drift of one capture against a light.
    ///
    /// - Parameter drift: standard deviations of the drift's coefficients, five a channel; 0 allows none.
    static func fitted(
        _ grid: LightGrid, shared: [SIMD3<Float>], start: QuadraticSurface, window: Float, drift: [Double],
        basis: QuadraticBasis
    ) -> QuadraticSurface {
        let ridge = (0..<3).map { channel in
            var ridge = SIMD8<Double>(repeating: 1e-6)
            for index in 1..<QuadraticBasis.count {
                let deviation = max(1e-6, drift[channel * (QuadraticBasis.count - 1) + index - 1])
                ridge[index] = correlatedCells * 0.05 * 0.05 / (deviation * deviation)
            }
            return ridge
        }
        var surface = start
        for _ in 0..<passes {
            var sums = QuadraticSums()
            for (cell, functions) in basis.values.enumerated() {
                let target = grid.logarithms[cell] - shared[cell]
                let weight = weight(of: target - surface.value(at: functions), window: window)
                sums.add(functions, target, weight: Double(weight))
            }
            surface = sums.solved(ridge: ridge) ?? surface
        }
        return surface
    }

    @inline(__always)
    private static func weight(of rest: SIMD3<Float>, window: Float) -> Float {
        exp(-(rest * rest).sum() / (2 * window * window))
    }

    /// What all captures drift by belongs to the shared light.
    private mutating func centerDrift() {
        for channel in 0..<3 {
            var mean = own.reduce(SIMD8<Double>.zero) { $0 + $1.channels[channel] } / Double(own.count)
            mean[0] = 0
            for index in own.indices { own[index].channels[channel] -= mean }
        }
    }

    private mutating func fitShared(
        _ spline: SplineSurface?, window: Float, smoothness: Double, workers: Workers
    ) -> [SIMD3<Float>]? {
        let cells = basis.values.count
        let (grids, basis, shared, own) = (grids, basis, shared, own)
        let chunks = workers.map(grids.count, grain: 8) { range in
            var weights = [Double](repeating: 0, count: cells)
            var sums = [SIMD3<Float>](repeating: .zero, count: cells)
            var shares: [Float] = []
            for index in range {
                var share: Float = 0
                for (cell, functions) in basis.values.enumerated() {
                    let target = grids[index].logarithms[cell] - own[index].value(at: functions)
                    let weight = Self.weight(of: target - shared[cell], window: window)
                    weights[cell] += Double(weight)
                    sums[cell] += weight * target
                    share += weight
                }
                shares.append(share / Float(cells))
            }
            return (weights, sums, shares)
        }
        var weights = [Double](repeating: 0, count: cells)
        var targets = [SIMD3<Float>](repeating: .zero, count: cells)
        for chunk in chunks {
            for cell in 0..<cells {
                weights[cell] += chunk.0[cell]
                targets[cell] += chunk.1[cell]
            }
        }
        backgroundShares = chunks.flatMap(\.2)
        for cell in 0..<cells where weights[cell] > 1e-6 { targets[cell] /= Float(weights[cell]) }
        for cell in 0..<cells where weights[cell] <= 1e-6 { weights[cell] = 0 }
        let next: [SIMD3<Float>]?
        if let spline {
            next = spline.fit(targets, weights: weights, smoothness: smoothness)
        } else {
            var sums = QuadraticSums()
            for (cell, functions) in basis.values.enumerated() {
                sums.add(functions, targets[cell], weight: weights[cell])
            }
            let ridge = [SIMD8<Double>](repeating: SIMD8(1e-6, 1, 1, 1, 1, 1, 0, 0), count: 3)
            next = sums.solved(ridge: ridge).map { basis.surface($0) }
        }
        guard let next, next.allSatisfy({ $0.x.isFinite && $0.y.isFinite && $0.z.isFinite }) else { return nil }
        // A constant belongs to the gains.
        let mean = next.reduce(SIMD3<Double>.zero) { $0 + SIMD3<Double>($1) } / Double(cells)
        return next.map { $0 - SIMD3<Float>(mean) }
    }
}

extension LightGrid {
    /// The light that a share of the cells lies under, a channel.
    func quantile(_ share: Float) -> SIMD3<Float> {
        let rank = min(logarithms.count - 1, Int(share * Float(logarithms.count)))
        return SIMD3(
            logarithms.map(\.x).selected(rank: rank), logarithms.map(\.y).selected(rank: rank),
            logarithms.map(\.z).selected(rank: rank))
    }
}
