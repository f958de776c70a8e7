import CKernelTwins
import CKernels
import NCTEngine

// The twins of `transfer.c`: by the fast kernel and by its twin.
extension TransferKernels {
    /// A map of pixels, what the system of ``ConjugateGradients`` holds for them, and a piece of it.
    struct Grid {
        var width: Int
        var height: Int
        /// Four floats a pixel: S / 100 and confidence.
        var packed: [Float]
        /// In CIELAB.
        var guidance: [Float]
        /// Two floats a pixel: weights to the right and lower neighbor.
        var weights: [Float]
        var degree: [Float]
        var rows: Range<Int>

        init(
            width: Int, height: Int, packed: [Float], guidance: [Float], weights: [Float], degree: [Float],
            rows: Range<Int>
        ) {
            self.width = width
            self.height = height
            self.packed = packed
            self.guidance = guidance
            self.weights = weights
            self.degree = degree
            self.rows = rows
        }
    }

    /// An order of pixels, `reach` weights a place, and a piece of it.
    struct Order {
        var order: [Int32]
        var weights: [Float]
        var reach: Int
        var places: Range<Int>

        init(order: [Int32], weights: [Float], reach: Int, places: Range<Int>) {
            self.order = order
            self.weights = weights
            self.reach = reach
            self.places = places
        }
    }

    /// Values that a kernel writes, and sums that it returns.
    typealias Outcome = (values: [Float], sums: [Double])

    static func initialField(
        source: [Float], guidance: [Float], width: Int, height: Int, epsilon: Float, gainRange: ClosedRange<Float>
    ) -> (fast: [Float], scalar: [Float]) {
        both(from: [Float](repeating: -1, count: 8 * width * height)) { scalar, field in
            for y in 0..<height {
                field.withUnsafeMutableBufferPointer {
                    (scalar ? nct_transfer_initial_row_scalar : nct_transfer_initial_row)(
                        source, guidance, width, height, y, epsilon, gainRange.lowerBound, gainRange.upperBound,
                        $0.baseAddress! + 8 * y * width)
                }
            }
        }
    }

    static func apply(_ field: [Float], to lab: [Float]) -> (fast: [Float], scalar: [Float]) {
        both(from: [Float](repeating: 0, count: lab.count)) {
            ($0 ? nct_transfer_apply_scalar : nct_transfer_apply)(field, lab, lab.count / 3, &$1)
        }
    }

    static func pack(lab: [Float], confidence: [Float]) -> (fast: [Float], scalar: [Float]) {
        both(from: [Float](repeating: 0, count: 4 * confidence.count)) {
            ($0 ? nct_transfer_pack_scalar : nct_transfer_pack)(lab, confidence, confidence.count, &$1)
        }
    }

    static func localWeights(
        luminance: [Float], width: Int, height: Int
    ) -> (fast: [Float], scalar: [Float]) {
        both(from: [Float](repeating: -1, count: 2 * width * height)) { scalar, weights in
            for y in 0..<height {
                weights.withUnsafeMutableBufferPointer {
                    (scalar ? nct_transfer_local_weights_row_scalar : nct_transfer_local_weights_row)(
                        luminance, width, height, y, $0.baseAddress! + 2 * y * width)
                }
            }
        }
    }

    static func localDegree(
        _ grid: Grid, scale: Float, onto degree: [Float]
    ) -> (fast: [Float], scalar: [Float]) {
        both(from: degree) {
            for y in grid.rows {
                ($0 ? nct_transfer_local_degree_row_scalar : nct_transfer_local_degree_row)(
                    grid.weights, grid.width, y, scale, &$1)
            }
        }
    }

    static func colorDegree(
        _ order: Order, scale: Float, onto degree: [Float]
    ) -> (fast: [Float], scalar: [Float]) {
        both(from: degree) {
            ($0 ? nct_transfer_color_degree_scalar : nct_transfer_color_degree)(
                order.order, order.weights, order.places.lowerBound, order.places.upperBound, order.reach, scale, &$1)
        }
    }

    static func colorLaplacian(
        _ order: Order, of x: [Float], scale: Float
    ) -> (fast: [Float], scalar: [Float]) {
        both(from: [Float](repeating: 0, count: x.count)) {
            ($0 ? nct_transfer_color_laplacian_scalar : nct_transfer_color_laplacian)(
                x, order.order, order.weights, order.order.count, order.places.lowerBound, order.places.upperBound,
                order.reach, scale, &$1)
        }
    }

    static func colorEnergy(_ order: Order, of field: [Float]) -> (fast: Double, scalar: Double) {
        both(from: 0) {
            $1 = ($0 ? nct_transfer_color_energy_scalar : nct_transfer_color_energy)(
                field, order.order, order.weights, order.order.count, order.places.lowerBound,
                order.places.upperBound, order.reach)
        }
    }

    /// Adds to `y`; the sums are x · y by channel.
    static func gridOperator(
        _ grid: Grid, of x: [Float], scale: Float, onto y: [Float]
    ) -> (fast: Outcome, scalar: Outcome) {
        both(from: (y, [0, 0, 0])) {
            ($0 ? nct_transfer_grid_operator_scalar : nct_transfer_grid_operator)(
                x, grid.packed, grid.weights, grid.width, grid.height, grid.rows.lowerBound, grid.rows.upperBound,
                scale, &$1.0, &$1.1)
        }
    }

    /// The sums are the data and the local term.
    static func gridEnergy(_ grid: Grid, of field: [Float]) -> (fast: [Double], scalar: [Double]) {
        both(from: [0, 0]) {
            var (data, local) = (0.0, 0.0)
            ($0 ? nct_transfer_grid_energy_scalar : nct_transfer_grid_energy)(
                field, grid.packed, grid.guidance, grid.weights, grid.width, grid.height, grid.rows.lowerBound,
                grid.rows.upperBound, &data, &local)
            $1 = [data, local]
        }
    }

    /// The residual in the place of `r`; the sums are those of its channels, the right side's and the guidance's.
    static func residual(_ grid: Grid, of r: [Float]) -> (fast: Outcome, scalar: Outcome) {
        both(from: (r, [0, 0, 0])) {
            var (right, guidance) = (0.0, 0.0)
            ($0 ? nct_transfer_residual_scalar : nct_transfer_residual)(
                grid.packed, grid.guidance, grid.degree, grid.degree.count, &$1.0, &$1.1, &right, &guidance)
            $1.1 += [right, guidance]
        }
    }

    /// x and then r; the sums are r · inverse(D) r by channel.
    static func step(
        _ grid: Grid, alpha: [Float], p: [Float], q: [Float], x: [Float], r: [Float]
    ) -> (fast: Outcome, scalar: Outcome) {
        both(from: (x, [0, 0, 0])) {
            var residual = r
            ($0 ? nct_transfer_step_scalar : nct_transfer_step)(
                alpha, p, q, grid.packed, grid.degree, grid.degree.count, &$1.0, &residual, &$1.1)
            $1.0 += residual
        }
    }

    static func direction(
        _ grid: Grid, beta: [Float], r: [Float], p: [Float]
    ) -> (fast: [Float], scalar: [Float]) {
        both(from: p) {
            ($0 ? nct_transfer_direction_scalar : nct_transfer_direction)(
                beta, r, grid.packed, grid.degree, grid.degree.count, &$1)
        }
    }
}
