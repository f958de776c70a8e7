/// What is repainted, what is searched in its place, and what the result is held to.
struct TransferStart: Sendable {
    /// The capture as it came, whose colors are repainted.
    let capture: CaptureReading
    /// Whose features are searched: the capture, or the capture aligned from lab to lab, so that structure decides.
    let appearance: CaptureReading
    /// Nil for a capture that was not aligned.
    let anchor: AlignmentAnchor?
    /// Pixels of the aligned capture that had to be clipped to the gamut.
    let clipped: Int

    /// Moves the last step's result, or a part of it, to the trend of the field, holds it to the alignment, and brings it
    /// back to the capture where the transfer is to be weak.
    ///
    /// - Parameters:
    ///   - source: the part of the capture that was repainted.
    ///   - trend: of the whole field; nil for a setting without.
    ///   - strength: how much of the transfer is to be left, 0…1.
    ///   - area: the part of the frame that this is; nil for all of it.
    func finish(
        _ result: inout LabImage, from source: LabImage, trend: ColorTrend?, strength: Float, area: PixelArea? = nil,
        parameters: NormalizationParameters, workers: Workers
    ) {
        trend?.blend(
            into: &result, from: source, share: parameters.trendShare,
            tolerance: parameters.trendTolerance > 0 ? parameters.trendTolerance : .infinity, workers: workers)
        anchor?.hold(&result, area: area, workers: workers)
        if strength < 1 {
            ColorTrend.identity.blend(into: &result, from: source, share: 1 - strength, workers: workers)
        }
    }
}
