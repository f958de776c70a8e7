import NCTEngine

/// Seeded textures that are functions of a position: no state, so any pixel can be asked in any order.
struct Noise: Sendable {
    let seed: UInt64

    /// A number 0..<1 for a lattice point.
    @inline(__always)
    func lattice(_ x: Int, _ y: Int) -> Float {
        let key =
            UInt64(bitPattern: Int64(x)) &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(bitPattern: Int64(y))
            &* 0xD1B5_4A32_D192_ED03
        return Float(SeededGenerator.mix(key ^ seed) >> 40) * (1 / 16_777_216)
    }

    /// Value noise 0…1 of wavelength 1, smoothly interpolated between lattice points.
    @inline(__always)
    func value(_ x: Float, _ y: Float) -> Float {
        let (left, top) = (x.rounded(.down), y.rounded(.down))
        let (column, row) = (Int(left), Int(top))
        let (u, v) = (Self.smooth(x - left), Self.smooth(y - top))
        let upper = lattice(column, row) * (1 - u) + lattice(column + 1, row) * u
        let lower = lattice(column, row + 1) * (1 - u) + lattice(column + 1, row + 1) * u
        return upper * (1 - v) + lower * v
    }

    /// Three octaves of value noise, 0…1, mean 0.5.
    @inline(__always)
    func fractal(_ x: Float, _ y: Float) -> Float {
        (4 * value(x, y) + 2 * value(2.03 * x + 17, 2.03 * y + 5) + value(4.1 * x + 3, 4.1 * y + 29)) / 7
    }

    /// Distance to the nearest of a set of jittered points, one a unit cell, and that point's own number 0..<1.
    @inline(__always)
    func nearestPoint(_ x: Float, _ y: Float) -> (distance: Float, number: Float) {
        let (column, row) = (Int(x.rounded(.down)), Int(y.rounded(.down)))
        var best: Float = 9
        var number: Float = 0
        for j in row - 1...row + 1 {
            for i in column - 1...column + 1 {
                let jitter = lattice(i, j)
                let dx = Float(i) + 0.15 + 0.7 * jitter - x
                let dy = Float(j) + 0.15 + 0.7 * lattice(i + 7919, j) - y
                let squared = dx * dx + dy * dy
                if squared < best {
                    best = squared
                    number = lattice(i, j + 7919)
                }
            }
        }
        return (best.squareRoot(), number)
    }

    @inline(__always)
    static func smooth(_ t: Float) -> Float { t * t * (3 - 2 * t) }

    /// 0 below `low`, 1 above `high`, smooth between.
    @inline(__always)
    static func step(_ low: Float, _ high: Float, _ value: Float) -> Float {
        smooth(min(1, max(0, (value - low) / (high - low))))
    }
}
