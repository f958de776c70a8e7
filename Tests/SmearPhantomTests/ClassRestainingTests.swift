import NCTEngine
import SmearPhantom
import Testing

@Suite("Restaining by class")
struct ClassRestainingTests {
    private static let scene = SmearScene(seed: 77, width: 320, height: 240)
    private static let image = scene.render(in: .labA, noiseSeed: 77)
    private let workers = Workers(threads: 2)

    private func median(of image: RGBImage, _ kind: SmearClass) throws -> SIMD3<Float> {
        let labels = try SmearNet.embedded.segmentation(of: Self.image, workers: workers)
            .labels(reducedBy: 1, workers: workers)
        let lab = LabImage(image)
        let pixels = labels.bytes.indices.filter { labels[$0] == kind }
        try #require(pixels.count > 100)
        func middle(_ channel: Int) -> Float {
            pixels.map { lab.samples[3 * $0 + channel] }.sorted()[pixels.count / 2]
        }
        return SIMD3(middle(0), middle(1), middle(2))
    }

    @Test("Each class moves its own way, and the background as the light does", arguments: [1, 2, 3] as [UInt64])
    func ways(seed: UInt64) throws {
        let restaining = ClassRestaining(seed: seed)
        let result = try restaining.apply(to: Self.image, workers: workers)
        var light = Restaining()
        light.lightFactor = restaining.lightFactor
        let relit = light.apply(to: Self.image)
        let moves = try [SmearClass.background, .redCell, .nucleus].map { kind in
            try median(of: result, kind) - median(of: relit, kind)
        }
        func length(_ value: SIMD3<Float>) -> Float { (value * value).sum().squareRoot() }
        #expect(length(moves[0]) < 0.5, "background \(moves[0])")
        #expect(length(moves[1]) > 2 && length(moves[2]) > 1, "\(moves)")
        #expect(length(moves[1] - moves[2]) > 2, "\(moves)")
    }

    @Test("The same seed gives the same bytes whatever the threads, another seed another lab")
    func determinism() throws {
        let restaining = ClassRestaining(seed: 4)
        let one = try restaining.apply(to: Self.image, workers: Workers(threads: 1))
        #expect(try restaining.apply(to: Self.image, workers: Workers(threads: 3)) == one)
        #expect(restaining != ClassRestaining(seed: 5))
        #expect(restaining.scales.flatMap { [$0.x, $0.y, $0.z] }.allSatisfy { (0.6...1.6).contains($0) })
    }
}
