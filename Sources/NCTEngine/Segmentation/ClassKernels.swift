import CKernels

/// A normal distribution of colors.
package struct ColorNormal: Sendable, Equatable {
    package var mean: SIMD3<Float>
    /// Inverse covariance's diagonal: xx, yy, zz.
    package var diagonal: SIMD3<Float>
    /// Its other values: xy, xz, yz.
    package var mixed: SIMD3<Float>
    /// -½ log of the determinant of the covariance.
    package var offset: Float

    package init(mean: SIMD3<Float>, diagonal: SIMD3<Float>, mixed: SIMD3<Float>, offset: Float) {
        self.mean = mean
        self.diagonal = diagonal
        self.mixed = mixed
        self.offset = offset
    }

    /// As the kernels take it.
    package var bridged: nct_normal {
        nct_normal(
            mean: (mean.x, mean.y, mean.z),
            precision: (diagonal.x, diagonal.y, diagonal.z, mixed.x, mixed.y, mixed.z), offset: offset, known: 1)
    }

    package static let unknown = nct_normal(mean: (0, 0, 0), precision: (0, 0, 0, 0, 0, 0), offset: 0, known: 0)
}

/// The weighted moments of colors: the weights' sum, the sums of the values, of their squares (xx, yy, zz) and of their
/// products (xy, xz, yz).
package struct ColorMoments: Sendable, Equatable {
    package let weight: Double
    package let sum: SIMD3<Double>
    package let squares: SIMD3<Double>
    package let products: SIMD3<Double>

    /// Ten numbers in the order of the kernel.
    package init(_ m: [Double]) {
        (weight, sum) = (m[0], SIMD3(m[1], m[2], m[3]))
        (squares, products) = (SIMD3(m[4], m[5], m[6]), SIMD3(m[7], m[8], m[9]))
    }
}

/// Colors as three rows of values.
package struct ColorRows: Sendable {
    package let x: [Float]
    package let y: [Float]
    package let z: [Float]

    package init(_ colors: LabImage, at pixels: [Int]) {
        x = pixels.map { colors.samples[3 * $0] }
        y = pixels.map { colors.samples[3 * $0 + 1] }
        z = pixels.map { colors.samples[3 * $0 + 2] }
    }
}

/// The bridge to the C kernels for the classes of a smear's pixels, on maps of a value per class.
package enum ClassKernels {
    package static let classCount = Int(NCT_CLASSES)
    private static let grain = 4096

    /// Scores to probabilities, in place.
    package static func softmax(_ map: inout FeatureMap, workers: Workers) {
        let count = pixels(map)
        guard count > 0 else { return }
        map.values.withUnsafeMutableBufferPointer { values in
            let values = SharedPointer(values)
            workers.forEach(count, grain: grain) { range in
                nct_softmax(
                    values.base + range.lowerBound * classCount, range.count)
            }
        }
    }

    /// The class of the greatest value; of equal ones the first.
    package static func likeliest(_ map: FeatureMap, workers: Workers) -> LabelMap<SmearClass> {
        let count = pixels(map)
        let labels = [UInt8](unsafeUninitializedCapacity: count) { labels, initialized in
            initialized = count
            guard count > 0 else { return }
            map.values.withUnsafeBufferPointer { values in
                let (from, to) = (SharedConstPointer(values), SharedPointer(labels))
                workers.forEach(count, grain: grain) { range in
                    nct_likeliest(
                        from.base + range.lowerBound * classCount, range.count, to.base + range.lowerBound)
                }
            }
        }
        return LabelMap(width: map.width, height: map.height, bytes: labels)
    }

    /// Probabilities times the densities of the pixels' colors, made one in sum.
    ///
    /// - Parameters:
    ///   - prior: the probabilities before, `pixels × classes`.
    ///   - colors: `pixels × 3`.
    ///   - normals: one per class; nil makes a class as unlikely as the least likely of the others. Not all nil.
    ///   - farthest: greater squared distances count as this.
    ///   - least: smaller probabilities before count as this.
    package static func posterior(
        _ prior: [Float], colors: [Float], normals: [ColorNormal?], farthest: Float, least: Float, workers: Workers
    ) -> [Float] {
        let count = prior.count / classCount
        precondition(colors.count == 3 * count && normals.count == classCount && normals.contains { $0 != nil })
        let bridged = normals.map { $0?.bridged ?? ColorNormal.unknown }
        let limits = nct_posterior_limits(farthest: farthest, least: least)
        return [Float](unsafeUninitializedCapacity: prior.count) { output, initialized in
            initialized = prior.count
            guard count > 0 else { return }
            prior.withUnsafeBufferPointer { prior in
                colors.withUnsafeBufferPointer { colors in
                    let (before, color) = (SharedConstPointer(prior), SharedConstPointer(colors))
                    let to = SharedPointer(output)
                    workers.forEach(count, grain: grain) { range in
                        nct_posterior(
                            before.base + range.lowerBound * classCount, color.base + 3 * range.lowerBound,
                            range.count, bridged, limits, to.base + range.lowerBound * classCount)
                    }
                }
            }
        }
    }

    /// The moments of weighted colors.
    ///
    /// - Parameters:
    ///   - around: with it, a color of squared distance q from it counts 1 / (1 + q / freedom) of its weight.
    package static func moments(
        _ colors: ColorRows, weights: [Float], around: ColorNormal?, freedom: Float
    ) -> ColorMoments {
        precondition(weights.count == colors.x.count, "a weight a color")
        var moments = [Double](repeating: 0, count: 10)
        var normal = around?.bridged ?? ColorNormal.unknown
        nct_color_moments(
            colors.x, colors.y, colors.z, weights, weights.count, &normal, around == nil ? 0 : 1 / freedom, &moments)
        return ColorMoments(moments)
    }

    private static func pixels(_ map: FeatureMap) -> Int {
        precondition(map.channels == classCount, "a value a class")
        return map.pixelCount
    }
}
