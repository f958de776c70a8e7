/// How far a correspondence is believed where it contradicts the change from lab to lab.
///
/// References show a few cells. A match of a kind that they lack brings the color of another kind; the change from lab
/// to lab does not. So on white cells, whose kinds differ, a result is held to the aligned capture, and passes smoothly
/// to what the matches say around them.
struct AlignmentAnchor: Sendable {
    /// In the training lab's colors, class by class.
    let aligned: RGBImage
    /// 0…1, on the network's grid.
    private let belief: Plane
    private let scale: Int

    /// - Parameter whiteCells: belief in matches on white cells, 0…1; elsewhere it is 1.
    init(_ capture: AlignedCapture, whiteCells: Float, workers: Workers) {
        let parts = capture.sight.parts
        let table = (0..<parts.count).map { part in
            SIMD8<Float>(repeating: part < SmearParts.cytoplasm(ofCell: 0) ? 1 : whiteCells)
        }
        let blurred = PartKernels.blurred(
            parts.indices, table: table, width: parts.width, height: parts.height,
            deviation: ClassAlignment.blur, workers: workers)
        belief = Plane(
            width: parts.width, height: parts.height, values: (0..<parts.indices.count).map { blurred[8 * $0] })
        scale = capture.sight.scale
        aligned = capture.image
    }

    /// Moves a result, or a part of one, toward the aligned capture.
    ///
    /// - Parameter area: the part of the frame that this is; nil for all of it.
    func hold(_ result: inout LabImage, area: PixelArea?, workers: Workers) {
        let target = area.map { aligned.cropped(to: $0) } ?? aligned
        PartKernels.blend(
            &result, toward: LabImage(target, workers: workers), belief: belief, scale: scale,
            origin: (area?.x ?? 0, area?.y ?? 0), workers: workers)
    }
}
