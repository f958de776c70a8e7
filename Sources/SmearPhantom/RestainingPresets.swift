/// Shifts that occur between labs, each a fixed setting of ``Restaining``.
public enum RestainingPreset: String, CaseIterable, Sendable {
    /// Half of every dye: a short bath or an old solution.
    case understained
    /// 1.6 times every dye.
    case overstained
    /// A buffer too acid: more eosin, less azure; nuclei pale, all is red.
    case acidBuffer = "acid-buffer"
    /// A buffer too alkaline: less eosin, more azure; all is blue.
    case alkalineBuffer = "alkaline-buffer"
    /// A halogen lamp that the camera is not balanced for.
    case warmLight = "warm-light"
    /// A white LED that the camera is not balanced for.
    case coldLight = "cold-light"
    /// Less than half of the light.
    case dim
    /// The dyes, the light and the exposure of the phantom's lab B.
    case otherLab = "other-lab"

    /// What the preset does; the dyes that the image holds stay ``Stain/labA``.
    public var restaining: Restaining {
        var result = Restaining()
        switch self {
        case .understained: result.scale(eosin: 0.5, azure: 0.5, hemoglobin: 0.5)
        case .overstained: result.scale(eosin: 1.6, azure: 1.6, hemoglobin: 1.6)
        case .acidBuffer: result.scale(eosin: 1.5, azure: 0.55, hemoglobin: 1.1)
        case .alkalineBuffer: result.scale(eosin: 0.5, azure: 1.4, hemoglobin: 0.9)
        case .warmLight: result.lightFactor = SIMD3(1, 0.8, 0.5)
        case .coldLight: result.lightFactor = SIMD3(0.65, 0.85, 1.2)
        case .dim: result.exposure = 0.4
        case .otherLab: (result.otherDyes, result.light) = (.labB, Stain.labB.light)
        }
        return result
    }
}

extension Restaining {
    /// Sets the amounts' factors.
    public mutating func scale(eosin: Float, azure: Float, hemoglobin: Float) {
        (eosinScale, azureScale, hemoglobinScale) = (eosin, azure, hemoglobin)
    }
}
