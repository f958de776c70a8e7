/// How far the matches move the mean color of background and red cells away from where the change from lab to lab puts
/// it, and what is taken back of that.
///
/// Neither class has kinds, so that its mean in the training lab's colors is known. Where the search goes wrong over a
/// whole field, as it does with colored light and out of focus, all of the background becomes violet; each pixel by
/// itself shows nothing of it.
package struct ClassDrift: Sendable, Equatable {
    /// L*, a*, b*; background, then red cells.
    private let means: [SIMD3<Float>]

    /// ΔE*ab that are left alone; of what is beyond, twice as much is taken back, up to all of it. Labs B and C lie below
    /// 1.2 in all fields that were looked at; lab F's backgrounds become violet from about 3 on.
    private static let allowed: Float = 2
    /// So few pixels have no mean to speak of.
    private static let least = 64

    /// - Parameters:
    ///   - aligned: colors of some pixels after the change from lab to lab, in a row.
    ///   - result: colors of the same pixels.
    ///   - classes: the part of ``SmearParts`` of each.
    package init(from aligned: LabImage, to result: LabImage, classes: [Int]) {
        precondition(aligned.pixelCount == classes.count && result.pixelCount == classes.count)
        means = [SmearParts.background, SmearParts.redCell].map { part in
            var (sum, count) = (SIMD3<Double>.zero, 0)
            for index in classes.indices where classes[index] == part {
                sum += SIMD3<Double>(result[index] - aligned[index])
                count += 1
            }
            return count < Self.least ? .zero : SIMD3<Float>(sum / Double(count))
        }
    }

    /// What is taken from the colors of a part. Nothing is made brighter: a background is near white, and its noise would be
    /// cut off there. Red cells follow the background alone: where it stays, their classes are as likely to be wrong.
    package func correction(ofPart part: Int) -> SIMD3<Float> {
        guard part == SmearParts.background || part == SmearParts.redCell else { return .zero }
        let correction = min(share(of: part), share(of: SmearParts.background)) * means[part]
        return SIMD3(max(0, correction.x), correction.y, correction.z)
    }

    private func share(of part: Int) -> Float {
        let size = (means[part] * means[part]).sum().squareRoot()
        return min(1, max(0, size / Self.allowed - 1))
    }
}
