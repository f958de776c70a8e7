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

    /// What the last step's result is moved by.
    ///
    /// - Parameters:
    ///   - before: colors of some pixels of the capture, in a row.
    ///   - after: of the same in the result.
    ///   - pixels: which ones these are of the whole frame, counted row by row (``ColorTrend/sample(width:pixelCount:mask:)``).
    func ending(
        from before: LabImage, to after: LabImage, at pixels: [Int], strength: Float,
        parameters: NormalizationParameters, workers: Workers
    ) -> Ending {
        var ending = Ending(
            trend: parameters.blendsTrend
                ? ColorTrend(from: before, to: after, at: Array(pixels.indices), workers: workers) : nil,
            hold: nil, strength: strength, parameters: parameters)
        var settled = after
        ending.blendTrend(into: &settled, from: before, workers: workers)
        ending.hold = anchor?.hold(of: settled, at: pixels, workers: workers)
        return ending
    }

    /// The end of step 8, the same for all parts of a field.
    struct Ending: Sendable {
        /// Nil for a setting without.
        let trend: ColorTrend?
        /// Nil for a capture that was not aligned.
        fileprivate(set) var hold: AlignmentHold?
        /// How much of the transfer is to be left, 0…1.
        let strength: Float
        let parameters: NormalizationParameters

        /// False if it leaves each result as it is.
        var isAny: Bool { trend != nil || hold != nil || strength < 1 }

        fileprivate func blendTrend(into result: inout LabImage, from source: LabImage, workers: Workers) {
            trend?.blend(
                into: &result, from: source, share: parameters.trendShare,
                tolerance: parameters.trendTolerance > 0 ? parameters.trendTolerance : .infinity, workers: workers)
        }

        /// Moves the last step's result, or a part of it, to the trend of the field, holds it to the alignment, and
        /// brings it back to the capture where the transfer is to be weak.
        ///
        /// - Parameters:
        ///   - source: the part of the capture that was repainted.
        ///   - area: the part of the frame that this is; nil for all of it.
        func apply(to result: inout LabImage, from source: LabImage, area: PixelArea? = nil, workers: Workers) {
            blendTrend(into: &result, from: source, workers: workers)
            hold?.apply(to: &result, area: area, workers: workers)
            if strength < 1 {
                ColorTrend.identity.blend(into: &result, from: source, share: 1 - strength, workers: workers)
            }
        }
    }
}
