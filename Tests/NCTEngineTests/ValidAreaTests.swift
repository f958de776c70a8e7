import Foundation
import ImageFiles
import NCTEngine
import SmearPhantom
import TestSupport
import Testing

/// What of an image is no data: found exactly, left as it is, and of no influence on all else.
@Suite("Valid area")
struct ValidAreaTests {
    private static let workers = Workers(threads: 2)
    private static let field = SmearScene(seed: 11, width: 200, height: 150).render(in: .labB, noiseSeed: 11)

    /// An image with others beside it: `place` says which pixel of the field, if any, a pixel shows.
    private func surrounded(
        _ width: Int, _ height: Int, by color: SIMD3<Float>, _ place: (Int, Int) -> (x: Int, y: Int)?
    ) -> RGBImage {
        var samples: [Float] = []
        for y in 0..<height {
            for x in 0..<width {
                guard let at = place(x, y) else {
                    samples += [color.x, color.y, color.z]
                    continue
                }
                let start = 3 * (at.y * Self.field.width + at.x)
                samples += Self.field.samples[start..<start + 3]
            }
        }
        return RGBImage(width: width, height: height, samples: samples)
    }

    private func padded(_ x: Int, _ y: Int, _ color: SIMD3<Float>) -> RGBImage {
        let (width, height) = (Self.field.width, Self.field.height)
        return surrounded(width + 2 * x, height + 2 * y, by: color) { column, row in
            (x..<x + width).contains(column) && (y..<y + height).contains(row) ? (column - x, row - y) : nil
        }
    }

    @Test(
        "Frames, pillars and dead lines of any flat color are found to the pixel",
        arguments: [(2, 2), (1, 0), (0, 1), (33, 0), (10, 8)],
        [SIMD3<Float>(0, 0, 0), SIMD3(1, 1, 1), SIMD3(0.5, 0.5, 0.5)])
    func frames(margins: (x: Int, y: Int), color: SIMD3<Float>) throws {
        let image = padded(margins.x, margins.y, color)
        let area = try #require(ValidArea(of: image, workers: Self.workers))
        #expect(area.bounds == PixelArea(x: margins.x, y: margins.y, width: 200, height: 150))
        #expect(area.field(of: image) == FieldImage(Self.field))
        let share = 1 - Float(200 * 150) / Float(image.pixelCount)
        #expect(abs(area.missingShare - share) < 1e-5)
        let turned = RGBImage(width: 200, height: 150, filledWith: (0.2, 0.4, 0.6))
        let restored = area.restored(turned, in: image)
        for pixel in stride(from: 0, to: image.pixelCount, by: 7) {
            let isOutside = area.missing.isSet[pixel]
            let expected = isOutside ? image.samples[3 * pixel] : 0.2
            #expect(restored.samples[3 * pixel] == expected)
        }
    }

    /// A field as a camera without noise would show it under uneven light: cells below, and smooth background above them.
    private static func smooth(_ light: (_ x: Float, _ y: Float) -> Float) -> RGBImage {
        let scene = field.samples
        // The background's own color: there is no step where the cells begin.
        let ground = (0..<3).map { channel in
            let values = stride(from: channel, to: scene.count, by: 3).map { scene[$0] }.sorted()
            return values[values.count * 3 / 4]
        }
        var image = RGBImage(width: 200, height: 150, filledWith: (ground[0], ground[1], ground[2]))
        for y in 0..<150 {
            for x in 0..<200 {
                let (first, here): (Int, Float) = (3 * (y * 200 + x), light(Float(x) / 200, Float(y) / 150))
                for sample in first..<first + 3 {
                    let value: Float = y < 60 ? image.samples[sample] : scene[sample]
                    // As 8 bits have it.
                    image.samples[sample] = (value * here * 255).rounded() / 255
                }
            }
        }
        return image
    }

    @Test("A smooth background under uneven light is data, and a frame around it is not")
    func smoothBackground() throws {
        let lights: [(String, (Float, Float) -> Float)] = [
            ("from above", { _, y in 1 - 0.5 * y }), ("hardly uneven", { _, y in 1 - 0.05 * y }),
            ("steep", { _, y in max(0.3, 1 - 1.4 * y) }), ("from a side", { x, _ in 0.5 + 0.5 * x }),
            ("from a corner", { x, y in 1 - 0.3 * (x + y) }),
            ("from the middle", { x, y in 1 - (x - 0.5) * (x - 0.5) - (y - 0.5) * (y - 0.5) }),
            ("saturated above", { _, y in 1.3 - 0.6 * y }),
        ]
        for (name, light) in lights {
            var image = Self.smooth(light)
            image.samples = image.samples.map { min(1, $0) }
            #expect(ValidArea(of: image, workers: Self.workers)?.missingShare == nil, "\(name)")
            // A color that the field has itself would be the field's.
            for color in [SIMD3<Float>(0, 0, 0), SIMD3(0.2, 0.7, 0.3)] {
                var samples = [Float]()
                for y in -9..<159 {
                    for x in -9..<209 {
                        let isInside = (0..<200).contains(x) && (0..<150).contains(y)
                        let start = isInside ? 3 * (y * 200 + x) : 0
                        samples += isInside ? image.samples[start..<start + 3] : [color.x, color.y, color.z]
                    }
                }
                let framed = RGBImage(width: 218, height: 168, samples: samples)
                let area = try #require(ValidArea(of: framed, workers: Self.workers), "\(name)")
                #expect(area.bounds == PixelArea(x: 9, y: 9, width: 200, height: 150), "\(name)")
                let missing = area.missing.count
                #expect(missing == framed.pixelCount - image.pixelCount, "\(name)")
            }
        }
    }

    @Test("Holes, bars and tiles that are not there are found, whatever the rest shows")
    func holes() throws {
        let cases: [(String, (Int, Int) -> Bool)] = [
            ("a corner", { x, y in x < 40 && y < 30 }),
            ("a hole within", { x, y in x >= 60 && x < 90 && y >= 50 && y < 80 }),
            ("a bar", { _, y in y >= 135 }), ("a seam", { x, _ in x == 98 || x == 99 }),
            ("two tiles of four", { x, y in (x < 100) != (y < 75) }),
            ("a round aperture", { x, y in (x - 100) * (x - 100) + (y - 75) * (y - 75) > 80 * 80 }),
        ]
        for (name, isMissing) in cases {
            let image = surrounded(200, 150, by: SIMD3(0, 0, 0)) { isMissing($0, $1) ? nil : ($0, $1) }
            let area = try #require(ValidArea(of: image, workers: Self.workers), "\(name)")
            var wrong = 0
            for y in 0..<150 {
                for x in 0..<200 where area.missing[x, y] != isMissing(x, y) { wrong += 1 }
            }
            #expect(wrong == 0, "\(name)")
        }
    }

    @Test("The surroundings of a disc are found in black, white and gray, also where it goes beyond the image's sides")
    func discs() throws {
        for (name, centerX, centerY, radius) in [("whole", 100, 75, 70), ("cut off", 110, 75, 90)] {
            func isMissing(_ x: Int, _ y: Int) -> Bool {
                (x - centerX) * (x - centerX) + (y - centerY) * (y - centerY) > radius * radius
            }
            for color in [SIMD3<Float>(0, 0, 0), SIMD3(1, 1, 1), SIMD3(0.5, 0.5, 0.5)] {
                let image = surrounded(200, 150, by: color) { isMissing($0, $1) ? nil : ($0, $1) }
                let area = try #require(ValidArea(of: image, workers: Self.workers), "\(name), \(color)")
                var wrong = 0
                for y in 0..<150 {
                    for x in 0..<200 where area.missing[x, y] != isMissing(x, y) { wrong += 1 }
                }
                // A color that the field has at its rim hides where that ends.
                #expect(wrong <= 30, "\(name), \(color): \(wrong)")
            }
        }
    }

    @Test(
        "The corners of a turned image are found, with the pixels that are blended with them, whether it is cut or not",
        arguments: [3.0, 15, 37], [false, true])
    func turned(degrees: Double, isCut: Bool) throws {
        for color in [SIMD3<Float>(0, 0, 0), SIMD3(1, 1, 1)] {
            let (image, share) = turned(by: degrees, within: color, isCut: isCut)
            let area = try #require(ValidArea(of: image, workers: Self.workers), "\(color)")
            #expect(
                area.missingShare > share - 0.005 && area.missingShare < share + 0.04, "\(area.missingShare), \(share)")
            let inspection = FieldInspection(area.field(of: image), workers: Self.workers)
            #expect(inspection.isSmear && !inspection.isBlank, "\(inspection)")
        }
    }

    /// Bilinear, on a canvas that holds all of the field, or is as large as it; and the share of the canvas outside.
    private func turned(by degrees: Double, within color: SIMD3<Float>, isCut: Bool) -> (RGBImage, Float) {
        let angle = degrees * .pi / 180
        let (w, h) = (Double(Self.field.width), Double(Self.field.height))
        let width = isCut ? Self.field.width : Int(w * cos(angle) + h * sin(angle) + 1)
        let height = isCut ? Self.field.height : Int(w * sin(angle) + h * cos(angle) + 1)
        var (samples, outside) = ([Float](), 0)
        func sample(_ x: Int, _ y: Int) -> SIMD3<Float> {
            guard x >= 0, y >= 0, x < Self.field.width, y < Self.field.height else { return color }
            let at = 3 * (y * Self.field.width + x)
            return SIMD3(Self.field.samples[at], Self.field.samples[at + 1], Self.field.samples[at + 2])
        }
        for y in 0..<height {
            for x in 0..<width {
                let (dx, dy) = (Double(x) - Double(width - 1) / 2, Double(y) - Double(height - 1) / 2)
                let u = dx * cos(angle) + dy * sin(angle) + (w - 1) / 2
                let v = -dx * sin(angle) + dy * cos(angle) + (h - 1) / 2
                if u < -0.5 || v < -0.5 || u > w - 0.5 || v > h - 0.5 { outside += 1 }
                let (x0, y0) = (Int(u.rounded(.down)), Int(v.rounded(.down)))
                let (fx, fy) = (Float(u) - Float(x0), Float(v) - Float(y0))
                let top = sample(x0, y0) * (1 - fx) + sample(x0 + 1, y0) * fx
                let bottom = sample(x0, y0 + 1) * (1 - fx) + sample(x0 + 1, y0 + 1) * fx
                let value = top * (1 - fy) + bottom * fy
                samples += [value.x, value.y, value.z]
            }
        }
        return (
            RGBImage(width: width, height: height, samples: samples), Float(outside) / Float(width * height)
        )
    }

    @Test("A saturated background, a dark stain and one color all over lose nothing")
    func none() {
        for stain in [Stain.labA, .labB, .dark, .labA.scaled(by: 1.8)] {
            for seed in UInt64(20)..<24 {
                let scene = SmearScene(
                    seed: seed, width: 240, height: 180,
                    options: SceneOptions(redCellDensity: seed % 2 == 0 ? 0.1 : 0.6))
                var image = scene.render(in: stain, noiseSeed: seed)
                #expect(ValidArea(of: image, workers: Self.workers) == nil)
                // Overexposed until the empty field is white.
                for index in image.samples.indices { image.samples[index] = min(1, image.samples[index] * 1.25) }
                #expect(ValidArea(of: image, workers: Self.workers) == nil, "\(seed)")
            }
        }
        for value in [Float(0), 0.5, 1] {
            let flat = RGBImage(width: 60, height: 50, filledWith: (value, value, value))
            #expect(ValidArea(of: flat, workers: Self.workers) == nil)
        }
    }

    @Test(
        "No field of labs A to F loses a pixel",
        .enabled(if: SharedFiles.dataExpected, Comment(rawValue: SharedFiles.dataReason)),
        arguments: ["lab-a/test", "lab-b/test", "lab-c", "lab-d", "lab-e", "lab-f"])
    func real(part: String) throws {
        let urls = try SharedFiles.images(of: part)
        for url in urls.enumerated().filter({ $0.offset % max(1, urls.count / 12) == 0 }).map(\.element) {
            let area = ValidArea(of: try ImageReader.read(path: url.path).image, workers: Self.workers)
            #expect(area == nil, "\(url.lastPathComponent): \(area?.missingShare ?? 0)")
        }
    }

    @Test("A frame changes nothing of a result but its own place, for color transfer and baselines, references too")
    func results() throws {
        let reference = SmearScene(seed: 12, width: 200, height: 150).render(in: .labA, noiseSeed: 12)
        let framed = padded(6, 9, SIMD3(0, 0, 0))
        var parameters = NormalizationParameters()
        parameters.levels = .joint([2])
        var framedReference = padded(3, 3, SIMD3(0, 0, 0))
        for y in 0..<150 {
            for x in 0..<200 {
                for c in 0..<3 {
                    framedReference.samples[3 * ((y + 3) * 206 + x + 3) + c] = reference.samples[3 * (y * 200 + x) + c]
                }
            }
        }
        let normalizers: [[any ImageNormalizer]] = try [[reference], [framedReference]].map { references in
            [
                try Normalizer(
                    extractor: SmearNet.embedded, references: references, parameters: parameters, workers: Self.workers),
                try BaselineNormalizer(method: .reinhard, references: references, workers: Self.workers),
            ]
        }
        for (plain, other) in zip(normalizers[0], normalizers[1]) {
            let expected = try plain.normalize(Self.field)
            for normalizer in [plain, other] {
                let result = try normalizer.normalize(framed)
                #expect(result.image.cropped(to: try #require(result.fieldArea)) == expected.image)
                #expect(result.image.samples[0..<3] == [0, 0, 0])
                #expect(result.quality.treatment == .transferred && result.quality.verdict == expected.quality.verdict)
                let share = 1 - Float(200 * 150) / Float(framed.pixelCount)
                #expect(abs((result.quality.noDataShare ?? 0) - share) < 1e-5)
                var quality = result.quality
                quality.noDataShare = nil
                let area = try #require(result.fieldArea)
                quality.contents?.moveWhiteCells(x: -area.x, y: -area.y)
                #expect(quality == expected.quality)
            }
        }
        #expect(SmearDescriptor(framed).background == SmearDescriptor(Self.field).background)
    }

    @Test("White cells have their places in the capture, whatever lies around the field")
    func whiteCellBoxes() throws {
        let fields = (1...20).lazy.map { seed in
            SmearScene(seed: seed, width: 200, height: 150).render(in: .labB, noiseSeed: seed)
        }
        let reference = SmearScene(seed: 12, width: 200, height: 150).render(in: .labA, noiseSeed: 12)
        let normalizer = try BaselineNormalizer(method: .reinhard, references: [reference], workers: Self.workers)
        for field in fields {
            let boxes = try #require(try normalizer.normalize(field).quality.contents).whiteCells.map(\.box)
            guard !boxes.isEmpty else { continue }
            var framed = RGBImage(width: 266, height: 190, filledWith: (0, 0, 0))
            for y in 0..<150 {
                let (from, to) = (3 * y * 200, 3 * ((y + 25) * 266 + 40))
                framed.samples.replaceSubrange(to..<to + 600, with: field.samples[from..<from + 600])
            }
            let contents = try #require(try normalizer.normalize(framed).quality.contents)
            #expect(contents.whiteCells.map(\.box) == boxes.map { [$0[0] + 40, $0[1] + 25, $0[2], $0[3]] })
            return
        }
        Issue.record("no phantom shows a white cell")
    }

    @Test(
        "A limit alone does not keep a sure network's smear from being transferred; the finding says so",
        .enabled(if: SharedFiles.dataExpected, Comment(rawValue: SharedFiles.dataReason)))
    func noise() throws {
        var generator = SeededGenerator(seed: 3)
        let url = try #require(try SharedFiles.images(of: "lab-b/test").first)
        var noisy = try ImageReader.read(path: url.path).image
        for index in noisy.samples.indices {
            let sum = (0..<6).reduce(Float(0)) { sum, _ in sum + Float.random(in: -1...1, using: &generator) }
            noisy.samples[index] = min(1, max(0, noisy.samples[index] + sum * 0.045))
        }
        let inspection = FieldInspection(noisy)
        #expect(!inspection.isSmear && inspection.crossedLimits.count == 1, "\(inspection)")
        let reference = SmearScene(seed: 12, width: 200, height: 150).render(in: .labA, noiseSeed: 12)
        let normalizer = try BaselineNormalizer(method: .reinhard, references: [reference], workers: Self.workers)
        let quality = try normalizer.normalize(noisy).quality
        #expect(quality.treatment == .transferred)
        #expect(quality.findings.contains { $0.kind == .notASmear })
    }

    @Test("What is no smear stays as it came")
    func notASmear() throws {
        let reference = SmearScene(seed: 12, width: 200, height: 150).render(in: .labA, noiseSeed: 12)
        let normalizer = try BaselineNormalizer(method: .reinhard, references: [reference], workers: Self.workers)
        for kind in NotASmear.allCases {
            for seed in UInt64(1)...6 {
                let image = kind.image(seed: seed, width: 320, height: 240)
                let treatment = try normalizer.normalize(image).quality.treatment
                #expect(treatment == .unchanged, "\(kind), seed \(seed)")
            }
        }
    }
}
