import Foundation
import ImageFiles
import NCTEngine
import SmearPhantom
import TestSupport
import Testing

@Suite("Learning the light")
struct FlatFieldEstimatorTests {
    private static let workers = Workers(threads: 2)

    /// Fields whose own light is even to 1 %.
    private static let fields: [RGBImage] = (0..<24).map { index in
        let options = SceneOptions(redCellDensity: [0.2, 0.35, 0.5][index % 3])
        return SmearScene(seed: UInt64(index) + 400, width: 240, height: 180, options: options)
            .render(in: .labA, noiseSeed: UInt64(index))
    }

    private static func learned(_ images: some Sequence<RGBImage>) -> FlatField? {
        var estimator = FlatFieldEstimator()
        for image in images {
            guard let grid = LightGrid(image), estimator.add(grid) else { return nil }
        }
        return estimator.estimate(workers: workers)
    }

    /// Every third of the twenty lights: all shapes, all ratios.
    private static let lights = stride(from: 0, to: 20, by: 3).map { SyntheticLight.twenty[$0] }

    @Test("A known light is found to 2 % from five captures and to 1 % from twenty", arguments: lights)
    func known(light: SyntheticLight) throws {
        let shaded = Self.fields.prefix(20).map(light.laid)
        let five = try #require(Self.learned(shaded.prefix(5)))
        #expect(light.error(of: five).allSatisfy { $0 < 0.02 }, "\(light): \(light.error(of: five))")
        let twenty = try #require(Self.learned(shaded))
        #expect(light.error(of: twenty).allSatisfy { $0 < 0.01 }, "\(light): \(light.error(of: twenty))")
        #expect(twenty.isUneven && twenty.captures == 20 && twenty.drift.allSatisfy { $0 == 0 }, "\(twenty.drift)")
        #expect(twenty.error.allSatisfy { $0 > 0 && $0 < 0.02 }, "\(twenty.error)")
    }

    @Test("Copies of a capture count once, so that its cells are not taken for light")
    func copies() throws {
        var estimator = FlatFieldEstimator()
        for index in 0..<30 {
            let grid = try #require(LightGrid(Self.fields[index % 3]))
            let isTaken = estimator.add(grid)
            #expect(isTaken)
        }
        #expect(estimator.count == 3)
        #expect(estimator.estimate(workers: Self.workers) == Self.learned(Self.fields.prefix(3)))
    }

    @Test("Of one capture alone a light is found to 4 %, or is not believed", arguments: lights)
    func single(light: SyntheticLight) throws {
        var believed = 0
        for field in Self.fields.prefix(6) {
            let grid = try #require(LightGrid(light.laid(over: field)))
            guard let estimate = FlatFieldEstimator.estimate(of: grid, workers: Self.workers), estimate.isUneven
            else { continue }
            believed += 1
            #expect(light.error(of: estimate).allSatisfy { $0 < 0.04 }, "\(light): \(light.error(of: estimate))")
        }
        #expect(light.ratio < 1.6 || believed >= 2, "\(light): \(believed) of 6")
    }

    @Test("Even light is found even, from many captures and from one")
    func even() throws {
        let many = try #require(Self.learned(Self.fields))
        #expect(!many.isUneven && many.ratio.allSatisfy { $0 < 1.1 }, "\(many.ratio)")
        for (index, field) in Self.fields.enumerated() {
            let grid = try #require(LightGrid(field))
            let alone = FlatFieldEstimator.estimate(of: grid, workers: Self.workers)
            #expect(alone?.isUneven != true, "field \(index): \(alone?.ratio ?? [])")
        }
    }

    @Test("Captures of which each has brightness and color of its own tell the same light")
    func gains() throws {
        let light = SyntheticLight.twenty[12]
        let shaded = Self.fields.prefix(12).enumerated().map { index, field in
            let gain = SIMD3<Float>(1 - 0.04 * Float(index), 1 - 0.02 * Float(index), 0.7 + 0.02 * Float(index))
            var image = light.laid(over: field)
            for pixel in 0..<image.pixelCount {
                for channel in 0..<3 { image.samples[3 * pixel + channel] *= gain[channel] }
            }
            return image
        }
        let field = try #require(Self.learned(shaded))
        #expect(light.error(of: field).allSatisfy { $0 < 0.02 }, "\(light.error(of: field))")
    }

    @Test("A light that was moved between captures is followed, each capture with its own share")
    func drift() throws {
        let light = SyntheticLight.twenty[7]
        func moved(_ field: RGBImage, by slope: Float) -> RGBImage {
            var image = light.laid(over: field)
            for y in 0..<image.height {
                for x in 0..<image.width {
                    // In the samples, whose slope in light is about 2.2 times as much.
                    let factor = exp(slope / 2.2 * (2 * Float(x) / Float(image.width) - 1)) * 0.85
                    for channel in 0..<3 { image.samples[3 * (y * image.width + x) + channel] *= factor }
                }
            }
            return image
        }
        let slopes = (0..<20).map { 0.12 * sin(Float($0)) }
        let captures = zip(Self.fields, slopes).map { moved($0, by: $1) }
        let shared = try #require(Self.learned(captures))
        #expect(shared.drift.contains { $0 > 0.03 }, "\(shared.drift)")
        for (image, slope) in zip(captures, slopes).prefix(6) {
            let own = shared.adapted(to: try #require(LightGrid(image)))
            // Brighter on the right by as much as the capture was.
            func tilt(_ field: FlatField) -> Float {
                let row = field.height / 2 * field.width
                return log(field.values[3 * (row + field.width - 1) + 1] / field.values[3 * row + 1])
            }
            let found = (tilt(own) - tilt(shared)) / 2
            let mean = slopes.reduce(0, +) / Float(slopes.count)
            #expect(abs(found - (slope - mean)) < 0.03, "\(found), truly \(slope - mean)")
        }
    }

    @Test("The number of threads does not change what is learned")
    func threads() throws {
        let grids = Self.fields.prefix(11).compactMap { LightGrid(SyntheticLight.twenty[3].laid(over: $0)) }
        let fields = [1, 2, 5].map { threads in
            var estimator = FlatFieldEstimator()
            for grid in grids { _ = estimator.add(grid) }
            return estimator.estimate(workers: Workers(threads: threads))
        }
        #expect(fields[0] != nil && fields[1] == fields[0] && fields[2] == fields[0])
    }

    @Test("However many captures come, at most a hundred are kept; other proportions are not taken in")
    func bounded() throws {
        var estimator = FlatFieldEstimator()
        let grids = try (0..<130).map { index in
            try #require(LightGrid(SyntheticLight.twenty[index % 20].laid(over: Self.fields[index / 20])))
        }
        let taken = grids.map { estimator.add($0) }
        #expect(taken.allSatisfy { $0 })
        #expect(estimator.count == 130)
        #expect(estimator.estimate(workers: Self.workers)?.captures == FlatFieldEstimator.capacity)
        let other = try #require(LightGrid(Bitmap.gray(width: 200, height: 200)))
        let isTaken = estimator.add(other)
        #expect(!isTaken)
    }

    @Test("What tells nothing of light gives none: darkness, small pictures, pictures without background")
    func nothing() {
        #expect(LightGrid(Bitmap.gray(width: 200, height: 100, value: 0)) == nil)
        #expect(LightGrid(Bitmap.gray(width: 60, height: 60)) == nil)
        #expect(LightGrid(Bitmap.gray(width: 200, height: 8)) == nil)
        #expect(FlatFieldEstimator().estimate(workers: Self.workers) == nil)
        var generator = SeededGenerator(seed: 5)
        let noise = RGBImage(
            width: 64, height: 64,
            samples: (0..<64 * 64 * 3).map { _ in Float.random(in: 0...1, using: &generator) })
        let field = LightGrid(noise).flatMap { FlatFieldEstimator.estimate(of: $0, workers: Self.workers) }
        #expect(field?.isUneven != true)
    }

    @Test("The picture of an empty field tells its light to 1 %, specks and all", arguments: lights)
    func blank(light: SyntheticLight) throws {
        var image = SmearPhantom.blankField(seed: 9, stain: .labA, width: 320, height: 240)
        for (x, y) in [(40, 50), (200, 120), (300, 220)] {
            for dy in 0..<9 {
                for dx in 0..<9 {
                    let pixel = 3 * (min(239, y + dy) * 320 + min(319, x + dx))
                    for channel in 0..<3 { image.samples[pixel + channel] *= 0.3 }
                }
            }
        }
        let field = try #require(FlatField(blank: light.laid(over: image), workers: Self.workers))
        #expect(light.error(of: field).allSatisfy { $0 < 0.01 }, "\(light): \(light.error(of: field))")
        #expect(field.background > 0.5 && field.isUneven)
    }

    @Test(
        "Lab A, whose fields are centered on white cells, has even light; lab F's is far from even",
        .enabled(if: SharedFiles.dataExpected, Comment(rawValue: SharedFiles.dataReason)))
    func real() throws {
        let a = try #require(
            Self.learned(
                SharedFiles.images(of: "lab-a/test").prefix(30).map { try ImageReader.read(path: $0.path).image }
                    .filter { $0.width == 360 }))
        #expect(!a.isUneven && a.ratio.allSatisfy { $0 < 1.15 }, "\(a.ratio)")
        let images = try SharedFiles.images(of: "lab-f").map { try ImageReader.read(path: $0.path).image }
        let f = try #require(Self.learned(images))
        #expect(f.isUneven && f.ratio[0] > 3 && f.error.allSatisfy { $0 < 0.015 }, "\(f.ratio) \(f.error)")
        var smears = 0
        for image in images.enumerated().filter({ $0.offset % 6 == 0 }).map(\.element) {
            #expect(!FieldInspection(image).isSmear)
            let own = f.adapted(to: try #require(LightGrid(image)))
            smears += FieldInspection(own.applied(to: image, workers: Self.workers)).isSmear ? 1 : 0
        }
        // What still is none fails by the neutral color of its cells, not by its light.
        #expect(smears >= 6, "\(smears) of 10")
    }
}

private enum Bitmap {
    static func gray(width: Int, height: Int, value: Float = 0.7) -> RGBImage {
        RGBImage(width: width, height: height, filledWith: (value, value, value))
    }
}
