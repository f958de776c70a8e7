/// Every parameter of the method, with the paper's defaults unless said otherwise. A new one is a property with its default
/// and an entry of ``declarations``, which says what it is and which values it takes; all else follows from that.
///
/// Sources: Arshad, Sajid, Khan, *Stain Normalization of Hematology Slides using Neural Color Transfer* ("the
/// paper"); He, Liao, Chen, Yuan, Sander, *Progressive Color Transfer with Dense Semantic Correspondences*, ACM TOG
/// 2019 ("He et al.").
public struct NormalizationParameters: DeclaredParameters {
    /// With matches kept to their class, level 1 is best or level with the best on training images, with VGG-19 and with
    /// the built-in network (docs/evaluation.md, "Which features, enhancement and levels").
    public var levels: Levels = .joint([1])
    /// Balanced standardization, and matches kept to their class, did best on lab B's 177 training images in our study,
    /// with either detector.
    public var standardization: Standardization = .balanced
    /// What keeps a pixel to its own kind; see ``standardization``.
    public var enhancement: Enhancement = .segmentation
    /// How several references are used.
    public var referenceUse: ReferenceUse = .all
    /// Luminance weights.
    public var luminance: LuminanceStandard = .rec601
    public var components: Int = 16
    public var clusterCount: Int = 5
    /// Relative to a feature of unit variance.
    public var enhancementWeight: Float = 1
    public var patchMatchIterations: Int = 1
    /// w of the bidirectional vote: weight of what R→S patches bring.
    public var completenessWeight: Float = 2
    /// λ_L of Eq. 4.
    public var lambdaLocal: Float = 0.001
    /// λ_NL of Eq. 4.
    public var lambdaNonlocal: Float = 0.4
    public var solver: Solver = .leastSquares
    public var solverLabels: Int = 32
    /// The solver's estimate can be twenty times too low in the first iterations.
    public var solverTolerance: Float = 2e-4
    public var solverIterations: Int = 100
    /// Gains and offsets change little from pixel to pixel, so that half the grid of level 1 does, in a quarter of the
    /// time.
    public var transferGrid: Int = 2
    public var guidedFilterRadius: Int = 1
    public var guidedFilterEpsilon: Float = 1e-5
    /// See `ClassAlignment`; ours.
    public var aligns: Bool = true
    public var whiteCellBelief: Float = 0
    /// Towards the whole field's `ColorTrend`. On lab B's 177 training images 0.4 brings red cells nearer to their boxes
    /// with either detector, and loses as much on platelets.
    public var trendShare: Float = 0
    /// A local transfer that is farther than this from the `ColorTrend` is more wrong match than local color, and gives
    /// way to the trend: half at this distance, a fifth of it is left at twice the distance.
    public var trendTolerance: Float = 8
    /// By `ColorPalette`. Ordinary fields of one lab lie 2 to 8 apart, and repainting one of them can only lose.
    public var alikeDistance: Float = 4
    /// Twice as many where the finest level of the search is not 1, since a pixel then takes less than half of the memory.
    public var tilePixels: Int = 2_000_000
    /// Seed of everything random.
    public var seed: UInt64 = 1

    public static let declarations: [Parameter<Self>] = [
        .levels(
            "levels", option: "layer", \.jointLevels, 1...5,
            "Feature levels that drive the search, jointly: 1 is the finest, 5 the coarsest."),
        .flag(
            "progressive", \.isProgressive,
            "Go from level 5 to 1 instead, each level starting the next, as He et al. 2019 do.",
            "Levels must then not be named."),
        .word(
            "standardization", \.standardization, "Which pixels a channel's mean and deviation are taken over.",
            "plain: all alike, as in the paper; balanced: background and red cells count half each, and nuclei not."),
        .word(
            "enhancement", \.enhancement, "What keeps a pixel to its own kind.",
            "segmentation: the classes that the built-in network sees; clustering: k-means on the features."),
        .word(
            "reference_use", \.referenceUse, "How several references are used.",
            "best: the one that suits a capture; all: each pixel takes its best match from whichever reference."),
        .word("luminance", \.luminance, "Luminance weights."),
        .integer("components", \.components, 1...64, "Principal components kept for the search."),
        .integer(
            "cluster_count", option: "clusters", \.clusterCount, 2...32, "Clusters of the clustering enhancement.",
            "He et al.: 10."),
        .number(
            "enhancement_weight", \.enhancementWeight, 0...100, "Weight of the enhancement against the features."),
        .integer("patchmatch_iterations", \.patchMatchIterations, 1...50, "Passes of the search after the first."),
        .number("completeness_weight", \.completenessWeight, 0...100, "w of the bidirectional vote."),
        .number(
            "lambda_local", \.lambdaLocal, 0...1000, "Weight of the local smoothness term.",
            "The paper: 0.001; He et al.: 0.125."),
        .number(
            "lambda_nonlocal", \.lambdaNonlocal, 0...1000, "Weight of the nonlocal smoothness term.",
            "The paper: 0.4; He et al.: 2."),
        .word(
            "solver", \.solver, "What minimizes the energy of gains and offsets.",
            "graph-cut is the paper's own optimization (docs/graph-cut.md)."),
        .integer(
            "solver_labels", \.solverLabels, 16...64, "Transforms that a graph cut chooses from, at most.",
            "A field that offers fewer has fewer."),
        .number(
            "solver_tolerance", \.solverTolerance, 1e-8...0.1,
            "Share of the energy still to be gained, as estimated, at which the solver stops.",
            "The default ends within 1 % of the minimum."),
        .integer(
            "solver_iterations", \.solverIterations, 1...10000,
            "The solver's greatest number of iterations; of a graph cut: cycles through all labels."),
        .integer(
            "transfer_grid", \.transferGrid, 1...4,
            "The finest grid that the solver works on: pixels of the capture each way.",
            "A level that is coarser has its own. The paper: 1."),
        .integer(
            "guided_filter_radius_pixels", option: "guided-filter-radius", \.guidedFilterRadius, 1...64,
            "Radius of the guided filter that brings the result to full resolution, in pixels of the coarse grid."),
        .number(
            "guided_filter_epsilon", \.guidedFilterEpsilon, 1e-12...1,
            "Epsilon of the guided filter, in squared luminance."),
        .flag(
            "align", \.aligns, "Bring a capture from its lab to the training lab first, class by class.",
            "The search then compares structure, and white cells keep the color of their kind (docs/alignment.md)."),
        .number(
            "white_cell_belief", \.whiteCellBelief, 0...1,
            "How much matches count on white cells against the change from lab to lab.",
            "0: nothing, for references show few kinds of cells; 1: all."),
        .number(
            "trend_share", \.trendShare, 0...1,
            "How far the result is moved from the local transfer to the whole field's smooth change of color.",
            "0: the paper's method, which follows every match."),
        .number(
            "trend_tolerance", \.trendTolerance, 0...100,
            "ΔE*ab from the whole field's color change at which a local one counts half.",
            "0: distance does not matter."),
        .number(
            "alike_distance", \.alikeDistance, 0...100,
            "A capture whose colors lie this near the references', in ΔE*ab, is left alone.",
            "From there to twice as far the transfer fades in. 0: every capture is transferred in full."),
        .integer(
            "tile_pixels", \.tilePixels, 65_536...1_000_000_000,
            "Captures of more pixels are worked on in overlapping tiles of at most as many.",
            """
            Bounds the memory: the default takes about 1 GB and 24 bytes a pixel of the capture. Where the finest level is \
            not 1, tiles have twice as many pixels. Pictures of the stages need a capture that is not cut.
            """),
    ]

    /// The defaults.
    public init() {}

    /// Levels that are used jointly; none where they are gone through progressively.
    private var jointLevels: [Int] {
        get { if case .joint(let list) = levels { list } else { [] } }
        set { levels = .joint(newValue) }
    }

    private var isProgressive: Bool {
        get { levels == .progressive }
        set { if newValue != isProgressive { levels = newValue ? .progressive : Self().levels } }
    }

    /// Every level at which features are taken.
    var allLevels: Set<Int> {
        switch levels {
        case .joint(let list): Set(list)
        case .progressive: Set(1...5)
        }
    }

    /// Whether the result is moved to the `ColorTrend` at all.
    var blendsTrend: Bool { trendShare > 0 || trendTolerance > 0 }

    /// Pixels that a graph cut can hold at once: 12 arcs each, numbered with 31 bits.
    package static let graphCutPixels = 100_000_000

    /// Pixels of a capture that are worked on at once, at most.
    package var pixelsAtOnce: Int {
        switch levels {
        case .joint(let list) where !list.contains(1): 2 * tilePixels
        default: tilePixels
        }
    }

    /// How much of the transfer a capture gets whose colors lie `distance` from the references' palette, 0…1.
    func strength(atDistance distance: Float) -> Float {
        guard alikeDistance > 0 else { return 1 }
        let share = min(1, max(0, distance / alikeDistance - 1))
        return share * share * (3 - 2 * share)
    }

    public func validate() throws {
        try validateRanges()
        guard levels != .joint([]) else {
            throw EngineError(
                .invalidParameter, "no level", subject: .parameter("levels"), remedy: "name one or more from 1 to 5")
        }
        guard solver == .leastSquares || tilePixels <= Self.graphCutPixels else {
            throw EngineError(
                .invalidParameter, "value out of range", subject: .parameter("tile_pixels"),
                remedy: "use 65536 to \(Self.graphCutPixels) with the graph cut, whose graph has its arcs numbered")
        }
    }
}
