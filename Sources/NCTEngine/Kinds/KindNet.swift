import CSmearNet
import Digests
import Foundation

/// A small network of our own that tells the kind of a white cell from its shape and texture, and from its colors only
/// against the field's other classes. Its weights are part of the program; docs/smearnet.md says how they came about.
///
/// It looks at a window of 64 × 64 pixels about the cell (`KindWindow`): the colors relative to the field's background
/// and to its red cells, the cell and its nucleus. Four levels of 3×3 convolutions, mean and maximum of the last one's
/// 96 channels, the logarithms of the areas of nucleus and cell, one linear layer. It was trained with colors varied
/// class by class, so that a stain's color alone decides nothing.
public struct KindNet: Sendable {
    /// SHA-256 of the weights' file.
    public let digest: String

    private let levels: [[Convolution]]
    /// `inputs × kinds`.
    private let weights: [Float]
    private let bias: [Float]

    /// Pixels of the window either way.
    package static let side = 64
    static let inputs = 8
    private static let widths = [[16], [32], [64, 64], [96, 96]]
    private static let kindCount = WhiteCellKind.allCases.count
    /// Differences of L*, a*, b* that count as one.
    static let unit = SIMD3<Float>(30, 15, 15)
    /// The background's color where a field has none.
    static let usualBackground = SIMD3<Float>(88, 2, 2)
    /// A class with a smaller share of the field has no color of its own.
    private static let leastShare: Float = 0.005

    /// The network that is part of the program.
    public static let embedded: KindNet = {
        var count = 0
        let bytes = [UInt8](UnsafeBufferPointer(start: nct_kindnet_weights(&count), count: count))
        guard let network = try? KindNet(weights: bytes) else {
            preconditionFailure("the program's own weights do not fit its network; a test holds that they do")
        }
        return network
    }()

    /// Reads the weights from the bytes of a safetensors file as `Training/kinds.py` writes it.
    ///
    /// Throws ``EngineError/Code/invalidWeights`` naming the tensor.
    public init(weights bytes: [UInt8]) throws {
        let file = try Safetensors(bytes)
        var inputs = Self.inputs
        levels = try Self.widths.enumerated().map { level, widths in
            try widths.enumerated().map { index, width in
                defer { inputs = width }
                return try Convolution(
                    ConvolutionShape(inputChannels: inputs, outputChannels: width), of: file,
                    named: "level.\(level + 1).\(index + 1)")
            }
        }
        weights = try file.floats("kinds.weight", shape: [2 * inputs + 2, Self.kindCount])
        bias = try file.floats("kinds.bias", shape: [Self.kindCount])
        digest = SHA256.hash(bytes).hexadecimal
    }

    /// How likely a cell is of each kind.
    ///
    /// Some milliseconds, whatever the cell's size.
    ///
    /// - Parameter shift: by how much the colors of the cell's lab are off.
    package func kinds(of window: KindWindow, shift: KindShift = .none) -> KindProbabilities {
        KindProbabilities(scores: scores(of: window.input(shift), sizes: window.sizes))
    }

    /// The colors of a field that its white cells' are relative to; nil for a class of which there is hardly anything.
    package struct Ground: Sendable {
        package let background: SIMD3<Float>?
        package let redCell: SIMD3<Float>?

        package init(_ classes: ClassColors) {
            func median(_ kind: SmearClass) -> SIMD3<Float>? {
                classes.share(of: kind) >= leastShare ? classes.median(of: kind) : nil
            }
            background = median(.background)
            redCell = median(.redCell)
        }
    }

    /// The scores of the kinds before the softmax.
    ///
    /// - Parameters:
    ///   - input: `64 × 64 × 8`.
    ///   - sizes: logarithms of the areas of the nucleus and of the cell in areas of a red cell.
    package func scores(of input: FeatureMap, sizes: [Float]) -> [Float] {
        // One thread: cells are done side by side.
        let workers = Workers(threads: 1)
        var map = input
        for (index, layers) in levels.enumerated() {
            if index > 0 { map = FeatureKernels.maxPool(map, workers: workers) }
            for layer in layers { map = layer(map, pooling: false, workers: workers) }
        }
        let channels = map.channels
        var (sums, greatest) = ([Double](repeating: 0, count: channels), [Float](repeating: 0, count: channels))
        for pixel in 0..<map.pixelCount {
            for channel in 0..<channels {
                let value = map.values[pixel * channels + channel]
                sums[channel] += Double(value)
                greatest[channel] = max(greatest[channel], value)
            }
        }
        let features = sums.map { Float($0 / Double(map.pixelCount)) } + greatest + sizes
        return bias.indices.map { kind in
            var score = Double(bias[kind])
            for (index, feature) in features.enumerated() {
                score += Double(feature) * Double(weights[index * Self.kindCount + kind])
            }
            return Float(score)
        }
    }
}
