import Foundation
import NCTEngine
import TestSupport
import Testing

/// The engine's network against what PyTorch computes in double precision with the same weights
/// (`Training/reference_activations.py`).
@Suite("SmearNet's activations")
struct SmearNetActivationTests {
    private let workers = Workers(threads: 2)
    private let file: Safetensors

    init() throws {
        let path = (#filePath as NSString).deletingLastPathComponent + "/Resources/smearnet-activations.safetensors"
        file = try Safetensors([UInt8](Data(contentsOf: URL(fileURLWithPath: path))))
    }

    private func tensor(_ name: String) throws -> (shape: [Int], values: [Float]) {
        let shape = try #require(file.entries[name], "\(name)").shape
        return (shape, try file.floats(name, shape: shape))
    }

    /// Holds a map to the reference's pixels: the greatest difference over the greatest value.
    private func compare(_ map: FeatureMap, with name: String, within tolerance: Float) throws {
        let (shape, expected) = try tensor(name)
        let step = Int(try tensor(name + ".step").values[0])
        let pixels = Array(stride(from: 0, to: map.pixelCount, by: step))
        try #require(shape == [pixels.count, map.channels], "\(name)")
        let found = pixels.flatMap { map.values[$0 * map.channels..<($0 + 1) * map.channels] }
        let greatest = expected.map(abs).max()!
        let difference = zip(found, expected).map { abs($0 - $1) }.max()! / greatest
        print("\(name): greatest difference \(difference) of the greatest value \(greatest)")
        #expect(difference < tolerance, "\(name)")
    }

    @Test("The reference was made with the program's own weights")
    func weights() throws {
        let digest = try file.bytes("weights.sha256").map { String(format: "%02x", $0) }.joined()
        #expect(digest == SmearNet.embedded.digest, "run Training/reference_activations.py again")
    }

    @Test("Features of all levels, class scores and the smear score are PyTorch's to single precision's rounding")
    func activations() throws {
        let size = try #require(file.entries["image"]).shape
        let image = RGBImage(
            width: size[1], height: size[0], samples: try file.bytes("image").map { Float($0) / 255 })
        let network = SmearNet.embedded
        let maps = try network.features(of: image, levels: [1, 2, 3, 4, 5], workers: workers)
        for level in 1...5 {
            let map = try #require(maps[level])
            #expect(map.width == size[1] >> (level - 1) && map.height == size[0] >> (level - 1))
            try compare(map, with: "level.\(level)", within: Self.tolerance)
        }
        let scores = network.scores(of: maps, workers: workers)
        try compare(scores.classes, with: "classes", within: Self.tolerance)
        let smear = try tensor("smear").values[0]
        print("smear: \(scores.smear) and \(smear)")
        #expect(abs(scores.smear - smear) < Self.tolerance * abs(smear))
    }

    /// Three times the greatest difference that was measured, 2.5e-6.
    private static let tolerance: Float = 7.5e-6
}
