/// Brings a coarse map to a finer grid bilinearly. A coarse pixel i covers the fine pixels i·scale … i·scale+scale−1.
package enum Enlargement {
    /// The two coarse positions around a fine one, and the weight of the second.
    package static func tap(_ position: Int, scale: Int, size: Int) -> (first: Int, second: Int, fraction: Float) {
        let exact = max(0, (Float(position) + 0.5) / Float(scale) - 0.5)
        let first = min(Int(exact), size - 1)
        let second = min(first + 1, size - 1)
        return (first, second, first == second ? 0 : exact - Float(first))
    }

    /// Adds the enlarged `coarse` to `fine`; both have the same channels.
    ///
    /// - Parameter origin: where `fine` starts on the fine grid of which `coarse` covers all.
    package static func add(
        _ coarse: FeatureMap, to fine: inout FeatureMap, scale: Int, origin: (x: Int, y: Int) = (0, 0),
        workers: Workers
    ) {
        let (width, height, channels) = (fine.width, fine.height, fine.channels)
        let columns = (0..<width).map { tap($0 + origin.x, scale: scale, size: coarse.width) }
        fine.values.withUnsafeMutableBufferPointer { fine in
            coarse.values.withUnsafeBufferPointer { values in
                guard let source = values.baseAddress, let target = fine.baseAddress else { return }
                let (from, to) = (SharedConstPointer(source), SharedPointer(target))
                workers.forEach(height, grain: 8) { range in
                    for y in range {
                        let (y0, y1, fy) = tap(y + origin.y, scale: scale, size: coarse.height)
                        let upper = from.base + y0 * coarse.width * channels
                        let lower = from.base + y1 * coarse.width * channels
                        for x in 0..<width {
                            let (x0, x1, fx) = columns[x]
                            let pixel = to.base + (y * width + x) * channels
                            let (a, b) = ((1 - fx) * (1 - fy), fx * (1 - fy))
                            let (c, d) = ((1 - fx) * fy, fx * fy)
                            for channel in 0..<channels {
                                let (left, right) = (x0 * channels + channel, x1 * channels + channel)
                                pixel[channel] +=
                                    a * upper[left] + b * upper[right] + c * lower[left] + d * lower[right]
                            }
                        }
                    }
                }
            }
        }
    }
}
