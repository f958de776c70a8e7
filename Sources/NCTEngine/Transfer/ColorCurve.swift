/// A Hilbert curve through the cube of 2048³ cells, 1/8 of a unit of CIELAB wide each.
///
/// Cells that follow each other on the curve touch each other, so an order by place on the curve keeps like colors
/// together. Built after Hamilton and Rau-Chaplin, *Compact Hilbert indices*, 2008: the state of the walk is an entry
/// corner and a direction, 24 in all, tabulated once.
package enum ColorCurve {
    /// Bits of a coordinate.
    package static let bits = 11

    /// For 24 states × 8 octants: the digit of the curve in the low 3 bits, the next state above.
    package static let table: [UInt8] = {
        var table = [UInt8](repeating: 0, count: 24 * 8)
        for corner in 0..<8 {
            for direction in 0..<3 {
                for octant in 0..<8 {
                    let turned = rotated(octant ^ corner, right: direction + 1)
                    let digit = inverseGray(turned)
                    let nextCorner = corner ^ rotated(entry(digit), right: 3 - (direction + 1) % 3)
                    let nextDirection = (direction + turn(digit) + 1) % 3
                    table[8 * (3 * corner + direction) + octant] = UInt8(digit | (3 * nextCorner + nextDirection) << 3)
                }
            }
        }
        return table
    }()

    /// Place on the curve of a cell in a cube of `2^bits` cells per side.
    package static func place(of cell: (Int, Int, Int), bits: Int = bits) -> UInt64 {
        var place: UInt64 = 0
        var state = 0
        for bit in stride(from: bits - 1, through: 0, by: -1) {
            let octant = (cell.0 >> bit & 1) << 2 | (cell.1 >> bit & 1) << 1 | (cell.2 >> bit & 1)
            let entry = Int(table[8 * state + octant])
            place = place << 3 | UInt64(entry & 7)
            state = entry >> 3
        }
        return place
    }

    private static func rotated(_ value: Int, right: Int) -> Int {
        let turn = right % 3
        return (value >> turn | value << (3 - turn)) & 7
    }

    private static func gray(_ value: Int) -> Int { value ^ value >> 1 }

    private static func inverseGray(_ value: Int) -> Int { value ^ value >> 1 ^ value >> 2 }

    /// The corner where the walk enters the digit's octant.
    private static func entry(_ digit: Int) -> Int { digit == 0 ? 0 : gray(2 * ((digit - 1) / 2)) }

    /// The axis along which it leaves.
    private static func turn(_ digit: Int) -> Int {
        digit == 0 ? 0 : (digit % 2 == 0 ? digit - 1 : digit).trailingOnes % 3
    }
}

extension Int {
    fileprivate var trailingOnes: Int { (~self).trailingZeroBitCount }
}
