import Foundation
import NCTEngine

/// A nucleus as a signed distance: bars with round ends melted into each other, less one round notch; in cell radii.
struct Nucleus: Sendable {
    /// A bar from one point to another whose half width goes from one value to the other.
    struct Bar: Sendable {
        var from: SIMD2<Float>
        var to: SIMD2<Float>
        var fromRadius: Float
        var toRadius: Float

        @inline(__always)
        func distance(_ p: SIMD2<Float>) -> Float {
            let along = to - from
            let length = (along * along).sum()
            let t = length == 0 ? 0 : min(1, max(0, ((p - from) * along).sum() / length))
            let off = p - from - t * along
            return (off * off).sum().squareRoot() - (fromRadius * (1 - t) + toRadius * t)
        }
    }

    var bars: [Bar] = []
    /// How far bars melt into each other.
    var blend: Float = 0.08
    var notch: (center: SIMD2<Float>, radius: Float)?
    /// How far the edge is bent to and fro.
    var warp: Float = 0.05

    /// Negative inside.
    @inline(__always)
    func distance(_ u: Float, _ v: Float, noise: Noise) -> Float {
        let bend = SIMD2(noise.value(4 * u + 40, 4 * v) - 0.5, noise.value(4 * u, 4 * v + 40) - 0.5)
        let p = SIMD2(u, v) + 2 * warp * bend
        var distance: Float = 4
        for bar in bars { distance = Self.melt(distance, bar.distance(p), blend) }
        if let notch {
            let off = p - notch.center
            distance = -Self.melt(-distance, (off * off).sum().squareRoot() - notch.radius, blend)
        }
        return distance
    }

    @inline(__always)
    private static func melt(_ a: Float, _ b: Float, _ width: Float) -> Float {
        let h = max(0, width - abs(a - b)) / width
        return min(a, b) - h * h * width * 0.25
    }
}

extension Nucleus {
    /// A nucleus of the shape that the kind has.
    init(of kind: WhiteCellKind, using generator: inout SeededGenerator) {
        func random(_ range: ClosedRange<Float>) -> Float { Float.random(in: range, using: &generator) }
        func blob(_ center: SIMD2<Float>, _ radius: Float, long: Float = 0.35) -> Bar {
            let turn = random(0...(2 * .pi))
            let half = radius * random(0.2...1) * long * SIMD2(cosf(turn), sinf(turn))
            return Bar(
                from: center - half, to: center + half, fromRadius: radius * (1 - long / 3),
                toRadius: radius * (1 - long / 3))
        }
        switch kind {
        case .segmentedNeutrophil:
            let count = Int.random(in: 3...5, using: &generator)
            let span = random(3.3...4.9)
            let ring = random(0.40...0.48)
            var centers: [SIMD2<Float>] = []
            for index in 0..<count {
                let turn = span * (Float(index) / Float(count - 1) - 0.5) + random(-0.12...0.12)
                centers.append(random(0.85...1.15) * ring * SIMD2(cosf(turn), sinf(turn)))
            }
            let size: Float = [0.30, 0.26, 0.235][count - 3]
            for center in centers { bars.append(blob(center, size * random(0.85...1.12))) }
            for (from, to) in zip(centers, centers.dropFirst()) {
                bars.append(Bar(from: from, to: to, fromRadius: 0.05, toRadius: 0.05))
            }
            (blend, warp) = (0.07, 0.05)
        case .bandNeutrophil:
            let span = random(2.6...3.9)
            let ring = random(0.40...0.48)
            let steps = 8
            let points = (0...steps).map { index -> SIMD2<Float> in
                let turn = span * (Float(index) / Float(steps) - 0.5)
                return ring * SIMD2(cosf(turn), 1.15 * sinf(turn))
            }
            let waist = random(0.7...0.95)
            func width(_ index: Int) -> Float {
                let fromMiddle = abs(Float(index) / Float(steps) - 0.5) * 2
                return 0.235 * (waist + (1 - waist) * Noise.smooth(fromMiddle))
            }
            for index in 0..<steps {
                bars.append(
                    Bar(
                        from: points[index], to: points[index + 1], fromRadius: width(index),
                        toRadius: width(index + 1)))
            }
            (blend, warp) = (0.05, 0.07)
        case .eosinophil:
            let apart = random(0.34...0.44)
            let shift = random(0.0...0.25)
            let centers = [SIMD2(shift, apart), SIMD2(shift, -apart)]
            for center in centers { bars.append(blob(center, random(0.29...0.36))) }
            bars.append(Bar(from: centers[0], to: centers[1], fromRadius: 0.06, toRadius: 0.06))
            (blend, warp) = (0.15, 0.05)
        case .basophil:
            for turn in [Float(0), 2.1, 4.2] {
                bars.append(blob(0.28 * SIMD2(cosf(turn), sinf(turn)), random(0.34...0.42)))
            }
            (blend, warp) = (0.2, 0.1)
        case .lymphocyte:
            bars.append(blob(SIMD2(random(0...0.1), 0), random(0.78...0.84), long: 0.1))
            if random(0...1) < 0.4 { notch = (SIMD2(-1.05, 0), random(0.25...0.4)) }
            (blend, warp) = (0.15, 0.04)
        case .monocyte:
            bars.append(
                Bar(
                    from: SIMD2(0.12, -random(0.2...0.3)), to: SIMD2(0.12, random(0.2...0.3)),
                    fromRadius: random(0.42...0.52), toRadius: random(0.38...0.48)))
            notch = (SIMD2(-random(0.38...0.5), random(-0.1...0.1)), random(0.26...0.36))
            (blend, warp) = (0.18, 0.1)
        case .other:
            bars.append(blob(SIMD2(random(0...0.12), 0), random(0.70...0.78), long: 0.15))
            if random(0...1) < 0.5 { notch = (SIMD2(-0.85, 0.1), random(0.2...0.4)) }
            (blend, warp) = (0.15, 0.06)
        }
    }
}
