import NCTEngine
import SmearPhantom
import Testing

@Suite("Quality report")
struct QualityReportTests {
    private static let smear = FieldInspection(
        SmearScene(seed: 1, width: 320, height: 240).render(in: .labB, noiseSeed: 1))

    private func report(
        _ field: FieldInspection = smear, similarity: Float = 0.97, palette: Float = 3, clipped: Float = 0,
        confidence: Float = 0.96
    ) -> QualityReport {
        QualityReport(
            structuralSimilarity: similarity, paletteDistanceBefore: 20, paletteDistanceAfter: palette,
            clippedShare: clipped, confidence: confidence, field: field, treatment: .transferred,
            thresholds: QualityThresholds())
    }

    @Test("Figures on their thresholds and better are good, without findings")
    func good() {
        let limits = QualityThresholds()
        for report in [
            report(),
            report(
                similarity: limits.minimumStructuralSimilarity, palette: limits.maximumPaletteDistance,
                clipped: limits.maximumClippedShare, confidence: limits.minimumConfidence),
        ] {
            #expect(report.verdict == .good && report.findings.isEmpty)
        }
    }

    @Test("A figure beyond its threshold is doubtful, one more than twice as far from the ideal is bad")
    func thresholds() {
        let limits = QualityThresholds()
        let cases: [(QualityReport.Finding.Kind, QualityReport, QualityReport, Float)] = [
            (.structureChanged, report(similarity: 0.84), report(similarity: 0.6), limits.minimumStructuralSimilarity),
            (.colorsFarFromReference, report(palette: 9), report(palette: 17), limits.maximumPaletteDistance),
            (.clipped, report(clipped: 0.06), report(clipped: 0.11), limits.maximumClippedShare),
            (.lowConfidence, report(confidence: 0.7), report(confidence: 0.4), limits.minimumConfidence),
        ]
        for (kind, doubtful, bad, threshold) in cases {
            #expect(doubtful.verdict == .doubtful && bad.verdict == .bad, "\(kind)")
            for report in [doubtful, bad] {
                #expect(report.findings.map(\.kind) == [kind] && report.findings.map(\.threshold) == [threshold])
            }
        }
        // A later doubt does not soften a bad figure.
        let both = report(similarity: 0.5, confidence: 0.7)
        #expect(both.verdict == .bad && both.findings.map(\.kind) == [.structureChanged, .lowConfidence])
    }

    @Test("No white cells and out of focus are doubtful; blank and no smear are bad and the only finding")
    func fields() {
        let without = FieldInspection(SmearPhantom.fieldWithoutWhiteCells(seed: 2, width: 320, height: 240))
        let blurred = FieldInspection(SmearPhantom.outOfFocus(seed: 3, width: 320, height: 240))
        let blank = FieldInspection(SmearPhantom.blankField(seed: 4, width: 320, height: 240))
        let text = FieldInspection(NotASmear.text.image(seed: 5, width: 320, height: 240))
        for (field, verdict, kind) in [
            (without, QualityReport.Verdict.doubtful, QualityReport.Finding.Kind.noWhiteCells),
            (blurred, .doubtful, .outOfFocus), (blank, .bad, .blankField), (text, .bad, .notASmear),
        ] {
            let report = report(field)
            #expect(report.verdict == verdict && report.findings.map(\.kind) == [kind])
        }
        for field in [blank, text] {
            #expect(report(field, similarity: 0, palette: 90, confidence: 0).findings.count == 1)
        }
        #expect(report(blurred, palette: 9).findings.map(\.kind) == [.outOfFocus, .colorsFarFromReference])
    }
}
