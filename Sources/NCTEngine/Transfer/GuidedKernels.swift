import CKernels

/// The Swift side of `guided.c`.
package enum GuidedKernels {
    private static let sums = 18
    private static let coefficients = 16
    /// Rows a piece of work, on either grid: each piece starts its running sums anew.
    private static let grain = 64

    static func upsampleAndApply(
        _ filter: FastGuidedFilter, field: TransferField, coarse: Plane, full: Plane, scale: Int,
        image: inout LabImage, workers: Workers
    ) {
        guard coarse.width > 0, coarse.height > 0 else { return }
        let slopes = slopesAndIntercepts(filter, field: field, guide: coarse, workers: workers)
        slopes.withUnsafeBufferPointer { slopes in
            full.values.withUnsafeBufferPointer { luminance in
                image.samples.withUnsafeMutableBufferPointer { samples in
                    let slopes = SharedConstPointer(slopes)
                    let luminance = SharedConstPointer(luminance)
                    let lab = SharedPointer(samples)
                    workers.forEach(full.height, grain: grain * scale) { range in
                        var averages = AveragedRows(
                            slopes: slopes.base, width: coarse.width, height: coarse.height, radius: filter.radius)
                        defer { averages.deallocate() }
                        for y in range {
                            let place = min(max((Float(y) + 0.5) / Float(scale) - 0.5, 0), Float(coarse.height - 1))
                            let upper = Int(place)
                            let pair = averages.rows(upper, min(upper + 1, coarse.height - 1))
                            nct_guided_apply_row(
                                pair.0, pair.1, place - Float(upper), coarse.width, scale,
                                luminance.base + y * full.width, full.width, lab.base + 3 * full.width * y)
                        }
                    }
                }
            }
        }
    }

    /// Slopes and intercepts of the windows, 16 floats a coarse pixel.
    private static func slopesAndIntercepts(
        _ filter: FastGuidedFilter, field: TransferField, guide: Plane, workers: Workers
    ) -> [Float] {
        let (width, height, radius) = (guide.width, guide.height, filter.radius)
        return TransferKernels.filled(coefficients * width * height) { out in
            guide.values.withUnsafeBufferPointer { guide in
                field.values.withUnsafeBufferPointer { field in
                    let guide = SharedConstPointer(guide)
                    let field = SharedConstPointer(field)
                    workers.forEach(height, grain: grain) { range in
                        let columns = UnsafeMutablePointer<Double>.allocate(capacity: sums * width)
                        defer { columns.deallocate() }
                        columns.update(repeating: 0, count: sums * width)
                        let add = { (y: Int, sign: Double) in
                            nct_guided_add_row(guide.base + y * width, field.base + 8 * y * width, width, sign, columns)
                        }
                        let first = range.lowerBound
                        for y in max(0, first - radius)..<min(height, first + radius) { add(y, 1) }
                        for y in range {
                            if y + radius < height { add(y + radius, 1) }
                            if y > first, y > radius { add(y - radius - 1, -1) }
                            let count = min(y + radius, height - 1) - max(y - radius, 0) + 1
                            nct_guided_coefficients_row(
                                columns, width, count, radius, Double(filter.epsilon),
                                out.base + coefficients * y * width)
                        }
                    }
                }
            }
        }
    }

    /// The means of slopes and intercepts over the windows of one coarse row after another, the last two kept.
    private struct AveragedRows {
        let slopes: UnsafePointer<Float>
        let width: Int
        let height: Int
        let radius: Int
        private let columns: UnsafeMutablePointer<Double>
        private let buffers: UnsafeMutablePointer<Float>
        /// The last row averaged; even rows live in the first buffer, odd ones in the second.
        private var last: Int?

        init(slopes: UnsafePointer<Float>, width: Int, height: Int, radius: Int) {
            self.slopes = slopes
            self.width = width
            self.height = height
            self.radius = radius
            columns = .allocate(capacity: coefficients * width)
            columns.update(repeating: 0, count: coefficients * width)
            buffers = .allocate(capacity: 2 * coefficients * width)
        }

        func deallocate() {
            columns.deallocate()
            buffers.deallocate()
        }

        /// Two rows, `lower` being `upper` or the next one; rows are asked for in ascending order.
        mutating func rows(_ upper: Int, _ lower: Int) -> (UnsafePointer<Float>, UnsafePointer<Float>) {
            for row in upper...lower where last.map({ row > $0 }) ?? true { average(row) }
            return (buffer(upper), buffer(lower))
        }

        private func buffer(_ row: Int) -> UnsafePointer<Float> {
            UnsafePointer(buffers + (row & 1) * coefficients * width)
        }

        private mutating func average(_ row: Int) {
            if last == nil {
                for y in max(0, row - radius)..<min(height, row + radius) { add(y, 1) }
            } else if row > radius {
                add(row - radius - 1, -1)
            }
            if row + radius < height { add(row + radius, 1) }
            let count = min(row + radius, height - 1) - max(row - radius, 0) + 1
            nct_guided_average_row(columns, width, count, radius, buffers + (row & 1) * coefficients * width)
            last = row
        }

        private func add(_ y: Int, _ sign: Double) {
            nct_guided_add_coefficients(slopes + coefficients * y * width, width, sign, columns)
        }
    }
}
