import NCTEngine
import SmearPhantom
import Testing

@Suite("Verdict rules")
struct VerdictRulesTests {
    private typealias Kind = QualityReport.Finding.Kind

    private static let smear = FieldInspection(
        SmearScene(seed: 1, width: 320, height: 240).render(in: .labB, noiseSeed: 1))

    private func report(
        _ rules: VerdictRules, _ field: FieldInspection = smear, similarity: Float = 0.97, confidence: Float = 0.96,
        treatment: QualityReport.Treatment = .transferred
    ) -> QualityReport {
        var thresholds = QualityThresholds()
        thresholds.rules = rules
        return QualityReport(
            structuralSimilarity: similarity, paletteDistanceBefore: 20, paletteDistanceAfter: 3, clippedShare: 0,
            confidence: confidence, field: field, treatment: treatment, thresholds: thresholds)
    }

    @Test("A finding does what the rules say of it, whatever its figure; the others do what they did")
    func effects() {
        let cases: [(VerdictRules.Effect, QualityReport.Verdict, QualityReport.Verdict)] = [
            (.ignore, .good, .good), (.note, .good, .good), (.doubtful, .doubtful, .doubtful), (.bad, .bad, .bad),
            (.measured, .doubtful, .bad),
        ]
        for (effect, nearly, far) in cases {
            let rules = VerdictRules(own: [.structureChanged: effect])
            for (similarity, verdict) in [(Float(0.84), nearly), (0.6, far)] {
                let alone = report(rules, similarity: similarity)
                #expect(alone.verdict == verdict, "\(effect) \(similarity)")
                #expect(
                    alone.findings.map(\.kind) == ([.ignore, .note].contains(effect) ? [] : [.structureChanged]))
                #expect(alone.notes.map(\.kind) == (effect == .note ? [.structureChanged] : []))
                // Another finding counts as ever.
                let both = report(rules, similarity: similarity, confidence: 0.4)
                #expect(both.verdict == .bad && both.findings.map(\.kind).contains(.lowConfidence))
            }
        }
    }

    @Test("What keeps anything from being done can be noted too, and is then all that is said")
    func impediments() {
        let blank = FieldInspection(SmearPhantom.blankField(seed: 4, width: 320, height: 240))
        let text = FieldInspection(NotASmear.text.image(seed: 5, width: 320, height: 240))
        for (field, kind, treatment) in [
            (blank, Kind.blankField, QualityReport.Treatment.shifted), (text, .notASmear, .unchanged),
        ] {
            var noted = report(
                VerdictRules(own: [kind: .note]), field, similarity: 0, confidence: 0, treatment: treatment)
            #expect(noted.verdict == .good && noted.findings.isEmpty && noted.notes.map(\.kind) == [kind])
            noted.note(scaleRatio: 2)
            #expect(noted.findings.isEmpty && noted.notes.count == 1)
            let doubtful = report(
                VerdictRules(own: [kind: .doubtful]), field, similarity: 0, confidence: 0, treatment: treatment)
            #expect(doubtful.verdict == .doubtful && doubtful.findings.map(\.kind) == [kind])
        }
    }

    @Test("Another scale is judged by the rules as well")
    func scale() {
        for (effect, verdict) in [
            (VerdictRules.Effect.ignore, QualityReport.Verdict.good), (.note, .good), (.bad, .bad),
            (.measured, .doubtful),
        ] {
            let rules = VerdictRules(own: [.differentScale: effect])
            var judged = report(rules)
            judged.note(scaleRatio: 2, rules)
            #expect(judged.verdict == verdict, "\(effect)")
            #expect(judged.findings.count + judged.notes.count == (effect == .ignore ? 0 : 1))
        }
    }

    @Test("A preset is overruled finding by finding, also back to what is measured")
    func presets() {
        let red = VerdictRules(fields: .redCells)
        #expect(red[.noWhiteCells] == .ignore && red[.nucleusColor] == .note && red[.clipped] == .measured)
        let own = VerdictRules(fields: .redCells, own: [.nucleusColor: .measured, .clipped: .bad])
        #expect(own[.nucleusColor] == .measured && own[.cytoplasmColor] == .note && own[.clipped] == .bad)
        #expect(VerdictRules() == VerdictRules(own: [.clipped: .measured]))
    }

    @Test("Fields of red cells are good where those are wanted, and doubtful where white cells are")
    func fields() throws {
        let pair = SmearPhantom.pair(
            seed: 31, source: .labB, reference: .labA, width: 320, height: 240, referenceCount: 2)
        let field = SmearPhantom.fieldWithoutWhiteCells(seed: 71, stain: .labB, width: 480, height: 360)
        for (preset, verdict, kinds) in [
            (VerdictRules.Fields.any, QualityReport.Verdict.good, [Kind]()), (.redCells, .good, []),
            (.whiteCells, .doubtful, [.noWhiteCells]),
        ] {
            var thresholds = QualityThresholds()
            thresholds.rules = VerdictRules(fields: preset)
            let quality = try Normalizer(
                extractor: SmearNet.embedded, references: pair.references, parameters: NormalizationParameters(),
                thresholds: thresholds, workers: Workers(threads: 2)
            ).normalize(field).quality
            #expect(
                quality.verdict == verdict && quality.findings.map(\.kind) == kinds, "\(preset): \(quality.findings)")
        }
        // Where the colors alone say that there is no white cell.
        let without = FieldInspection(SmearPhantom.fieldWithoutWhiteCells(seed: 2, width: 320, height: 240))
        #expect(report(VerdictRules(), without).verdict == .doubtful)
        let red = report(VerdictRules(fields: .redCells), without)
        #expect(red.verdict == .good && red.findings.isEmpty && red.notes.isEmpty)
    }
}
