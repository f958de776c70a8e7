import ArgumentParser
import NCTEngine

/// The options that set the baselines' parameters; what is not given stays as the profile has it.
struct BaselineOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("color-balance: percent of a channel's pixels made darkest (0 to 49).", valueName: "x"))
    var saturatedLowPercent: Float?

    @Option(
        help: ArgumentHelp("color-balance: percent of a channel's pixels made brightest (0 to 49).", valueName: "x"))
    var saturatedHighPercent: Float?

    @Option(help: ArgumentHelp("reinhard: the color space.", valueName: "space"))
    var reinhardSpace: BaselineParameters.ReinhardSpace?

    @Option(
        help: ArgumentHelp(
            "macenko, vahadane: natural optical density that makes a pixel a stained one (0 to 2).", valueName: "x"))
    var opticalDensityThreshold: Float?

    @Option(
        help: ArgumentHelp("macenko: percent of stained pixels beyond either stain (0 to 25).", valueName: "x"))
    var anglePercentile: Float?

    @Option(help: ArgumentHelp("vahadane: weight of the concentrations' sparsity (0 to 1).", valueName: "x"))
    var sparsity: Float?

    /// Parameters with the options that were given in place of their values.
    func parameters(_ base: BaselineParameters) -> BaselineParameters {
        var result = base
        if let saturatedLowPercent { result.saturatedLowPercent = saturatedLowPercent }
        if let saturatedHighPercent { result.saturatedHighPercent = saturatedHighPercent }
        if let reinhardSpace { result.reinhardSpace = reinhardSpace }
        if let opticalDensityThreshold { result.opticalDensityThreshold = opticalDensityThreshold }
        if let anglePercentile { result.anglePercentile = anglePercentile }
        if let sparsity { result.sparsity = sparsity }
        return result
    }
}

extension BaselineParameters.ReinhardSpace: ExpressibleByArgument {}
