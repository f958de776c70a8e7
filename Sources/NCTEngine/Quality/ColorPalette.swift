import Foundation

/// The colors of background, cells and nuclei of an image or of several, and how far another image's are from them.
///
/// The distance is the sliced Wasserstein distance (Rabin, Peyré, Delon, Bernot 2011) in CIELAB, taken **class by
/// class** (``RoughSegmentation``) and averaged over the classes that both show. It is the mean way, in ΔE*ab, that a
/// class's colors have to go to be distributed like the references': zero for the same colors in whatever order, and
/// exactly the length of the shift if all colors are shifted. Whole-image statistics would measure something else: how
/// many cells lie in the field. Here each class counts the same, however few pixels it has, so a crowded field is as
/// near to a sparse reference as its colors are, and a class that the capture lacks does not count.
///
/// What remains between two ordinary fields of one lab is the difference of their cells: the class "cell" holds red
/// cells and cytoplasm of whatever kinds occur.
package struct ColorPalette: Sendable, Equatable {
    /// Cumulative shares, `class × direction × bin`; zeros for a class that is not there.
    let cumulative: [Float]
    /// Whether there is enough of background, cell and nucleus.
    let present: [Bool]

    private static let classes = RoughClass.allCases.count
    private static let bins = 512
    private static let step: Float = 0.5
    /// Fewer pixels do not make a distribution.
    private static let leastPixels = 24

    /// Sixteen directions spread evenly over half a sphere (a Fibonacci lattice).
    private static let directions: [SIMD3<Float>] = (0..<16).map { index in
        let height = (Float(index) + 0.5) / 16
        let turn = Float(index) * .pi * (3 - Float(5).squareRoot())
        let radius = (1 - height * height).squareRoot()
        return SIMD3(radius * cos(turn), radius * sin(turn), height)
    }
    /// What makes the mean of a shift's projections its length again.
    private static let scale: Float = 2

    static var valueCount: Int { classes * directions.count * bins }

    init(cumulative: [Float], present: [Bool]) {
        self.cumulative = cumulative
        self.present = present
    }

    /// The palette of an image, with the class of every pixel. Cost: 16 projections a pixel.
    ///
    /// - Precondition: both have one size.
    package init(_ image: LabImage, classes labels: LabelMap<RoughClass>, workers: Workers = Workers(threads: 1)) {
        precondition(labels.pixelCount == image.pixelCount, "every pixel has its class")
        var counts = [Int](repeating: 0, count: Self.classes)
        for label in labels.bytes { counts[Int(label)] += 1 }
        let parts = workers.map(Self.directions.count, grain: 1) { range in
            range.flatMap { Self.histogram(image.samples, labels.bytes, along: Self.directions[$0]) }
        }
        var cumulative = [Float](repeating: 0, count: Self.valueCount)
        for kind in 0..<Self.classes where counts[kind] >= Self.leastPixels {
            for direction in Self.directions.indices {
                var sum: Int32 = 0
                for bin in 0..<Self.bins {
                    sum += parts[direction][kind * Self.bins + bin]
                    cumulative[(kind * Self.directions.count + direction) * Self.bins + bin] =
                        Float(sum) / Float(counts[kind])
                }
            }
        }
        self.init(cumulative: cumulative, present: counts.map { $0 >= Self.leastPixels })
    }

    /// The palette of several images, each counting the same.
    package init(pooling palettes: [ColorPalette]) {
        var cumulative = [Float](repeating: 0, count: Self.valueCount)
        let size = Self.directions.count * Self.bins
        let present = (0..<Self.classes).map { kind in
            let members = palettes.filter { $0.present[kind] }
            for index in kind * size..<(kind + 1) * size {
                cumulative[index] = members.reduce(0) { $0 + $1.cumulative[index] } / Float(max(1, members.count))
            }
            return !members.isEmpty
        }
        self.init(cumulative: cumulative, present: present)
    }

    /// Pixels a class and bin of their colors' projections on a direction.
    private static func histogram(_ lab: [Float], _ labels: [UInt8], along direction: SIMD3<Float>) -> [Int32] {
        var histogram = [Int32](repeating: 0, count: classes * bins)
        let start = Float(bins / 2) - direction.x * 50 / step
        let weights = direction / step
        lab.withUnsafeBufferPointer { lab in
            for pixel in labels.indices {
                let place =
                    start + weights.x * lab[3 * pixel] + weights.y * lab[3 * pixel + 1] + weights.z * lab[3 * pixel + 2]
                histogram[Int(labels[pixel]) * bins + min(bins - 1, max(0, Int(place)))] += 1
            }
        }
        return histogram
    }

    /// The mean distance over the classes that both have, in ΔE*ab, 0 and more; 0 if they have none in common.
    ///
    /// - Parameter ignoringNuclei: leave that class out, where the few pixels in it are no nuclei.
    package func distance(to other: ColorPalette, ignoringNuclei: Bool = false) -> Float {
        let distances = RoughClass.allCases.compactMap { kind in
            ignoringNuclei && kind == .nucleus ? nil : distance(to: other, class: kind)
        }
        return distances.isEmpty ? 0 : distances.reduce(0, +) / Float(distances.count)
    }

    /// The distance of one class, nil if one of the two lacks it.
    package func distance(to other: ColorPalette, class kind: RoughClass) -> Float? {
        let kind = Int(kind.rawValue)
        guard present[kind], other.present[kind] else { return nil }
        let size = Self.directions.count * Self.bins
        var sum: Float = 0
        for index in kind * size..<(kind + 1) * size { sum += abs(cumulative[index] - other.cumulative[index]) }
        return Self.scale * Self.step * sum / Float(Self.directions.count)
    }
}
