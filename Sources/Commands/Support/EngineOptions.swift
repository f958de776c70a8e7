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

    @OptionGroup
    var parameters: ParameterOptions<NormalizationParameters>

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
    var baseline: ParameterOptions<BaselineParameters>

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Seed of everything random; the same seed gives the same bytes.", valueName: "n"))
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
        if parameters.given["levels"] != nil, parameters.given["progressive"] == .flag(true) {
            throw ValidationError("--layer and --progressive exclude each other; give one of them")
        }
        var result = NormalizationParameters()
        parameters.override(&result)
        do {
            try result.validate()
        } catch let error as EngineError {
            guard case .parameter(let key) = error.subject,
                let option = NormalizationParameters.declarations.first(where: { $0.key == key })?.option
            else { throw ValidationError(error.description) }
            throw ValidationError("--\(option): \(error.message); \(error.remedy)")
        }
    }

    /// Puts the options that were given in place of what the profile says.
    func override(_ profile: inout Profile) {
        if let method { profile.method = method }
        if let features { profile.features = features }
        if let weights { profile.weights = weights }
        if let flatField { profile.flatField = flatField }
        parameters.override(&profile.parameters)
        if let seed { profile.parameters.seed = seed }
        baseline.override(&profile.baselineParameters)
    }
}

extension NormalizationMethod: ExpressibleByArgument {}

extension FlatFieldChoice: ExpressibleByArgument {
    public init?(argument: String) {
        guard !argument.isEmpty else { return nil }
        self.init(argument)
    }
}

extension FeatureKind: ExpressibleByArgument {}
