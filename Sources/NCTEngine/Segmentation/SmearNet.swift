import CSmearNet
import Digests

/// A network of our own, trained on blood smears in endless random stains: features that do not change with the
/// stain, the class of every pixel, and whether the image shows a smear at all. Its weights are part of the program;
/// docs/smearnet.md says how they came about.
///
/// An encoder looks at ever wider surroundings on five grids, a light decoder brings what it found back to each finer
/// grid (feature pyramids, Lin et al. 2017). The features of level L are the decoder's: 16, 24, 32, 48, 64 channels at
/// 1, 1/2, 1/4, 1/8, 1/16 of the resolution.
///
/// It knows cells of some 35 to 200 pixels, as a field of 360 to 720 pixels shows them. So it looks at larger images
/// reduced (`reduction(width:height:)`), and its maps are enlarged to the grid that was asked for.
public struct SmearNet: FeatureExtractor {
    public let identifier = "smearnet"
    public let digest: String

    private let encoder: [[Convolution]]
    private let lateral: [Pointwise]
    /// From the next coarser grid of the decoder.
    private let above: [Pointwise]
    private let smooth: [Convolution]
    private let classes: Pointwise
    private let smear: Pointwise

    private static let encoderWidths = [[16], [32], [48, 48], [96, 96], [128, 128]]
    private static let decoderWidths = [16, 24, 32, 48, 64]
    /// An image's deviation is taken for at least this, so that a blank field's noise is not blown up to a texture.
    private static let leastDeviation = 0.04
    /// Pixels of the shorter side that the network looks at, about.
    private static let side = 480
    /// The network pools four times.
    package static let leastSide = 16

    /// The network that is part of the program.
    public static let embedded: SmearNet = {
        var count = 0
        let bytes = [UInt8](UnsafeBufferPointer(start: nct_smearnet_weights(&count), count: count))
        guard let network = try? SmearNet(weights: bytes) else {
            preconditionFailure("the program's own weights do not fit its network; a test holds that they do")
        }
        return network
    }()

    /// Reads the weights from the bytes of a safetensors file as `Training/export.py` writes it.
    ///
    /// Throws ``EngineError/Code/invalidWeights`` naming the tensor.
    public init(weights bytes: [UInt8]) throws {
        let file = try Safetensors(bytes)
        var inputs = 3
        func convolution(_ name: String, _ inputs: Int, _ outputs: Int) throws -> Convolution {
            try Convolution(
                ConvolutionShape(inputChannels: inputs, outputChannels: outputs), of: file, named: name)
        }
        func pointwise(_ name: String, _ inputs: Int, _ outputs: Int, bias: Bool = true) throws -> Pointwise {
            Pointwise(
                inputs: inputs, outputs: outputs, weights: try file.floats(name + ".weight", shape: [inputs, outputs]),
                bias: bias
                    ? try file.floats(name + ".bias", shape: [outputs]) : nil)
        }
        var encoder: [[Convolution]] = []
        for (level, widths) in Self.encoderWidths.enumerated() {
            var layers: [Convolution] = []
            for (index, width) in widths.enumerated() {
                layers.append(try convolution("encoder.\(level + 1).\(index + 1)", inputs, width))
                inputs = width
            }
            encoder.append(layers)
        }
        self.encoder = encoder
        let widths = Self.decoderWidths
        lateral = try (0..<5).map { try pointwise("lateral.\($0 + 1)", Self.encoderWidths[$0].last!, widths[$0]) }
        above = try (0..<4).map { try pointwise("above.\($0 + 1)", widths[$0 + 1], widths[$0], bias: false) }
        smooth = try (0..<4).map { try convolution("smooth.\($0 + 1)", widths[$0], widths[$0]) }
        classes = try pointwise("classes", widths[0], SmearSegmentation.classCount)
        smear = try pointwise("smear", widths[4], 1)
        digest = SHA256.hash(bytes).hexadecimal
    }

    public func channels(atLevel level: Int) -> Int { Self.decoderWidths[level - 1] }

    /// What an image of this size is reduced by before the network looks at it.
    package static func reduction(width: Int, height: Int) -> Int { max(1, (min(width, height) + side / 2) / side) }

    public func features(of image: RGBImage, levels: Set<Int>, workers: Workers) throws -> [Int: FeatureMap] {
        try reading(of: image, levels: levels, workers: workers).features(of: PixelArea(of: image), workers: workers)
    }

    /// 0: the whole image is looked at once, and its maps serve all parts.
    public func reach(atLevel level: Int) -> Int { 0 }

    public func reading(of image: RGBImage, levels: Set<Int>, workers: Workers) throws -> any FeatureReading {
        try image.requireSound(.image)
        try requirePatch(width: image.width, height: image.height, levels: levels)
        return SmearReading(of: FieldImage(image), finest: levels.min() ?? 1, by: self, workers: workers)
            .serving(levels)
    }

    /// The classes of an image's pixels and whether it is a smear.
    ///
    /// Throws ``EngineError/Code/imageTooSmall`` for an image without 16 pixels either way, and
    /// ``EngineError/Code/invalidSamples``.
    ///
    /// - Parameters:
    ///   - image: the capture.
    ///   - corrected: whether the field's colors correct the network's classes (`ClassColorModel`).
    ///   - workers: the threads that work on it.
    public func segmentation(
        of image: RGBImage, corrected: Bool = true, workers: Workers
    ) throws -> SmearSegmentation {
        try image.requireSound(.image)
        return try segmentation(of: FieldImage(image), corrected: corrected, workers: workers)
    }

    /// The same for a field that may have holes: what is no data is background.
    package func segmentation(
        of field: FieldImage, corrected: Bool = true, workers: Workers
    ) throws -> SmearSegmentation {
        try requireSegmentable(field.image)
        return SmearReading(of: field, finest: 1, by: self, workers: workers)
            .segmentation(by: self, corrected: corrected, workers: workers)
    }

    /// Whether an image is large enough to be segmented.
    func canSegment(_ image: RGBImage) -> Bool { min(image.width, image.height) >= Self.leastSide }

    /// Throws if an image is too small to be segmented.
    package func requireSegmentable(_ image: RGBImage) throws {
        guard canSegment(image) else {
            throw EngineError(
                .imageTooSmall, "an image of \(image.width)×\(image.height) pixels is too small to be segmented",
                remedy: "use images of at least \(Self.leastSide)×\(Self.leastSide) pixels")
        }
    }

    /// What the maps of a reading say of classes (before the softmax) and of being a smear (before the logistic
    /// function).
    ///
    /// - Parameter mask: of the image that was looked at.
    package func scores(
        of maps: [Int: FeatureMap], mask: DataMask? = nil, workers: Workers
    ) -> (classes: FeatureMap, smear: Float) {
        (classes(maps[1]!, workers: workers), smear.first(ofMean: maps[5]!, mask: mask.reduced(by: 16)))
    }

    /// The decoder's maps from the coarsest level to the finest wanted.
    func decoded(_ image: RGBImage, mask: DataMask?, finest: Int, workers: Workers) -> [Int: FeatureMap] {
        var map = FeatureKernels.standardized(
            image, mask: mask, leastDeviation: Self.leastDeviation, workers: workers)
        var encoded: [FeatureMap] = []
        for (index, layers) in encoder.enumerated() {
            if index > 0 { map = FeatureKernels.maxPool(map, workers: workers) }
            for layer in layers {
                map = layer(map, pooling: false, workers: workers)
            }
            encoded.append(map)
        }
        var result: [Int: FeatureMap] = [:]
        var coarser = lateral[4](encoded.removeLast(), rectified: true, workers: workers)
        result[5] = coarser
        for level in stride(from: 4, through: finest, by: -1) {
            let index = level - 1
            let joined = lateral[index](
                encoded.removeLast(), addingDoubled: above[index](coarser, workers: workers), workers: workers)
            coarser = smooth[index](joined, pooling: false, workers: workers)
            result[level] = coarser
        }
        return result
    }
}
