import NCTEngine

/// The room that cells have taken, and the search for more.
struct Places {
    private struct Disc {
        var x: Float
        var y: Float
        var radius: Float
        var isRed: Bool
    }

    let width: Float
    let height: Float
    private var discs: [Disc] = []

    init(width: Float, height: Float) {
        self.width = width
        self.height = height
    }

    /// White cells never touch each other; some cross the border, with their middle well inside.
    mutating func put(_ cell: inout WhiteCell, isFirst: Bool, using generator: inout SeededGenerator) -> Bool {
        let crosses = Float.random(in: 0..<1, using: &generator) < 0.15
        let inset = min((crosses ? 0.45 : 1.02) * cell.radius, 0.5 * min(width, height))
        for _ in 0..<40 {
            let x = Float.random(in: inset...(width - inset), using: &generator)
            let y = Float.random(in: inset...(height - inset), using: &generator)
            let reach = 1.12 * cell.radius
            guard isFirst || discs.allSatisfy({ Self.gap($0, x, y) >= reach + 0.12 * $0.radius }) else { continue }
            (cell.x, cell.y) = (x, y)
            discs.append(Disc(x: x, y: y, radius: cell.radius, isRed: false))
            return true
        }
        return false
    }

    /// Red cells keep off white ones; of each other they keep off too, or lie on others by a good part.
    mutating func put(_ cell: inout RedCell, mayOverlap: Bool, using generator: inout SeededGenerator) -> Bool {
        let margin = 0.7 * cell.radius
        for _ in 0..<90 {
            let x = Float.random(in: -margin...(width + margin), using: &generator)
            let y = Float.random(in: -margin...(height + margin), using: &generator)
            let fits = discs.allSatisfy { disc in
                let gap = Self.gap(disc, x, y)
                if !disc.isRed { return gap >= 1.02 * cell.radius }
                let nearest = mayOverlap ? 0.2 * cell.radius : 0.98 * cell.radius
                return gap >= nearest
            }
            guard fits else { continue }
            (cell.x, cell.y) = (x, y)
            discs.append(Disc(x: x, y: y, radius: cell.radius, isRed: true))
            return true
        }
        return false
    }

    /// Platelets lie in gaps, wholly inside; where a field is crowded, on red cells.
    mutating func put(_ platelet: inout Platelet, using generator: inout SeededGenerator) -> Bool {
        let inset = min(1.5 * platelet.radius, 0.5 * min(width, height))
        for attempt in 0..<80 {
            let x = Float.random(in: inset...(width - inset), using: &generator)
            let y = Float.random(in: inset...(height - inset), using: &generator)
            let fits = discs.allSatisfy { disc in
                (disc.isRed && attempt >= 60) || Self.gap(disc, x, y) >= 1.4 * platelet.radius
            }
            guard fits else { continue }
            (platelet.x, platelet.y) = (x, y)
            discs.append(Disc(x: x, y: y, radius: platelet.radius, isRed: false))
            return true
        }
        return false
    }

    /// Distance from a point to a disc's edge, negative inside.
    private static func gap(_ disc: Disc, _ x: Float, _ y: Float) -> Float {
        let (dx, dy) = (disc.x - x, disc.y - y)
        return (dx * dx + dy * dy).squareRoot() - disc.radius
    }
}
