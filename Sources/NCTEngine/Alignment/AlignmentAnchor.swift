/// How far a result is believed where it contradicts the change from lab to lab.
///
/// References show a few cells. A match of a kind that they lack brings the color of another kind; the change from lab
/// to lab does not. So on white cells, whose kinds differ, a result is held to the aligned capture, and passes smoothly
/// to what the matches say around them. Background and red cells have no kinds: there the matches decide on each pixel,
/// and their mean is held (``ClassDrift``).
struct AlignmentAnchor: Sendable {
    /// In the training lab's colors, class by class.
    let aligned: RGBImage
    private let parts: SmearParts
    private let scale: Int
    private let whiteCellBelief: Float

    /// - Parameter whiteCells: belief in matches on white cells, 0…1; elsewhere it is 1.
    init(_ capture: AlignedCapture, whiteCells: Float) {
        aligned = capture.image
        parts = capture.sight.parts
        scale = capture.sight.scale
        whiteCellBelief = whiteCells
    }

    /// How a result is held to the aligned capture.
    ///
    /// - Parameters:
    ///   - colors: of some pixels of the result, in a row.
    ///   - pixels: which ones these are of the whole frame, counted row by row.
    func hold(of colors: LabImage, at pixels: [Int], workers: Workers) -> AlignmentHold {
        let drift = ClassDrift(
            from: LabImage(aligned.picked(pixels), workers: workers), to: colors,
            classes: pixels.map { part(atPixel: $0) })
        let table = (0..<parts.count).map { part in
            let belief = part < SmearParts.cytoplasm(ofCell: 0) ? 1 : whiteCellBelief
            let shift = drift.correction(ofPart: part)
            return SIMD8(belief, shift.x, shift.y, shift.z, 0, 0, 0, 0)
        }
        let blurred = PartKernels.blurred(
            parts.indices, table: table, width: parts.width, height: parts.height,
            deviation: ClassAlignment.blur, workers: workers)
        return AlignmentHold(
            aligned: aligned,
            field: PartKernels.HoldField(
                width: parts.width, height: parts.height, scale: scale,
                values: (0..<parts.indices.count).map {
                    SIMD4(blurred[8 * $0], blurred[8 * $0 + 1], blurred[8 * $0 + 2], blurred[8 * $0 + 3])
                }))
    }

    private func part(atPixel pixel: Int) -> Int {
        let (y, x) = pixel.quotientAndRemainder(dividingBy: aligned.width)
        return Int(parts.indices[min(parts.height - 1, y / scale) * parts.width + min(parts.width - 1, x / scale)])
    }
}

/// What all of a result is held to, and how firmly.
struct AlignmentHold: Sendable {
    let aligned: RGBImage
    let field: PartKernels.HoldField

    /// Moves a result, or a part of one, toward the aligned capture.
    ///
    /// - Parameter area: the part of the frame that this is; nil for all of it.
    func apply(to result: inout LabImage, area: PixelArea?, workers: Workers) {
        let target = area.map { aligned.cropped(to: $0) } ?? aligned
        PartKernels.hold(
            &result, to: LabImage(target, workers: workers), by: field, origin: (area?.x ?? 0, area?.y ?? 0),
            workers: workers)
    }
}
