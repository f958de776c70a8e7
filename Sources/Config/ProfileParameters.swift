import NCTEngine

extension TableReader {
    /// Reads every parameter that the table names; what it does not name keeps its default.
    mutating func parameters<Owner: DeclaredParameters>() -> Owner {
        var result = Owner()
        for declaration in Owner.declarations {
            if let value = value(declaration.key, declaration.kind) { declaration.set(&result, value) }
        }
        return result
    }

    private mutating func value(_ key: String, _ kind: ParameterKind) -> ParameterValue? {
        switch kind {
        case .flag: bool(key).map(ParameterValue.flag)
        case .integer(let range): integer(key, in: range).map(ParameterValue.integer)
        case .number(let range): number(key, in: range).map { .number(Float($0)) }
        case .word(let words): word(key, among: words).map(ParameterValue.word)
        case .levels(let range): integers(key, in: range, count: 1...range.count).map(ParameterValue.levels)
        }
    }
}

extension NormalizationParameters {
    /// Reads every parameter that a profile's table names, and reports those that exclude each other.
    init(reading reader: inout TableReader) {
        self = reader.parameters()
        if levels == .progressive {
            if reader.contains("levels") {
                reader.report(
                    ["progressive"], "progressive = true uses all levels, but levels are named too",
                    remedy: "keep one of the two")
            }
        } else if case .joint(let list) = levels, Set(list).count < list.count {
            reader.report(["levels"], "names a level twice", remedy: "name each level once, such as [1, 2]")
        }
        if solver == .graphCut, tilePixels > Self.graphCutPixels {
            reader.report(
                ["tile_pixels"], "\(tilePixels) are too many for solver = \"graph-cut\"",
                remedy: "use at most \(Self.graphCutPixels)")
        }
        if let value = reader.integer("seed", in: 0...Int.max) { seed = UInt64(value) }
    }
}

extension QualityThresholds {
    /// Reads the thresholds that a profile's table `[thresholds]` names; the others keep their defaults.
    init(reading reader: inout TableReader) {
        self.init()
        func number(_ key: String, _ range: ClosedRange<Double>, _ value: inout Float) {
            value = reader.number(key, in: range).map { Float($0) } ?? value
        }
        number("minimum_structural_similarity", -1...1, &minimumStructuralSimilarity)
        number("maximum_palette_distance", 0...200, &maximumPaletteDistance)
        number("maximum_clipped_share", 0...1, &maximumClippedShare)
        number("minimum_confidence", 0...1, &minimumConfidence)
    }
}

extension VerdictRules {
    /// Reads what a profile's table `[verdict]` makes of findings; the others are as measured.
    init(reading reader: inout TableReader) {
        let fields = reader.choice("fields", Fields.self) ?? .any
        let own = QualityReport.Finding.Kind.allCases.compactMap { kind in
            reader.choice(kind.name, Effect.self).map { (kind, $0) }
        }
        self.init(fields: fields, own: Dictionary(uniqueKeysWithValues: own))
    }
}
