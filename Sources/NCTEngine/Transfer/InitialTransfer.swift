/// The start of step 6: gains and offsets from the means and standard deviations of 3×3 windows (He et al., section
/// 4.2).
///
/// A channel of a pixel gets gain = σ_G / (σ_S + ``epsilon``), kept within ``gainRange``, and offset = μ_G − gain · μ_S;
/// at the border the window is what lies inside the image. So the window's mean color is the guidance's exactly, and
/// its contrast as far as the gain's range allows.
package struct InitialTransfer: Sendable {
    /// Keeps a flat window from dividing by zero; in units of Lab / 100.
    package var epsilon: Float = 0.002
    /// A gain below it would wipe out texture, one above it would amplify noise.
    package var gainRange: ClosedRange<Float> = 0.25...4

    package init() {}

    /// - Precondition: both images have the same size.
    package func field(source: LabImage, guidance: LabImage, workers: Workers) -> TransferField {
        precondition(
            source.width == guidance.width && source.height == guidance.height, "guidance has the size of its source")
        let values = TransferKernels.initialField(
            source: source, guidance: guidance, epsilon: epsilon, gainRange: gainRange, workers: workers)
        return TransferField(width: source.width, height: source.height, values: values)
    }
}
