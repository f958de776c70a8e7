import Foundation

extension Canvas {
    /// Adds a red cell: hemoglobin, thinner in the middle, a little denser along the rim.
    func add(_ cell: RedCell) -> CellBox? {
        let (c, s) = (cosf(cell.angle), sinf(cell.angle))
        let (long, short) = (cell.radius * cell.stretch.squareRoot(), cell.radius / cell.stretch.squareRoot())
        let edge = max(1.2, cell.softness * cell.radius)
        let noise = Noise(seed: cell.seed)
        let inverseWidth = 1 / cell.pallorRadius
        let box = add(x: cell.x, y: cell.y, reach: long * cell.outline.reach + edge) { dx, dy in
            let (u, v) = ((c * dx + s * dy) / long, (c * dy - s * dx) / short)
            let distance = (u * u + v * v).squareRoot()
            let outer = cell.outline.radius(toward: u, v)
            let coverage = Noise.step(-0.5, 0.5, (outer - distance) * cell.radius / edge)
            guard coverage > 0 else { return Deposit() }
            let (pu, pv) = (u - cell.pallorCenter.u, v - cell.pallorCenter.v)
            let middle = (pu * pu + pv * pv) * inverseWidth * inverseWidth
            let pale = cell.pallor * (0.75 * expf(-middle * middle) + 0.25 * expf(-0.35 * middle))
            let fromRim = (distance / outer - 0.9) / 0.09
            let rim = 0.12 * expf(-fromRim * fromRim)
            let texture = 0.94 + 0.12 * noise.fractal(2.5 * u, 2.5 * v)
            return Deposit(
                hemoglobin: cell.strength * (1 + rim - pale) * texture, coverage: coverage, label: .redCell)
        }
        return box.map {
            CellBox(kind: .redCell, whiteCellKind: nil, x: $0.x, y: $0.y, width: $0.width, height: $0.height)
        }
    }

    /// Adds a platelet: purple granules in a pale rim.
    func add(_ platelet: Platelet) -> CellBox? {
        let (c, s) = (cosf(platelet.angle), sinf(platelet.angle))
        let stretch = platelet.stretch.squareRoot()
        let (long, short) = (platelet.radius * stretch, platelet.radius / stretch)
        let edge = max(1.2, 0.25 * platelet.radius)
        let noise = Noise(seed: platelet.seed)
        let box = add(x: platelet.x, y: platelet.y, reach: long * platelet.outline.reach + edge) { dx, dy in
            let (u, v) = ((c * dx + s * dy) / long, (c * dy - s * dx) / short)
            let distance = (u * u + v * v).squareRoot()
            let outer = platelet.outline.radius(toward: u, v)
            let coverage = Noise.step(-0.5, 0.5, (outer - distance) * platelet.radius / edge)
            guard coverage > 0 else { return Deposit() }
            let middle = 1 - Noise.step(0.45, 0.95, distance / outer)
            let granules = Noise.step(0.35, 0.65, noise.fractal(3.2 * u, 3.2 * v))
            let dye = 0.16 + middle * (0.2 + 0.6 * granules)
            return Deposit(eosin: 0.95 * dye, azure: dye, coverage: coverage, label: .platelet)
        }
        return box.map {
            CellBox(kind: .platelet, whiteCellKind: nil, x: $0.x, y: $0.y, width: $0.width, height: $0.height)
        }
    }
}
