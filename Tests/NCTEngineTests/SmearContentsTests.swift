import NCTEngine
import SmearPhantom
import TestSupport
import Testing

@Suite("Smear contents")
struct SmearContentsTests {
    private static let pair = SmearPhantom.pair(
        seed: 31, source: .labB, reference: .labA, width: 320, height: 240, referenceCount: 2)
    private let workers = Workers(threads: 2)

    private func normalization(of source: RGBImage) throws -> Normalization {
        try Normalizer(
            extractor: SmearNet.embedded, references: Self.pair.references, parameters: NormalizationParameters(),
            workers: workers
        ).normalize(source)
    }

    @Test("After a transfer each class is nearer to the references' color, and the shares make the field")
    func classes() throws {
        let contents = try #require(try normalization(of: Self.pair.source).quality.contents)
        #expect(contents.smearProbability > 0.9 && contents.cells.whiteCells >= 1)
        let shares = SmearClass.allCases.map { contents[$0].areaShare }
        #expect(abs(shares.reduce(0, +) - 1) < 1e-4)
        for kind in SmearClass.allCases where contents[kind].areaShare > 0.005 {
            let figures = contents[kind]
            let before = try #require(figures.distanceBefore), after = try #require(figures.distanceAfter)
            // Cytoplasm goes to where the lab has its kind, which a reference with another kind does not show.
            let limit = kind == .cytoplasm ? 8 : before / 2
            #expect(after < limit, "\(kind): \(before) → \(after)")
        }
        for cell in contents.whiteCells {
            #expect(try #require(cell.cytoplasmDistance) < 8 && (try #require(cell.nucleusDistance)) < 5)
        }
    }

    /// The result with every pixel of a class moved in CIELAB, judged by a segmentation of the source.
    private func contents(_ kind: SmearClass, movedBy shift: SIMD3<Float>) throws -> SmearContents {
        let image = Self.pair.truth
        let segmentation = try SmearNet.embedded.segmentation(of: image, workers: workers)
        let labels = segmentation.labels(reducedBy: 1, workers: workers)
        let before = LabImage(image)
        var after = before
        for pixel in labels.bytes.indices where labels[pixel] == kind {
            for channel in 0..<3 { after.samples[3 * pixel + channel] += shift[channel] }
        }
        // The palette of a lab whose cells look as this one's.
        var learner = PaletteLearner()
        for _ in 0..<30 { learner.add(image, workers: workers) }
        #expect(learner.images == 30)
        return SmearContents(
            segmentation, cells: CellCounts(segmentation.labels),
            whiteCells: WhiteCells(of: segmentation, workers: workers), before: before, after: after, scale: 1,
            colors: after, palette: try learner.palette(workers: workers),
            references: [ClassColors(before, labels)], workers: workers)
    }

    private func verdict(_ contents: SmearContents) -> (QualityReport.Verdict, [QualityReport.Finding.Kind]) {
        let report = QualityReport(
            structuralSimilarity: 0.97, paletteDistanceBefore: 20, paletteDistanceAfter: 3, clippedShare: 0,
            confidence: 0.96, field: FieldInspection(Self.pair.truth), contents: contents, treatment: .transferred,
            thresholds: QualityThresholds())
        return (report.verdict, report.findings.map(\.kind))
    }

    @Test("A class that keeps its color has no finding; one that moved has its own, and only that")
    func findings() throws {
        let shifts: [(SmearClass, SIMD3<Float>, QualityReport.Finding.Kind)] = [
            (.background, [0, 7, 0], .backgroundColor), (.redCell, [-9, 0, 0], .redCellColor),
            (.cytoplasm, [-13, 0, -6], .cytoplasmColor), (.nucleus, [15, 0, 0], .nucleusColor),
            (.platelet, [30, 0, 12], .plateletColor),
        ]
        for (kind, shift, finding) in shifts {
            let kept = try contents(kind, movedBy: .zero)
            #expect(kept[kind].distanceAfter == 0 && verdict(kept).0 == .good, "\(kind)")
            let moved = try contents(kind, movedBy: shift)
            #expect(verdict(moved) == (.doubtful, [finding]), "\(kind): \(String(describing: moved[kind]))")
            // So far off that no smear of the lab is: bad.
            #expect(verdict(try contents(kind, movedBy: 3 * shift)).0 == .bad, "\(kind)")
            // The color is a median of colors, so it moves by what they move.
            let before = try #require(moved[kind].colorBefore), after = try #require(moved[kind].colorAfter)
            #expect(abs((after - before - shift).max()) < 1e-3)
        }
    }

    @Test("Platelets are right where they are near to a reference's or to the lab's, and judged where there are any")
    func platelets() throws {
        let kept = try contents(.platelet, movedBy: .zero)
        let (distance, limit) = (try #require(kept.plateletDistance), try #require(kept.plateletLimit))
        #expect(kept.cells.platelets > 0 && distance < limit && (18...26).contains(limit), "\(distance), \(limit)")
        // A reference whose only platelet is a speck of dirt says little.
        var odd = kept
        odd.platelet.distanceAfter = 60
        #expect(verdict(odd).0 == .good)
        odd.plateletDistance = 30
        #expect(verdict(odd) == (.doubtful, [.plateletColor]))
        // Without a lab that showed some, the references are all that is known.
        odd.plateletDistance = nil
        odd.plateletLimit = nil
        #expect(verdict(odd).0 == .bad)
        odd.cells.platelets = 0
        #expect(verdict(odd).0 == .good)
    }

    @Test("What is larger than any white cell is doubtful, what is far larger bad; without a size it is neither")
    func oversized() throws {
        var contents = try contents(.nucleus, movedBy: .zero)
        let areas = try contents.whiteCells.map { try #require($0.area) }
        #expect(!areas.isEmpty && areas.allSatisfy { (1...8).contains($0) }, "\(areas)")
        let limit = SmearContents.greatestCell
        for (area, expected) in [
            (Float?.none, QualityReport.Verdict.good), (limit, .good), (limit + 1, .doubtful), (2 * limit + 1, .bad),
        ] {
            contents.whiteCells[0].area = area
            let (verdict, findings) = verdict(contents)
            #expect(verdict == expected && findings == (expected == .good ? [] : [.oversizedCell]), "\(findings)")
        }
    }

    @Test("A field of red cells alone is a field like others, and no nuclei are judged")
    func withoutWhiteCells() throws {
        let field = SmearPhantom.fieldWithoutWhiteCells(seed: 71, stain: .labB, width: 480, height: 360)
        let quality = try normalization(of: field).quality
        #expect(quality.contents?.cells.whiteCells == 0)
        let kinds = quality.findings.map(\.kind)
        #expect(!kinds.contains(.noWhiteCells) && !kinds.contains(.nucleusColor), "\(kinds)")
        #expect(quality.verdict == .good, "\(kinds)")
    }

    @Test("A capture too small for the network has no contents, and is normalized without classes")
    func small() throws {
        var parameters = NormalizationParameters()
        parameters.enhancement = .none
        let normalizer = try Normalizer(
            extractor: SmearNet.embedded, references: Self.pair.references, parameters: parameters, workers: workers)
        let source = SmearScene(seed: 3, width: 60, height: 40).render(in: .labB, noiseSeed: 3)
            .cropped(to: PixelArea(x: 0, y: 10, width: 60, height: 15))
        #expect(try normalizer.normalize(source).quality.contents == nil)
        #expect(throws: EngineError.self) { try self.normalization(of: source) }
    }
}
