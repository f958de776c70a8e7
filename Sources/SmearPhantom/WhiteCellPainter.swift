import Foundation

extension Canvas {
    /// Adds a white cell: cytoplasm of its kind, and a nucleus in it.
    func add(_ cell: WhiteCell) -> CellBox? {
        let (c, s) = (cosf(cell.angle), sinf(cell.angle))
        let inverse = 1 / cell.radius
        let edge = max(1.2, (cell.kind == .monocyte ? 0.06 : 0.035) * cell.radius)
        let nucleusEdge = max(1.2, 0.025 * cell.radius)
        let shape = Noise(seed: cell.seed)
        let texture = Noise(seed: cell.seed ^ 0x5EED)
        let box = add(x: cell.x, y: cell.y, reach: cell.radius * cell.outline.reach + edge) { dx, dy in
            let (u, v) = ((c * dx + s * dy) * inverse, (c * dy - s * dx) * inverse)
            let inside = (cell.outline.radius(toward: u, v) - (u * u + v * v).squareRoot()) * cell.radius
            let coverage = Noise.step(-0.5, 0.5, inside / edge)
            guard coverage > 0 else { return Deposit() }
            let depth = cell.nucleus.distance(u, v, noise: shape)
            let share = Noise.step(-0.5, 0.5, -depth * cell.radius / nucleusEdge)
            var deposit = cell.cytoplasm(u, v, depth: depth, rim: inside * inverse, texture)
            if share > 0 {
                let nucleus = cell.chromatin(u, v, depth: depth, texture)
                deposit.eosin += share * (nucleus.eosin - deposit.eosin)
                deposit.azure += share * (nucleus.azure - deposit.azure)
                deposit.hemoglobin *= 1 - share
            }
            if cell.kind == .basophil { cell.coverWithGranules(&deposit, u, v, texture) }
            deposit.eosin *= cell.strength
            deposit.azure *= cell.strength
            deposit.coverage = coverage
            deposit.label = share >= 0.5 ? .nucleus : .cytoplasm
            return deposit
        }
        return box.map {
            CellBox(kind: .whiteCell, whiteCellKind: cell.kind, x: $0.x, y: $0.y, width: $0.width, height: $0.height)
        }
    }
}

extension WhiteCell {
    /// The dyes of the nucleus: clumps of chromatin, a denser membrane, and nucleoli.
    ///
    /// - Parameter depth: signed distance to the nucleus's edge in cell radii, negative inside.
    func chromatin(_ u: Float, _ v: Float, depth: Float, _ texture: Noise) -> Deposit {
        // Grain per cell radius, and concentrations between clumps and in them.
        let (grain, low, high): (Float, Float, Float) =
            switch kind {
            case .segmentedNeutrophil, .bandNeutrophil: (8, 0.6, 1.08)
            case .eosinophil: (9, 0.52, 0.9)
            case .basophil: (6, 0.8, 1.05)
            case .lymphocyte: (7, 0.78, 1.12)
            case .monocyte: (13, 0.55, 0.95)
            case .other: (15, 0.58, 0.88)
            }
        let clump = Noise.step(0.36, 0.62, texture.fractal(grain * u, grain * v))
        var dye = low + (high - low) * clump
        dye += 0.14 * expf(-(depth + 0.02) * (depth + 0.02) / 0.0012)
        var pale: Float = 0
        for spot in nucleoli {
            let away = hypotf(u - spot.u, v - spot.v) / spot.radius
            pale = max(pale, 1 - Noise.step(0.7, 1.15, away))
        }
        return Deposit(eosin: 0.97 * dye * (1 - 0.6 * pale), azure: dye * (1 - 0.2 * pale))
    }

    /// The absorbers of the cytoplasm.
    ///
    /// - Parameters:
    ///   - depth: signed distance to the nucleus's edge in cell radii, positive outside.
    ///   - rim: distance to the cell's edge in cell radii.
    func cytoplasm(_ u: Float, _ v: Float, depth: Float, rim: Float, _ texture: Noise) -> Deposit {
        let mottle = texture.fractal(5 * u + 11, 5 * v + 7) - 0.5
        switch kind {
        case .segmentedNeutrophil, .bandNeutrophil:
            let granule = texture.nearestPoint(15 * u, 15 * v)
            let speck = granule.number * granule.number * (1 - Noise.step(0.15, 0.45, granule.distance))
            let fine = texture.fractal(17 * u + 3, 17 * v + 9) - 0.5
            return Deposit(
                eosin: 0.16 + 0.16 * mottle + 0.2 * speck + 0.16 * fine,
                azure: 0.09 + 0.1 * mottle + 0.3 * speck + 0.1 * fine)
        case .eosinophil:
            let bend = 1.5 * mottle
            let granule = texture.nearestPoint(10 * u + bend, 10 * v - bend)
            let size = 0.24 + 0.16 * granule.number
            let body = 1 - Noise.step(size, size + 0.18, granule.distance)
            let dye = 0.62 + 0.5 * mottle + body * (0.15 + 0.4 * granule.number)
            return Deposit(eosin: 0.9 * dye, azure: 0.06 * (1 - body), hemoglobin: 0.85 * dye)
        case .basophil:
            return Deposit(eosin: 0.52 + 0.4 * mottle, azure: 0.42 + 0.4 * mottle)
        case .lymphocyte:
            let clearing = 1 - 0.45 * expf(-max(0, depth) / 0.08)
            return Deposit(eosin: 0.04, azure: (0.6 + 0.5 * mottle) * clearing)
        case .monocyte:
            var dye = 0.36 + 0.5 * mottle + 0.12 * (texture.value(23 * u, 23 * v) - 0.5)
            for bubble in vacuoles {
                let away = hypotf(u - bubble.u, v - bubble.v) / bubble.radius
                dye *= 0.25 + 0.75 * Noise.step(0.65, 1.1, away)
            }
            let thin = Noise.step(0, 0.25, rim)
            return Deposit(eosin: 0.2 * dye, azure: dye * (0.6 + 0.4 * thin))
        case .other:
            let clearing = 1 - 0.3 * expf(-max(0, depth) / 0.1)
            return Deposit(eosin: 0.08, azure: (0.68 + 0.5 * mottle) * clearing)
        }
    }

    /// A basophil's granules, dark and on top of everything.
    func coverWithGranules(_ deposit: inout Deposit, _ u: Float, _ v: Float, _ texture: Noise) {
        let granule = texture.nearestPoint(7 * u + 3, 7 * v + 3)
        guard granule.number < 0.85 else { return }
        let body = 1 - Noise.step(0.46, 0.66, granule.distance)
        let dye = 1.0 + 0.4 * granule.number
        deposit.eosin += body * max(0, 0.92 * dye - deposit.eosin)
        deposit.azure += body * max(0, dye - deposit.azure)
    }
}
