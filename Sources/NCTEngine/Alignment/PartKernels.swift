import Foundation

/// The loops that turn a map of parts into a smooth field of eight values per pixel.
package enum PartKernels {
    /// Rows a piece of work.
    private static let grain = 16

    /// Each pixel's entry of the table, blurred by a normal distribution; the border repeats its last pixel.
    ///
    /// - Parameter deviation: of the blur, in pixels.
    /// - Returns: `height × width × 8` values.
    /// - Precondition: every index is one of the table's.
    package static func blurred(
        _ indices: [UInt16], table: [SIMD8<Float>], width: Int, height: Int, deviation: Float, workers: Workers
    ) -> [Float] {
        precondition(indices.count == width * height, "every pixel has its part")
        let reach = Int((2.5 * deviation).rounded(.up))
        let shares = (-reach...reach).map { exp(-Float($0 * $0) / (2 * deviation * deviation)) }
        let total = shares.reduce(0, +)
        let weights = shares.map { $0 / total }
        let rows = workers.flatMap(height, grain: grain) { range in
            var result: [SIMD8<Float>] = []
            result.reserveCapacity(range.count * width)
            for y in range {
                for x in 0..<width {
                    let window = (max(0, x - reach), min(width - 1, x + reach))
                    let first = indices[y * width + window.0]
                    // Exactly the part's own values away from its border.
                    guard indices[y * width + window.0...y * width + window.1].contains(where: { $0 != first }) else {
                        result.append(table[Int(first)])
                        continue
                    }
                    var sum = SIMD8<Float>.zero
                    for step in -reach...reach {
                        let index = indices[y * width + min(width - 1, max(0, x + step))]
                        sum += weights[step + reach] * table[Int(index)]
                    }
                    result.append(sum)
                }
            }
            return result
        }
        return workers.flatMap(height, grain: grain) { range in
            var result = [Float](repeating: 0, count: range.count * width * 8)
            for y in range {
                for x in 0..<width {
                    var sum = SIMD8<Float>.zero
                    for step in -reach...reach {
                        sum += weights[step + reach] * rows[min(height - 1, max(0, y + step)) * width + x]
                    }
                    let start = ((y - range.lowerBound) * width + x) * 8
                    for lane in 0..<8 { result[start + lane] = sum[lane] }
                }
            }
            return result
        }
    }

    /// How firmly a result is held, on a grid whose pixels are `scale` of the image's wide, interpolated between their
    /// centers.
    package struct HoldField: Sendable {
        let width: Int
        let height: Int
        let scale: Int
        /// The belief in the result, 0…1.
        let belief: [Float]
        /// The shares of background and of red cells, 255 for all.
        let shares: [SIMD2<UInt8>]

        package init(width: Int, height: Int, scale: Int, belief: [Float], shares: [SIMD2<UInt8>]) {
            precondition(!belief.isEmpty && belief.count == width * height && shares.count == belief.count)
            (self.width, self.height, self.scale) = (width, height, scale)
            (self.belief, self.shares) = (belief, shares)
        }
    }

    /// Of the difference of a result from what it is held to, less what is taken from its colors, the belief is left.
    ///
    /// - Parameters:
    ///   - less: what is taken from L*, a* and b* of background and of red cells.
    ///   - origin: of the image in the frame that the grid covers.
    /// - Precondition: both images have one size.
    package static func hold(
        _ result: inout LabImage, to target: LabImage, by field: HoldField,
        less taken: (background: SIMD3<Float>, redCell: SIMD3<Float>), origin: (x: Int, y: Int), workers: Workers
    ) {
        precondition(result.samples.count == target.samples.count)
        let isShifted = taken != (.zero, .zero)
        let (width, height) = (result.width, result.height)
        /// The two nearest places of the grid along an axis, and the share of the second.
        func places(_ count: Int, _ origin: Int, _ size: Int) -> [(first: Int, second: Int, share: Float)] {
            (0..<count).map { index in
                let place = (Float(origin + index) + 0.5) / Float(field.scale) - 0.5
                let first = Int(place.rounded(.down))
                return (min(size - 1, max(0, first)), min(size - 1, max(0, first + 1)), place - Float(first))
            }
        }
        let (columns, rows) = (places(width, origin.x, field.width), places(height, origin.y, field.height))
        result.samples.withUnsafeMutableBufferPointer { output in
            target.samples.withUnsafeBufferPointer { input in
                guard let input = input.baseAddress, let output = output.baseAddress else { return }
                let (from, to) = (SharedConstPointer(input), SharedPointer(output))
                workers.forEach(height, grain: grain) { range in
                    for y in range {
                        let row = rows[y]
                        for x in 0..<width {
                            let column = columns[x]
                            func blended<Value>(
                                _ value: (Int) -> Value, _ mix: (Value, Value, Float) -> Value
                            ) -> Value {
                                func along(_ line: Int) -> Value {
                                    let start = line * field.width
                                    return mix(value(start + column.first), value(start + column.second), column.share)
                                }
                                return mix(along(row.first), along(row.second), row.share)
                            }
                            let belief = blended({ field.belief[$0] }, { $0 * (1 - $2) + $1 * $2 })
                            var shift = SIMD3<Float>.zero
                            if isShifted {
                                let shares = blended(
                                    { SIMD2<Float>(field.shares[$0]) / 255 }, { $0 * (1 - $2) + $1 * $2 })
                                shift = shares.x * taken.background + shares.y * taken.redCell
                            }
                            let start = 3 * (y * width + x)
                            for channel in 0..<3 {
                                let aligned = from.base[start + channel]
                                let difference = to.base[start + channel] - aligned - shift[channel]
                                to.base[start + channel] = aligned + belief * difference
                            }
                        }
                    }
                }
            }
        }
    }
}
