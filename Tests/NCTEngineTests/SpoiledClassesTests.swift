import Foundation
import ImageFiles
import NCTEngine
import SmearPhantom
import TestSupport
import Testing

/// What wrong classes do. `NCTD_LONG=1` takes 50 fields, and prints the figures.
@Suite("Spoiled classes", .serialized)
struct SpoiledClassesTests {
    /// Ways in which a network takes one class for another.
    enum Spoiling: String, CaseIterable, CustomTestStringConvertible {
        case redCellsAsCytoplasm, cytoplasmAsBackground, denseRedCellsAsNuclei, backgroundAsRedCell

        var testDescription: String { rawValue }

        /// Every other red cell, the darker half of them, or half of the field; cytoplasm everywhere.
        func apply(to segmentation: SmearSegmentation) -> SmearSegmentation {
            var map = segmentation.probabilities
            let (labels, width) = (segmentation.labels, map.width)
            let redCells = RedCells(of: segmentation)
            for pixel in labels.bytes.indices {
                let (old, new): (SmearClass, SmearClass)
                switch self {
                case .redCellsAsCytoplasm:
                    guard redCells.isEven(pixel) else { continue }
                    (old, new) = (.redCell, .cytoplasm)
                case .denseRedCellsAsNuclei:
                    guard redCells.isDark(pixel) else { continue }
                    (old, new) = (.redCell, .nucleus)
                case .cytoplasmAsBackground: (old, new) = (.cytoplasm, .background)
                case .backgroundAsRedCell:
                    guard pixel % width < width / 2 else { continue }
                    (old, new) = (.background, .redCell)
                }
                guard labels[pixel] == old else { continue }
                let (from, to) = (pixel * 5 + Int(old.rawValue), pixel * 5 + Int(new.rawValue))
                map.values.swapAt(from, to)
            }
            return SmearSegmentation(segmentation, probabilities: map, workers: Workers(threads: 1))
        }
    }

    /// The field's red cells, and which of them are the darker half.
    struct RedCells {
        let spots: ConnectedSpots
        private let isDark: [Bool]

        init(of segmentation: SmearSegmentation) {
            spots = ConnectedSpots(segmentation.labels.mask(of: .redCell))
            var sums = [Float](repeating: 0, count: spots.areas.count)
            for (pixel, spot) in spots.labels.enumerated() where spot >= 0 {
                sums[Int(spot)] += segmentation.colors[pixel].x
            }
            let lightness = zip(sums, spots.areas).map { $0 / Float($1) }
            let median = lightness.sorted().dropFirst(lightness.count / 2).first ?? 0
            isDark = lightness.map { $0 <= median }
        }

        func isDark(_ pixel: Int) -> Bool { spots.labels[pixel] >= 0 && isDark[Int(spots.labels[pixel])] }
        /// Every other cell, from the first on.
        func isEven(_ pixel: Int) -> Bool { spots.labels[pixel] >= 0 && spots.labels[pixel] % 2 == 0 }
    }

    private static let isLong = ProcessInfo.processInfo.environment["NCTD_LONG"] != nil
    private let workers = Workers(threads: 2)

    private func difference(_ first: RGBImage, _ second: RGBImage) -> Double {
        CIEDE2000.mean(LabImage(first), LabImage(second))
    }

    private func palette(of images: [RGBImage]) throws -> LabPalette {
        var learner = PaletteLearner()
        images.forEach { learner.add($0, workers: workers) }
        return try learner.palette(workers: workers)
    }

    private func normalizer(_ references: [RGBImage], aligns: Bool, _ palettes: LabPalettes) throws -> Normalizer {
        var parameters = NormalizationParameters()
        parameters.aligns = aligns
        return try Normalizer(
            extractor: SmearNet.embedded, references: references, parameters: parameters, palettes: palettes,
            workers: workers)
    }

    /// Half of a field's background taken for red cells is the worst: the change of red cells carries on to the
    /// background's brightness, and misses it by some ΔE*ab.
    @Test(
        "On phantoms, wrong classes do hardly more harm with the alignment than without, at most a tenth",
        arguments: Spoiling.allCases)
    func phantoms(spoiling: Spoiling) throws {
        let count = Self.isLong ? 50 : 4
        let pairs = (0..<count).map {
            SmearPhantom.pair(seed: 900 + UInt64($0), source: .labB, reference: .labA, width: 320, height: 240)
        }
        let others = (0..<(Self.isLong ? 16 : 8)).map {
            SmearPhantom.pair(seed: 700 + UInt64($0), source: .labB, reference: .labA, width: 320, height: 240)
        }
        let palettes = LabPalettes(
            training: try palette(of: others.map(\.truth)), captures: try palette(of: others.map(\.source)))
        let references = others.prefix(3).flatMap(\.references)
        var aligned = try normalizer(references, aligns: true, palettes)
        var plain = try normalizer(references, aligns: false, palettes)
        var sums = (with: 0.0, without: 0.0, right: 0.0, plain: 0.0)
        var worse = 0
        for pair in pairs {
            (aligned.classes, plain.classes) = ({ $0 }, { $0 })
            sums.right += difference(try aligned.normalize(pair.source).image, pair.truth)
            sums.plain += difference(try plain.normalize(pair.source).image, pair.truth)
            (aligned.classes, plain.classes) = (spoiling.apply, spoiling.apply)
            let with = difference(try aligned.normalize(pair.source).image, pair.truth)
            let without = difference(try plain.normalize(pair.source).image, pair.truth)
            (sums.with, sums.without) = (sums.with + with, sums.without + without)
            worse += with > without ? 1 : 0
        }
        let n = Double(count)
        print(
            "phantoms, \(spoiling): with alignment \(sums.with / n), without \(sums.without / n), "
                + "right classes \(sums.right / n) and \(sums.plain / n); worse in \(worse) of \(count)")
        #expect(sums.with <= 1.1 * sums.without)
    }
}
