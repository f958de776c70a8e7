import Foundation

/// The large connected regions of one flat color, and which of them have the shapes of no data.
struct FlatRegions {
    /// One region.
    struct Region {
        let index: Int
        let area: Int
        /// Share of the smallest upright rectangle around it that it covers, 0…1.
        let fill: Float
        let touches: (top: Bool, bottom: Bool, left: Bool, right: Bool)

        var touchesBorder: Bool { touches.top || touches.bottom || touches.left || touches.right }

        /// In a corner, from side to side, or as good as a rectangle.
        func isStraight(fillingAtLeast least: Float) -> Bool {
            let isVertical = touches.top || touches.bottom
            let isCorner = isVertical && (touches.left || touches.right)
            return isCorner || (touches.top && touches.bottom) || (touches.left && touches.right) || fill >= least
        }
    }

    let all: [Region]
    private let spots: ConnectedSpots

    /// - Parameters:
    ///   - mask: the pixels that have the color.
    ///   - leastArea: in shares of the mask's grid; a line from side to side may be less.
    init(_ mask: PixelMask, leastArea: Float) {
        spots = ConnectedSpots(mask)
        let least = Int(leastArea * Float(mask.isSet.count))
        let (areas, bounds) = (spots.areas, spots.bounds)
        all = areas.indices.compactMap { spot in
            let box = bounds[spot]
            guard areas[spot] >= max(16, least) || box.width == mask.width || box.height == mask.height else {
                return nil
            }
            return Region(
                index: spot, area: areas[spot], fill: Float(areas[spot]) / Float(box.pixelCount),
                touches: (
                    box.y == 0, box.y + box.height == mask.height, box.x == 0, box.x + box.width == mask.width
                ))
        }
    }

    func filter(_ isChosen: (Region) -> Bool) -> [Region] { all.filter(isChosen) }

    /// The pixels of the regions.
    func mask(of regions: [Region]) -> PixelMask {
        let chosen = Set(regions.map(\.index))
        return spots.mask(where: chosen.contains)
    }

    /// The regions at the border if all that they leave is one rectangle, upright or turned, as far as it lies in the
    /// image; nil otherwise.
    func leavingRectangle() -> [Region]? {
        let outer = all.filter(\.touchesBorder)
        guard !outer.isEmpty else { return nil }
        let mask = mask(of: outer)
        guard let rest = RotatedRectangle(around: mask) else { return nil }
        guard Float(rest.count) >= 0.97 * rest.area else { return nil }
        // What was taken away lies around it, not in it.
        var inside = 0
        for y in 0..<mask.height {
            for x in 0..<mask.width where mask[x, y] && rest.contains(x, y, margin: 2) { inside += 1 }
        }
        return Float(inside) <= 0.1 * Float(outer.reduce(0) { $0 + $1.area }) ? outer : nil
    }
}

/// The rectangle of any direction around the large part of what a mask leaves that covers least of the image.
struct RotatedRectangle {
    /// Pixels that it is around.
    let count: Int
    private let axis: SIMD2<Double>
    private let along: ClosedRange<Double>
    private let across: ClosedRange<Double>

    /// Of the part that lies in the image, in pixels.
    let area: Float

    /// Pieces of less than this share of the rest do not count: writing.
    private static let leastPiece: Float = 0.01

    /// Nil if the mask leaves nothing.
    init?(around mask: PixelMask) {
        let pieces = ConnectedSpots(mask.inverted)
        let least = Self.leastPiece * Float(pieces.areas.reduce(0, +))
        var (points, count) = ([SIMD2<Double>](), 0)
        for y in 0..<mask.height {
            var ends: (first: Int, last: Int)?
            for x in 0..<mask.width {
                let piece = pieces.labels[y * mask.width + x]
                guard piece >= 0, Float(pieces.areas[Int(piece)]) >= least else { continue }
                count += 1
                ends = (ends?.first ?? x, x)
            }
            guard let ends else { continue }
            points += [SIMD2(Double(ends.first), Double(y)), SIMD2(Double(ends.last), Double(y))]
        }
        guard count > 0 else { return nil }
        self.count = count
        var best: (axis: SIMD2<Double>, along: ClosedRange<Double>, across: ClosedRange<Double>, area: Double)?
        for step in -90..<90 {
            let angle = Double(step) / 2 * .pi / 180
            let axis = SIMD2(cos(angle), sin(angle))
            let along = Self.extent(points, axis)
            let across = Self.extent(points, SIMD2(-axis.y, axis.x))
            let area = Self.covered(axis, along, across, width: mask.width, height: mask.height)
            if area < best?.area ?? .infinity { best = (axis, along, across, area) }
        }
        guard let best else { return nil }
        (axis, along, across, area) = (best.axis, best.along, best.across, Float(best.area))
    }

    /// Area of a rectangle of pixels, half a pixel around their centers, as far as it lies in the image: what its four sides
    /// leave of the image (Sutherland and Hodgman), by the shoelace formula.
    private static func covered(
        _ axis: SIMD2<Double>, _ along: ClosedRange<Double>, _ across: ClosedRange<Double>, width: Int, height: Int
    ) -> Double {
        let (right, bottom) = (Double(width) - 0.5, Double(height) - 0.5)
        var corners: [SIMD2<Double>] = [[-0.5, -0.5], [right, -0.5], [right, bottom], [-0.5, bottom]]
        let other = SIMD2(-axis.y, axis.x)
        for (direction, limit) in [
            (axis, along.upperBound), (-axis, -along.lowerBound), (other, across.upperBound),
            (-other, -across.lowerBound),
        ] {
            var kept: [SIMD2<Double>] = []
            for (index, end) in corners.enumerated() {
                let start = corners[(index + corners.count - 1) % corners.count]
                let (from, to) = ((start * direction).sum() - limit - 0.5, (end * direction).sum() - limit - 0.5)
                if from * to < 0 { kept.append(start + (end - start) * (from / (from - to))) }
                if to <= 0 { kept.append(end) }
            }
            corners = kept
        }
        return corners.indices.reduce(0) { sum, index in
            let (first, second) = (corners[index], corners[(index + 1) % corners.count])
            return sum + (first.x * second.y - first.y * second.x) / 2
        }
    }

    private static func extent(_ points: [SIMD2<Double>], _ axis: SIMD2<Double>) -> ClosedRange<Double> {
        var (least, most) = (Double.infinity, -Double.infinity)
        for point in points {
            let place = (point * axis).sum()
            (least, most) = (min(least, place), max(most, place))
        }
        return least...most
    }

    /// Whether a pixel lies deeper within than the margin.
    func contains(_ x: Int, _ y: Int, margin: Double) -> Bool {
        let point = SIMD2(Double(x), Double(y))
        let (u, v) = ((point * axis).sum(), (point * SIMD2(-axis.y, axis.x)).sum())
        return u > along.lowerBound + margin && u < along.upperBound - margin && v > across.lowerBound + margin
            && v < across.upperBound - margin
    }
}
