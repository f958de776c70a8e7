import Foundation
import NCTEngine
import TestSupport
import Testing

@Suite("VGG-19")
struct VGG19Tests {
    @Test(
        "All five activations match the double-precision reference to 1e-4",
        .enabled(if: SharedFiles.modelsExpected, Comment(rawValue: SharedFiles.modelsReason)))
    func activations() throws {
        let network = try VGG19(weights: [UInt8](Data(contentsOf: SharedFiles.vgg19Weights)))
        let file = try Safetensors([UInt8](Data(contentsOf: SharedFiles.referenceActivations)))
        let size = try #require(file.entries["image"]).shape
        let image = RGBImage(
            width: size[1], height: size[0], samples: try file.bytes("image").map { Float($0) / 255 })
        let maps = try network.features(of: image, levels: [1, 2, 3, 4, 5], workers: Workers(threads: 2))
        for level in 1...5 {
            let shape = try #require(file.entries["relu\(level)_1"]).shape
            let expected = try file.floats("relu\(level)_1", shape: shape)
            let map = try #require(maps[level])
            #expect([map.height, map.width, map.channels] == shape)
            let error = zip(map.values, expected).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
            let norm = expected.reduce(0.0) { $0 + Double($1 * $1) }
            let greatest = zip(map.values, expected).map { abs($0 - $1) }.max()! / expected.max()!
            print("relu\(level)_1: relative error \((error / norm).squareRoot()), greatest \(greatest)")
            #expect((error / norm).squareRoot() < 1e-4)
            #expect(greatest < 1e-4)
        }
    }

    /// A file of small random weights, in either layout.
    static func randomWeights(
        torchvision: Bool, levels: Int, edit: (inout [String: ([Int], [Float])]) -> Void = { _ in }
    ) -> [UInt8] {
        var generator = SeededGenerator(seed: 11)
        var tensors: [String: ([Int], [Float])] = [:]
        let widths = [64, 128, 256, 512, 512], depths = [2, 2, 4, 4, 1]
        let indices = [[0, 2], [5, 7], [10, 12, 14, 16], [19, 21, 23, 25], [28]]
        var input = 3
        for block in 0..<levels {
            for index in 0..<(block == levels - 1 ? 1 : depths[block]) {
                let output = widths[block]
                let bound = 1 / Float(9 * input).squareRoot()
                let hwio = (0..<9 * input * output).map { _ in Float.random(in: -bound...bound, using: &generator) }
                let bias = (0..<output).map { _ in Float.random(in: -0.1...0.1, using: &generator) }
                if torchvision {
                    var oihw = hwio
                    for tap in 0..<9 {
                        for i in 0..<input {
                            for o in 0..<output {
                                oihw[(o * input + i) * 9 + tap] = hwio[(tap * input + i) * output + o]
                            }
                        }
                    }
                    tensors["features.\(indices[block][index]).weight"] = ([output, input, 3, 3], oihw)
                    tensors["features.\(indices[block][index]).bias"] = ([output], bias)
                } else {
                    tensors["conv\(block + 1)_\(index + 1).weight"] = ([3, 3, input, output], hwio)
                    tensors["conv\(block + 1)_\(index + 1).bias"] = ([output], bias)
                }
                input = output
            }
        }
        edit(&tensors)
        return SafetensorsFile.bytes(of: tensors)
    }

    @Test("torchvision's layout gives the same network as ours, up to its own input scaling")
    func torchvisionLayout() throws {
        // The same numbers in both layouts; only the input differs, so feed each what makes it equal inside.
        let ours = try VGG19(weights: Self.randomWeights(torchvision: false, levels: 2), upToLevel: 2)
        let theirs = try VGG19(weights: Self.randomWeights(torchvision: true, levels: 2), upToLevel: 2)
        var generator = SeededGenerator(seed: 12)
        let inner = (0..<3 * 20 * 14).map { _ in Float.random(in: -1...1, using: &generator) }
        let mean: [Float] = [0.485, 0.456, 0.406], deviation: [Float] = [0.229, 0.224, 0.225]
        let means: [Float] = [103.939, 116.779, 123.68]
        var a = inner, b = inner
        for pixel in 0..<20 * 14 {
            for channel in 0..<3 {
                a[3 * pixel + 2 - channel] = (inner[3 * pixel + channel] + means[channel]) / 255
                b[3 * pixel + channel] = inner[3 * pixel + channel] * deviation[channel] + mean[channel]
            }
        }
        let mapA = try ours.features(
            of: RGBImage(width: 20, height: 14, samples: a), levels: [2], workers: Workers(threads: 1))
        let mapB = try theirs.features(
            of: RGBImage(width: 20, height: 14, samples: b), levels: [2], workers: Workers(threads: 1))
        #expect(zip(mapA[2]!.values, mapB[2]!.values).allSatisfy { abs($0 - $1) < 1e-4 })
        #expect(mapA[2]!.values.contains { $0 > 0.01 })
    }

    @Test("Weights with a missing, misshapen or cut-off tensor are refused by the tensor's name")
    func badWeights() throws {
        func message(_ bytes: [UInt8]) -> String {
            do { _ = try VGG19(weights: bytes, upToLevel: 2) } catch { return "\(error)" }
            return "accepted"
        }
        let missing = Self.randomWeights(torchvision: false, levels: 2) { $0["conv1_2.bias"] = nil }
        #expect(message(missing).contains("conv1_2.bias: the tensor is missing"))
        let misshapen = Self.randomWeights(torchvision: false, levels: 2) {
            $0["conv2_1.weight"] = ([3, 3, 64, 64], Array($0["conv2_1.weight"]!.1.prefix(9 * 64 * 64)))
        }
        #expect(message(misshapen).contains("conv2_1.weight: the tensor's shape is [3, 3, 64, 64]"))
        let whole = Self.randomWeights(torchvision: false, levels: 2)
        for length in [0, 7, 8, 100, whole.count / 2, whole.count - 1] {
            #expect(message(Array(whole.prefix(length))) != "accepted", "\(length) bytes")
        }
        #expect(message(Array("this is no weights file at all".utf8)) != "accepted")
    }

    @Test("An image smaller than a patch at the level is refused with the least size")
    func tooSmall() throws {
        let network = try VGG19(weights: Self.randomWeights(torchvision: false, levels: 2), upToLevel: 2)
        let image = RGBImage(width: 5, height: 40, filledWith: (0.5, 0.5, 0.5))
        #expect(throws: EngineError.self) {
            try network.features(of: image, levels: [2], workers: Workers(threads: 1))
        }
    }
}
