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
            let (labels, width) = (segmentation.labels.labels, map.width)
            let regions = Regions(of: .redCell, in: segmentation)
            for (pixel, label) in labels.enumerated() {
                let (old, new): (SmearClass, SmearClass)
                switch self {
                case .redCellsAsCytoplasm:
                    guard regions.number[pixel] % 2 == 1 else { continue }
                    (old, new) = (.redCell, .cytoplasm)
                case .denseRedCellsAsNuclei:
                    guard regions.isDark(pixel) else { continue }
                    (old, new) = (.redCell, .nucleus)
                case .cytoplasmAsBackground: (old, new) = (.cytoplasm, .background)
                case .backgroundAsRedCell:
                    guard pixel % width < width / 2 else { continue }
                    (old, new) = (.background, .redCell)
                }
                guard label == old.rawValue else { continue }
                let (from, to) = (pixel * 5 + Int(old.rawValue), pixel * 5 + Int(new.rawValue))
                map.values.swapAt(from, to)
            }
            return SmearSegmentation(segmentation, probabilities: map, workers: Workers(threads: 1))
        }
    }

    /// Connected areas of a class, numbered from 1; 0 elsewhere.
    struct Regions {
        var number: [Int]
        var lightness: [Float] = [0]
        private var median: Float = 0

        init(of kind: SmearClass, in segmentation: SmearSegmentation) {
            let (labels, width) = (segmentation.labels.labels, segmentation.labels.width)
            number = Array(repeating: 0, count: labels.count)
            for start in labels.indices where labels[start] == kind.rawValue && number[start] == 0 {
                var (stack, sum, count) = ([start], Float(0), 0)
                number[start] = lightness.count
                while let pixel = stack.popLast() {
                    sum += segmentation.colors[pixel].x
                    count += 1
                    let x = pixel % width
                    for next in [x > 0 ? pixel - 1 : -1, x < width - 1 ? pixel + 1 : -1, pixel - width, pixel + width]
                    where labels.indices.contains(next) && labels[next] == kind.rawValue && number[next] == 0 {
                        number[next] = lightness.count
                        stack.append(next)
                    }
                }
                lightness.append(sum / Float(count))
            }
            median = lightness.count > 1 ? lightness.dropFirst().sorted()[(lightness.count - 1) / 2] : 0
        }

        func isDark(_ pixel: Int) -> Bool { number[pixel] > 0 && lightness[number[pixel]] <= median }
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
