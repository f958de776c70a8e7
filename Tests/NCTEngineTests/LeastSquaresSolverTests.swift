import Foundation
import NCTEngine
import SmearPhantom
import TestSupport
import Testing

/// The energy reached, against a long run of conjugate gradients in double precision.
@Suite("Least squares")
struct LeastSquaresSolverTests {
    private func check(
        _ extractor: any FeatureExtractor, levels: [Int], width: Int = 160, seeds: ClosedRange<UInt64> = 1...2
    ) throws {
        let parameters = NormalizationParameters()
        for seed in seeds {
            let problem = try TransferProblem(
                seed: seed, width: width, extractor: extractor, levels: levels, parameters: parameters)
            let reference = PlainEnergy(problem, parameters: parameters)
            let solution = LeastSquaresSolver(parameters).minimize(
                problem.energy, from: problem.start, workers: Workers(threads: 2))
            let reached = reference.value(of: solution.field)
            // The engine's own figure is the same energy.
            #expect(abs(reached - solution.finalEnergy.total) < 1e-4 * reached)
            let long = reference.minimum(from: problem.start)
            let started = reference.value(of: problem.start)
            print(
                "levels \(levels), width \(width), seed \(seed): start \(started), reached \(reached) in \(solution.iterations) iterations,",
                "double precision \(long.energy) in \(long.iterations), \(100 * (reached / long.energy - 1)) % above")
            #expect(long.isConverged)
            #expect(reached < 1.01 * long.energy && reached > (1 - 1e-4) * long.energy)
        }
    }

    @Test(
        "With default parameters the energy is within 1 % of the minimum, with the built-in network",
        arguments: [[2], [1, 2]])
    func smearnet(levels: [Int]) throws { try check(SmearNet.embedded, levels: levels) }

    @Test(
        "With default parameters the energy is within 1 % of the minimum, with VGG-19",
        .enabled(if: SharedFiles.modelsExpected, Comment(rawValue: SharedFiles.modelsReason)),
        arguments: [[2], [1, 2]])
    func vgg19(levels: [Int]) throws { try check(network(), levels: levels) }

    @Test(
        "It is so for a whole field of 480 × 360 pixels, too",
        .enabled(if: SharedFiles.modelsExpected, Comment(rawValue: SharedFiles.modelsReason)))
    func field() throws { try check(network(), levels: [2], width: 480, seeds: 3...3) }

    private func network() throws -> VGG19 {
        try VGG19(weights: [UInt8](Data(contentsOf: SharedFiles.vgg19Weights)), upToLevel: 2)
    }
}

/// Eq. 4 in double precision, written from its definition, with its minimum by plain conjugate gradients.
private struct PlainEnergy {
    struct Link {
        var first: Int
        var second: Int
        /// λ · w, and twice that, since each pair stands in both pixels' sums.
        var weight: Double
    }

    let pixels: Int
    let source: [Double]
    let guidance: [Double]
    let confidence: [Double]
    var links: [Link] = []

    init(_ problem: TransferProblem, parameters: NormalizationParameters) {
        let (source, luminance) = (problem.source, problem.luminance)
        pixels = source.pixelCount
        self.source = source.samples.map { Double($0) / 100 }
        self.guidance = problem.guidance.samples.map { Double($0) / 100 }
        self.confidence = problem.confidence.values.map(Double.init)
        let width = source.width
        for y in 0..<source.height {
            for x in 0..<width {
                let pixel = y * width + x
                for other in [x + 1 < width ? pixel + 1 : -1, y + 1 < source.height ? pixel + width : -1]
                where other >= 0 {
                    let step = abs(Double(luminance.values[pixel]) - Double(luminance.values[other]))
                    let weight = 1 / (pow(step, 1.2) + 1e-4)
                    links.append(Link(first: pixel, second: other, weight: 2 * Double(parameters.lambdaLocal) * weight))
                }
            }
        }
        var nonlocal: [Link] = []
        problem.neighbors.forEachPair { first, second, weight in
            nonlocal.append(
                Link(first: first, second: second, weight: 2 * Double(parameters.lambdaNonlocal) * Double(weight)))
        }
        links += nonlocal
    }

    func value(of field: TransferField) -> Double {
        (0..<3).reduce(0.0) { $0 + value(unknowns(field, $1), channel: $1) }
    }

    /// Gains, then offsets, of one channel.
    private func unknowns(_ field: TransferField, _ channel: Int) -> [Double] {
        (0..<pixels).map { Double(field.values[8 * $0 + channel]) }
            + (0..<pixels).map { Double(field.values[8 * $0 + 4 + channel]) }
    }

    private func value(_ x: [Double], channel: Int) -> Double {
        var sum = 0.0
        for p in 0..<pixels {
            let error = x[p] * source[3 * p + channel] + x[pixels + p] - guidance[3 * p + channel]
            sum += confidence[p] * error * error
        }
        for link in links {
            let (gain, offset) = (x[link.first] - x[link.second], x[pixels + link.first] - x[pixels + link.second])
            sum += link.weight * (gain * gain + offset * offset)
        }
        return sum
    }

    /// The minimum, channel by channel. Each pixel's 2 × 2 block on the diagonal preconditions.
    func minimum(from start: TransferField) -> (energy: Double, iterations: Int, isConverged: Bool) {
        var (energy, iterations, isConverged) = (0.0, 0, true)
        for channel in 0..<3 {
            let found = minimum(unknowns(start, channel), channel: channel)
            energy += value(found.x, channel: channel)
            iterations += found.iterations
            isConverged = isConverged && found.isConverged
        }
        return (energy, iterations, isConverged)
    }

    private func minimum(_ start: [Double], channel: Int) -> (x: [Double], iterations: Int, isConverged: Bool) {
        let n = pixels
        let s = (0..<n).map { source[3 * $0 + channel] }
        var degree = [Double](repeating: 0, count: n)
        for link in links {
            degree[link.first] += link.weight
            degree[link.second] += link.weight
        }
        func product(_ x: [Double]) -> [Double] {
            var result = [Double](repeating: 0, count: 2 * n)
            for p in 0..<n {
                let error = confidence[p] * (x[p] * s[p] + x[n + p])
                result[p] = error * s[p]
                result[n + p] = error
            }
            for link in links {
                let gain = link.weight * (x[link.first] - x[link.second])
                let offset = link.weight * (x[n + link.first] - x[n + link.second])
                result[link.first] += gain
                result[link.second] -= gain
                result[n + link.first] += offset
                result[n + link.second] -= offset
            }
            return result
        }
        func preconditioned(_ r: [Double]) -> [Double] {
            var z = r
            for p in 0..<n {
                let (a, b, c) = (
                    degree[p] + confidence[p] * s[p] * s[p], confidence[p] * s[p], degree[p] + confidence[p]
                )
                let determinant = a * c - b * b
                z[p] = (c * r[p] - b * r[n + p]) / determinant
                z[n + p] = (a * r[n + p] - b * r[p]) / determinant
            }
            return z
        }
        func dot(_ a: [Double], _ b: [Double]) -> Double {
            var sum = 0.0
            for index in a.indices { sum += a[index] * b[index] }
            return sum
        }
        var x = start
        var r = product(x)
        for p in 0..<n {
            let right = confidence[p] * guidance[3 * p + channel]
            r[p] = right * s[p] - r[p]
            r[n + p] = right - r[n + p]
        }
        var z = preconditioned(r)
        var direction = z
        var rz = dot(r, z)
        let first = rz
        var iterations = 0
        while iterations < 6000, rz > 1e-16 * first {
            let q = product(direction)
            let alpha = rz / dot(direction, q)
            for index in x.indices {
                x[index] += alpha * direction[index]
                r[index] -= alpha * q[index]
            }
            z = preconditioned(r)
            let next = dot(r, z)
            let beta = next / rz
            for index in direction.indices { direction[index] = z[index] + beta * direction[index] }
            rz = next
            iterations += 1
        }
        return (x, iterations, rz <= 1e-16 * first)
    }
}
