import CKernels

/// The bridge to the kernel that divides a capture by its light.
package enum LightKernels {
    private static let rowGrain = 16

    /// Divides a picture's linear light by a light, row by row.
    ///
    /// - Parameter light: fills a row of `3 × width` values, all greater than 0, for the row's number.
    package static func divided(
        _ samples: [Float], width: Int, height: Int, workers: Workers,
        by light: @Sendable (_ row: Int, _ values: UnsafeMutablePointer<Float>) -> Void
    ) -> [Float] {
        [Float](unsafeUninitializedCapacity: samples.count) { output, initialized in
            initialized = samples.count
            samples.withUnsafeBufferPointer { input in
                guard let source = input.baseAddress, let target = output.baseAddress else { return }
                let (from, to) = (SharedConstPointer(source), SharedPointer(target))
                workers.forEach(height, grain: rowGrain) { rows in
                    withUnsafeTemporaryAllocation(of: Float.self, capacity: 3 * width) { row in
                        guard let values = row.baseAddress else { return }
                        for y in rows {
                            light(y, values)
                            nct_divide_light(from.base + 3 * y * width, values, to.base + 3 * y * width, 3 * width)
                        }
                    }
                }
            }
        }
    }
}
