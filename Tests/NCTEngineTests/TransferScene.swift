import NCTEngine

/// Structured synthetic data for the tests of the local color transfer: smooth shades, disks with sharp edges, noise;
/// the guidance is another coloring of the same scene, speckled where its confidence is low.
struct TransferScene {
    var source: LabImage
    var guidance: LabImage
    var confidence: Plane
    var luminance: Plane
    var clusters: LabelMap

    init(width: Int, height: Int, seed: UInt64, noise: Float = 0.6) {
        var generator = SeededGenerator(seed: seed)
        let count = width * height
        var source = [Float](repeating: 0, count: 3 * count)
        var guidance = source
        var confidence = [Float](repeating: 0, count: count)
        var labels = [UInt8](repeating: 0, count: count)
        let radius = Float(min(width, height)) / 10
        let disks = (0..<14).map { index in
            (
                x: Float.random(in: 0..<Float(width), using: &generator),
                y: Float.random(in: 0..<Float(height), using: &generator),
                r: radius * Float.random(in: 0.6...1.6, using: &generator), kind: index % 2 + 1
            )
        }
        let paints: [(source: SIMD3<Float>, gain: SIMD3<Float>, shift: SIMD3<Float>)] = [
            (SIMD3(86, 1, -3), SIMD3(0.9, 1.1, 0.8), SIMD3(8, 2, 3)),
            (SIMD3(70, 18, 4), SIMD3(1.2, 0.8, 1.3), SIMD3(-15, 6, -8)),
            (SIMD3(40, 26, -32), SIMD3(0.7, 1.4, 1.1), SIMD3(5, -4, 9)),
        ]
        for y in 0..<height {
            for x in 0..<width {
                let pixel = y * width + x
                let kind =
                    disks.last {
                        let (dx, dy) = (Float(x) - $0.x, Float(y) - $0.y)
                        return dx * dx + dy * dy < $0.r * $0.r
                    }?.kind ?? 0
                labels[pixel] = UInt8(kind)
                let paint = paints[kind]
                let across = Float(x) / Float(width)
                let down = Float(y) / Float(height)
                let shade = SIMD3<Float>(6 * across - 3 * down, 2 * down, 3 * across * down)
                let grain = { Float.random(in: -1...1, using: &generator) }
                let color = paint.source + shade + noise * SIMD3(grain(), grain(), grain())
                var target = paint.gain * color + paint.shift
                let trust = Float.random(in: 0.2...1, using: &generator)
                target += 8 * (1 - trust) * SIMD3(grain(), grain(), grain())
                for channel in 0..<3 {
                    source[3 * pixel + channel] = color[channel]
                    guidance[3 * pixel + channel] = target[channel]
                }
                confidence[pixel] = trust
            }
        }
        self.source = LabImage(width: width, height: height, samples: source)
        self.guidance = LabImage(width: width, height: height, samples: guidance)
        self.confidence = Plane(width: width, height: height, values: confidence)
        luminance = Plane(
            width: width, height: height, values: (0..<count).map { min(max(source[3 * $0] / 100, 0), 1) })
        clusters = LabelMap(width: width, height: height, labels: labels)
    }

    func neighbors(seed: UInt64 = 1, curveCount: Int = 1, workers: Workers = Workers(threads: 1)) -> NonlocalNeighbors {
        NonlocalNeighbors(source: source, clusters: clusters, seed: seed, curveCount: curveCount, workers: workers)
    }

    func energy(
        neighbors: NonlocalNeighbors, localWeight: Float = 0.001, nonlocalWeight: Float = 0.4,
        workers: Workers = Workers(threads: 1)
    ) -> TransferEnergy {
        TransferEnergy(
            source: source, guidance: guidance, confidence: confidence, luminance: luminance, neighbors: neighbors,
            localWeight: localWeight, nonlocalWeight: nonlocalWeight, workers: workers)
    }

    func start(workers: Workers = Workers(threads: 1)) -> TransferField {
        InitialTransfer().field(source: source, guidance: guidance, workers: workers)
    }
}
