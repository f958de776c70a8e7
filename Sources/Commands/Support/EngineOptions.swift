import ArgumentParser
import Config
import Foundation
import NCTEngine

/// The options that set the method's parameters; what is not given stays as the profile has it.
struct EngineOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How colors are changed.",
            discussion: """
                color-transfer is the method of this program; the others are what it is measured against, need no \
                weights, and pool the statistics of all references. What follows says where an option is for one of \
                them; the other options, but for --seed and --threads, are for color-transfer.
                """,
            valueName: "name"))
    var method: NormalizationMethod?

    @Option(
        name: .customLong("layer"),
        help: ArgumentHelp(
            "Feature levels that drive the search: one or several of 1…5, joined by commas.",
            discussion: "Level 1 is the finest. Several are used jointly, as 1,2. Default: 1.",
            valueName: "L[,L…]"))
    var levels: LevelList?

    @Flag(help: "Go from level 5 to 1, each level starting the next (He et al. 2019).")
    var progressive = false

    @Option(help: ArgumentHelp("Which pixels a channel's mean and deviation are taken over.", valueName: "kind"))
    var standardization: NormalizationParameters.Standardization?

    @Option(help: ArgumentHelp("What keeps a pixel to its own kind.", valueName: "kind"))
    var enhancement: NormalizationParameters.Enhancement?

    @Option(help: ArgumentHelp("Use the reference that suits a capture best, or all at once.", valueName: "use"))
    var referenceUse: NormalizationParameters.ReferenceUse?

    @Option(help: ArgumentHelp("Luminance weights.", valueName: "standard"))
    var luminance: NormalizationParameters.LuminanceStandard?

    @Option(help: ArgumentHelp("Principal components kept for the search (1 to 64).", valueName: "n"))
    var components: Int?

    @Option(help: ArgumentHelp("Clusters of the clustering enhancement (2 to 32).", valueName: "n"))
    var clusters: Int?

    @Option(help: ArgumentHelp("Weight of the enhancement against the features (0 to 100).", valueName: "x"))
    var enhancementWeight: Float?

    @Option(
        name: .customLong("patchmatch-iterations"),
        help: ArgumentHelp("Passes of the search after the first (1 to 50).", valueName: "n"))
    var patchMatchIterations: Int?

    @Option(help: ArgumentHelp("w of the bidirectional vote (0 to 100).", valueName: "x"))
    var completenessWeight: Float?

    @Option(help: ArgumentHelp("Weight of the local smoothness term (0 to 1000).", valueName: "x"))
    var lambdaLocal: Float?

    @Option(help: ArgumentHelp("Weight of the nonlocal smoothness term (0 to 1000).", valueName: "x"))
    var lambdaNonlocal: Float?

    @Option(
        help: ArgumentHelp(
            "What minimizes the energy of gains and offsets.",
            discussion: "graph-cut is the paper's (docs/graph-cut.md). Default: least-squares.", valueName: "name"))
    var solver: NormalizationParameters.Solver?

    @Option(help: ArgumentHelp("Transforms that a graph cut chooses from, at most (16 to 64).", valueName: "k"))
    var solverLabels: Int?

    @Option(
        help: ArgumentHelp(
            "Share of the energy still to be gained, as estimated, at which the solver stops (1e-8 to 0.1).",
            valueName: "x"))
    var solverTolerance: Float?

    @Option(help: ArgumentHelp("The solver's greatest number of iterations (1 to 10000).", valueName: "n"))
    var solverIterations: Int?

    @Option(
        help: ArgumentHelp(
            "The finest grid that the solver works on: pixels of the capture each way (1 to 4).", valueName: "n"))
    var transferGrid: Int?

    @Option(help: ArgumentHelp("Radius of the guided filter, in pixels of the coarse grid (1 to 64).", valueName: "n"))
    var guidedFilterRadius: Int?

    @Option(help: ArgumentHelp("Epsilon of the guided filter (1e-12 to 1).", valueName: "x"))
    var guidedFilterEpsilon: Float?

    @Flag(
        inversion: .prefixedNo,
        help: ArgumentHelp(
            "Bring a capture from its lab to the training lab first, class by class.",
            discussion:
                "The search then compares structure, and white cells keep the color of their kind. Default: yes."
        ))
    var align: Bool?

    @Option(
        help: ArgumentHelp(
            "How much matches count on white cells against the change from lab to lab (0 to 1).", valueName: "x"))
    var whiteCellBelief: Float?

    @Option(
        help: ArgumentHelp(
            "How far the result is moved from the local transfer (0) to the whole field's smooth change of color (1).",
            valueName: "x"))
    var trendShare: Float?

    @Option(
        help: ArgumentHelp(
            "ΔE*ab from the whole field's color change at which a local one counts half (0 to 100; 0: never).",
            valueName: "x"))
    var trendTolerance: Float?

    @Option(
        help: ArgumentHelp(
            "A capture this near the references' colors (ΔE*ab) is left alone (0 to 100; 0: none is).", valueName: "x"))
    var alikeDistance: Float?

    @Option(
        help: ArgumentHelp(
            "Work on captures of more pixels in overlapping tiles (65536 and more).",
            discussion: """
                Bounds the memory: the default setting takes about 1 GB and 24 bytes a pixel of the capture with \
                2000000, which is the default. Where the finest level is not 1, tiles have twice as many pixels. \
                --stages needs captures that are not cut.
                """, valueName: "n"))
    var tilePixels: Int?

    @Option(
        help: ArgumentHelp(
            "The light that captures are corrected by: a file, auto, capture or none.",
            discussion: """
                A file of `nctd profile flat-field`, or a picture of an empty field. auto (the default): learned from \
                the inputs where there are 20 and more, else as capture. capture: from each capture's own background. \
                Light that is even changes nothing.
                """, valueName: "light"), completion: .file())
    var flatField: FlatFieldChoice?

    @OptionGroup
    var baseline: BaselineOptions

    @Option(help: ArgumentHelp("Seed of everything random; the same seed gives the same bytes.", valueName: "n"))
    var seed: UInt64?

    @Option(
        help: ArgumentHelp(
            "The network whose features are compared: auto, vgg19, or the built-in smearnet.",
            discussion: "auto: VGG-19 where its weights are found, else smearnet.", valueName: "name"))
    var features: FeatureKind?

    @Option(
        help: ArgumentHelp(
            "VGG-19 weights (safetensors).",
            discussion: """
                Without it: the profile's, then $NCTD_MODELS/vgg19-features.safetensors, then /usr/share/nctd/models. \
                Where there are none, features come from the built-in network.
                """,
            valueName: "file"))
    var weights: String?

    @OptionGroup
    var threads: ThreadsOption

    func validate() throws {
        if levels != nil, progressive {
            throw ValidationError("--layer and --progressive exclude each other; give one of them")
        }
        var parameters = NormalizationParameters()
        override(&parameters)
        do {
            try parameters.validate()
            try baseline.parameters(BaselineParameters()).validate()
        } catch let error as EngineError {
            throw ValidationError("\(Self.option(for: error.place ?? "")): \(error.message); \(error.remedy)")
        }
    }

    /// Puts the options that were given in place of what the profile says.
    func override(_ profile: inout Profile) {
        if let method { profile.method = method }
        if let features { profile.features = features }
        if let weights { profile.weights = weights }
        if let flatField { profile.flatField = flatField }
        override(&profile.parameters)
        profile.baselineParameters = baseline.parameters(profile.baselineParameters)
    }

    /// Puts the options that were given in place of the parameters' values.
    private func override(_ parameters: inout NormalizationParameters) {
        if let levels { parameters.levels = .joint(levels.levels) }
        if progressive { parameters.levels = .progressive }
        if let standardization { parameters.standardization = standardization }
        if let enhancement { parameters.enhancement = enhancement }
        if let referenceUse { parameters.referenceUse = referenceUse }
        if let luminance { parameters.luminance = luminance }
        if let components { parameters.components = components }
        if let clusters { parameters.clusterCount = clusters }
        if let enhancementWeight { parameters.enhancementWeight = enhancementWeight }
        if let patchMatchIterations { parameters.patchMatchIterations = patchMatchIterations }
        if let completenessWeight { parameters.completenessWeight = completenessWeight }
        if let lambdaLocal { parameters.localWeight = lambdaLocal }
        if let lambdaNonlocal { parameters.nonlocalWeight = lambdaNonlocal }
        if let solver { parameters.solver = solver }
        if let solverLabels { parameters.solverLabels = solverLabels }
        if let solverTolerance { parameters.solverTolerance = solverTolerance }
        if let solverIterations { parameters.solverIterations = solverIterations }
        if let transferGrid { parameters.transferGrid = transferGrid }
        if let guidedFilterRadius { parameters.guidedFilterRadius = guidedFilterRadius }
        if let guidedFilterEpsilon { parameters.guidedFilterEpsilon = guidedFilterEpsilon }
        if let align { parameters.aligns = align }
        if let whiteCellBelief { parameters.whiteCellBelief = whiteCellBelief }
        if let trendShare { parameters.trendShare = trendShare }
        if let trendTolerance { parameters.trendTolerance = trendTolerance }
        if let alikeDistance { parameters.alikeDistance = alikeDistance }
        if let tilePixels { parameters.tilePixels = tilePixels }
        if let seed { parameters.seed = seed }
    }

    /// The option that sets a parameter, for an error that names the parameter.
    private static func option(for parameter: String) -> String {
        let names = [
            "levels": "--layer", "clusterCount": "--clusters", "patchMatchIterations": "--patchmatch-iterations",
            "localWeight": "--lambda-local", "nonlocalWeight": "--lambda-nonlocal",
        ]
        if let name = names[parameter] { return name }
        return "--" + parameter.reduce("") { $0 + ($1.isUppercase ? "-" + $1.lowercased() : String($1)) }
    }
}

/// Levels as they are written on the command line: `2`, or `1,2`.
struct LevelList: ExpressibleByArgument {
    let levels: [Int]

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
        guard numbers.count == parts.count, !numbers.isEmpty else { return nil }
        levels = numbers
    }
}

extension NormalizationMethod: ExpressibleByArgument {}
extension NormalizationParameters.Standardization: ExpressibleByArgument {}
extension NormalizationParameters.Enhancement: ExpressibleByArgument {}
extension NormalizationParameters.ReferenceUse: ExpressibleByArgument {}
extension NormalizationParameters.Solver: ExpressibleByArgument {}
extension NormalizationParameters.LuminanceStandard: ExpressibleByArgument {}

extension FlatFieldChoice: ExpressibleByArgument {
    public init?(argument: String) {
        guard !argument.isEmpty else { return nil }
        self.init(argument)
    }
}

extension FeatureKind: ExpressibleByArgument {}
