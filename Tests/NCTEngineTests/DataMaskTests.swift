import NCTEngine
import SmearPhantom
import TestSupport
import Testing

/// What is taken over an image is taken over its data alone.
@Suite("Data masks")
struct DataMaskTests {
    private static let workers = Workers(threads: 2)
    private static let field = SmearScene(seed: 31, width: 200, height: 150).render(in: .labB, noiseSeed: 31)
    /// A hole and the end of a row.
    private static let hole: [Bool] = {
        var isData = [Bool](repeating: true, count: 200 * 150)
        for y in 50..<83 {
            for x in 60..<97 { isData[y * 200 + x] = false }
        }
        for pixel in 200 * 150 - 40..<200 * 150 { isData[pixel] = false }
        return isData
    }()

    /// The field with something else where there is no data.
    private static func filled(_ color: (Float, Float, Float)) throws -> FieldImage {
        var image = field
        for (pixel, isData) in hole.enumerated() where !isData {
            (image.samples[3 * pixel], image.samples[3 * pixel + 1], image.samples[3 * pixel + 2]) = color
        }
        return FieldImage(image, mask: try #require(DataMask(width: 200, height: 150, isData: hole)))
    }

    @Test("Reduced and cropped, a pixel is data if all that it covers are; a mask of one kind is none")
    func grids() throws {
        let mask = try #require(DataMask(width: 200, height: 150, isData: Self.hole))
        #expect(mask.count == Self.hole.count { $0 })
        for scale in [2, 3, 7] {
            let reduced = try #require(mask.reduced(by: scale))
            #expect(reduced.width == 200 / scale && reduced.height == 150 / scale)
            for y in 0..<reduced.height {
                for x in 0..<reduced.width {
                    var covered = true
                    for dy in 0..<scale {
                        for dx in 0..<scale where !mask[x * scale + dx, y * scale + dy] { covered = false }
                    }
                    #expect(reduced[x, y] == covered)
                }
            }
        }
        let part = try #require(mask.cropped(to: PixelArea(x: 90, y: 40, width: 20, height: 30)))
        for y in 0..<30 { for x in 0..<20 { #expect(part[x, y] == mask[90 + x, 40 + y]) } }
        #expect(mask.cropped(to: PixelArea(x: 0, y: 0, width: 50, height: 50)) == nil)
        #expect(mask.cropped(to: PixelArea(x: 61, y: 51, width: 9, height: 9)) == nil)
        #expect(DataMask(width: 2, height: 1, isData: [true, true]) == nil)
        #expect(DataMask(width: 2, height: 1, isData: [false, false]) == nil)
    }

    @Test("What stands where there is no data has no say in classes, shares, palettes, weights, trends and statistics")
    func statistics() throws {
        let fields = try [(0.86, 0.84, 0.9), (0.3, 0.2, 0.5), (0, 1, 0)].map(Self.filled)
        let first = fields[0]
        for other in fields.dropFirst() {
            let rough = [first, other].map { RoughSegmentation($0.image, mask: $0.mask, workers: Self.workers) }
            #expect(rough[0].labels == rough[1].labels && rough[0].counts == rough[1].counts)
            #expect(rough[0].counts.reduce(0, +) == first.mask?.count)
            let weights = [first, other].map {
                CompositionBalance.weights(of: $0.image, mask: $0.mask, workers: Self.workers)
            }
            #expect(weights[0] == weights[1])
            #expect(zip(weights[0].values, Self.hole).allSatisfy { $1 || $0 == 0 })
            let analyses = [first, other].map { FieldAnalysis($0, workers: Self.workers) }
            #expect(analyses[0].mean == analyses[1].mean && analyses[0].background == analyses[1].background)
            #expect(analyses[0].palette(workers: Self.workers) == analyses[1].palette(workers: Self.workers))
            let inspections = analyses.map(\.inspection)
            #expect(inspections[0].foregroundShare == inspections[1].foregroundShare)
            #expect(inspections[0].stainedShare == inspections[1].stainedShare)
            #expect(inspections[0].largestNucleus == inspections[1].largestNucleus)
            #expect(abs(inspections[0].edgeShare - inspections[1].edgeShare) < 0.1 * inspections[0].edgeShare)
            let labs = [first, other].map { LabImage($0.image, workers: Self.workers) }
            let target = LabImage(Self.field, workers: Self.workers)
            let trends = labs.map { ColorTrend(from: $0, to: target, mask: first.mask, workers: Self.workers) }
            #expect(trends[0] == trends[1])
            for baseline in [
                Reinhard(references: [Self.field], space: .cielab, workers: Self.workers) as any Baseline,
                ColorBalance(BaselineParameters()), HistogramMatching(references: [Self.field], workers: Self.workers),
            ] {
                let images = [first, other].compactMap {
                    baseline.recolor($0.image, measuring: $0.data, nil, workers: Self.workers).image
                }
                #expect(images.count == 2)
                for pixel in Self.hole.indices where Self.hole[pixel] {
                    #expect(
                        images[0].samples[3 * pixel..<3 * pixel + 3] == images[1].samples[3 * pixel..<3 * pixel + 3])
                }
            }
        }
    }

    @Test("What is no data is background to the network, and no cell at a hole counts as a whole one")
    func network() throws {
        let scene = SmearScene(seed: 31, width: 200, height: 150, options: SceneOptions(redCellDensity: 0.5))
        let image = scene.render(in: .labB, noiseSeed: 31)
        let mask = try #require(DataMask(width: 200, height: 150, isData: Self.hole))
        let seen = try SmearNet.embedded.segmentation(of: FieldImage(image, mask: mask), workers: Self.workers)
        #expect(zip(seen.labels.mask(of: .background).isSet, Self.hole).allSatisfy { $1 || $0 })
        // Half of a disk at a hole's edge is a cut cell, wherever the edge is.
        func disk(_ x: Int, _ y: Int, _ column: Int, _ row: Int) -> Bool {
            let (dx, dy) = (x - column, y - row)
            return dx * dx + dy * dy < 100
        }
        var map = LabelMap<SmearClass>(width: 200, height: 150)
        for y in 0..<150 {
            for x in 0..<200 where disk(x, y, 97, 66) && Self.hole[y * 200 + x] {
                map[x, y] = .redCell
            }
            for x in 0..<200 where disk(x, y, 30, 30) {
                map[x, y] = .redCell
            }
        }
        #expect(abs(WhiteCellRegions(map, mask: mask).unit - 314) < 30)
    }
}
