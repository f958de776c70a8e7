/// The standardized features of one or several levels on their first principal components.
///
/// The components are those of the references alone, so they are found once; a capture is only multiplied by them.
/// Several levels are concatenated at the finest grid after standardization, the coarser ones brought there
/// bilinearly. Since both steps are linear, the coarse maps are multiplied first and only the products are enlarged.
package struct Projection: Sendable, Equatable {
    /// Ascending; the first is the finest.
    package let levels: [Int]
    package let components: Int
    /// For each level, `channels × components`, row-major.
    package let bases: [[Float]]
    /// The components' variances over the references, descending.
    package let variances: [Float]

    package init(levels: [Int], components: Int, bases: [[Float]], variances: [Float]) {
        self.levels = levels
        self.components = components
        self.bases = bases
        self.variances = variances
    }

    /// Pixels of the references that the covariance is estimated from, at most.
    private static let sampleLimit = 32768

    /// Fits the components to the references' features.
    ///
    /// - Parameters:
    ///   - references: for each reference, its features and their standardization by level.
    package init(
        fitting references: [[Int: (map: FeatureMap, standardization: Standardization)]], levels: [Int],
        components: Int, workers: Workers
    ) {
        let levels = levels.sorted()
        let channels = levels.map { references[0][$0]!.map.channels }
        let total = channels.reduce(0, +)
        let pixels = references.reduce(0) { $0 + $1[levels[0]]!.map.pixelCount }
        let step = max(1, (pixels + Self.sampleLimit - 1) / Self.sampleLimit)
        var rows: [Float] = []
        rows.reserveCapacity((pixels / step + references.count) * total)
        for reference in references {
            let finest = reference[levels[0]]!.map
            for pixel in stride(from: 0, to: finest.pixelCount, by: step) {
                for level in levels {
                    let (map, standardization) = reference[level]!
                    Self.appendStandardized(
                        map, standardization, x: pixel % finest.width, y: pixel / finest.width,
                        scale: 1 << (level - levels[0]), to: &rows)
                }
            }
        }
        let count = rows.count / total
        var gram = [Float](repeating: 0, count: total * total)
        LinearAlgebra.addGram(rows: count, columns: total, a: rows, c: &gram)
        // Means are zero by standardization, up to the bilinear enlargement.
        let covariance = gram.map { Double($0) / Double(max(1, count)) }
        let kept = min(components, total)
        let (values, vectors) = LinearAlgebra.symmetricEigen(covariance, size: total)
        var bases: [[Float]] = []
        var first = 0
        for width in channels {
            bases.append(
                (first..<first + width).flatMap { channel in (0..<kept).map { Float(vectors[$0][channel]) } })
            first += width
        }
        self.init(
            levels: levels, components: kept, bases: bases, variances: values.prefix(kept).map { Float(max(0, $0)) })
    }

    private static func appendStandardized(
        _ map: FeatureMap, _ standardization: Standardization, x: Int, y: Int, scale: Int, to rows: inout [Float]
    ) {
        let (x0, x1, fx) = Enlargement.tap(x, scale: scale, size: map.width)
        let (y0, y1, fy) = Enlargement.tap(y, scale: scale, size: map.height)
        let weights = [(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy]
        let starts = [(x0, y0), (x1, y0), (x0, y1), (x1, y1)].map { ($0.1 * map.width + $0.0) * map.channels }
        for channel in 0..<map.channels {
            var value: Float = 0
            for corner in 0..<4 where weights[corner] > 0 {
                value += weights[corner] * map.values[starts[corner] + channel]
            }
            rows.append(
                (value - Float(standardization.mean[channel])) * Float(standardization.inverseDeviation[channel]))
        }
    }

    /// The image's features on the components, at the grid of the finest level: `height × width × components`.
    package func apply(
        to features: [Int: (map: FeatureMap, standardization: Standardization)], workers: Workers
    ) -> FeatureMap {
        var result: FeatureMap?
        for (index, level) in levels.enumerated() {
            let (map, standardization) = features[level]!
            var matrix = bases[index]
            var offset = [Double](repeating: 0, count: components)
            for channel in 0..<map.channels {
                let inverse = standardization.inverseDeviation[channel]
                for component in 0..<components {
                    let value = Double(matrix[channel * components + component]) * inverse
                    matrix[channel * components + component] = Float(value)
                    offset[component] -= value * standardization.mean[channel]
                }
            }
            let values = FeatureKernels.affine(
                map.values, rows: map.pixelCount, inner: map.channels, matrix: matrix, columns: components,
                offset: offset.map { Float($0) }, workers: workers)
            let projected = FeatureMap(width: map.width, height: map.height, channels: components, values: values)
            if result == nil {
                result = projected
            } else {
                Enlargement.add(projected, to: &result!, scale: 1 << (level - levels[0]), workers: workers)
            }
        }
        return result!
    }
}
