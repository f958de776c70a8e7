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

    /// A field as another lab shows it, and as the training lab does.
    private struct Field {
        let source: RGBImage
        let truth: RGBImage
    }

    /// Sums over fields of the distance to the truth: wrong classes, then right ones, each with the alignment and without.
    private func check(
        _ spoiling: Spoiling, _ fields: [Field], others: [Field], references: [RGBImage], named name: String
    ) throws {
        let palettes = LabPalettes(
            training: try palette(of: others.map(\.truth)), captures: try palette(of: others.map(\.source)))
        var aligned = try normalizer(references, aligns: true, palettes)
        var plain = try normalizer(references, aligns: false, palettes)
        func distances(_ classes: @escaping @Sendable (SmearSegmentation) -> SmearSegmentation) throws -> [SIMD2<
            Double
        >] {
            (aligned.classes, plain.classes) = (classes, classes)
            return try fields.map {
                SIMD2(
                    difference(try aligned.normalize($0.source).image, $0.truth),
                    difference(try plain.normalize($0.source).image, $0.truth))
            }
        }
        let wrong = try distances(spoiling.apply)
        let sum = wrong.reduce(.zero, +)
        if Self.isLong {
            let (n, right) = (Double(fields.count), try distances { $0 }.reduce(.zero, +))
            let untouched = fields.reduce(0) { $0 + difference($1.source, $1.truth) }
            print(
                "\(name), \(spoiling): with alignment \(sum.x / n), without \(sum.y / n), right classes \(right.x / n) and "
                    + "\(right.y / n), untouched \(untouched / n); worse in \(wrong.count { $0.x > $0.y }) of \(fields.count)"
            )
        }
        #expect(sum.x <= 1.1 * sum.y, "\(name), \(spoiling): \(wrong)")
    }

    /// Half of a field's background taken for red cells is the worst: the change of red cells carries on to the
    /// background's brightness, and misses it by some ΔE*ab.
    @Test(
        "On phantoms, wrong classes do hardly more harm with the alignment than without, at most a tenth",
        arguments: Spoiling.allCases)
    func phantoms(spoiling: Spoiling) throws {
        func pairs(from seed: UInt64, count: Int) -> [PhantomPair] {
            (0..<count).map {
                SmearPhantom.pair(
                    seed: seed + UInt64($0), source: .labB, reference: .labA, width: 320, height: 240)
            }
        }
        let others = pairs(from: 700, count: Self.isLong ? 16 : 8)
        try check(
            spoiling, pairs(from: 900, count: Self.isLong ? 50 : 4).map { Field(source: $0.source, truth: $0.truth) },
            others: others.map { Field(source: $0.source, truth: $0.truth) },
            references: others.prefix(3).flatMap(\.references), named: "phantoms")
    }

    /// Lab B's own fields, restained class by class as another lab would show them: what they were is the truth.
    @Test(
        "On lab B's fields, too",
        .enabled(if: SharedFiles.dataExpected, Comment(rawValue: SharedFiles.dataReason)),
        arguments: Spoiling.allCases)
    func labB(spoiling: Spoiling) throws {
        let files = try SharedFiles.images(of: "lab-b/train")
        for seed: UInt64 in Self.isLong ? [1, 2] : [1] {
            let restaining = ClassRestaining(seed: seed)
            func fields(_ files: some Sequence<URL>) throws -> [Field] {
                try files.map {
                    let image = try ImageReader.read(path: $0.path).image
                    return Field(source: try restaining.apply(to: image, workers: workers), truth: image)
                }
            }
            let others = try fields(files.prefix(Self.isLong ? 16 : 8))
            try check(
                spoiling, fields(files.suffix(Self.isLong ? 50 : 5)), others: others,
                references: others.prefix(3).map(\.truth), named: "lab B, restained by \(seed)")
        }
    }
}
