import NCTEngine

/// What one cell leaves at one position.
struct Deposit {
    /// Concentrations of the three absorbers.
    var eosin: Float = 0
    var azure: Float = 0
    var hemoglobin: Float = 0
    /// How much of the pixel the cell covers, 0…1.
    var coverage: Float = 0
    var label = SmearClass.background
}

/// The three concentrations and the class of every pixel while a scene is drawn.
struct Canvas {
    let width: Int
    let height: Int
    let eosin: UnsafeMutablePointer<Float>
    let azure: UnsafeMutablePointer<Float>
    let hemoglobin: UnsafeMutablePointer<Float>
    let labels: UnsafeMutablePointer<UInt8>

    /// Adds a cell (absorbers of cells that lie on each other add up).
    ///
    /// - Parameter deposit: asked for every pixel within `reach` of the center, with the offset from it in pixels.
    /// - Returns: the tight box of the pixels covered by at least a half, nil if there are none.
    func add(
        x centerX: Float, y centerY: Float, reach: Float, _ deposit: (Float, Float) -> Deposit
    ) -> (x: Int, y: Int, width: Int, height: Int)? {
        let left = max(0, Int((centerX - reach).rounded(.down)))
        let right = min(width - 1, Int((centerX + reach).rounded(.up)))
        let top = max(0, Int((centerY - reach).rounded(.down)))
        let bottom = min(height - 1, Int((centerY + reach).rounded(.up)))
        guard left <= right, top <= bottom else { return nil }
        var (minX, maxX, minY, maxY) = (Int.max, Int.min, Int.max, Int.min)
        for y in top...bottom {
            for x in left...right {
                let found = deposit(Float(x) - centerX, Float(y) - centerY)
                guard found.coverage > 0 else { continue }
                let pixel = y * width + x
                eosin[pixel] += found.coverage * found.eosin
                azure[pixel] += found.coverage * found.azure
                hemoglobin[pixel] += found.coverage * found.hemoglobin
                guard found.coverage >= 0.5 else { continue }
                labels[pixel] = found.label.rawValue
                (minX, maxX, minY, maxY) = (min(minX, x), max(maxX, x), min(minY, y), max(maxY, y))
            }
        }
        guard minX <= maxX else { return nil }
        return (minX, minY, maxX - minX + 1, maxY - minY + 1)
    }
}
