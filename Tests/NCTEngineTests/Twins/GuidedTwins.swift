import CKernelTwins
import CKernels
import NCTEngine

// Values of a column: sums, and coefficients.
private let sumCount = 18
private let slopeCount = 16

// The twins of `guided.c`: by the fast kernel and by its twin.
extension GuidedKernels {
    /// Adds a row to column sums, or removes it.
    static func addRow(
        guide: [Float], field: [Float], sign: Double, to columns: [Double]
    ) -> (fast: [Double], scalar: [Double]) {
        both(from: columns) {
            ($0 ? nct_guided_add_row_scalar : nct_guided_add_row)(guide, field, guide.count, sign, &$1)
        }
    }

    static func coefficients(
        of columns: [Double], rows: Int, radius: Int, epsilon: Double
    ) -> (fast: [Float], scalar: [Float]) {
        let width = columns.count / sumCount
        return both(from: [Float](repeating: 0, count: slopeCount * width)) {
            ($0 ? nct_guided_coefficients_row_scalar : nct_guided_coefficients_row)(
                columns, width, rows, radius, epsilon, &$1)
        }
    }

    static func addCoefficients(
        _ row: [Float], sign: Double, to columns: [Double]
    ) -> (fast: [Double], scalar: [Double]) {
        both(from: columns) {
            ($0 ? nct_guided_add_coefficients_scalar : nct_guided_add_coefficients)(
                row, row.count / slopeCount, sign, &$1)
        }
    }

    static func average(
        of columns: [Double], rows: Int, radius: Int
    ) -> (fast: [Float], scalar: [Float]) {
        both(from: [Float](repeating: 0, count: columns.count)) {
            ($0 ? nct_guided_average_row_scalar : nct_guided_average_row)(
                columns, columns.count / slopeCount, rows, radius, &$1)
        }
    }

    /// Recolors a row between two coarse rows of 16 floats a pixel.
    static func apply(
        upper: [Float], lower: [Float], fraction: Float, scale: Int, luminance: [Float], to lab: [Float]
    ) -> (fast: [Float], scalar: [Float]) {
        both(from: lab) {
            ($0 ? nct_guided_apply_row_scalar : nct_guided_apply_row)(
                upper, lower, fraction, upper.count / slopeCount, scale, luminance, luminance.count, &$1)
        }
    }
}
