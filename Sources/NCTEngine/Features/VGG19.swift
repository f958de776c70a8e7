import Digests

/// VGG-19's convolutions (Simonyan and Zisserman 2015), conv1_1 to conv5_1: the features of step 1.
///
/// Level L is reluL_1: 64, 128, 256, 512, 512 channels at 1, 1/2, 1/4, 1/8, 1/16 of the resolution. Cost at 500 × 500
/// pixels: 0.9, 29, 56, 121 and 180 GFLOP for L = 1…5.
public struct VGG19: FeatureExtractor {
    public let identifier = "vgg19"
    public let digest: String

    /// By block, up to the deepest level asked for.
    private let blocks: [[Convolution]]
    /// Input channel c is `sample[order[c]] * scale[c] + offset[c]`.
    private let order: [Int]
    private let scale: [Float]
    private let offset: [Float]

    private static let widths = [64, 128, 256, 512, 512]
    private static let depths = [2, 2, 4, 4, 1]
    /// Where torchvision's `vgg19().features` has the convolutions.
    private static let torchvisionIndices = [[0, 2], [5, 7], [10, 12, 14, 16], [19, 21, 23, 25], [28]]

    /// Reads the weights from the bytes of a safetensors file: the names `convB_I.weight` (height × width × in × out,
    /// for BGR 0…255 minus the means) or torchvision's `features.N.weight` (out × in × height × width, for RGB 0…1
    /// minus mean over deviation).
    ///
    /// - Parameters:
    ///   - bytes: of the file.
    ///   - level: the deepest level that will be asked for (1…5); deeper layers are neither read nor checked.
    ///
    /// Throws ``EngineError/Code/invalidWeights`` naming the tensor.
    public init(weights bytes: [UInt8], upToLevel level: Int = 5) throws {
        precondition((1...5).contains(level), "a level from 1 to 5")
        let file = try Safetensors(bytes)
        let torchvision = file.entries["features.0.weight"] != nil
        var blocks: [[Convolution]] = []
        var input = 3
        for block in 0..<level {
            var layers: [Convolution] = []
            // Of the deepest block only the first convolution is needed.
            for index in 0..<(block == level - 1 ? 1 : Self.depths[block]) {
                let shape = ConvolutionShape(inputChannels: input, outputChannels: Self.widths[block])
                layers.append(
                    torchvision
                        ? try Self.torchvisionLayer(file, Self.torchvisionIndices[block][index], shape)
                        : try Convolution(shape, of: file, named: "conv\(block + 1)_\(index + 1)"))
                input = shape.outputChannels
            }
            blocks.append(layers)
        }
        self.blocks = blocks
        if torchvision {
            let mean: [Float] = [0.485, 0.456, 0.406]
            let deviation: [Float] = [0.229, 0.224, 0.225]
            order = [0, 1, 2]
            scale = deviation.map { 1 / $0 }
            offset = zip(mean, deviation).map { -$0 / $1 }
        } else {
            order = [2, 1, 0]
            scale = [255, 255, 255]
            offset = [-103.939, -116.779, -123.68]
        }
        digest = SHA256.hash(bytes).hexadecimal
    }

    private static func torchvisionLayer(
        _ file: Safetensors, _ index: Int, _ shape: ConvolutionShape
    ) throws -> Convolution {
        let (inputs, outputs) = (shape.inputChannels, shape.outputChannels)
        let values = try file.floats("features.\(index).weight", shape: [outputs, inputs, 3, 3])
        var weights = [Float](repeating: 0, count: values.count)
        for output in 0..<outputs {
            for input in 0..<inputs {
                for tap in 0..<9 {
                    weights[(tap * inputs + input) * outputs + output] = values[(output * inputs + input) * 9 + tap]
                }
            }
        }
        return Convolution(
            shape, weights: weights, bias: try file.floats("features.\(index).bias", shape: [outputs]))
    }

    public func channels(atLevel level: Int) -> Int { Self.widths[level - 1] }

    public func features(of image: RGBImage, levels: Set<Int>, workers: Workers) throws -> [Int: FeatureMap] {
        guard let deepest = levels.max() else { return [:] }
        guard levels.allSatisfy({ (1...blocks.count).contains($0) }) else {
            throw EngineError(
                .invalidParameter, "level \(deepest) was not loaded", subject: .parameter("levels"),
                remedy: "ask for levels from 1 to \(blocks.count)")
        }
        try image.requireSound(.image)
        try requirePatch(width: image.width, height: image.height, levels: levels)
        var map = input(image)
        var result: [Int: FeatureMap] = [:]
        // From one level that is asked for to the next, no map stands whole in memory.
        var chain: [(convolution: Convolution, pooling: Bool)] = []
        for level in 1...deepest {
            for (index, layer) in blocks[level - 1].enumerated() {
                if index == 1, level == deepest { break }
                // The last convolution of a block is pooled.
                chain.append((layer, index > 0 && index == Self.depths[level - 1] - 1))
                if index == 0, levels.contains(level) {
                    map = ConvolutionChain(chain)(map, workers: workers)
                    result[level] = map
                    chain = []
                }
            }
        }
        return result
    }

    /// 1, 4, 10, 30 and 70 pixels for L = 1…5.
    public func reach(atLevel level: Int) -> Int {
        var reach = 1
        for block in 0..<level - 1 {
            // The block's first convolution is counted already, its pooling looks at what it covers, and the next
            // block's first convolution at a pixel around on the grid that is half as fine.
            reach += (Self.depths[block] - 1 + 2) << block
        }
        return reach
    }

    private func input(_ image: RGBImage) -> FeatureMap {
        var values = [Float](repeating: 0, count: image.samples.count)
        for pixel in 0..<image.pixelCount {
            for channel in 0..<3 {
                values[3 * pixel + channel] =
                    image.samples[3 * pixel + order[channel]] * scale[channel] + offset[channel]
            }
        }
        return FeatureMap(width: image.width, height: image.height, channels: 3, values: values)
    }
}
