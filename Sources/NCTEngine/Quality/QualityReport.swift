/// Figures that say whether a result can be trusted, and the verdict they lead to.
public struct QualityReport: Sendable, Equatable, Codable {
    /// Whether a result can be trusted.
    public enum Verdict: String, Sendable, Codable { case good, doubtful, bad }

    /// What was done to the capture.
    public enum Treatment: String, Sendable, Codable, CaseIterable {
        /// The method ran: colors were transferred place by place.
        case transferred
        /// What the transfer made was out of the training lab's range in some class or white cell, and the change from lab
        /// to lab alone (`ClassAlignment`), from which the transfer had started, was nearer: that is the result.
        case aligned
        /// A blank field: all its colors were moved by one shift, so that their mean is the mean of the references'
        /// backgrounds. Nothing was matched, so no cell can have been invented.
        case shifted
        /// The capture has the references' colors already: it is returned as it came, which is as good as it gets.
        case alike
        /// No smear at all, or nothing that the method could go by: the image is returned as it came.
        case unchanged
    }

    /// A reason for a verdict, with the figure that crossed its threshold.
    public struct Finding: Sendable, Equatable, Codable {
        /// What was found.
        public enum Kind: String, Sendable, Codable, CaseIterable {
            /// Nothing to be seen; the result is the capture with its mean color shifted (bad).
            case blankField
            /// No nucleus large enough for a white cell (doubtful): as the network counts them, or by the largest spot
            /// of a nucleus's color where the capture is too small for the network.
            case noWhiteCells
            /// Edges are blurred over many pixels (doubtful).
            case outOfFocus
            /// Structure or colors are not those of stained blood; the result is the capture itself (bad). Or only the
            /// network takes it for something else, or only one limit does and the network is sure of a smear (doubtful).
            case notASmear
            /// A gray picture: what the method made of it would be invented; the result is the capture itself (bad).
            case noColor
            case structureChanged, colorsFarFromReference, clipped, lowConfidence
            /// A class's color is far from that of every reference, such as a nucleus that turned pale or a background
            /// that took a tint; of a white cell's parts, from where the training lab has its kind
            /// (`SmearContents/judged(_:)`).
            case backgroundColor, redCellColor, cytoplasmColor, nucleusColor, plateletColor
            /// What is taken for one white cell is far larger than any: cells that touch, or something else.
            case oversizedCell
            /// A nucleus lost its texture (doubtful).
            case nucleusTexture
            /// A baseline that unmixes stains found too few stained pixels, one stain only, or of one stain hardly any;
            /// the result is the capture itself (bad).
            case fewStainedPixels, oneStain, stainAbsent
            /// Things are more than a third larger or smaller than in the references, as both say (doubtful).
            case differentScale
        }
        /// What was found.
        public var kind: Kind
        /// The figure, in its own unit.
        public var value: Float
        /// What it crossed.
        public var threshold: Float

        /// A reason with its figure.
        public init(kind: Kind, value: Float, threshold: Float) {
            self.kind = kind
            self.value = value
            self.threshold = threshold
        }
    }

    /// Structural similarity of source and result on luminance after removing the global affine change, -1…1
    /// (see `StructuralSimilarity`).
    public var structuralSimilarity: Float
    /// Distance of the colors to the references' palette, in CIELAB units (ΔE*ab), before and after: the sliced
    /// Wasserstein distance of the colors of background, cells and nuclei, the mean of the three (see `ColorPalette`).
    public var paletteDistanceBefore: Float
    public var paletteDistanceAfter: Float
    /// Share of pixels clipped to the sRGB gamut in the result by more than 1/64, which is where it begins to show; 0…1.
    public var clippedShare: Float
    /// Mean matching confidence, 0…1; 0 where nothing was matched.
    public var confidence: Float
    /// Share of the capture's pixels that are no data, stayed as they were, and count in none of the other figures
    /// (`ValidArea`); nil if all are data.
    public var noDataShare: Float?
    /// What the source shows, before any normalization.
    public var field: FieldInspection
    /// What the network sees in the source, and the colors of its classes; nil for an image that is too small for it.
    public var contents: SmearContents?
    /// What was done to the capture.
    public var treatment: Treatment
    /// How much of the transfer was applied, 0…1: less than all where the capture was near the references' colors
    /// before (see ``NormalizationParameters/alikeDistance``).
    public var transferStrength: Float
    /// Whether the result can be trusted.
    public var verdict: Verdict
    /// What led to the verdict.
    public var findings: [Finding]
    /// What the lab's rules have noted and not counted.
    public var notes: [Finding]

    /// Judges the figures.
    ///
    /// - Parameters:
    ///   - confidence: nil if the method matches nothing, so that there is none to judge by.
    ///   - impediment: why the method could not do anything about the capture.
    package init(
        structuralSimilarity: Float, paletteDistanceBefore: Float, paletteDistanceAfter: Float, clippedShare: Float,
        confidence: Float?, field: FieldInspection, contents: SmearContents? = nil, treatment: Treatment,
        transferStrength: Float = 1,
        thresholds: QualityThresholds, impediment: Finding? = nil
    ) {
        self.structuralSimilarity = structuralSimilarity
        self.paletteDistanceBefore = paletteDistanceBefore
        self.paletteDistanceAfter = paletteDistanceAfter
        self.clippedShare = clippedShare
        self.confidence = confidence ?? 0
        self.field = field
        self.contents = contents
        self.treatment = treatment
        self.transferStrength = transferStrength
        (verdict, findings, notes) = (.good, [], [])
        var judgement = Judgement(thresholds.rules)
        if let impediment = impediment ?? field.nothingToTransfer(smearProbability: contents?.smearProbability) {
            judgement.add(impediment, .bad)
        } else {
            judge(thresholds, hasMatches: confidence != nil, &judgement)
        }
        take(judgement)
    }

    private mutating func take(_ judgement: Judgement) {
        (verdict, findings, notes) = (judgement.verdict, judgement.findings, judgement.notes)
    }

    /// The greatest ratio of two scales that is no finding.
    package static let greatestScaleRatio: Float = 4.0 / 3

    /// Notes how much larger (above 1) or smaller things are in the capture than in the references, if that is too much for
    /// a detector to take one for the other; doubtful at most, unless the rules say another thing. Where nothing was
    /// transferred, there is one finding.
    package mutating func note(scaleRatio ratio: Double, _ rules: VerdictRules = VerdictRules()) {
        let value = Float(ratio)
        let isImpeded = verdict == .bad && findings.count == 1 || [.shifted, .unchanged].contains(treatment)
        guard !isImpeded, max(value, 1 / value) > Self.greatestScaleRatio else { return }
        var judgement = Judgement(rules, of: self)
        judgement.add(
            Finding(kind: .differentScale, value: value, threshold: Self.greatestScaleRatio), .doubtful)
        take(judgement)
    }

    /// Good if no figure crosses its threshold. Bad if there is no smear to be seen, or if a figure of the whole image, of
    /// a class or of a white cell is more than twice as far from what is ideal as its threshold is. Doubtful between. The
    /// rules may say another thing of any finding.
    ///
    /// Where nothing was transferred, that is the one finding.
    private func judge(_ thresholds: QualityThresholds, hasMatches: Bool, _ judgement: inout Judgement) {
        if let contents {
            // Red cells alone are a field like others, unless it is white cells that the lab wants.
            let isEmpty = thresholds.rules.fields == .whiteCells || contents.cells.redCells == 0
            if contents.cells.whiteCells == 0, isEmpty {
                judgement.add(Finding(kind: .noWhiteCells, value: 0, threshold: 1), .doubtful)
            }
            if contents.smearProbability < SmearSegmentation.leastProbability {
                judgement.add(
                    Finding(
                        kind: .notASmear, value: contents.smearProbability,
                        threshold: SmearSegmentation.leastProbability),
                    .doubtful)
            }
        } else if !field.hasWhiteCells {
            judgement.add(
                Finding(kind: .noWhiteCells, value: field.largestNucleus, threshold: WhiteCellSize.leastLobe),
                .doubtful)
        }
        // What color a sure smear came in says nothing of the result, whose colors are judged below.
        let isSure = (contents?.smearProbability ?? 0) >= FieldInspection.sureProbability
        for crossed in field.crossedLimits where !(isSure && crossed.isOfColor) {
            judgement.add(Finding(kind: .notASmear, value: crossed.value, threshold: crossed.limit), .doubtful)
        }
        if !field.isInFocus {
            judgement.add(
                Finding(kind: .outOfFocus, value: field.focus, threshold: FieldInspection.leastFocus), .doubtful)
        }
        for (kind, smearClass) in SmearContents.colorFindings {
            guard let (distance, limit) = contents?.judged(smearClass) else { continue }
            judgement.hold(kind, distance, limit, ideal: 0)
        }
        if let area = contents?.largestWhiteCell {
            judgement.hold(.oversizedCell, area, SmearContents.greatestCell, ideal: 0)
        }
        if let texture = contents?.leastNucleusTexture {
            judgement.hold(.nucleusTexture, texture, SmearContents.leastTexture, ideal: 1)
        }
        judgement.hold(.structureChanged, structuralSimilarity, thresholds.minimumStructuralSimilarity, ideal: 1)
        // Where classes are known each is judged for itself: another mix of cells is no other color.
        if contents == nil {
            judgement.hold(.colorsFarFromReference, paletteDistanceAfter, thresholds.maximumPaletteDistance, ideal: 0)
        }
        judgement.hold(.clipped, clippedShare, thresholds.maximumClippedShare, ideal: 0)
        if hasMatches { judgement.hold(.lowConfidence, confidence, thresholds.minimumConfidence, ideal: 1) }
    }
}

extension FieldInspection {
    /// Why the method must not run on this field; nil if it may.
    ///
    /// A limit alone forbids nothing where the network is sure of a smear: noise, an uneven light or a dust grain cross
    /// one, what is no smear crosses several or does not look like one. But a negative looks like a smear to it. And where
    /// the network is as sure that it sees none, nothing is done although no limit is crossed.
    package func nothingToTransfer(smearProbability: Float?) -> QualityReport.Finding? {
        if isBlank {
            return edgeShare < Self.leastEdgeShare
                ? .init(kind: .blankField, value: edgeShare, threshold: Self.leastEdgeShare)
                : .init(kind: .blankField, value: foregroundShare, threshold: Self.leastForeground)
        }
        guard let first = crossedLimits.first else {
            guard let smearProbability, smearProbability <= 1 - Self.sureProbability else { return withoutColor }
            return .init(kind: .notASmear, value: smearProbability, threshold: 1 - Self.sureProbability)
        }
        if isNegative, let polarity {
            return .init(kind: .notASmear, value: polarity, threshold: Self.leastPolarity)
        }
        if crossedLimits.count == 1, let smearProbability, smearProbability >= Self.sureProbability {
            return withoutColor
        }
        return .init(kind: .notASmear, value: first.value, threshold: first.limit)
    }

    /// That a smear is gray; nil if it has color.
    private var withoutColor: QualityReport.Finding? {
        guard let colorSpread, colorSpread < ColorSpread.least else { return nil }
        return .init(kind: .noColor, value: colorSpread, threshold: ColorSpread.least)
    }
}
