/// How far a result is believed where it contradicts the change from lab to lab.
///
/// References show a few cells. A match of a kind that they lack brings the color of another kind; the change from lab
/// to lab does not. So on white cells, whose kinds differ, a result is held to the aligned capture, and passes smoothly
/// to what the matches say around them. Of platelets three references show few, so that they are held by half. Background
/// and red cells have no kinds: there the matches decide on each pixel, and their mean is held (``ClassDrift``).
struct AlignmentAnchor: Sendable {
    /// In the training lab's colors, class by class.
    let aligned: RGBImage
    private let parts: SmearParts
    private let field: PartKernels.HoldField

    /// Belief in matches on platelets: lab B's training images and lab A's restained class by class, by what detectors find
    /// of them, against 1 and 0 (docs/alignment.md).
    private static let platelets: Float = 0.5

    /// - Parameter whiteCells: belief in matches on white cells, 0…1; on platelets it is a half, elsewhere 1.
    init(_ capture: AlignedCapture, whiteCells: Float, workers: Workers) {
        aligned = capture.image
        parts = capture.sight.parts
        let table = (0..<parts.count).map { part -> SIMD8<Float> in
            switch part {
            case SmearParts.background: [1, 1, 0, 0, 0, 0, 0, 0]
            case SmearParts.redCell: [1, 0, 1, 0, 0, 0, 0, 0]
            case SmearParts.platelet: [Self.platelets, 0, 0, 0, 0, 0, 0, 0]
            default: [whiteCells, 0, 0, 0, 0, 0, 0, 0]
            }
        }
        let blurred = PartKernels.blurred(
            parts.indices, table: table, width: parts.width, height: parts.height,
            deviation: ClassAlignment.blur, workers: workers)
        field = PartKernels.HoldField(
            width: parts.width, height: parts.height, scale: capture.sight.scale,
            belief: (0..<parts.indices.count).map { blurred[8 * $0] },
            shares: (0..<parts.indices.count).map {
                SIMD2(UInt8((255 * blurred[8 * $0 + 1]).rounded()), UInt8((255 * blurred[8 * $0 + 2]).rounded()))
            })
    }

    /// How a result is held to the aligned capture.
    ///
    /// - Parameters:
    ///   - colors: of some pixels of the result, in a row.
    ///   - pixels: which ones these are of the whole frame, counted row by row.
    func hold(of colors: LabImage, at pixels: [Int], workers: Workers) -> AlignmentHold {
        AlignmentHold(
            aligned: aligned, field: field,
            drift: ClassDrift(
                from: LabImage(aligned.picked(pixels), workers: workers), to: colors,
                classes: pixels.map { part(atPixel: $0) }))
    }

    private func part(atPixel pixel: Int) -> Int {
        let (y, x) = pixel.quotientAndRemainder(dividingBy: aligned.width)
        let (row, column) = (min(parts.height - 1, y / field.scale), min(parts.width - 1, x / field.scale))
        return Int(parts.indices[row * parts.width + column])
    }
}

/// What all of a result is held to, and how firmly.
struct AlignmentHold: Sendable {
    let aligned: RGBImage
    let field: PartKernels.HoldField
    let drift: ClassDrift

    /// Moves a result, or a part of one, toward the aligned capture.
    ///
    /// - Parameter area: the part of the frame that this is; nil for all of it.
    func apply(to result: inout LabImage, area: PixelArea?, workers: Workers) {
        let target = area.map { aligned.cropped(to: $0) } ?? aligned
        PartKernels.hold(
            &result, to: LabImage(target, workers: workers), by: field,
            less: (drift.correction(ofPart: SmearParts.background), drift.correction(ofPart: SmearParts.redCell)),
            origin: (area?.x ?? 0, area?.y ?? 0), workers: workers)
    }
}
