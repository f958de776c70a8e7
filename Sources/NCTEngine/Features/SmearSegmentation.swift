import Foundation

/// The ``SmearClass`` of every pixel of a smear, as ``SmearNet`` sees it, and whether it is a smear at all.
///
/// Known on the grid that the network looked at; asked for on any grid of the image.
public struct SmearSegmentation: Sendable {
    package static let classCount = SmearClass.allCases.count

    /// Probabilities, `height × width × 5`, on the network's grid.
    package let probabilities: FeatureMap
    /// Probability that the image shows a smear, 0…1.
    public let smearProbability: Float
    /// How many pixels of the image, each way, a pixel of the network's grid covers.
    private let reduction: Int
    private let imageWidth: Int
    private let imageHeight: Int

    /// - Parameters:
    ///   - scores: before the softmax.
    ///   - smearScore: before the logistic function.
    init(scores: FeatureMap, smearScore: Float, reduction: Int, imageWidth: Int, imageHeight: Int) {
        var probabilities = scores
        FeatureKernels.softmax(&probabilities)
        self.probabilities = probabilities
        smearProbability = 1 / (1 + exp(-smearScore))
        self.reduction = reduction
        self.imageWidth = imageWidth
        self.imageHeight = imageHeight
    }

    /// The likeliest class of every pixel on the network's own grid.
    public var labels: LabelMap { Self.likeliest(probabilities) }

    /// The likeliest class of every pixel on the image's grid reduced by `scale`: `width / scale × height / scale`.
    ///
    /// Probabilities are averaged where the grid is coarser than the network's, interpolated where it is finer.
    ///
    /// - Parameter area: a part of the image, from multiples of `scale` on; all of it if nil.
    package func labels(reducedBy scale: Int, in area: PixelArea? = nil, workers: Workers) -> LabelMap {
        let whole = PixelArea(x: 0, y: 0, width: imageWidth, height: imageHeight)
        let area = area ?? whole
        if area == whole, (imageWidth / scale, imageHeight / scale) == (probabilities.width, probabilities.height) {
            return labels
        }
        let part = PixelArea(
            x: area.x / scale, y: area.y / scale, width: area.width / scale, height: area.height / scale)
        // Of both grids one covers the other an integer number of times, up to a remainder at the edges.
        let share = Float(reduction) / Float(scale)
        if share < 1 { return Self.likeliest(reduced(by: max(1, Int((1 / share).rounded())), part)) }
        var fine = FeatureMap(width: part.width, height: part.height, channels: Self.classCount)
        Enlargement.add(
            probabilities, to: &fine, scale: max(1, Int(share.rounded())), origin: (part.x, part.y), workers: workers)
        return Self.likeliest(fine)
    }

    /// Sums of probabilities over squares of the network's grid, for a part of the grid of these squares.
    private func reduced(by factor: Int, _ part: PixelArea) -> FeatureMap {
        var result = FeatureMap(width: part.width, height: part.height, channels: Self.classCount)
        for y in 0..<part.height {
            for x in 0..<part.width {
                for dy in 0..<factor {
                    for dx in 0..<factor {
                        let row = min((part.y + y) * factor + dy, probabilities.height - 1)
                        let column = min((part.x + x) * factor + dx, probabilities.width - 1)
                        let from = (row * probabilities.width + column) * Self.classCount
                        let to = (y * part.width + x) * Self.classCount
                        for kind in 0..<Self.classCount {
                            result.values[to + kind] += probabilities.values[from + kind]
                        }
                    }
                }
            }
        }
        return result
    }

    private static func likeliest(_ map: FeatureMap) -> LabelMap {
        var labels = LabelMap(width: map.width, height: map.height)
        map.values.withUnsafeBufferPointer { values in
            for pixel in 0..<map.pixelCount {
                var best = 0
                for kind in 1..<classCount where values[pixel * classCount + kind] > values[pixel * classCount + best] {
                    best = kind
                }
                labels.labels[pixel] = UInt8(best)
            }
        }
        return labels
    }
}
