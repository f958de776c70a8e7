import NCTEngine

extension NormalizationParameters {
    /// Reads every parameter that a profile's table names; what it does not name keeps its default.
    init(reading reader: inout TableReader) {
        self.init()
        readLevels(from: &reader)
        standardization = reader.choice("standardization", Standardization.self) ?? standardization
        enhancement = reader.choice("enhancement", Enhancement.self) ?? enhancement
        referenceUse = reader.choice("reference_use", ReferenceUse.self) ?? referenceUse
        luminance = reader.choice("luminance", LuminanceStandard.self) ?? luminance

        func integer(_ key: String, _ range: ClosedRange<Int>, _ value: inout Int) {
            value = reader.integer(key, in: range) ?? value
        }
        func number(_ key: String, _ range: ClosedRange<Double>, _ value: inout Float) {
            value = reader.number(key, in: range).map { Float($0) } ?? value
        }
        integer("components", 1...64, &components)
        integer("cluster_count", 2...32, &clusterCount)
        number("enhancement_weight", 0...100, &enhancementWeight)
        integer("patchmatch_iterations", 1...50, &patchMatchIterations)
        number("completeness_weight", 0...100, &completenessWeight)
        number("lambda_local", 0...1000, &localWeight)
        number("lambda_nonlocal", 0...1000, &nonlocalWeight)
        aligns = reader.bool("align") ?? aligns
        number("white_cell_belief", 0...1, &whiteCellBelief)
        number("trend_share", 0...1, &trendShare)
        number("trend_tolerance", 0...100, &trendTolerance)
        number("alike_distance", 0...100, &alikeDistance)
        solver = reader.choice("solver", Solver.self) ?? solver
        integer("solver_labels", 16...64, &solverLabels)
        number("solver_tolerance", 1e-8...0.1, &solverTolerance)
        integer("solver_iterations", 1...10000, &solverIterations)
        integer("transfer_grid", 1...4, &transferGrid)
        integer("guided_filter_radius_pixels", 1...64, &guidedFilterRadius)
        number("guided_filter_epsilon", 1e-12...1, &guidedFilterEpsilon)
        integer("tile_pixels", 65_536...1_000_000_000, &tilePixels)
        if solver == .graphCut, tilePixels > Self.graphCutPixels {
            reader.report(
                ["tile_pixels"], "\(tilePixels) are too many for solver = \"graph-cut\"",
                remedy: "use at most \(Self.graphCutPixels)")
        }
        if let value = reader.integer("seed", in: 0...Int.max) { seed = UInt64(value) }
    }

    private mutating func readLevels(from reader: inout TableReader) {
        let list = reader.integers("levels", in: 1...5, count: 1...5)
        let isProgressive = reader.bool("progressive") ?? false
        if isProgressive {
            levels = .progressive
            if reader.contains("levels") {
                reader.report(
                    ["progressive"], "progressive = true uses all levels, but levels are named too",
                    remedy: "keep one of the two")
            }
        } else if let list {
            levels = .joint(list)
            if Set(list).count < list.count {
                reader.report(["levels"], "names a level twice", remedy: "name each level once, such as [1, 2]")
            }
        }
    }
}

extension BaselineParameters {
    /// Reads the parameters of the baselines that a profile's table names; the others keep their defaults.
    init(reading reader: inout TableReader) {
        self.init()
        func number(_ key: String, _ range: ClosedRange<Double>, _ value: inout Float) {
            value = reader.number(key, in: range).map { Float($0) } ?? value
        }
        number("saturated_low_percent", 0...49, &saturatedLowPercent)
        number("saturated_high_percent", 0...49, &saturatedHighPercent)
        reinhardSpace = reader.choice("reinhard_space", ReinhardSpace.self) ?? reinhardSpace
        number("optical_density_threshold", 0...2, &opticalDensityThreshold)
        number("angle_percentile", 0...25, &anglePercentile)
        number("sparsity", 0...1, &sparsity)
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
