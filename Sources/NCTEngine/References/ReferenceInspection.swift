/// What a reference shows and whether it can stand for a lab: looked at as captures are, but more strictly, for every
/// result takes on its colors.
package struct ReferenceInspection: Sendable {
    package let width: Int
    package let height: Int
    package let inspection: FieldInspection
    /// Nil for an image that is too small for the network, as is the next.
    package let cells: CellCounts?
    package let smearProbability: Float?

    /// Fewer pixels either way show no cell with its surroundings.
    private static let leastSide = 32

    package init(_ image: RGBImage, workers: Workers) { self.init(FieldImage(image), workers: workers) }

    /// Of what is data in a field.
    package init(_ field: FieldImage, workers: Workers) {
        (width, height) = (field.image.width, field.image.height)
        inspection = FieldInspection(field, workers: workers)
        let segmentation = try? SmearNet.embedded.segmentation(of: field, workers: workers)
        cells = segmentation?.cellCounts
        smearProbability = segmentation?.smearProbability
    }

    /// Why the image cannot serve; nil if it can.
    package var problem: String? {
        if min(width, height) < Self.leastSide {
            return "it has only \(width) × \(height) pixels, too few to show cells"
        }
        if let problem = inspection.colorProblem ?? inspection.crossedLimits.first?.problem { return problem }
        if let smearProbability, smearProbability < SmearSegmentation.leastProbability {
            return "it shows no smear, says the network (probability \((smearProbability * 1000).rounded() / 1000))"
        }
        return nil
    }

    /// What it shows, for people.
    package var summary: String {
        cells.map {
            [
                $0.whiteCells.counted("white cell"), $0.redCells.counted("red cell"),
                $0.platelets.counted("platelet"),
            ].joined(separator: ", ")
        } ?? "too small to count cells"
    }

    /// What is missing from references that can each serve, one sentence each.
    package static func shortcomings(of images: [RGBImage], _ inspections: [ReferenceInspection]) -> [String] {
        var found: [String] = []
        for (index, image) in images.enumerated() {
            guard let first = images[..<index].firstIndex(of: image) else { continue }
            found.append("reference \(index + 1) is the same picture as reference \(first + 1) and covers nothing more")
        }
        if inspections.allSatisfy({ $0.cells.map { $0.whiteCells == 0 } ?? !$0.inspection.hasWhiteCells }) {
            found.append("no reference shows a white cell, so that nuclei find no color of theirs")
        }
        return found
    }
}
