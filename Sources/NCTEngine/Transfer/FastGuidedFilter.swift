/// Brings a transfer field to the full resolution along the edges of the luminance (He and Sun, *Fast Guided Filter*,
/// 2015).
///
/// On the coarse grid each gain and offset is fitted as slope · luminance + intercept in windows of
/// (2 · radius + 1)² pixels; slopes and intercepts are averaged over the windows, brought to the full grid bilinearly,
/// and applied to the full luminance. Sums run in double precision, at a cost independent of the radius.
///
/// Coarse pixel i covers the full pixels i · scale … i · scale + scale − 1; what remains at the right and lower border
/// continues the last coarse pixel. Memory: 64 bytes a coarse pixel.
package struct FastGuidedFilter: Sendable {
    /// In pixels of the coarse grid.
    package var radius: Int
    /// In squared units of luminance 0…1.
    package var epsilon: Float

    package init(radius: Int = 4, epsilon: Float = 1e-4) {
        precondition(radius >= 1 && epsilon > 0, "the guided filter needs a positive radius and epsilon")
        self.radius = radius
        self.epsilon = epsilon
    }

    package init(_ parameters: NormalizationParameters) {
        self.init(radius: parameters.guidedFilterRadius, epsilon: parameters.guidedFilterEpsilon)
    }

    /// Upsamples and applies the field row by row, without ever holding it at the full resolution.
    ///
    /// - Parameters:
    ///   - coarseLuminance: 0…1, the size of the field.
    ///   - fullLuminance: 0…1; its size divided by `scale`, rounded down, is the field's.
    ///   - scale: full pixels a coarse pixel and axis, 1 or more (1 filters without upsampling).
    ///   - image: the source in CIELAB at the full resolution; the result replaces it (not clipped to any gamut).
    package func upsampleAndApply(
        _ field: TransferField, coarseLuminance: Plane, fullLuminance: Plane, scale: Int, to image: inout LabImage,
        workers: Workers
    ) {
        check(field, coarseLuminance, fullLuminance, scale)
        precondition(
            image.width == fullLuminance.width && image.height == fullLuminance.height,
            "the image has the size of its luminance")
        GuidedKernels.upsampleAndApply(
            self, field: field, coarse: coarseLuminance, full: fullLuminance, scale: scale, image: &image,
            workers: workers)
    }

    private func check(_ field: TransferField, _ coarse: Plane, _ full: Plane, _ scale: Int) {
        precondition(scale >= 1, "the scale is at least 1")
        precondition(coarse.width == field.width && coarse.height == field.height, "coarse luminance fits the field")
        precondition(
            full.width / scale == field.width && full.height / scale == field.height,
            "the full size divided by the scale is the field's size")
    }
}
