/// Every parameter of the method, with the paper's defaults unless said otherwise.
///
/// Sources: Arshad, Sajid, Khan, *Stain Normalization of Hematology Slides using Neural Color Transfer* ("the
/// paper"); He, Liao, Chen, Yuan, Sander, *Progressive Color Transfer with Dense Semantic Correspondences*, ACM TOG
/// 2019 ("He et al.").
public struct NormalizationParameters: Sendable, Equatable, Codable {
    /// What minimizes the energy of gains and offsets (step 6).
    public enum Solver: String, Sendable, Codable, CaseIterable {
        /// Its normal equations, by conjugate gradients.
        case leastSquares = "least-squares"
        /// The paper's: each pixel takes one of a few transforms by α-expansion, which is then refined (``GraphCut``).
        case graphCut = "graph-cut"
    }

    /// Which feature levels drive the search. Level L is reluL_1: resolution 1, 1/2, 1/4, 1/8, 1/16 for L = 1…5.
    public enum Levels: Sendable, Equatable, Codable {
        /// One level, or several jointly (the coarser ones brought to the finest and concatenated).
        case joint([Int])
        /// 5 → 1: each level's field and transfer start the next (He et al.).
        case progressive
    }

    /// What is appended to the features so that a pixel only matches its own kind.
    public enum Enhancement: String, Sendable, Codable, CaseIterable {
        case none
        /// k-means on the standardized features; S and R share the cluster centers.
        case clustering
        /// The classes that ``SmearNet`` sees: background, red cell, cytoplasm, nucleus, platelet. They correspond by
        /// construction (the paper's recommendation, with a network of our own).
        case segmentation
    }

    /// Over which pixels the mean and deviation of a channel are taken (Eq. 1).
    public enum Standardization: String, Sendable, Codable, CaseIterable {
        /// Every pixel counts the same: the paper's.
        case plain
        /// Background and red cells count half each, whatever their shares in the field, and nuclei do not (ours).
        case balanced
    }

    /// How several references are used.
    public enum ReferenceUse: String, Sendable, Codable, CaseIterable {
        /// The one whose colors and contents suit the capture best.
        case best
        /// All at once: each pixel takes its best match from whichever reference (He et al.'s one-to-many case).
        case all
    }

    /// How luminance weighs red, green and blue (the paper's Eq. 3 and Eq. 2).
    public enum LuminanceStandard: String, Sendable, Codable, CaseIterable {
        case rec601
        case rec709
    }

    /// With matches kept to their class, level 1 is best or level with the best on training images, with VGG-19 and with
    /// the built-in network (docs/evaluation.md, "Which features, enhancement and levels").
    public var levels: Levels = .joint([1])
    /// Balanced standardization, and matches kept to their class, did best on lab B's 177 training images in our study,
    /// with either detector.
    public var standardization: Standardization = .balanced
    public var enhancement: Enhancement = .segmentation
    public var referenceUse: ReferenceUse = .all
    public var luminance: LuminanceStandard = .rec601

    /// Principal components kept for the search (1…64).
    public var components: Int = 16
    /// Clusters of the clustering enhancement (2…32). He et al.: 10.
    public var clusterCount: Int = 5
    /// Weight of the appended features relative to a unit-variance feature (0 and more).
    public var enhancementWeight: Float = 1
    /// Passes of the search after the first (1…50).
    public var patchMatchIterations: Int = 1
    /// w of the bidirectional vote: weight of what R→S patches bring (0 and more).
    public var completenessWeight: Float = 2
    /// λ_L of Eq. 4. The paper: 0.001; He et al.: 0.125.
    public var localWeight: Float = 0.001
    /// λ_NL of Eq. 4. The paper: 0.4; He et al.: 2.0.
    public var nonlocalWeight: Float = 0.4
    /// What finds gains and offsets.
    public var solver: Solver = .leastSquares
    /// Transforms that a graph cut chooses from, at most (16…64).
    public var solverLabels: Int = 32
    /// The solver stops when it estimates that less than this share of the energy is still to be gained (1e-8…0.1).
    /// The default ends within 1 % of the minimum, for the estimate can be twenty times too low in the first iterations.
    public var solverTolerance: Float = 2e-4
    /// The solver's greatest number of iterations, and of a graph cut's cycles through all labels (1…10000).
    public var solverIterations: Int = 100
    /// Radius of the fast guided filter in pixels of the coarse grid (1…64).
    public var guidedFilterRadius: Int = 1
    /// ε of the fast guided filter, in squared units of luminance 0…1 (greater than 0).
    public var guidedFilterEpsilon: Float = 1e-5
    /// The finest grid that gains and offsets are solved on: how many pixels of the capture each way one of its pixels
    /// covers (1…4). They change little from pixel to pixel, so that half the grid of level 1 does, in a quarter of the
    /// time. The paper: 1.
    public var transferGrid: Int = 2
    /// Whether a capture is first brought from its lab to the training lab, class by class (``ClassAlignment``); ours.
    public var aligns: Bool = true
    /// How much of a match counts on white cells against that change from lab to lab, 0…1: references show few kinds.
    public var whiteCellBelief: Float = 0
    /// How far the result is moved from the local transfer (0: the paper's) to the whole field's ``ColorTrend`` (1).
    /// On lab B's 177 training images 0.4 brings red cells nearer to their boxes with either detector, and loses as
    /// much on platelets.
    public var trendShare: Float = 0
    /// Where the local transfer is farther than this from the ``ColorTrend``, in ΔE*ab, it is more wrong match than
    /// local color, and gives way to the trend: half at this distance, a fifth of it is left at twice the distance.
    /// 0: never.
    public var trendTolerance: Float = 8
    /// A capture whose colors lie this near the references' palette, in ΔE*ab (see `ColorPalette`), has the
    /// references' colors and is left alone; from there to twice as far the transfer fades in. Ordinary fields of one
    /// lab lie 2 to 8 apart, and repainting one of them can only lose. 0: always transferred in full.
    public var alikeDistance: Float = 4
    /// A capture of more pixels is worked on in overlapping tiles of at most as many (65,536 and more), so that memory
    /// stays bounded; twice as many where the finest level of the search is not 1, since a pixel then takes less than
    /// half of the memory. 2,000,000 keep the default setting near 1 GB.
    public var tilePixels: Int = 2_000_000
    /// Seed of everything random.
    public var seed: UInt64 = 1

    public init() {}

    /// Every level at which features are taken.
    var allLevels: Set<Int> {
        switch levels {
        case .joint(let list): Set(list)
        case .progressive: Set(1...5)
        }
    }

    /// Whether the result is moved to the ``ColorTrend`` at all.
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

    /// Throws ``EngineError/Code/invalidParameter`` for the first value out of its range.
    public func validate() throws {
        func require(_ holds: Bool, _ name: String, _ range: String) throws {
            guard holds else {
                throw EngineError(.invalidParameter, "value out of range", place: name, remedy: "use \(range)")
            }
        }
        if case .joint(let list) = levels {
            try require(
                !list.isEmpty && list.allSatisfy { (1...5).contains($0) } && Set(list).count == list.count,
                "levels", "one or more different levels from 1 to 5")
        }
        try require((1...64).contains(components), "components", "1 to 64")
        try require((2...32).contains(clusterCount), "clusterCount", "2 to 32")
        try require(enhancementWeight >= 0 && enhancementWeight <= 100, "enhancementWeight", "0 to 100")
        try require((1...50).contains(patchMatchIterations), "patchMatchIterations", "1 to 50")
        try require(completenessWeight >= 0 && completenessWeight <= 100, "completenessWeight", "0 to 100")
        try require(localWeight >= 0 && localWeight <= 1000, "localWeight", "0 to 1000")
        try require(nonlocalWeight >= 0 && nonlocalWeight <= 1000, "nonlocalWeight", "0 to 1000")
        try require((16...64).contains(solverLabels), "solverLabels", "16 to 64")
        try require(
            solver == .leastSquares || tilePixels <= Self.graphCutPixels, "tilePixels",
            "65536 to \(Self.graphCutPixels) with the graph cut, whose graph has its arcs numbered")
        try require(solverTolerance >= 1e-8 && solverTolerance <= 0.1, "solverTolerance", "1e-8 to 0.1")
        try require((1...10000).contains(solverIterations), "solverIterations", "1 to 10000")
        try require((1...4).contains(transferGrid), "transferGrid", "1 to 4")
        try require((1...64).contains(guidedFilterRadius), "guidedFilterRadius", "1 to 64")
        try require(whiteCellBelief >= 0 && whiteCellBelief <= 1, "whiteCellBelief", "0 to 1")
        try require(trendShare >= 0 && trendShare <= 1, "trendShare", "0 to 1")
        try require(trendTolerance >= 0 && trendTolerance <= 100, "trendTolerance", "0 to 100")
        try require(alikeDistance >= 0 && alikeDistance <= 100, "alikeDistance", "0 to 100")
        try require((65_536...1_000_000_000).contains(tilePixels), "tilePixels", "65536 to 1000000000")
        try require(guidedFilterEpsilon >= 1e-12 && guidedFilterEpsilon <= 1, "guidedFilterEpsilon", "1e-12 to 1")
    }
}
